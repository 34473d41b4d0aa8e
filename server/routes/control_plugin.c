/* The control plane: calling an app's service plugin, as Wix does when a site needs it. */
#include <stdlib.h>
#include <string.h>

#include "routes/control.h"
#include "routes/fake.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "webhooks/courier.h"
#include "webhooks/letter.h"

enum { PLUGIN_LIMIT_MS = 10000 };

/* A call, checked. */
struct call {
    struct instance instance;
    const char *type; /* borrowed, as the sign */
    const struct letter_sign *sign;
    bool digest; /* plain JSON with a signed digest, instead of a JWT for a body */
    char *url;
};

static void call_free(struct call *call)
{
    free(call->url);
}

/* The URL the app configured for a kind of plugin, with the method's path behind it. */
static enum refusal plugin_url(struct exchange *x, const char *app_id, const char *type,
                               char **ret_url)
{
    OWNED(app_free) struct app app = {0};
    store_find_app(x->world->store, x->world->id, app_id, &app);
    OWNED(tree_free) cJSON *tree = app_tree(&app);
    const char *path = tree_text(x->body, "path");
    const cJSON *plugin;
    cJSON_ArrayForEach(plugin, tree_get(tree, "service_plugins"))
    {
        if (strcmp(tree_text(plugin, "type"), type) != 0)
            continue;
        *ret_url = mem_format("%s%s", tree_text(plugin, "url"), path ? path : "");
        return REFUSAL_NONE;
    }
    return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                           "app %s has no service_plugins entry of type %s; POST /_fakewix/apps "
                           "with \"service_plugins\":[{\"type\":\"%s\",\"url\":…}]",
                           app_id, type, type);
}

/* {"request":…,"metadata":{…}}: what the official SDK hands to the plugin's method. */
static cJSON *plugin_data(struct exchange *x, const struct instance *instance, const char *type)
{
    char owner[TEXT_GUID_LEN + 1], request_id[TEXT_GUID_LEN + 1];
    site_owner_id(instance->site_id, owner);
    world_guid(x->world, request_id);
    const cJSON *request = tree_get(x->body, "request");
    cJSON *data = cJSON_CreateObject();
    tree_put(data, "request", request ? cJSON_Duplicate(request, true) : cJSON_CreateObject());
    cJSON *metadata = tree_put(data, "metadata", cJSON_CreateObject());
    tree_put_text(metadata, "requestId", request_id);
    tree_put_text(metadata, "instanceId", instance->instance_id);
    tree_put_text(metadata, "appExtensionType", type);
    cJSON *identity = tree_put(metadata, "identity", cJSON_CreateObject());
    tree_put_text(identity, "identityType", "WIX_USER");
    tree_put_text(identity, "wixUserId", owner);
    cJSON *languages = tree_put(metadata, "languages", cJSON_CreateArray());
    cJSON_AddItemToArray(languages, cJSON_CreateString("en"));
    const cJSON *member;
    cJSON_ArrayForEach(member, tree_get(x->body, "metadata"))
    {
        cJSON_DeleteItemFromObjectCaseSensitive(metadata, member->string);
        tree_put(metadata, member->string, cJSON_Duplicate(member, true));
    }
    return data;
}

static cJSON *plugin_answer(const char *url, const struct posting_answer *got, int64_t seq)
{
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "url", url);
    tree_put_int(answer, "status", got->status);
    tree_put_text(answer, "outcome", refusal_row(got->outcome)->name);
    tree_put_int(answer, "took_ms", got->took_us / 1000);
    tree_put(answer, "headers", message_headers_json(buf_str(&got->head), got->head.len));
    bool sound = tree_text_is_sound(buf_str(&got->body), got->body.len);
    tree_put_text(answer, "body", sound ? buf_str(&got->body) : NULL);
    tree_put_int(answer, "seq", seq);
    return answer;
}

static enum refusal read_call(struct exchange *x, struct call *call)
{
    static const char known[] = " type app_id instance_id path request metadata sign form ";
    const char *form = tree_text(x->body, "form") ? tree_text(x->body, "form") : "jwt";
    const char *sign = tree_text(x->body, "sign") ? tree_text(x->body, "sign") : "good";
    const cJSON *metadata = tree_get(x->body, "metadata");
    enum refusal refusal = control_check_body(x, false);
    if (!refusal)
        refusal = control_check_keys(x, x->body, known);
    if (!refusal)
        refusal = control_read_target(x, x->body, &call->instance);
    if (!refusal)
        refusal = control_check_sign(x, sign);
    if (refusal)
        return refusal;
    call->type = tree_text(x->body, "type");
    call->sign = letter_find_sign(sign);
    call->digest = strcmp(form, "digest") == 0;
    if (!call->type)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "type is missing, such as \"ECOM_SHIPPING_RATES\"");
    if (!call->digest && strcmp(form, "jwt") != 0)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "form is \"jwt\" or \"digest\"");
    if (metadata && !cJSON_IsObject(metadata))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "metadata is an object");
    if (!x->fake->courier)
        return exchange_refuse(x, REFUSAL_CONTROL_LIMIT, "this fake sends nothing");
    return plugin_url(x, call->instance.app_id, call->type, &call->url);
}

enum refusal control_plugin_call(struct exchange *x)
{
    OWNED(call_free) struct call call = {0};
    enum refusal refusal = read_call(x, &call);
    if (refusal)
        return refusal;
    const char *app_id = call.instance.app_id;
    OWNED(tree_free) cJSON *data = plugin_data(x, &call.instance, call.type);
    OWNED(mem_text_free) char *plain = call.digest ? tree_print(data) : NULL;
    OWNED(mem_text_free)
    char *claims = call.digest ? letter_digest_claims(plain, x->now_ms, call.sign->expired)
                               : letter_plugin_claims(app_id, data, x->now_ms, call.sign->expired);
    OWNED(buf_free) struct buf letter = {0};
    letter_write(&letter, call.sign, claims);
    OWNED(mem_text_free) char *route = mem_format("SERVICE-PLUGIN %s", call.type);
    struct posting posting = {
        .url = call.url,
        .headers = {{"User-Agent", "fakewix/" FAKEWIX_VERSION},
                    {"Content-Type", call.digest ? "application/json" : "text/plain"},
                    {"digest", buf_str(&letter)}},
        .n_headers = call.digest ? 3 : 2,
        .body = call.digest ? plain : buf_str(&letter),
        .body_len = call.digest ? strlen(plain) : letter.len,
        .limit_ms = PLUGIN_LIMIT_MS};
    OWNED(posting_answer_free) struct posting_answer got = {0};
    int64_t seq = courier_post(x->fake->courier, x->world, route, app_id, call.instance.instance_id,
                               &posting, &got);
    response_json(x->response, 200, plugin_answer(call.url, &got, seq));
    return REFUSAL_NONE;
}
