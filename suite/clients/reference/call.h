/* Calls to the API.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_CALL_H
#define FAKEWIX_CLIENTS_REFERENCE_CALL_H

#include "reference/client.h"

/* Make so many calls, so many at a time: all of them, also after one has failed. True where all
 * succeeded. */
bool call_many(struct client *client, int64_t calls, int64_t parallel);

#endif
