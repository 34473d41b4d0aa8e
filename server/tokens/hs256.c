/* libjwt takes half of a token request's time to sign with HMAC, most of it to look the algorithm
 * up and to set the key up again (docs/decisions/0011 has the figures). Here the key is set up
 * once: HMAC-SHA256 (RFC 2104) is two hashes, each behind a block of the key, and a hash that has
 * taken its block is copied and goes on. OpenSSL's plain functions do that without its providers,
 * whose set-up alone would be a third of the time from exec to the first token. The header has
 * Wix's members in Wix's order, which libjwt cannot write. */
#define OPENSSL_SUPPRESS_DEPRECATED /* in favour of the providers */
#include "tokens/hs256.h"

#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/writer.h"

struct hs256 {
    SHA256_CTX inner, outer; /* the key's block taken; copied for each signature */
    struct buf header;       /* encoded, with its dot */
};

static void add_header(struct buf *out, const char *kid)
{
    OWNED(buf_free) struct buf text = {0};
    writer_open(&text, NULL);
    writer_text(&text, "kid", kid);
    writer_text(&text, "alg", "HS256");
    writer_close(&text);
    text_add_base64url(out, text.data, text.len);
    buf_char(out, '.');
}

static void take_block(SHA256_CTX *hash, const char *secret, size_t len, unsigned char pad)
{
    unsigned char block[SHA256_CBLOCK];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (unsigned char)((i < len ? (unsigned char)secret[i] : 0) ^ pad);
    SHA256_Init(hash);
    SHA256_Update(hash, block, sizeof block);
}

struct hs256 *hs256_new(const char *kid, const char *secret)
{
    enum { INNER_PAD = 0x36, OUTER_PAD = 0x5C };
    struct hs256 *key = mem_new(1, sizeof *key);
    size_t len = strlen(secret);
    if (!len || len > SHA256_CBLOCK)
        abort(); /* an empty or overlong fixture key is our own bug */
    take_block(&key->inner, secret, len, INNER_PAD);
    take_block(&key->outer, secret, len, OUTER_PAD);
    add_header(&key->header, kid);
    return key;
}

void hs256_free(struct hs256 *key)
{
    if (!key)
        return;
    buf_free(&key->header);
    free(key);
}

void hs256_sign(const struct hs256 *key, const char *payload, size_t len, struct buf *out)
{
    size_t start = out->len;
    unsigned char mac[SHA256_DIGEST_LENGTH];
    buf_add(out, key->header.data, key->header.len);
    text_add_base64url(out, payload, len);
    SHA256_CTX hash = key->inner;
    SHA256_Update(&hash, out->data + start, out->len - start);
    SHA256_Final(mac, &hash);
    hash = key->outer;
    SHA256_Update(&hash, mac, sizeof mac);
    SHA256_Final(mac, &hash);
    buf_char(out, '.');
    text_add_base64url(out, mac, sizeof mac);
}
