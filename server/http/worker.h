/* A worker and its peers, for the files that make them up: workers.c and room.c.
 * May depend on: http. Owner: http; nothing else includes it. */
#ifndef FAKEWIX_HTTP_WORKER_H
#define FAKEWIX_HTTP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/delivery.h"
#include "http/engine.h"
#include "http/intake.h"
#include "http/listener.h"
#include "http/workers.h"

/* One thread of CivetWeb and its memory; it serves one connection at a time. */
struct worker {
    struct engine_seat seat; /* first, as the engine asks */
    struct workers *workers;
    pthread_mutex_t lock;       /* over `fd`, which the stopping thread shuts down */
    int fd;                     /* of the connection it serves, -1 for none */
    atomic_bool is_busy;        /* with a request, not just with a connection */
    atomic_bool has_connection; /* that was not given up */
    atomic_bool was_answered;   /* this connection, at least once */
    atomic_bool is_leaving;     /* it was given up, or had its last answer, and is not closed yet */
    atomic_llong idle_since_ms; /* steady clock: since when it waits for a request */
    atomic_llong body_since_ms; /* since when it reads a body; 0: it does not */
    bool is_open;               /* CivetWeb has said so, after the handshake where there is one */
    bool has_refused;           /* this connection was told no; nothing more is answered on it */
    enum entrance entrance;
    bool is_at_door; /* a world's own port, or the one of leaks, whose world is "" */
    char world[MESSAGE_WORLD_MAX + 1];
    struct wire wire;
    struct intake intake;
};

struct workers {
    const struct listener_config *config;
    is_open_port_fn *is_open_port;
    const void *context;
    struct worker *all;  /* config->workers of them, one to a thread */
    atomic_int n_seated; /* that have their thread */
    atomic_int n_open;   /* connections, those included that wait for a worker */
    atomic_int stop;     /* enum delivery_stop */
    struct usher *usher;
    pthread_mutex_t lock; /* for `idle` */
    pthread_cond_t idle;  /* a worker has finished a request while stopping */
};

#endif
