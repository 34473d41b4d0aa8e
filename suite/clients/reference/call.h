/* Calls to the API.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_CALL_H
#define FAKEWIX_CLIENTS_REFERENCE_CALL_H

#include "reference/client.h"

struct call_wish {
    const char *method; /* NULL: GET */
    const char *path;   /* NULL: the probe */
    const char *body;   /* sent as JSON, or NULL */
    bool stream;        /* sent as it is read, without a length */
    int64_t calls;
    int64_t parallel; /* at a time */
};

/* Make the calls: all of them, also after one has failed. True where all succeeded. */
bool call_many(struct client *client, const struct call_wish *wish);

#endif
