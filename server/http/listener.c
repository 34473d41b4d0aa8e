/* The listener: CivetWeb's threads on sockets of our own, one entry for every request.
 * It knows how a request comes and an answer goes; what is asked and answered is the business of
 * `answer`. How CivetWeb is built, and why so: docs/decisions/0010. */
#include "http/listener.h"

#include <civetweb.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/delivery.h"
#include "http/doors.h"
#include "http/engine.h"
#include "http/intake.h"
#include "http/sockets.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/refusal.h"
#include "shared/tree.h"

enum {
    LINGER_MS = 1000, /* a refused client has that long to read why */
    STARVED_MS = 50,  /* without descriptors, accepting is tried again after that */
    SILENT_MS = 1000, /* a new connection may stay silent that long, with others waiting */
    LEAVE_MS = 2000,  /* after the grace: for waits to notice that they are over */
    CONNECTION_QUEUE = 256,
};

/* One thread of CivetWeb and its memory; it serves one connection at a time. */
struct worker {
    struct engine_seat seat; /* first, as the engine asks */
    struct listener *listener;
    pthread_mutex_t lock;       /* over `fd`, which the stopping thread shuts down */
    int fd;                     /* of the connection it serves, -1 for none */
    atomic_bool is_busy;        /* with a request, not just with a connection */
    atomic_bool has_connection; /* that was not given up */
    atomic_bool was_answered;   /* this connection, at least once */
    atomic_llong idle_since_ms; /* steady clock: since when it waits for one */
    bool has_refused;           /* this connection was told no; nothing more is answered on it */
    enum entrance entrance;
    bool is_at_door; /* a world's own port, or the one of leaks, whose world is "" */
    char world[MESSAGE_WORLD_MAX + 1];
    struct wire wire;
    struct intake intake;
};

struct listener {
    struct listener_config config;
    struct mg_context *context;
    struct sockets *sockets; /* of addresses, then of tls_addresses */
    char *url;
    char *tls_url;
    int wake_fd; /* readable once the accepting thread must look up */
    atomic_int stop;
    struct worker *workers; /* config.workers of them, one to a thread */
    atomic_int n_workers;   /* that have their thread */
    atomic_int n_open;      /* connections, those included that wait for a worker */
    struct engine_watch watch;
    pthread_mutex_t lock; /* for `idle` */
    pthread_cond_t idle;  /* a worker has finished a request while stopping */
};

/* ---- one request ---- */

static void answer_refusal(enum refusal refusal, struct response *response)
{
    const struct refusal_row *row = refusal_row(refusal);
    cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "message", row->sentence);
    cJSON *details = tree_put(body, "details", cJSON_CreateObject());
    cJSON *error = tree_put(details, "applicationError", cJSON_CreateObject());
    tree_put_text(error, "code", row->code);
    tree_put_text(error, "description", row->sentence);
    response_json(response, row->status, body);
}

/* Say no and end the connection: what else is in it cannot be told apart any more. */
static void refuse(struct mg_connection *connection, struct worker *worker, enum refusal refusal)
{
    OWNED(response_free) struct response response = {0};
    answer_refusal(refusal, &response);
    worker->has_refused = true;
    worker->wire.connection = connection;
    worker->wire.keep_alive = false;
    delivery_send(&worker->wire, &response);
    engine_linger(connection, LINGER_MS);
}

static void answer(struct mg_connection *connection, struct worker *worker,
                   const struct request *request)
{
    const struct listener_config *config = &worker->listener->config;
    OWNED(response_free) struct response response = {0};
    config->answer(config->context, request, &response);
    if (response.ticket) {
        OWNED(response_free) struct response wait = response;
        struct request again = *request;
        response = (struct response){0};
        again.ticket = wait.ticket;
        again.is_gone = !delivery_wait(&worker->wire, &wait);
        config->answer(config->context, &again, &response);
        if (again.is_gone) {
            engine_close_after(connection);
            return;
        }
    }
    if (!delivery_send(&worker->wire, &response))
        engine_close_after(connection);
}

/* A connection that had its answer, or was given a second to say what it wants. */
static bool can_be_given_up(struct worker *worker, int64_t now_ms)
{
    return !atomic_load(&worker->is_busy) && atomic_load(&worker->has_connection) &&
           (atomic_load(&worker->was_answered) ||
            now_ms - atomic_load(&worker->idle_since_ms) >= SILENT_MS);
}

/* More connections than workers: the one that has been idle longest is given up, so that a new
 * client waits for an answer in the making and never for somebody's silence. It is closed for
 * reading only: an answer that is just being made gets out. */
static void make_room(struct listener *listener)
{
    struct worker *idle = NULL;
    int64_t now_ms = now_steady_ms();
    for (int i = 0; i < listener->config.workers; i++) {
        struct worker *worker = &listener->workers[i];
        if (can_be_given_up(worker, now_ms) &&
            (!idle || atomic_load(&worker->idle_since_ms) < atomic_load(&idle->idle_since_ms)))
            idle = worker;
    }
    if (!idle)
        return;
    pthread_mutex_lock(&idle->lock);
    if (idle->fd >= 0 && can_be_given_up(idle, now_ms)) { /* it may have another by now */
        atomic_store(&idle->has_connection, false);       /* to be given up once, not again */
        shutdown(idle->fd, SHUT_RD);
    }
    pthread_mutex_unlock(&idle->lock);
}

static void on_accepted(void *context)
{
    struct listener *listener = context;
    if (atomic_fetch_add(&listener->n_open, 1) >= listener->config.workers)
        make_room(listener);
}

/* No descriptor for a new client: it waits in the port's queue until somebody leaves. The accepting
 * thread rests in between; it would be told of that client again at once, and spin. */
void listener_rest(struct listener *listener)
{
    struct pollfd end = {.fd = listener->wake_fd, .events = POLLIN};
    make_room(listener);
    poll(&end, 1, STARVED_MS);
}

static void on_starved(void *context)
{
    listener_rest(context);
}

void listener_give(struct listener *listener, int fd, bool tls)
{
    on_accepted(listener);
    if (!engine_give(listener->context, fd, tls))
        atomic_fetch_sub(&listener->n_open, 1);
}

static void start_work(struct worker *worker)
{
    atomic_store(&worker->is_busy, true);
}

static void end_work(struct worker *worker)
{
    struct listener *listener = worker->listener;
    atomic_store(&worker->idle_since_ms, now_steady_ms());
    atomic_store(&worker->was_answered, true);
    atomic_store(&worker->is_busy, false);
    if (atomic_load(&listener->n_open) > listener->config.workers)
        make_room(listener);
    if (atomic_load(&listener->stop) == STOP_NOT)
        return;
    pthread_mutex_lock(&listener->lock);
    pthread_cond_signal(&listener->idle);
    pthread_mutex_unlock(&listener->lock);
}

static void serve(struct mg_connection *connection, struct worker *worker)
{
    const struct listener_config *config = &worker->listener->config;
    const struct mg_request_info *info = mg_get_request_info(connection);
    struct intake_limits limits = {.max_body = config->max_body, .request_ms = config->request_ms};
    struct request request;
    start_work(worker);
    worker->wire.connection = connection;
    worker->wire.client_http10 = strcmp(info->http_version, "1.0") == 0;
    worker->wire.is_head = strcmp(info->request_method, "HEAD") == 0;
    /* With others waiting for a worker, one answer is enough for a connection. */
    bool crowded = atomic_load(&worker->listener->n_open) > config->workers;
    if (crowded)
        engine_close_after(connection);
    worker->wire.keep_alive = !crowded && engine_keeps_alive(connection);
    enum refusal refusal = intake_read(connection, &limits, &worker->intake, &request);
    if (refusal) {
        refuse(connection, worker, refusal);
    } else {
        request.entrance = worker->entrance;
        request.world = worker->is_at_door ? worker->world : config->world;
        request.is_leak = worker->is_at_door && !*worker->world;
        answer(connection, worker, &request);
    }
    intake_trim(&worker->intake);
    delivery_trim(&worker->wire);
    end_work(worker);
}

/* ---- what CivetWeb calls ---- */

static int on_request(struct mg_connection *connection)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    /* CivetWeb has cut the target at the question mark, in place. */
    if (info->query_string)
        ((char *)(uintptr_t)info->query_string)[-1] = '?';
    serve(connection, mg_get_thread_pointer(connection));
    return 200; /* handled; the number is for a log that we do not keep */
}

/* A head that CivetWeb could not read. */
static enum refusal name_trouble(const struct mg_connection *connection, int status)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    if (status == 505)
        return REFUSAL_HTTP_VERSION;
    if (status == 411)
        return REFUSAL_HTTP_FRAMING;
    if (engine_head_is_too_long(connection))
        return REFUSAL_HTTP_HEAD_TOO_LARGE;
    if (engine_head_is_unfinished(connection))
        return REFUSAL_HTTP_SLOW;
    /* The version was read and found good, and no header line was tried: it stopped between. */
    bool stopped_at_method =
        info->http_version && info->http_version[-1] == '/' && info->num_headers == 0;
    if (stopped_at_method)
        return REFUSAL_HTTP_METHOD_UNKNOWN;
    if (info->num_headers > 0 && mg_get_header(connection, "Content-Length"))
        return REFUSAL_HTTP_FRAMING;
    if (info->num_headers > 0 && mg_get_header(connection, "Transfer-Encoding"))
        return REFUSAL_HTTP_CODING;
    return REFUSAL_HTTP_MALFORMED;
}

static int on_error(struct mg_connection *connection, int status, const char *text)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    (void)text;
    start_work(worker);
    worker->wire.client_http10 = false;
    worker->wire.is_head = false;
    refuse(connection, worker, name_trouble(connection, status));
    end_work(worker);
    return 0;
}

/* Loopback or not is a matter of the listening socket: a client may come to an open port by way of
 * 127.0.0.1. */
static enum entrance find_entrance(const struct listener *listener,
                                   const struct mg_connection *connection)
{
    if (engine_is_unix(connection))
        return ENTRANCE_UNIX;
    size_t n = listener->config.n_addresses + listener->config.n_tls_addresses;
    for (size_t i = 0; i < n; i++)
        if (listener->sockets[i].open && listener->sockets[i].port == engine_local_port(connection))
            return ENTRANCE_PUBLIC;
    return ENTRANCE_LOOPBACK;
}

static int on_open(const struct mg_connection *connection, void **ret_data)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    *ret_data = NULL;
    worker->has_refused = false;
    worker->entrance = find_entrance(worker->listener, connection);
    worker->is_at_door =
        doors_find(worker->listener->config.doors, engine_local_port(connection), worker->world);
    pthread_mutex_lock(&worker->lock);
    worker->fd = engine_socket(connection);
    atomic_store(&worker->idle_since_ms, now_steady_ms());
    atomic_store(&worker->was_answered, false);
    atomic_store(&worker->has_connection, true);
    /* It waited in the queue while the stopping thread shut the others. */
    if (atomic_load(&worker->listener->stop) != STOP_NOT)
        shutdown(worker->fd, SHUT_RD);
    pthread_mutex_unlock(&worker->lock);
    return 0;
}

/* CivetWeb closes without an answer where the target is "*" or names another host, as it does in a
 * request to a proxy. Its last call before that is the place to give one. */
static void on_close(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    const struct mg_request_info *info = mg_get_request_info(connection);
    atomic_fetch_sub(&worker->listener->n_open, 1);
    if (worker->fd < 0) /* the TLS handshake failed: there was no connection yet */
        return;
    if (info->request_uri && !info->local_uri && !worker->has_refused)
        serve((struct mg_connection *)(uintptr_t)connection, worker);
    pthread_mutex_lock(&worker->lock);
    atomic_store(&worker->has_connection, false);
    worker->fd = -1;
    pthread_mutex_unlock(&worker->lock);
}

static void *on_thread(const struct mg_context *context, int type)
{
    struct listener *listener = mg_get_user_data(context);
    enum { WORKER_THREAD = 1 };
    if (type == WORKER_THREAD)
        return &listener->workers[atomic_fetch_add(&listener->n_workers, 1)];
    enum { ACCEPTING_THREAD = 0 };
    return type == ACCEPTING_THREAD ? &listener->watch : NULL;
}

static void on_context(const struct mg_context *context)
{
    const struct listener *listener = mg_get_user_data(context);
    size_t n_plain = listener->config.n_addresses;
    size_t n_all = n_plain + listener->config.n_tls_addresses;
    struct engine_port *ports = mem_new(2 * n_all, sizeof(*ports));
    size_t n = 0;
    for (size_t i = 0; i < n_all; i++)
        for (size_t k = 0; k < listener->sockets[i].n; k++)
            ports[n++] = (struct engine_port){listener->sockets[i].fds[k], i >= n_plain};
    engine_adopt((struct mg_context *)(uintptr_t)context, ports, n, listener->wake_fd);
    free(ports);
}

/* CivetWeb asks at its start, and at its end to know whose the context is. */
static int on_tls(void **ret_context, void *user_data)
{
    const struct listener *listener = user_data;
    *ret_context = listener->config.tls_context;
    return 1; /* ready, and ours to free */
}

static int on_log(const struct mg_connection *connection, const char *text)
{
    (void)connection;
    (void)text;
    return 1; /* said already, by an answer or by listener_start */
}

/* ---- start ---- */

static bool open_all(struct listener *listener, struct err *err)
{
    const struct listener_config *config = &listener->config;
    size_t n = config->n_addresses + config->n_tls_addresses;
    listener->sockets = mem_new(n, sizeof(*listener->sockets));
    for (size_t i = 0; i < n; i++) {
        bool tls = i >= config->n_addresses;
        const char *address =
            tls ? config->tls_addresses[i - config->n_addresses] : config->addresses[i];
        struct sockets *sockets = &listener->sockets[i];
        char **url = tls ? &listener->tls_url : &listener->url;
        if (!sockets_open(address, sockets, err))
            return false;
        if (sockets->path && !*url)
            *url = mem_format("unix:%s", sockets->path);
        if (sockets->url_host && (!*url || strncmp(*url, "unix:", 5) == 0)) {
            free(*url);
            *url = mem_format("%s://%s", tls ? "https" : "http", sockets->url_host);
        }
    }
    return true;
}

static bool start_engine(struct listener *listener, struct err *err)
{
    const struct listener_config *config = &listener->config;
    OWNED(mem_text_free) char *workers = mem_format("%d", config->workers);
    OWNED(mem_text_free) char *queue = mem_format("%d", CONNECTION_QUEUE);
    OWNED(mem_text_free) char *head = mem_format("%zu", config->max_head);
    OWNED(mem_text_free) char *idle = mem_format("%d", config->idle_ms);
    OWNED(mem_text_free) char *request = mem_format("%d", config->request_ms);
    /* The first is a port of its own that it must have to start, and gives up in on_context. */
    const char *options[][2] = {
        {"listening_ports", config->n_tls_addresses ? "127.0.0.1:0s" : "127.0.0.1:0"},
        {"num_threads", workers},
        {"connection_queue", queue},
        {"max_request_size", head},
        {"enable_keep_alive", "yes"},
        {"keep_alive_timeout_ms", idle},
        {"request_timeout_ms", request},
        {"tcp_nodelay", "1"},
        {"decode_url", "no"},
        {"enable_auth_domain_check", "no"},
        {NULL, NULL},
    };
    static const struct mg_callbacks callbacks = {
        .begin_request = on_request,
        .log_message = on_log,
        .http_error = on_error,
        .external_ssl_ctx = on_tls,
        .init_context = on_context,
        .init_thread = on_thread,
        .init_connection = on_open,
        .connection_close = on_close,
    };
    struct mg_init_data init = {
        .callbacks = &callbacks,
        .user_data = listener,
        .configuration_options = &options[0][0],
    };
    char text[256] = "";
    struct mg_error_data error = {.text = text, .text_buffer_size = sizeof(text)};
    listener->context = mg_start2(&init, &error);
    return listener->context || err_set(err, "cannot start the listener: %s.", text);
}

static void make_workers(struct listener *listener)
{
    int keep_s = listener->config.idle_ms / 1000 * 4 / 5;
    listener->workers = mem_new((size_t)listener->config.workers, sizeof(struct worker));
    for (int i = 0; i < listener->config.workers; i++) {
        struct worker *worker = &listener->workers[i];
        worker->seat.n_open = &listener->n_open;
        worker->listener = listener;
        worker->fd = -1;
        worker->wire.stop = &listener->stop;
        worker->wire.out.max = SIZE_MAX / 4; /* what goes out is ours; what came in was limited */
        worker->wire.keep_alive_s = keep_s > 0 ? keep_s : 1;
        pthread_mutex_init(&worker->lock, NULL);
    }
}

static void free_listener(struct listener *listener)
{
    size_t n = listener->config.n_addresses + listener->config.n_tls_addresses;
    for (int i = 0; i < listener->config.workers; i++) {
        struct worker *worker = &listener->workers[i];
        buf_free(&worker->wire.out);
        buf_free(&worker->intake.body);
        pthread_mutex_destroy(&worker->lock);
    }
    free(listener->workers);
    for (size_t i = 0; listener->sockets && i < n; i++)
        sockets_done(&listener->sockets[i]);
    pthread_cond_destroy(&listener->idle);
    pthread_mutex_destroy(&listener->lock);
    free(listener->sockets);
    free(listener->url);
    free(listener->tls_url);
    free(listener);
    mg_exit_library();
}

struct listener *listener_start(const struct listener_config *config, struct err *err)
{
    struct listener *listener = mem_new(1, sizeof(*listener));
    pthread_condattr_t steady;
    listener->config = *config;
    pthread_mutex_init(&listener->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&listener->idle, &steady);
    pthread_condattr_destroy(&steady);
    make_workers(listener);
    listener->watch = (struct engine_watch){on_accepted, on_starved, listener};
    mg_init_library(config->n_tls_addresses ? MG_FEATURES_TLS : MG_FEATURES_DEFAULT);
    listener->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (open_all(listener, err) && start_engine(listener, err))
        return listener;
    size_t n = config->n_addresses + config->n_tls_addresses;
    for (size_t i = 0; i < n; i++)
        sockets_close(&listener->sockets[i]);
    close(listener->wake_fd);
    free_listener(listener);
    return NULL;
}

const char *listener_url(const struct listener *listener, bool tls)
{
    return tls ? listener->tls_url : listener->url;
}

int listener_port(const struct listener *listener, bool tls)
{
    size_t first = tls ? listener->config.n_addresses : 0;
    size_t n = tls ? listener->config.n_tls_addresses : listener->config.n_addresses;
    for (size_t i = first; i < first + n; i++)
        if (listener->sockets[i].port)
            return listener->sockets[i].port;
    return 0;
}

/* ---- stop ---- */

static void shut_connections(struct listener *listener, bool busy_too)
{
    for (int i = 0; i < listener->config.workers; i++) {
        struct worker *worker = &listener->workers[i];
        pthread_mutex_lock(&worker->lock);
        /* An idle one is only closed for reading: an answer that is just being made gets out. */
        if (worker->fd >= 0 && (busy_too || !atomic_load(&worker->is_busy)))
            shutdown(worker->fd, busy_too ? SHUT_RDWR : SHUT_RD);
        pthread_mutex_unlock(&worker->lock);
    }
}

static bool is_busy(const struct listener *listener)
{
    for (int i = 0; i < listener->config.workers; i++)
        if (atomic_load(&listener->workers[i].is_busy))
            return true;
    return false;
}

static bool wait_until_idle(struct listener *listener, int64_t wait_ms)
{
    int64_t end_ms = now_steady_ms() + wait_ms;
    struct timespec end = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    int waited = 0;
    pthread_mutex_lock(&listener->lock);
    while (is_busy(listener) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&listener->idle, &listener->lock, &end);
    pthread_mutex_unlock(&listener->lock);
    return waited != ETIMEDOUT;
}

void listener_stop(struct listener *listener, int grace_ms)
{
    if (!listener)
        return;
    atomic_store(&listener->stop, STOP_SOON);
    engine_drop_ports(listener->context);
    shut_connections(listener, false);
    wait_until_idle(listener, grace_ms);
    atomic_store(&listener->stop, STOP_NOW);
    shut_connections(listener, true);
    /* A handler that does not come back is left to the end of the process. */
    if (!wait_until_idle(listener, LEAVE_MS))
        return;
    eventfd_write(listener->wake_fd, 1);
    mg_stop(listener->context);
    free_listener(listener);
}
