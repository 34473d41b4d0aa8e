/* When to make a refused call again.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_RETRY_H
#define FAKEWIX_CLIENTS_REFERENCE_RETRY_H

#include "reference/client.h"
#include "reference/request.h"

/* Whether to send the request again that got this reply, as number `tried` of its kind (from 1).
 * Waits for as long as the server asks, or a little longer each time. */
bool retry_call(const struct client *client, const struct reply *reply, int tried);

/* The same for a token request: only where the server says when. */
bool retry_token(const struct client *client, const struct reply *reply, int tried);

#endif
