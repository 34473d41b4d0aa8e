/* The control plane: webhooks on request, and what came of each. */
#include <stdlib.h>
#include <string.h>

#include "routes/control.h"
#include "routes/fake.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "webhooks/courier.h"
#include "webhooks/event.h"
#include "webhooks/letter.h"

enum { COPIES_MAX = 100, EVENTS_MAX = 1000, WAIT_MAX_MS = 60000 };

/* ---- what a body asks for ---- */

/* How the events of one call are sent. */
struct delivery_wish {
    int64_t copies;
    int64_t wait_ms;
    const char *order; /* "given", "reverse", "shuffled" */
    const char *sign;
    bool retry;
};

enum refusal control_check_sign(struct exchange *x, const char *sign)
{
    if (letter_find_sign(sign))
        return REFUSAL_NONE;
    OWNED(buf_free) struct buf names = {0};
    for (const struct letter_sign *known = letter_signs; known->name; known++)
        buf_format(&names, " %s", known->name);
    return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "sign is one of:%s", buf_str(&names));
}

static enum refusal read_delivery(struct exchange *x, struct delivery_wish *wish)
{
    const cJSON *object = tree_get(x->body, "delivery");
    *wish = (struct delivery_wish){.copies = 1, .order = "given", .sign = "good", .retry = true};
    if (object && !cJSON_IsObject(object))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "delivery is an object");
    enum refusal refusal = control_check_keys(x, object, " copies order sign retry wait_ms ");
    if (refusal)
        return refusal;
    if (tree_get(object, "copies") && (!tree_int(object, "copies", &wish->copies) ||
                                       wish->copies < 1 || wish->copies > COPIES_MAX))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "copies is a number from 1 to %d",
                               COPIES_MAX);
    if (tree_get(object, "wait_ms") && (!tree_int(object, "wait_ms", &wish->wait_ms) ||
                                        wish->wait_ms < 0 || wish->wait_ms > WAIT_MAX_MS))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "wait_ms is a number from 0 to %d",
                               WAIT_MAX_MS);
    if (tree_text(object, "order"))
        wish->order = tree_text(object, "order");
    if (!strstr("given reverse shuffled", wish->order) || strchr(wish->order, ' '))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "order is \"given\", \"reverse\" or \"shuffled\"");
    if (tree_text(object, "sign"))
        wish->sign = tree_text(object, "sign");
    wish->retry = tree_flag(object, "retry", true);
    return control_check_sign(x, wish->sign);
}

/* The first instance of an app, or of any app where `app_id` is NULL. */
static bool first_instance(struct exchange *x, const char *app_id, struct instance *ret_instance)
{
    size_t n;
    struct instance *all = store_list_instances(x->world->store, x->world->id, &n);
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        found = !app_id || strcmp(all[i].app_id, app_id) == 0;
        if (found)
            *ret_instance = all[i];
    }
    free(all);
    return found;
}

enum refusal control_read_target(struct exchange *x, const cJSON *object, struct instance *ret)
{
    const char *app_id = tree_text(object, "app_id");
    const char *instance_id = tree_text(object, "instance_id");
    struct instance instance = {0};
    OWNED(app_free) struct app app = {0};
    if (instance_id && !store_find_instance(x->world->store, x->world->id, instance_id, &instance))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "instance %s", instance_id);
    if (!instance_id && !first_instance(x, app_id, &instance) && !app_id)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "there is no instance yet; send \"app_id\", or install the app");
    if (!app_id)
        app_id = instance.app_id;
    if (!store_find_app(x->world->store, x->world->id, app_id, &app))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "app_id %s", app_id);
    memcpy(instance.app_id, app.app_id, sizeof instance.app_id);
    *ret = instance;
    return REFUSAL_NONE;
}

/* One event of the body, sound in itself; sent only where `send` is set. */
static enum refusal take_event(struct exchange *x, const cJSON *object,
                               const struct delivery_wish *delivery, bool send)
{
    static const char known[] =
        " event_type app_id instance_id data identity account_info url delivery ";
    struct instance target;
    const char *type = tree_text(object, "event_type");
    const cJSON *data = tree_get(object, "data");
    const cJSON *account = tree_get(object, "account_info");
    if (!cJSON_IsObject(object) || !type || !*type)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "event_type is missing, such as \"AppInstalled\"");
    if (data && !cJSON_IsObject(data) && !cJSON_IsString(data))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "data is an object or a text");
    if (account && !cJSON_IsObject(account))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "account_info is an object");
    enum refusal refusal = control_check_keys(x, object, known);
    if (!refusal)
        refusal = control_read_target(x, object, &target);
    if (refusal || !send)
        return refusal;
    struct event_wish wish = {
        .type = type,
        .app_id = target.app_id,
        .instance_id = target.instance_id,
        .site_id = target.site_id,
        .data = data,
        .identity = tree_get(object, "identity"),
        .account = account,
        .url = tree_text(object, "url"),
        .sign = delivery->sign,
        .no_retry = !delivery->retry,
    };
    if (!event_send(x->world, &wish))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "app %s has no webhook_url (or its outbox is full); send \"url\", "
                               "or POST /_fakewix/apps with a webhook_url",
                               target.app_id);
    return REFUSAL_NONE;
}

/* Put what `count` events are sent into the order asked for, as indices. */
static void arrange(struct exchange *x, const char *order, size_t *indices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        indices[i] = *order == 'r' ? count - 1 - i : i;
    if (*order != 's')
        return;
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)rng_below(&x->world->fault_rng, i);
        size_t swap = indices[i - 1];
        indices[i - 1] = indices[other];
        indices[other] = swap;
    }
}

/* ---- events ---- */

static bool same_id(const char *wanted, const char *id)
{
    return !wanted || strcmp(wanted, id) == 0;
}

/* Events from a number on, of one type, app or instance where the query says so. */
static cJSON *events_json(const struct exchange *x, int64_t first)
{
    const char *type = exchange_query(x, "event_type");
    const char *app_id = exchange_query(x, "app");
    const char *instance_id = exchange_query(x, "instance");
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = tree_put(answer, "events", cJSON_CreateArray());
    const struct outbox *outbox = &x->world->outbox;
    for (size_t i = 0; i < outbox->n; i++) {
        const struct event *event = outbox->events[i];
        if (event->number >= first && same_id(type, event->type) &&
            same_id(app_id, event->app_id) && same_id(instance_id, event->instance_id))
            cJSON_AddItemToArray(list, outbox_event_json(event));
    }
    tree_put_int(answer, "dropped", outbox->dropped);
    return answer;
}

/* Until every event that is due was tried, or `ms` real milliseconds have passed. */
static void wait_for_deliveries(struct exchange *x, int64_t ms)
{
    int64_t deadline = now_steady_ms() + (ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
    if (x->world->stirred && ms > 0) {
        /* The pipeline would wake the courier only when this call is over. */
        x->world->stirred = false;
        pthread_mutex_unlock(&x->world->lock);
        courier_wake(x->fake->courier, x->world);
        pthread_mutex_lock(&x->world->lock);
    }
    while (!x->world->gone && !courier_is_idle(x->world) && now_steady_ms() < deadline)
        world_wait(x->world, deadline - now_steady_ms());
}

/* Any type may be sent; one that is almost a known one was probably mistyped, and has no data. */
static void note_types(cJSON *answer)
{
    OWNED(tree_free) cJSON *table = event_table();
    cJSON *event;
    const cJSON *row;
    cJSON_ArrayForEach(event, tree_get(answer, "events"))
    {
        OWNED(buf_free) struct buf question = {0};
        const char *type = tree_text(event, "event_type");
        struct near near = {.given = type};
        cJSON_ArrayForEach(row, table) near_offer(&near, tree_text(row, "event_type"));
        if (near.n && strcmp(near.names[0], type) != 0)
            near_add_question(&question, &near, "");
        if (!question.len)
            continue;
        OWNED(mem_text_free)
        char *sentence = mem_format("event_type \"%s\" is not known%s", type, buf_str(&question));
        tree_put_text(event, "warning", sentence);
    }
}

enum refusal control_events_send(struct exchange *x)
{
    struct delivery_wish delivery;
    enum refusal refusal = control_check_body(x, false);
    const cJSON *list = tree_get(x->body, "events");
    if (!refusal && list)
        refusal = control_check_keys(x, x->body, " events delivery ");
    if (!refusal)
        refusal = read_delivery(x, &delivery);
    if (refusal)
        return refusal;
    size_t n = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 1;
    size_t count = n * (size_t)delivery.copies;
    if (!n || count > EVENTS_MAX)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "send 1 to %d events at once",
                               EVENTS_MAX);
    for (size_t i = 0; i < n && !refusal; i++)
        refusal =
            take_event(x, list ? cJSON_GetArrayItem(list, (int)i) : x->body, &delivery, false);
    if (refusal)
        return refusal;
    int64_t first = x->world->outbox.last_number + 1;
    size_t *indices = mem_new(count, sizeof *indices);
    arrange(x, delivery.order, indices, count);
    for (size_t i = 0; i < count && !refusal; i++)
        refusal = take_event(x, list ? cJSON_GetArrayItem(list, (int)(indices[i] % n)) : x->body,
                             &delivery, true);
    free(indices);
    if (refusal)
        return refusal;
    wait_for_deliveries(x, delivery.wait_ms);
    cJSON *answer = events_json(x, first);
    note_types(answer);
    response_json(x->response, 201, answer);
    return REFUSAL_NONE;
}

enum refusal control_events(struct exchange *x)
{
    enum refusal refusal = control_check_keys(x, x->query, " event_type app instance wait_ms ");
    if (refusal)
        return refusal;
    int64_t wait_ms = 0;
    const char *text = exchange_query(x, "wait_ms");
    if (text && !text_parse_int(text, 0, WAIT_MAX_MS, &wait_ms))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "wait_ms is a number from 0 to %d",
                               WAIT_MAX_MS);
    wait_for_deliveries(x, wait_ms);
    response_json(x->response, 200, events_json(x, 0));
    return REFUSAL_NONE;
}

enum refusal control_events_clear(struct exchange *x)
{
    struct outbox *outbox = &x->world->outbox;
    store_begin(x->world->store);
    for (size_t i = 0; i < outbox->n; i++) {
        schedule_drop(&x->world->schedule, SCHEDULE_WEBHOOK, outbox->events[i]->number);
        store_drop_event(x->world->store, x->world->id, outbox->events[i]->number);
    }
    store_commit(x->world->store);
    outbox_clear(outbox);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

/* The same event again, as a new one: what Wix does after a failure, and at times without. */
enum refusal control_event_resend(struct exchange *x)
{
    const struct event *old = outbox_find(&x->world->outbox, outbox_parse_id(x->segments[0]));
    if (!old)
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "event %s", x->segments[0]);
    struct event event = *old;
    event.type = mem_text(old->type);
    event.url = mem_text(old->url);
    event.data = mem_text(old->data);
    event.identity = old->identity ? mem_text(old->identity) : NULL;
    event.account = old->account ? mem_text(old->account) : NULL;
    event.sign = mem_text(old->sign);
    event.letter = old->letter ? mem_text(old->letter) : NULL;
    event.n_attempts = 0;
    event.settled = false;
    event.due_ms = x->now_ms;
    const struct event *mine = outbox_add(&x->world->outbox, &event);
    if (!mine)
        return exchange_refuse(x, REFUSAL_CONTROL_LIMIT, "%d events wait already", OUTBOX_MAX);
    world_keep_event(x->world, mine);
    schedule_add(&x->world->schedule, x->now_ms, SCHEDULE_WEBHOOK, mine->number);
    x->world->stirred = true;
    response_json(x->response, 201, outbox_event_json(mine));
    return REFUSAL_NONE;
}
