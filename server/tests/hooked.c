/* See hooked.h. */
#include "hooked.h"

#include <check.h>

#include "webhooks/courier.h"

struct harness *hooked_harness(const struct harness_wish *wish)
{
    struct harness *fake = harness_new(wish);
    fake->fake.courier = courier_new(fake->fake.worlds);
    return fake;
}

void hooked_free(struct harness *fake, struct receiver *app)
{
    courier_free(fake->fake.courier);
    harness_free(fake);
    receiver_free(app);
}

struct harness *hooked_reopen(struct harness *last, const char *state_file)
{
    courier_free(last->fake.courier);
    struct harness *next = harness_reopen(last, state_file);
    next->fake.courier = courier_new(next->fake.worlds);
    courier_resume(next->fake.courier);
    return next;
}

struct receiver *hooked_app(struct harness *fake, const int *statuses)
{
    struct receiver *app = receiver_new(statuses);
    harness_keep(fake, "HOOK", receiver_url(app));
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'$APP','app_secret':'$SECRET','webhook_url':'$HOOK',"
               "'service_plugins':[{'type':'ECOM_SHIPPING_RATES','url':'$HOOK'}]}");
    return app;
}

struct answer hooked_ask(struct harness *fake, const char *line, const char *body)
{
    return harness_ask(fake, line, NULL, body);
}

struct answer hooked_send(struct harness *fake, const char *body)
{
    struct answer answer = harness_ask(fake, "POST /_fakewix/events", NULL, body);
    ck_assert_msg(answer.status == 201, "%d %s", answer.status, buf_str(&answer.body));
    return answer;
}

void hooked_tell(struct harness *fake, const char *body)
{
    harness_do(fake, 201, "POST /_fakewix/events", body);
}
