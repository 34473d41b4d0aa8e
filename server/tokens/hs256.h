/* HS256 JWTs, signed with keys that are set up once. Checking them is libjwt's, in signer.c.
 * May depend on: shared, OpenSSL. Owner: tokens. */
#ifndef FAKEWIX_TOKENS_HS256_H
#define FAKEWIX_TOKENS_HS256_H

#include <stddef.h>

#include "shared/buf.h"

struct hs256; /* a key, ready to sign; any thread */

/* Caller frees with hs256_free. `secret` has 1 to 64 bytes. */
struct hs256 *hs256_new(const char *kid, const char *secret);
void hs256_free(struct hs256 *key);

/* Append header.payload.signature; `payload` is the text of a JSON object. */
void hs256_sign(const struct hs256 *key, const char *payload, size_t len, struct buf *out);

#endif
