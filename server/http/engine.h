/* The doors into CivetWeb that its public interface lacks: sockets bound by us, the socket under a
 * connection, and a body read against a deadline.
 * May depend on: CivetWeb's source. Owner: http; nothing outside http includes it. */
#ifndef FAKEWIX_HTTP_ENGINE_H
#define FAKEWIX_HTTP_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mg_connection;
struct mg_context;

/* A socket that listens already. */
struct engine_port {
    int fd;
    bool tls;
};

/* Who is told, by the accepting thread, of each connection that came. CivetWeb's init_thread gives
 * it for that thread. */
struct engine_watch {
    void (*accepted)(void *context);
    void (*starved)(void *context); /* one came, but there is no descriptor for it */
    void *context;
    struct mg_context *engine; /* whose thread it is */
};

/* What CivetWeb's init_thread gives for a worker begins with this. Zeroed but for `n_open`
 * and the two functions. */
struct engine_seat {
    const atomic_int *n_open; /* connections; a client that is alone is waited for awake */
    unsigned in_vain;         /* how many such waits in a row ended asleep all the same */
    unsigned to_skip;         /* waits that begin asleep, for that */
    int64_t (*now_ms)(void);  /* the steady clock */
    /* By that clock: since when the client takes nothing of what is sent; 0: it does. Where it did
     * not until the end, this stays. */
    atomic_llong deaf_since_ms;
    bool has_met; /* the client whom it waits for; set by who owns the seat */
    /* It is about to wait for one whom it has not met, who is still at the TLS handshake. */
    void (*meet)(struct engine_seat *seat, int fd);
};

/* Let CivetWeb accept on these in place of the port that it was started with. Takes the sockets.
 * Only from its init_context callback, before a thread of it runs. */
void engine_adopt(struct mg_context *context, const struct engine_port *ports, size_t n,
                  int wake_fd);

/* Have a connection served that was accepted elsewhere. Takes the socket; false where the client
 * has gone already. Any thread; waits while the queue is full. */
bool engine_give(struct mg_context *context, int fd, bool tls);

/* Stop accepting and close the ports; CivetWeb goes on serving what it has. */
void engine_drop_ports(struct mg_context *context);

/* The connection's socket, and the port and address family of our end of it. */
int engine_socket(const struct mg_connection *connection);
int engine_local_port(const struct mg_connection *connection);
bool engine_is_unix(const struct mg_connection *connection);

/* Whether CivetWeb will keep the connection after this request, as the client asked. */
bool engine_keeps_alive(const struct mg_connection *connection);
void engine_close_after(struct mg_connection *connection);

/* Whether every byte of the head was understood: CivetWeb stops reading header lines, without a
 * word, at a folded line and behind the 64th. */
bool engine_head_is_whole(const struct mg_connection *connection);

/* Of a head that did not get as far as being parsed: whether it filled the buffer without an end,
 * and whether it was sound as far as it came. */
bool engine_head_is_too_long(const struct mg_connection *connection);
bool engine_head_is_unfinished(const struct mg_connection *connection);

/* Read some of the body: what is buffered first, then from the socket, never a byte that follows
 * the `len` asked for. Returns the count, 0 when `timeout_ms` passed, -1 when the client is gone.
 */
int engine_read(struct mg_connection *connection, char *ret_bytes, size_t len, int timeout_ms);

/* The body was read whole: what follows in the buffer is the next request. */
void engine_body_done(struct mg_connection *connection);

/* Send all of it; false when the client is gone. */
bool engine_send(struct mg_connection *connection, const void *bytes, size_t len);

/* Wait up to `wait_ms`; true as soon as the client has closed its end. */
bool engine_client_left(struct mg_connection *connection, int wait_ms);

/* End the connection: with a TCP RST, at once; in order, with nothing more read or sent; or in
 * order once the client has seen the answer, reading on for `wait_ms` at most, since closing a
 * socket with unread bytes in it resets it and may lose the answer; false once it has. */
void engine_reset(struct mg_connection *connection);
void engine_shut(struct mg_connection *connection);
bool engine_linger(struct mg_connection *connection, int wait_ms);

#endif
