/* Sockets, TLS and threads: the only part, with delivery and tls, that knows CivetWeb.
 * May depend on: shared, http/message, CivetWeb, OpenSSL. Owner: http. */
#ifndef FAKEWIX_HTTP_LISTENER_H
#define FAKEWIX_HTTP_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "http/message.h"
#include "shared/err.h"

struct listener;
struct doors; /* http/doors.h */

/* Answer one request. Called from many threads at once; fills `response`, which the listener
 * sends and frees. */
typedef void answer_fn(void *context, const struct request *request, struct response *response);

struct listener_config {
    /* "localhost:8420" (IPv4 and IPv6 on one port), "127.0.0.1:0", "[::1]:0", "0.0.0.0:80",
     * "unix:/path"; port 0 is any free port. Borrowed. */
    const char *const *addresses;
    size_t n_addresses;
    const char *const *tls_addresses; /* the same, over TLS */
    size_t n_tls_addresses;
    void *tls_context;   /* from http/tls; needed with tls_addresses. Borrowed */
    int workers;         /* threads, 1 to 2,048; each open connection owns one */
    size_t max_body;     /* bytes; past it 413 */
    size_t max_head;     /* bytes of request line and headers; past it 431 */
    int idle_ms;         /* how long an idle connection is kept */
    int request_ms;      /* how long a request may take to arrive whole */
    struct doors *doors; /* worlds' own ports; NULL for none. Borrowed */
    const char *world;   /* set in every other request; NULL for the shared listener. Borrowed */
    answer_fn *answer;
    void *context;
};

/* Listen and answer. Returns a listener, caller frees with listener_stop; or NULL and a sentence
 * that names the address and the fix. */
struct listener *listener_start(const struct listener_config *config, struct err *err);

/* "http://127.0.0.1:8420", "https://…" or "unix:/path"; NULL where there is none. Borrowed. */
const char *listener_url(const struct listener *listener, bool tls);
int listener_port(const struct listener *listener, bool tls);

/* Answer what comes on a connection that was accepted elsewhere. Takes the socket. */
void listener_give(struct listener *listener, int fd, bool tls);

/* No descriptor for a client that came elsewhere: give up an idle connection and rest a moment, as
 * the listener does when it has none itself. */
void listener_rest(struct listener *listener);

/* Stop taking connections, finish what is being answered within `grace_ms`, and free. */
void listener_stop(struct listener *listener, int grace_ms);

#endif
