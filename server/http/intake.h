/* From what CivetWeb parsed to a request value, with the strictness it lacks.
 * May depend on: shared, message, engine, CivetWeb. Owner: http. */
#ifndef FAKEWIX_HTTP_INTAKE_H
#define FAKEWIX_HTTP_INTAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/message.h"
#include "shared/buf.h"
#include "shared/refusal.h"

struct mg_connection;

enum { INTAKE_MAX_HEADERS = 64 };

struct intake_limits {
    size_t max_body;            /* bytes */
    int request_ms;             /* for the body to arrive whole */
    atomic_llong *ret_since_ms; /* told, on the steady clock, when reading a body begins */
};

/* A worker's own memory for one request at a time. */
struct intake {
    struct header headers[INTAKE_MAX_HEADERS + 1];
    struct buf body;
};

/* Check the head and read the body.
 *
 * intake       reused from request to request; the value borrows from it and from the connection
 * ret_request  method, target, headers and body; written only on REFUSAL_NONE
 *
 * Refuses with a HTTP_… row; the connection is then good for one answer and must be closed. Sends
 * "100 Continue" itself, where the client waits for it and its body is not too large. */
enum refusal intake_read(struct mg_connection *connection, const struct intake_limits *limits,
                         struct intake *intake, struct request *ret_request);

/* Give back memory that one large request made the worker hold. */
void intake_trim(struct intake *intake);

#endif
