/* The control plane: an `instance` parameter as Wix would sign it, or as an attacker would. */
#include <stdlib.h>
#include <string.h>

#include "routes/control.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/app_instance.h"
#include "tokens/seal.h"

static const char *const tamperings[] = {"payload", "signature", "truncated", "empty"};

static void put_over(cJSON *payload, const char *name, cJSON *value)
{
    if (tree_get(payload, name))
        cJSON_ReplaceItemInObjectCaseSensitive(payload, name, value);
    else
        tree_put(payload, name, value);
}

/* What the body wants otherwise: an anonymous visitor, an expired one, any member set or left
 * out. */
static void edit_payload(const struct exchange *x, cJSON *payload)
{
    static const char *const owner_members[] = {"uid", "siteMemberId", "loginAccountId"};
    const char *aid = tree_text(x->body, "aid");
    const char *uid = tree_text(x->body, "uid");
    char iso[TEXT_ISO_LEN + 1];
    if (aid) {
        for (size_t i = 0; i < sizeof owner_members / sizeof *owner_members; i++)
            cJSON_DeleteItemFromObjectCaseSensitive(payload, owner_members[i]);
        put_over(payload, "permissions", cJSON_CreateString(""));
        put_over(payload, "aid", cJSON_CreateString(aid));
    }
    if (uid)
        put_over(payload, "uid", cJSON_CreateString(uid));
    if (tree_flag(x->body, "expired", false)) {
        text_format_iso(x->now_ms - INT64_C(5) * 3600 * 1000, iso);
        put_over(payload, "signDate", cJSON_CreateString(iso));
        text_format_iso(x->now_ms - INT64_C(3600) * 1000, iso);
        put_over(payload, "expirationDate", cJSON_CreateString(iso));
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, tree_get(x->body, "set"))
        put_over(payload, member->string, cJSON_Duplicate(member, true));
    cJSON_ArrayForEach(member, tree_get(x->body, "omit"))
        cJSON_DeleteItemFromObjectCaseSensitive(payload, member->valuestring);
}

static bool list_is_texts(const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (!cJSON_IsString(item)) return false;
    return !list || cJSON_IsArray(list);
}

static enum refusal check_wish(struct exchange *x)
{
    static const char known[] = " secret expired aid uid tampered set omit ";
    enum refusal refusal = control_check_body(x, true);
    if (!refusal)
        refusal = control_check_keys(x, x->body, known);
    if (refusal)
        return refusal;
    const cJSON *tampered = tree_get(x->body, "tampered");
    bool known_one = !tampered;
    for (size_t i = 0; i < sizeof tamperings / sizeof *tamperings; i++)
        known_one = known_one ||
                    (cJSON_IsString(tampered) && strcmp(tampered->valuestring, tamperings[i]) == 0);
    if (!known_one)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "tampered is \"payload\", \"signature\", \"truncated\" or "
                               "\"empty\"");
    if (!list_is_texts(tree_get(x->body, "omit")) ||
        (tree_get(x->body, "set") && !cJSON_IsObject(tree_get(x->body, "set"))))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "set is an object, omit a list of names");
    return REFUSAL_NONE;
}

/* Spoil a signed instance: the payload gets another instance id under the old signature, the
 * signature another first letter, half of it, or none. */
static void tamper(struct exchange *x, const char *how, const cJSON *payload, struct buf *sealed)
{
    OWNED(mem_text_free) char *text = buf_take(sealed);
    char *dot = strchr(text, '.');
    if (strcmp(how, "payload") == 0) {
        char guid[TEXT_GUID_LEN + 1];
        world_guid(x->world, guid);
        OWNED(tree_free) cJSON *other = cJSON_Duplicate(payload, true);
        put_over(other, "instanceId", cJSON_CreateString(guid));
        OWNED(mem_text_free) char *json = tree_print(other);
        buf_add(sealed, text, (size_t)(dot - text) + 1);
        text_add_base64url(sealed, json, strlen(json));
        return;
    }
    size_t len = (size_t)(dot - text);
    if (strcmp(how, "signature") == 0)
        text[0] = text[0] == 'A' ? 'B' : 'A';
    else
        len = strcmp(how, "truncated") == 0 ? len / 2 : 0;
    buf_add(sealed, text, len);
    buf_text(sealed, dot);
}

enum refusal control_instance_sign(struct exchange *x)
{
    struct instance instance;
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = check_wish(x);
    if (refusal)
        return refusal;
    if (!store_find_instance(x->world->store, x->world->id, x->segments[0], &instance) ||
        !store_find_app(x->world->store, x->world->id, instance.app_id, &app))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "instance %s", x->segments[0]);
    const char *secret = tree_text(x->body, "secret") ? tree_text(x->body, "secret") : app.secret;
    OWNED(tree_free) cJSON *payload = app_instance_payload(&instance, x->now_ms);
    edit_payload(x, payload);
    OWNED(mem_text_free) char *json = tree_print(payload);
    OWNED(buf_free) struct buf sealed = {0};
    seal_instance(&sealed, secret, json);
    if (tree_text(x->body, "tampered"))
        tamper(x, tree_text(x->body, "tampered"), payload, &sealed);
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "instance", buf_str(&sealed));
    tree_put(answer, "payload", cJSON_Duplicate(payload, true));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
