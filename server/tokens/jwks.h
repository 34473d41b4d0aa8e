/* The public keys of tokens as a JWK set (RFC 7517).
 * May depend on: shared, signer, OpenSSL. Owner: tokens. */
#ifndef FAKEWIX_TOKENS_JWKS_H
#define FAKEWIX_TOKENS_JWKS_H

#include <cjson/cJSON.h>

/* {"keys":[{"kty","use","alg","kid","n","e"}]}: the RSA key of custom-authentication access tokens.
 * Gives a tree. */
cJSON *jwks_json(void);

#endif
