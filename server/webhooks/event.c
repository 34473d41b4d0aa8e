/* Default payloads of the events that the public typings describe. A test may
 * send any other type, and any other data. */
#include "webhooks/event.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static const struct event_row {
    const char *type, *keys, *summary;
} rows[] = {
#define EVENT(type, keys, summary) {#type, keys, summary},
#include "webhooks/event.def"
#undef EVENT
};

static const struct event_row *find_row(const char *type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].type, type) == 0)
            return &rows[i];
    return NULL;
}

/* What a key of the data holds where nobody says otherwise; times are told as days from now. */
static const struct {
    const char *key, *text;
    int64_t days;
} defaults[] = {
    {"operationTimeStamp", NULL, 0},
    {"expiresOn", NULL, 30},
    {"vendorProductId", "premium", 0},
    {"previousVendorProductId", "basic", 0},
    {"cycle", "MONTHLY", 0},
    {"previousCycle", "MONTHLY", 0},
    {"couponName", "", 0},
    {"invoiceId", "1000001", 0},
    {"cancelReason", "USER_CANCEL", 0},
    {"userReason", "", 0},
    {"subscriptionCancellationType", "AT_END_OF_PERIOD", 0},
    {"cancelledDuringFreeTrial", "NOT_DURING_FREE_TRIAL", 0},
    {"reason", "AUTO_RENEW_TURNED_ON", 0},
};

static void put_default(cJSON *data, const char *key, const char *app_id, int64_t now_ms)
{
    const int64_t day_ms = 86400000;
    char iso[TEXT_ISO_LEN + 1];
    if (strcmp(key, "appId") == 0) {
        tree_put_text(data, key, app_id);
        return;
    }
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        if (strcmp(defaults[i].key, key) != 0)
            continue;
        text_format_iso(now_ms + defaults[i].days * day_ms, iso);
        tree_put_text(data, key, defaults[i].text ? defaults[i].text : iso);
    }
}

static char *default_data(const struct event_wish *wish, int64_t now_ms)
{
    OWNED(tree_free) cJSON *data = cJSON_CreateObject();
    const struct event_row *row = find_row(wish->type);
    for (const char *at = row ? row->keys : ""; *at;) {
        size_t len = strcspn(at, " ");
        OWNED(mem_text_free) char *key = mem_text_n(at, len);
        put_default(data, key, wish->app_id, now_ms);
        at += len + strspn(at + len, " ");
    }
    return tree_print(data);
}

static char *default_identity(const struct event_wish *wish)
{
    char owner[TEXT_GUID_LEN + 1];
    site_owner_id(wish->site_id ? wish->site_id : "", owner);
    OWNED(tree_free) cJSON *identity = cJSON_CreateObject();
    tree_put_text(identity, "identityType", "WIX_USER");
    tree_put_text(identity, "wixUserId", owner);
    return tree_print(identity);
}

/* The app's URL for webhooks; NULL where it has none. Caller frees. */
static char *webhook_url(struct world *world, const char *app_id)
{
    OWNED(app_free) struct app app = {0};
    if (!store_find_app(world->store, world->id, app_id, &app))
        return NULL;
    OWNED(tree_free) cJSON *tree = app_tree(&app);
    const char *url = tree_text(tree, "webhook_url");
    return url && *url ? mem_text(url) : NULL;
}

static void copy_id(char *ret_id, const char *id)
{
    size_t len = id ? strlen(id) : 0;
    len = len < MODEL_ID_MAX ? len : MODEL_ID_MAX;
    if (len)
        memcpy(ret_id, id, len);
    ret_id[len] = '\0';
}

static char *print_or_null(const cJSON *tree)
{
    return tree && !cJSON_IsNull(tree) ? tree_print(tree) : NULL;
}

struct event *event_send(struct world *world, const struct event_wish *wish)
{
    char *url = wish->url ? mem_text(wish->url) : webhook_url(world, wish->app_id);
    if (!url)
        return NULL;
    int64_t now_ms = world_now(world);
    struct event event = {
        .type = mem_text(wish->type),
        .url = url,
        .data = wish->data ? tree_print(wish->data) : default_data(wish, now_ms),
        .identity = wish->identity ? print_or_null(wish->identity) : default_identity(wish),
        .account = print_or_null(wish->account),
        .sign = mem_text(wish->sign ? wish->sign : "good"),
        .no_retry = wish->no_retry,
        .created_ms = now_ms,
        .due_ms = now_ms,
    };
    copy_id(event.app_id, wish->app_id);
    copy_id(event.instance_id, wish->instance_id);
    struct event *mine = outbox_add(&world->outbox, &event);
    if (!mine)
        return NULL;
    world_keep_event(world, mine);
    schedule_add(&world->schedule, now_ms, SCHEDULE_WEBHOOK, mine->number);
    world->stirred = true;
    return mine;
}

static void send_for(struct world *world, const char *type, const struct instance *instance)
{
    event_send(world, &(struct event_wish){.type = type,
                                           .app_id = instance->app_id,
                                           .instance_id = instance->instance_id,
                                           .site_id = instance->site_id});
}

void event_installed(struct world *world, const struct instance *instance)
{
    send_for(world, "AppInstalled", instance);
}

void event_removed(struct world *world, const struct instance *instance)
{
    send_for(world, "AppRemoved", instance);
}

cJSON *event_table(void)
{
    cJSON *table = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON *row = tree_put(table, NULL, cJSON_CreateObject());
        tree_put_text(row, "event_type", rows[i].type);
        tree_put_text(row, "data", rows[i].keys);
        tree_put_text(row, "summary", rows[i].summary);
    }
    return table;
}
