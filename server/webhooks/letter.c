/* The claims of webhooks and service-plugin requests.
 *
 *     {"data":"{\"data\":\"{\\\"appId\\\":…}\",\"instanceId\":…,\"eventType\":…,
 *               \"identity\":\"{…}\"}","iat":…,"exp":…}
 *
 * The inner two layers are texts, not objects: the official SDK insists on it. */
#include "webhooks/letter.h"

#include <openssl/evp.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/signer.h"
#include "webhooks/forge.h"

static const int64_t letter_life_s = 300000; /* exp - iat of the published sample */

const struct letter_sign letter_signs[] = {
    {"good", "RS256 with the app's key", false, NULL},
    {"wrong-key", "RS256 with a key that is not the app's", false, forge_wrong_key},
    {"expired", "signed rightly, but exp is past", true, NULL},
    {"ps256", "the app's key, but the algorithm PS256", false, forge_ps256},
    {"hs256", "HS256 keyed with the public key's text", false, forge_hs256},
    {"none", "alg none, no signature", false, forge_none},
    {"tampered", "one byte of the claims changed after signing", false, forge_tampered},
    {NULL, NULL, false, NULL},
};

const struct letter_sign *letter_find_sign(const char *name)
{
    for (const struct letter_sign *sign = letter_signs; sign->name; sign++)
        if (strcmp(sign->name, name) == 0)
            return sign;
    return NULL;
}

static void put_times(cJSON *claims, int64_t now_ms, bool expired)
{
    int64_t iat_s = now_ms / 1000 - (expired ? 2 * letter_life_s : 0);
    tree_put_int(claims, "iat", iat_s);
    tree_put_int(claims, "exp", iat_s + letter_life_s);
}

/* A JSON string stands for its content; all else for its own text. */
static void put_layer(cJSON *object, const char *name, const char *json)
{
    OWNED(tree_free) cJSON *tree = tree_parse(json, strlen(json), NULL);
    tree_put_text(object, name, cJSON_IsString(tree) ? tree->valuestring : json);
}

char *letter_event_claims(const struct event *event)
{
    OWNED(tree_free) cJSON *middle = cJSON_CreateObject();
    put_layer(middle, "data", event->data);
    if (*event->instance_id)
        tree_put_text(middle, "instanceId", event->instance_id);
    tree_put_text(middle, "eventType", event->type);
    if (event->identity)
        put_layer(middle, "identity", event->identity);
    if (event->account)
        tree_put(middle, "accountInfo", tree_parse(event->account, strlen(event->account), NULL));
    OWNED(mem_text_free) char *text = tree_print(middle);
    OWNED(tree_free) cJSON *claims = cJSON_CreateObject();
    tree_put_text(claims, "data", text);
    const struct letter_sign *sign = letter_find_sign(event->sign);
    put_times(claims, event->created_ms, sign && sign->expired);
    return tree_print(claims);
}

char *letter_plugin_claims(const char *app_id, const cJSON *data, int64_t now_ms, bool expired)
{
    OWNED(tree_free) cJSON *claims = cJSON_CreateObject();
    tree_put(claims, "data", cJSON_Duplicate(data, true));
    tree_put_text(claims, "iss", "wix.com");
    tree_put_text(claims, "aud", app_id);
    put_times(claims, now_ms, expired);
    return tree_print(claims);
}

char *letter_digest_claims(const char *body, int64_t now_ms, bool expired)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_Digest(body, strlen(body), hash, &len, EVP_sha256(), NULL);
    OWNED(buf_free) struct buf hex = {0};
    text_add_hex(&hex, hash, len);
    OWNED(tree_free) cJSON *claims = cJSON_CreateObject();
    cJSON *data = tree_put(claims, "data", cJSON_CreateObject());
    tree_put_text(data, "SHA256", buf_str(&hex));
    put_times(claims, now_ms, expired);
    return tree_print(claims);
}

void letter_write(struct buf *out, const struct letter_sign *sign, const char *claims)
{
    if (sign->forge)
        sign->forge(out, claims);
    else
        signer_sign_json(out, KEY_WEBHOOK, claims);
}
