/* Things that OpenSSL signs without a JWT: the App URL's opaque token and the app instance
 * parameter. May depend on: shared, OpenSSL. Owner: tokens. */
#ifndef FAKEWIX_TOKENS_SEAL_H
#define FAKEWIX_TOKENS_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "state/model.h"

/* What the App URL's `token` stands for. */
struct install_ticket {
    char world[MODEL_WORLD_MAX + 1];
    char app_id[MODEL_ID_MAX + 1];
    char site_id[MODEL_ID_MAX + 1];
    int64_t serial;
    int64_t expires_ms;
};

enum { SEAL_TICKET_HEX = 416 }; /* as long as the one public sample (FIDELITY.md, token shapes) */

/* Append SEAL_TICKET_HEX lower-case hexadecimal digits. */
void seal_ticket(struct buf *out, const struct install_ticket *ticket);
bool seal_open_ticket(const char *hex, struct install_ticket *ret_ticket);

/* Append <signature>.<data>: base64url(HMAC-SHA256(app secret, data)) over base64url data without
 * padding. `json` is the instance's JSON text. */
void seal_instance(struct buf *out, const char *secret, const char *json);

/* Check and decode a signed instance; the HMAC is over the data as transmitted. Appends the JSON.
 */
bool seal_open_instance(const char *secret, const char *signed_instance, struct buf *ret_json);

#endif
