/* One HTTP request, as the reference client makes them.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_REQUEST_H
#define FAKEWIX_CLIENTS_REFERENCE_REQUEST_H

#include <curl/curl.h>

#include "shared/buf.h"

struct reply {
    long status; /* 0 where nothing came */
    struct buf body;
};

void reply_free(struct reply *reply);

/* Send one request. header is a whole header line or NULL, body is sent as JSON or NULL. */
void request_send(CURL *curl, const char *method, const char *url, const char *header,
                  const char *body, struct reply *reply);

#endif
