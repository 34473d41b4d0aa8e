/* What an app receives: a JWT with Wix's claims, signed rightly, or wrongly on request.
 * May depend on: shared, state, tokens/signer, OpenSSL. Owner: webhooks. Needs no lock. */
#ifndef FAKEWIX_WEBHOOKS_LETTER_H
#define FAKEWIX_WEBHOOKS_LETTER_H

#include <stdbool.h>

#include "shared/buf.h"
#include "state/outbox.h"

/* How a letter may be signed, with what a client must make of it; ends with a NULL name. */
struct letter_sign {
    const char *name;
    const char *summary;
    bool expired; /* iat and exp lie in the past */
    /* Append the signed JWT; NULL signs rightly. */
    void (*forge)(struct buf *out, const char *claims);
};

extern const struct letter_sign letter_signs[];

const struct letter_sign *letter_find_sign(const char *name);

/* The claims of an event as JSON: three layers, the inner two as texts. Caller frees. */
char *letter_event_claims(const struct event *event);

/* Claims of a service-plugin request, which the app checks by iss and aud. `data` is borrowed.
 * Caller frees. */
char *letter_plugin_claims(const char *app_id, const cJSON *data, int64_t now_ms, bool expired);

/* Claims for the digest header of a request whose body is plain JSON: the body's SHA-256.
 * Caller frees. Source: webhook-sample */
char *letter_digest_claims(const char *body, int64_t now_ms, bool expired);

/* Append the JWT. */
void letter_write(struct buf *out, const struct letter_sign *sign, const char *claims);

#endif
