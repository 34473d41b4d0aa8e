/* Signed tokens in the shapes Wix gives them. The only file that knows libjwt is signer.c.
 * May depend on: shared, libjwt. Owner: tokens. The keys are fixtures: public, worth nothing. */
#ifndef FAKEWIX_TOKENS_SIGNER_H
#define FAKEWIX_TOKENS_SIGNER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"

enum signer_key {
    KEY_CODE,             /* OAUTH2. authorization codes, HS256 */
    KEY_REFRESH_CUSTOM,   /* OAUTH2. refresh tokens, HS256 */
    KEY_ACCESS_CUSTOM,    /* OAUTH2. access tokens, RS256 */
    KEY_ACCESS_CUSTOM_HS, /* the same by profile, HS256 */
    KEY_OAUTH_NG,         /* OauthNG.JWS. and JWS. tokens, HS256 */
    KEY_WEBHOOK,          /* webhooks, RS256 */
    KEY_COUNT
};

enum { SIGNER_MAX_TOKEN = 8192 };

struct claims {
    char *data;    /* Wix's claim: JSON in a string; owned */
    char *fakewix; /* ours: the facts that the fake reads back; owned, may be NULL */
    char *pad;     /* of no meaning, to make the token long; owned, may be NULL */
    int64_t iat_s;
    int64_t exp_s; /* 0: no exp claim */
};

void claims_free(struct claims *claims);

/* Append header.payload.signature. The claims are borrowed. */
void signer_sign(struct buf *out, enum signer_key key, const struct claims *claims);

/* The same for any claims, as the text of a JSON object. */
void signer_sign_json(struct buf *out, enum signer_key key, const char *claims);

/* Check a bare three-part JWT: its form, at most SIGNER_MAX_TOKEN bytes, a known kid, that key's
 * algorithm and signature. Expiry is the caller's question. `ret_claims` is written on success
 * only; caller frees with claims_free. */
bool signer_verify(const char *jwt, enum signer_key *ret_key, struct claims *ret_claims);

/* The PEM public key of an RS256 key; static. */
const char *signer_public_pem(enum signer_key key);
const char *signer_private_pem(enum signer_key key);
const char *signer_kid(enum signer_key key);

#endif
