/* Letters that a careful client rejects. OpenSSL signs them, because the JWT library rightly does
 * not. May depend on: shared, tokens/signer, OpenSSL. Owner: webhooks. */
#ifndef FAKEWIX_WEBHOOKS_FORGE_H
#define FAKEWIX_WEBHOOKS_FORGE_H

#include "shared/buf.h"

/* Each appends a JWT over the claims, a JSON text. */
void forge_wrong_key(struct buf *out, const char *claims);
void forge_ps256(struct buf *out, const char *claims);
void forge_hs256(struct buf *out, const char *claims);
void forge_none(struct buf *out, const char *claims);
void forge_tampered(struct buf *out, const char *claims);

#endif
