/* See guest.h. */
#include "guest.h"

#include <check.h>
#include <stdlib.h>

#include "shared/mem.h"

struct harness *fake;

struct answer guest_token(const char *body)
{
    return harness_ask(fake, "POST /oauth2/token", NULL, body);
}

void guest_refused(const char *body, int status, const char *outcome)
{
    OWNED(answer_free) struct answer answer = guest_token(body);
    answer_expect_refusal(&answer, fake, status, outcome);
}

/* A visitor, as $ACCESS and $REFRESH. */
static void visit(void)
{
    OWNED(answer_free)
    struct answer answer = guest_token("{'clientId':'$APP','grantType':'anonymous'}");
    ck_assert_int_eq(answer.status, 200);
    harness_keep_member(fake, "ACCESS", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
}

void guest_set_up(void)
{
    fake = harness_new(NULL);
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'0a330000-0000-4000-8000-000000000003','app_secret':'s3'}");
    harness_keep(fake, "OTHER", "0a330000-0000-4000-8000-000000000003");
    harness_do(fake, 201, "POST /_fakewix/api-keys", "{'api_key':'IST.key'}");
    visit();
}

void guest_tear_down(void)
{
    harness_free(fake);
}

void guest_expect_info(const char *name, const char *subject_type)
{
    OWNED(mem_text_free) char *body = mem_format("{'token':'%s'}", harness_value(fake, name));
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, body);
    answer_expect(&info, "active", "true");
    answer_expect(&info, "subjectType", subject_type);
    answer_expect(&info, "clientId", harness_value(fake, "APP"));
}
