/* CivetWeb, compiled as part of this file so that the doors below can reach into it. It is built
 * from the distribution's source package as it is, not one line of it is changed. The warnings and
 * the style of this project begin behind the include. Why, and what for:
 * docs/decisions/0010. */
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

static int engine_accept(int fd, struct sockaddr *address, socklen_t *len);
static int engine_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
static int engine_thread(pthread_t *ret_id, const pthread_attr_t *attr, void *(*run)(void *),
                         void *argument);
#define accept(fd, address, len) engine_accept(fd, address, len)
#define poll(fds, n, timeout_ms) engine_poll(fds, n, timeout_ms)
#define pthread_create(id, attr, run, argument) engine_thread(id, attr, run, argument)
#include <civetweb.c>
#undef accept
#undef poll
#undef pthread_create

#pragma GCC diagnostic error "-Wall"
#pragma GCC diagnostic error "-Wextra"
#pragma GCC diagnostic error "-Wconversion"
#pragma GCC diagnostic error "-Wshadow"

#include "engine.h"

#if defined(__SANITIZE_THREAD__)
/* mg_stop sets its flag without a lock, and every thread of it reads it so. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:STOP_FLAG_ASSIGN\n";
}
#endif

/* CivetWeb starts all workers at once, and 64 threads are a fifth of the time to the first answer.
 * Of them only the first few begin there. The others are passed over: CivetWeb takes a thread 0 for
 * none, and begin_worker makes up for one with each connection. */
static int engine_thread(pthread_t *ret_id, const pthread_attr_t *attr, void *(*run)(void *),
                         void *argument)
{
    enum { N_FIRST = 4 };
    const struct mg_connection *seat = argument;
    if (run == worker_thread && seat - seat->phys_ctx->worker_connections >= N_FIRST) {
        *ret_id = 0;
        return 0;
    }
    return pthread_create(ret_id, attr, run, argument);
}

/* One more for a connection that comes: so many have come or all run, and none waits in vain.
 * Where the system has no thread left, those that run serve, and the next connection asks again. */
static void begin_worker(struct mg_context *context)
{
    pthread_t *ids = context->worker_threadids;
    unsigned n = context->cfg_worker_threads;
    pthread_mutex_lock(&context->thread_mutex);
    /* The accepting thread takes the lock between the flag and its look at who is to be joined. */
    if (ids[n - 1] == 0 && STOP_FLAG_IS_ZERO(&context->stop_flag)) {
        unsigned i = 0;
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, USE_STACK_SIZE);
        while (ids[i] != 0)
            i++;
        if (pthread_create(&ids[i], &attr, worker_thread, &context->worker_connections[i]) != 0)
            ids[i] = 0;
        pthread_attr_destroy(&attr);
    }
    pthread_mutex_unlock(&context->thread_mutex);
}

static int engine_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    const struct engine_watch *watch = mg_get_thread_pointer(NULL);
    int client = accept(fd, address, len);
    if (client >= 0 && watch) {
        begin_worker(watch->engine);
        watch->accepted(watch->context);
    } else if (watch && (errno == EMFILE || errno == ENFILE))
        watch->starved(watch->context);
    return client;
}

/* Look at the socket for a moment before falling asleep on it, and let others run in between. */
static int look_out(struct pollfd *fd)
{
    enum { LOOK_OUT_NS = 100000 };
    uint64_t end = mg_get_current_time_ns() + LOOK_OUT_NS;
    int ready;
    do {
        ready = poll(fd, 1, 0);
        if (ready == 0)
            sched_yield();
    } while (ready == 0 && mg_get_current_time_ns() < end);
    return ready;
}

/* Whether to wait awake. A client that took its time lately is waited for asleep, the longer the
 * oftener it did: 1, 2, 4 … 64 times until the next try. */
static bool has_hope(struct engine_seat *seat)
{
    if (atomic_load(seat->n_open) != 1)
        return false;
    if (seat->to_skip == 0)
        return true;
    seat->to_skip--;
    return false;
}

static void learn(struct engine_seat *seat, bool came)
{
    enum { SKIP_MAX_LOG = 6 };
    seat->to_skip = came ? 0 : 1U << seat->in_vain;
    seat->in_vain = came ? 0 : seat->in_vain < SKIP_MAX_LOG ? seat->in_vain + 1 : SKIP_MAX_LOG;
}

/* What was sent fills all that the system keeps for the client, who reads nothing of it. */
static int wait_for_reader(struct engine_seat *seat, struct pollfd *fds, nfds_t n, int timeout_ms)
{
    if (!atomic_load(&seat->deaf_since_ms))
        atomic_store(&seat->deaf_since_ms, seat->now_ms());
    int ready = poll(fds, n, timeout_ms);
    if (ready > 0 && !(fds->revents & (POLLERR | POLLHUP)))
        atomic_store(&seat->deaf_since_ms, 0);
    return ready;
}

/* A worker waits for its client. One client alone is mostly a test that asks, reads and asks again;
 * to put the thread to sleep and wake it in between takes longer than the answer. */
static int engine_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    struct engine_seat *seat = n == 1 ? mg_get_thread_pointer(NULL) : NULL;
    if (seat && (fds->events & POLLOUT))
        return wait_for_reader(seat, fds, n, timeout_ms);
    if (seat && !seat->has_met && (fds->events & POLLIN))
        seat->meet(seat, fds->fd);
    if (seat && timeout_ms > 0 && (fds->events & POLLIN) && has_hope(seat)) {
        int ready = look_out(fds);
        learn(seat, ready != 0);
        if (ready)
            return ready;
    }
    return poll(fds, n, timeout_ms);
}

void engine_adopt(struct mg_context *context, const struct engine_port *ports, size_t n,
                  int wake_fd)
{
    close_all_listening_sockets(context);
    context->listening_sockets = mg_calloc(n + 1, sizeof(struct socket));
    context->listening_socket_fds = mg_calloc(n + 1, sizeof(struct mg_pollfd));
    if (!context->listening_sockets || !context->listening_socket_fds)
        abort();
    for (size_t i = 0; i < n; i++) {
        context->listening_sockets[i].sock = ports[i].fd;
        context->listening_sockets[i].is_ssl = ports[i].tls;
    }
    context->listening_sockets[n].sock = wake_fd;
    context->num_listening_sockets = (unsigned)(n + 1);
}

/* The accepting thread reads the table while this writes it: it may see either number, and an
 * accept on -1 fails without harm. The sanitizer is told so. */
__attribute__((no_sanitize("thread"))) void engine_drop_ports(struct mg_context *context)
{
    for (unsigned i = 0; i + 1 < context->num_listening_sockets; i++) {
        int fd = context->listening_sockets[i].sock;
        context->listening_sockets[i].sock = -1;
        shutdown(fd, SHUT_RDWR); /* ends the poll that may hold it */
        close(fd);
    }
}

bool engine_give(struct mg_context *context, int fd, bool tls)
{
    const int on = 1;
    struct socket given = {.sock = fd, .is_ssl = tls};
    socklen_t remote_len = sizeof(given.rsa);
    socklen_t local_len = sizeof(given.lsa);
    if (getpeername(fd, &given.rsa.sa, &remote_len) != 0 ||
        getsockname(fd, &given.lsa.sa, &local_len) != 0) {
        close(fd);
        return false;
    }
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    set_non_blocking_mode(fd);
    begin_worker(context);
    produce_socket(context, &given);
    return true;
}

int engine_socket(const struct mg_connection *connection)
{
    return connection->client.sock;
}

int engine_local_port(const struct mg_connection *connection)
{
    return engine_is_unix(connection) ? 0 : connection->request_info.server_port;
}

bool engine_is_unix(const struct mg_connection *connection)
{
    return connection->client.lsa.sa.sa_family == AF_UNIX;
}

bool engine_keeps_alive(const struct mg_connection *connection)
{
    return should_keep_alive(connection) && connection->protocol_type == PROTOCOL_TYPE_HTTP1;
}

void engine_close_after(struct mg_connection *connection)
{
    connection->must_close = 1;
}

bool engine_head_is_whole(const struct mg_connection *connection)
{
    const struct mg_request_info *info = &connection->request_info;
    const char *end = connection->buf + connection->request_len;
    const char *at = info->http_version;
    if (info->num_headers > 0)
        at = info->http_headers[info->num_headers - 1].value;
    if (at >= end)
        return false;
    for (at += strlen(at); at < end; at++)
        if (*at && *at != '\r' && *at != '\n')
            return false;
    return at == end;
}

bool engine_head_is_too_long(const struct mg_connection *connection)
{
    return connection->request_len <= 0 && connection->data_len >= connection->buf_size;
}

bool engine_head_is_unfinished(const struct mg_connection *connection)
{
    return connection->request_len <= 0 &&
           get_http_header_len(connection->buf, connection->data_len) == 0;
}

static size_t buffered(const struct mg_connection *connection)
{
    return (size_t)(connection->data_len - connection->request_len - connection->consumed_content);
}

/* Refill the space behind the head, which is free once everything in it was consumed. */
static int refill(struct mg_connection *connection, int timeout_ms)
{
    connection->data_len = connection->request_len;
    connection->consumed_content = 0;
    int n = pull_inner(NULL, connection, connection->buf + connection->data_len,
                       connection->buf_size - connection->data_len, timeout_ms / 1000.0);
    if (n > 0)
        connection->data_len += n;
    return n;
}

int engine_read(struct mg_connection *connection, char *ret_bytes, size_t len, int timeout_ms)
{
    enum { WORTH_A_CALL = 2048 };
    bool room = connection->buf_size - connection->request_len >= WORTH_A_CALL;
    if (buffered(connection) == 0 && (len >= WORTH_A_CALL || !room)) {
        int want = len > INT_MAX ? INT_MAX : (int)len;
        int n = pull_inner(NULL, connection, ret_bytes, want, timeout_ms / 1000.0);
        return n == -1 ? 0 : n < 0 ? -1 : n;
    }
    if (buffered(connection) == 0) {
        int n = refill(connection, timeout_ms);
        if (n <= 0)
            return n == -1 ? 0 : -1;
    }
    size_t n = buffered(connection) < len ? buffered(connection) : len;
    memcpy(ret_bytes, connection->buf + connection->request_len + connection->consumed_content, n);
    connection->consumed_content += (int64_t)n;
    return (int)n;
}

void engine_body_done(struct mg_connection *connection)
{
    connection->content_len = connection->consumed_content;
    if (connection->is_chunked)
        connection->is_chunked = 4; /* all read, trailer included */
}

bool engine_send(struct mg_connection *connection, const void *bytes, size_t len)
{
    return mg_write(connection, bytes, len) == (int)len;
}

bool engine_client_left(struct mg_connection *connection, int wait_ms)
{
    struct pollfd poller = {.fd = connection->client.sock, .events = POLLRDHUP};
    return poll(&poller, 1, wait_ms) > 0;
}

void engine_reset(struct mg_connection *connection)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (engine_is_unix(connection) ||
        connect(connection->client.sock, &nobody, sizeof(nobody)) != 0)
        engine_shut(connection);
    connection->must_close = 1;
}

void engine_shut(struct mg_connection *connection)
{
    shutdown(connection->client.sock, SHUT_RDWR);
    connection->must_close = 1;
}

bool engine_linger(struct mg_connection *connection, int wait_ms)
{
    char waste[4096];
    struct pollfd poller = {.fd = connection->client.sock, .events = POLLIN};
    uint64_t end = mg_get_current_time_ns() + (uint64_t)wait_ms * 1000000;
    connection->must_close = 1;
    if (connection->ssl == NULL)
        shutdown(connection->client.sock, SHUT_WR);
    for (;;) {
        uint64_t now = mg_get_current_time_ns();
        if (now >= end || !STOP_FLAG_IS_ZERO(&connection->phys_ctx->stop_flag))
            return true;
        int left = (int)((end - now) / 1000000) + 1;
        if (poll(&poller, 1, left < 50 ? left : 50) < 0)
            return false;
        if (poller.revents &&
            recv(connection->client.sock, waste, sizeof(waste), MSG_DONTWAIT) <= 0)
            return false;
    }
}
