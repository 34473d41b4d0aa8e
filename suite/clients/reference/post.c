/* OpenSSL does the arithmetic; what matters is the order: nothing of a letter is looked at before
 * its signature is found good, by the one algorithm it may have. */
#include "reference/post.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

/* A dotted text's parts: where they begin, how long they are. */
struct part {
    const char *text;
    size_t len;
};

static size_t split(const char *text, struct part *parts, size_t max)
{
    size_t n = 0;
    while (n < max) {
        size_t len = strcspn(text, ".\r\n");
        parts[n++] = (struct part){text, len};
        if (text[len] != '.')
            break;
        text += len + 1;
    }
    return n;
}

static cJSON *decode(const struct part *part)
{
    OWNED(buf_free) struct buf text = {0};
    if (!text_decode_base64url(&text, part->text, part->len, false))
        return NULL;
    return tree_parse(buf_str(&text), text.len, NULL);
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

static bool rsa_verifies(const char *pem, const char *signed_text, size_t len,
                         const struct buf *signature)
{
    EVP_PKEY *key = read_key(pem);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = key && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)signature->data, signature->len,
                                 (const unsigned char *)signed_text, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

static bool is_rs256(const struct part *header)
{
    OWNED(tree_free) cJSON *tree = decode(header);
    const char *algorithm = tree_text(tree, "alg");
    return algorithm && strcmp(algorithm, "RS256") == 0;
}

/* The claims of a letter that is Wix's, or NULL; caller deletes. */
static cJSON *open_letter(const struct client *client, const char *body)
{
    struct part parts[3];
    OWNED(buf_free) struct buf signature = {0};
    if (!client->webhook_key || split(body, parts, 3) != 3 || !is_rs256(&parts[0]) ||
        !text_decode_base64url(&signature, parts[2].text, parts[2].len, false) || !signature.len)
        return NULL;
    size_t len = (size_t)(parts[1].text + parts[1].len - body);
    return rsa_verifies(client->webhook_key, body, len, &signature) ? decode(&parts[1]) : NULL;
}

/* Wix delivers at least once: the second time is not another event. */
static bool is_new(struct client *client, const char *body)
{
    for (size_t i = 0; i < client->n_letters; i++)
        if (strcmp(client->letters[i], body) == 0)
            return false;
    client->letters = mem_grow(client->letters, client->n_letters + 1, sizeof *client->letters);
    client->letters[client->n_letters++] = mem_text(body);
    return true;
}

static bool is_known_event(const cJSON *claims)
{
    static const char *const known[] = {"AppInstalled", "AppRemoved", "PaidPlanPurchased"};
    const char *data = tree_text(claims, "data");
    OWNED(tree_free) cJSON *event = data ? tree_parse(data, strlen(data), NULL) : NULL;
    const char *type = tree_text(event, "eventType");
    for (size_t i = 0; type && i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], type) == 0)
            return true;
    return false;
}

bool post_take_webhook(struct client *client, const char *body, bool *ret_handled)
{
    OWNED(tree_free) cJSON *claims = open_letter(client, body);
    int64_t expires_s = 0;
    *ret_handled = false;
    if (!claims || !tree_int(claims, "exp", &expires_s) ||
        client_now_ms(client) >= expires_s * 1000)
        return false;
    pthread_mutex_lock(&client->lock);
    *ret_handled = is_known_event(claims) && is_new(client, body);
    pthread_mutex_unlock(&client->lock);
    return true;
}

static bool hmac_verifies(const char *secret, const struct part *data, const struct buf *signature)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)data->text,
                data->len, mac, &len) &&
           signature->len == len && CRYPTO_memcmp(signature->data, mac, len) == 0;
}

bool post_take_instance(const struct client *client, const char *instance)
{
    struct part parts[2];
    OWNED(buf_free) struct buf signature = {0};
    if (split(instance, parts, 2) != 2 ||
        !text_decode_base64url(&signature, parts[0].text, parts[0].len, false) || !signature.len ||
        !hmac_verifies(client->app_secret, &parts[1], &signature))
        return false;
    OWNED(tree_free) cJSON *payload = decode(&parts[1]);
    const char *expires = tree_text(payload, "expirationDate");
    int64_t expires_ms = 0;
    if (!expires || !text_parse_iso(expires, &expires_ms) || client_now_ms(client) >= expires_ms)
        return false;
    return !tree_text(payload, "aid") && tree_text(payload, "uid");
}
