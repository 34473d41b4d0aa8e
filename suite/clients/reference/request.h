/* One HTTP request, as the reference client makes them.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_REQUEST_H
#define FAKEWIX_CLIENTS_REFERENCE_REQUEST_H

#include <curl/curl.h>

#include "reference/client.h"
#include "shared/buf.h"

struct reply {
    long status; /* 0 where nothing came, or not all of it */
    struct buf body;
    struct buf headers; /* the lines as they came */
};

void reply_free(struct reply *reply);

/* A header's value, trimmed; caller frees with free(); NULL where it is missing. */
char *reply_header(const struct reply *reply, const char *name);

/* What is read once: a second sending begins where the first one stopped, unless somebody rewinds.
 */
struct stream {
    const char *text;
    size_t at;
};

struct request {
    const char *method;
    const char *url;
    const char *header;    /* a whole line, or NULL */
    const char *body;      /* sent as JSON, or NULL */
    struct stream *stream; /* sent in its place, without a length; or NULL */
    long limit_ms;         /* for the whole of it */
};

/* Send one request; what the reply held before is gone. */
void request_send(const struct client *client, CURL *curl, const struct request *request,
                  struct reply *reply);

#endif
