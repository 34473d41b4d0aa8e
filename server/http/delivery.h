/* From a response value to bytes on a connection, well-behaved or as badly as a fault asks.
 * May depend on: shared, message, engine. Owner: http. */
#ifndef FAKEWIX_HTTP_DELIVERY_H
#define FAKEWIX_HTTP_DELIVERY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"
#include "shared/buf.h"

struct mg_connection;

/* How far the listener is with stopping. */
enum {
    STOP_NOT,
    STOP_SOON, /* finish what is being answered; waits without an end of their own end */
    STOP_NOW,  /* the grace is over: every wait ends */
};

/* One connection, as a delivery sees it. Kept by a worker and reused. */
struct wire {
    struct mg_connection *connection;
    const atomic_int *stop;
    struct buf out; /* the bytes on their way; reused from answer to answer */
    bool client_http10;
    bool is_head;     /* the method is HEAD: no body follows */
    bool keep_alive;  /* the client and the engine would keep the connection */
    int keep_alive_s; /* what the Keep-Alive header promises */
    int64_t date_s;   /* the second that `date` shows; 0 for none yet */
    char date[32];
};

/* Send an answer and call its `sent`; does not free it. Returns whether the connection can take
 * another request. */
bool delivery_send(struct wire *wire, struct response *response);

/* Wait for what a response that is no answer yet says: its hold, its delay. False where the client
 * left meanwhile, or the server is stopping. */
bool delivery_wait(struct wire *wire, const struct response *response);

/* Give back memory that one large answer made the worker hold. */
void delivery_trim(struct wire *wire);

#endif
