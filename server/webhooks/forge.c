/* One function per forgery; what each is good for is in letter.c's table. */
#include "webhooks/forge.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tokens/signer.h"

/* Append header.payload, the bytes that a signature is over. Returns where they begin. */
static size_t begin(struct buf *out, const char *alg, const char *claims)
{
    size_t start = out->len;
    OWNED(mem_text_free)
    char *header =
        mem_format("{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", alg, signer_kid(KEY_WEBHOOK));
    text_add_base64url(out, header, strlen(header));
    buf_char(out, '.');
    text_add_base64url(out, claims, strlen(claims));
    return start;
}

static void end(struct buf *out, const uint8_t *signature, size_t len)
{
    buf_char(out, '.');
    text_add_base64url(out, signature, len);
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (!key)
        abort(); /* a fixture key that does not parse is our own bug */
    return key;
}

static void sign_rsa(struct buf *out, const char *alg, const char *claims, const char *pem,
                     int padding)
{
    size_t start = begin(out, alg, claims);
    EVP_PKEY *key = read_key(pem);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    size_t len = (size_t)EVP_PKEY_get_size(key);
    uint8_t *signature = mem_new(len, 1);
    int fine = EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, key) > 0 &&
               EVP_PKEY_CTX_set_rsa_padding(how, padding) > 0;
    if (fine && padding == RSA_PKCS1_PSS_PADDING)
        fine = EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) > 0;
    if (!fine || EVP_DigestSign(context, signature, &len, (const uint8_t *)out->data + start,
                                out->len - start) <= 0)
        abort();
    end(out, signature, len);
    free(signature);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

/* The key that signs access tokens is a sound RSA key, and not the one the app was given. */
void forge_wrong_key(struct buf *out, const char *claims)
{
    sign_rsa(out, "RS256", claims, signer_private_pem(KEY_ACCESS_CUSTOM), RSA_PKCS1_PADDING);
}

void forge_ps256(struct buf *out, const char *claims)
{
    sign_rsa(out, "PS256", claims, signer_private_pem(KEY_WEBHOOK), RSA_PKCS1_PSS_PADDING);
}

/* The classic confusion: the public key, known to all, taken for an HMAC secret. */
void forge_hs256(struct buf *out, const char *claims)
{
    size_t start = begin(out, "HS256", claims);
    const char *pem = signer_public_pem(KEY_WEBHOOK);
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    HMAC(EVP_sha256(), pem, (int)strlen(pem), (const uint8_t *)out->data + start, out->len - start,
         mac, &len);
    end(out, mac, len);
}

void forge_none(struct buf *out, const char *claims)
{
    begin(out, "none", claims);
    buf_char(out, '.');
}

/* The last digit of the claims changes (of exp, or of iat), and they stay well-formed JSON. */
void forge_tampered(struct buf *out, const char *claims)
{
    OWNED(buf_free) struct buf sound = {0};
    OWNED(buf_free) struct buf payload = {0};
    signer_sign_json(&sound, KEY_WEBHOOK, claims);
    const char *first = strchr(buf_str(&sound), '.');
    const char *second = strchr(first + 1, '.');
    text_decode_base64url(&payload, first + 1, (size_t)(second - first - 1), false);
    size_t at = payload.len;
    while (at && !strchr("0123456789", payload.data[at - 1]))
        at--;
    if (at)
        payload.data[at - 1] = payload.data[at - 1] == '9' ? '8' : (char)(payload.data[at - 1] + 1);
    buf_add(out, sound.data, (size_t)(first - sound.data) + 1);
    text_add_base64url(out, payload.data, payload.len);
    buf_text(out, second);
}
