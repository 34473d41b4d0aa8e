/* libjwt takes half of a token request's time to sign with HMAC, most of it to look the algorithm
 * up and to set the key up again (docs/decisions/0011 has the figures). Here both happen once. The
 * header has Wix's members in Wix's order, which libjwt cannot write. */
#include "tokens/hs256.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { MAC_LEN = 32 };

struct hs256 {
    EVP_MAC_CTX *keyed; /* duplicated for each signature: it is never changed */
    struct buf header;  /* encoded, with its dot */
};

static void add_header(struct buf *out, const char *kid)
{
    OWNED(tree_free) cJSON *header = cJSON_CreateObject();
    tree_put_text(header, "kid", kid);
    tree_put_text(header, "alg", "HS256");
    OWNED(mem_text_free) char *text = tree_print(header);
    text_add_base64url(out, text, strlen(text));
    buf_char(out, '.');
}

struct hs256 *hs256_new(const char *kid, const char *secret)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    struct hs256 *key = mem_new(1, sizeof *key);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    key->keyed = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    if (!*secret || !key->keyed ||
        !EVP_MAC_init(key->keyed, (const unsigned char *)secret, strlen(secret), params))
        abort(); /* a fixture key that cannot be used is our own bug */
    add_header(&key->header, kid);
    return key;
}

void hs256_free(struct hs256 *key)
{
    if (!key)
        return;
    EVP_MAC_CTX_free(key->keyed);
    buf_free(&key->header);
    free(key);
}

void hs256_sign(const struct hs256 *key, const char *payload, size_t len, struct buf *out)
{
    size_t start = out->len;
    unsigned char mac[MAC_LEN];
    size_t mac_len = 0;
    buf_add(out, key->header.data, key->header.len);
    text_add_base64url(out, payload, len);
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(key->keyed);
    if (!context ||
        !EVP_MAC_update(context, (const unsigned char *)out->data + start, out->len - start) ||
        !EVP_MAC_final(context, mac, &mac_len, sizeof mac))
        abort();
    EVP_MAC_CTX_free(context);
    buf_char(out, '.');
    text_add_base64url(out, mac, mac_len);
}
