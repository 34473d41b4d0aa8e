/* A small web server: one thread per connection, one request each.
 * May depend on: shared. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_SERVER_H
#define FAKEWIX_CLIENTS_REFERENCE_SERVER_H

#include <stdbool.h>

#include "shared/buf.h"

struct web_request {
    const char *method;
    const char *target; /* path and query */
    const char *cookie; /* of the header, "" without it */
    const char *body;
};

struct web_answer {
    int status;
    struct buf headers; /* whole lines, each with \r\n */
    struct buf body;
};

typedef void web_handler(void *context, const struct web_request *request,
                         struct web_answer *answer);

/* Listen on a port of the loopback (0: any; it is written there), say on stdout where, and serve
 * until the program is ended. False where the port is not to be had. */
bool server_run(int *port, web_handler *handle, void *context);

/* A parameter of a target's query, decoded; caller frees with free(); NULL where it is missing. */
char *web_param(const char *target, const char *name);

bool web_path_is(const char *target, const char *path);

#endif
