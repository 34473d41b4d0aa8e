/* OpenSSL does the arithmetic; what matters is the order: nothing of a letter is looked at before
 * its signature is found good, by the one algorithm it may have. Each bug leaves out one thing. */
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

static bool hmac_verifies(const char *secret, const char *text, size_t text_len,
                          const struct buf *signature, size_t compared)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, text_len,
                mac, &len) &&
           signature->len == compared && compared <= len &&
           CRYPTO_memcmp(signature->data, mac, compared) == 0;
}

enum { MAC_BYTES = 32 };

static bool names_algorithm(const struct part *header, const char *name)
{
    OWNED(tree_free) cJSON *tree = decode(header);
    const char *algorithm = tree_text(tree, "alg");
    return algorithm && strcmp(algorithm, name) == 0;
}

static bool letter_verifies(const struct client *client, const struct part *header,
                            const char *text, size_t len, const struct buf *signature)
{
    const char *key = client->webhook_key;
    if (client->bug == BUG_webhook_unverified)
        return true;
    if (client->bug == BUG_webhook_algorithm_believed && names_algorithm(header, "none"))
        return true;
    if (client->bug == BUG_webhook_algorithm_believed && names_algorithm(header, "HS256"))
        return hmac_verifies(key, text, len, signature, MAC_BYTES);
    return names_algorithm(header, "RS256") && signature->len &&
           rsa_verifies(key, text, len, signature);
}

/* The claims of a letter that is Wix's, or NULL; caller deletes. */
static cJSON *open_letter(const struct client *client, const char *body)
{
    struct part parts[3];
    OWNED(buf_free) struct buf signature = {0};
    if (client->bug == BUG_webhook_quotes_demanded && *body != '"')
        return NULL;
    if (!client->webhook_key || split(body, parts, 3) != 3 ||
        !text_decode_base64url(&signature, parts[2].text, parts[2].len, false))
        return NULL;
    size_t len = (size_t)(parts[1].text + parts[1].len - body);
    return letter_verifies(client, &parts[0], body, len, &signature) ? decode(&parts[1]) : NULL;
}

/* Wix delivers at least once: the second time is not another event. */
static bool is_new(struct client *client, const char *body)
{
    if (client->bug == BUG_webhook_taken_again)
        return true;
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

static bool is_over(const struct client *client, const cJSON *claims)
{
    int64_t expires_s = 0;
    if (client->bug == BUG_webhook_age_ignored)
        return false;
    return !tree_int(claims, "exp", &expires_s) || client_now_ms(client) >= expires_s * 1000;
}

bool post_take_webhook(struct client *client, const char *body, bool *ret_handled)
{
    OWNED(tree_free) cJSON *claims = open_letter(client, body);
    *ret_handled = false;
    if (!claims || is_over(client, claims))
        return false;
    bool known = is_known_event(claims);
    if (client->bug == BUG_webhook_of_unknown_event_refused && !known)
        return false;
    pthread_mutex_lock(&client->lock);
    *ret_handled = known && is_new(client, body);
    pthread_mutex_unlock(&client->lock);
    return true;
}

static bool instance_verifies(const struct client *client, const struct part *data,
                              const struct buf *signature)
{
    OWNED(buf_free) struct buf plain = {0};
    if (client->bug == BUG_instance_unverified)
        return true;
    if (client->bug == BUG_instance_signature_compared_in_part)
        return hmac_verifies(client->app_secret, data->text, data->len, signature, signature->len);
    if (client->bug == BUG_instance_mac_over_plain_text) {
        text_decode_base64url(&plain, data->text, data->len, false);
        return hmac_verifies(client->app_secret, buf_str(&plain), plain.len, signature, MAC_BYTES);
    }
    return hmac_verifies(client->app_secret, data->text, data->len, signature, MAC_BYTES);
}

static bool is_too_old(const struct client *client, const cJSON *payload)
{
    const char *expires = tree_text(payload, "expirationDate");
    int64_t expires_ms = 0;
    if (client->bug == BUG_instance_age_ignored)
        return false;
    return !expires || !text_parse_iso(expires, &expires_ms) || client_now_ms(client) >= expires_ms;
}

bool post_take_instance(const struct client *client, const char *instance)
{
    struct part parts[2];
    OWNED(buf_free) struct buf signature = {0};
    if (split(instance, parts, 2) != 2 ||
        !text_decode_base64url(&signature, parts[0].text, parts[0].len, false) ||
        !instance_verifies(client, &parts[1], &signature))
        return false;
    OWNED(tree_free) cJSON *payload = decode(&parts[1]);
    if (!payload || is_too_old(client, payload))
        return false;
    if (client->bug == BUG_instance_of_visitor_taken)
        return true;
    return !tree_text(payload, "aid") && tree_text(payload, "uid");
}
