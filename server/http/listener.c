/* The listener: CivetWeb's threads on sockets of our own. It starts and stops them; what a thread
 * does with a connection is in workers.c. How CivetWeb is built, and why so: docs/decisions/0010.
 */
#include "http/listener.h"

#include <civetweb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/delivery.h"
#include "http/engine.h"
#include "http/sockets.h"
#include "http/workers.h"
#include "shared/mem.h"

enum {
    STARVED_MS = 50, /* without descriptors, accepting is tried again after that */
    LEAVE_MS = 2000, /* after the grace: for waits to notice that they are over */
    CONNECTION_QUEUE = 256,
};

struct listener {
    struct listener_config config;
    struct mg_context *context;
    struct sockets *sockets; /* of addresses, then of tls_addresses */
    char *url;
    char *tls_url;
    int wake_fd; /* readable once the accepting thread must look up */
    struct workers *workers;
    struct engine_watch watch;
};

static size_t count_addresses(const struct listener *listener)
{
    return listener->config.n_addresses + listener->config.n_tls_addresses;
}

/* Loopback or not is a matter of the listening socket: a client may come to an open port by way of
 * 127.0.0.1. */
static bool is_open_port(const void *context, int port)
{
    const struct listener *listener = context;
    for (size_t i = 0; i < count_addresses(listener); i++)
        if (listener->sockets[i].open && listener->sockets[i].port == port)
            return true;
    return false;
}

/* ---- connections ---- */

static void on_accepted(void *context)
{
    const struct listener *listener = context;
    workers_expect(listener->workers);
}

/* No descriptor for a new client: it waits in the port's queue until somebody leaves. The accepting
 * thread rests in between; it would be told of that client again at once, and spin. */
void listener_rest(struct listener *listener)
{
    struct pollfd end = {.fd = listener->wake_fd, .events = POLLIN};
    workers_make_room(listener->workers);
    poll(&end, 1, STARVED_MS);
}

static void on_starved(void *context)
{
    listener_rest(context);
}

void listener_give(struct listener *listener, int fd, bool tls)
{
    workers_expect(listener->workers);
    if (!engine_give(listener->context, fd, tls))
        workers_forget(listener->workers);
}

/* ---- what CivetWeb calls ---- */

static void *on_thread(const struct mg_context *context, int type)
{
    struct listener *listener = mg_get_user_data(context);
    enum { WORKER_THREAD = 1 };
    if (type == WORKER_THREAD)
        return workers_seat(listener->workers);
    enum { ACCEPTING_THREAD = 0 };
    return type == ACCEPTING_THREAD ? &listener->watch : NULL;
}

static void on_context(const struct mg_context *context)
{
    struct listener *listener = mg_get_user_data(context);
    struct mg_context *engine = (struct mg_context *)(uintptr_t)context;
    size_t n_plain = listener->config.n_addresses;
    size_t n_all = count_addresses(listener);
    struct engine_port *ports = mem_new(2 * n_all, sizeof(*ports));
    size_t n = 0;
    for (size_t i = 0; i < n_all; i++)
        for (size_t k = 0; k < listener->sockets[i].n; k++)
            ports[n++] = (struct engine_port){listener->sockets[i].fds[k], i >= n_plain};
    engine_adopt(engine, ports, n, listener->wake_fd);
    listener->watch.engine = engine;
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
    size_t n = count_addresses(listener);
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
        .begin_request = workers_on_request,
        .log_message = on_log,
        .http_error = workers_on_error,
        .external_ssl_ctx = on_tls,
        .init_context = on_context,
        .init_thread = on_thread,
        .init_connection = workers_on_open,
        .connection_close = workers_on_close,
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

static void free_listener(struct listener *listener)
{
    workers_free(listener->workers);
    for (size_t i = 0; listener->sockets && i < count_addresses(listener); i++)
        sockets_done(&listener->sockets[i]);
    free(listener->sockets);
    free(listener->url);
    free(listener->tls_url);
    free(listener);
    mg_exit_library();
}

struct listener *listener_start(const struct listener_config *config, struct err *err)
{
    struct listener *listener = mem_new(1, sizeof(*listener));
    listener->config = *config;
    listener->workers = workers_new(&listener->config, is_open_port, listener);
    listener->watch = (struct engine_watch){on_accepted, on_starved, listener, NULL};
    mg_init_library(config->n_tls_addresses ? MG_FEATURES_TLS : MG_FEATURES_DEFAULT);
    listener->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (open_all(listener, err) && start_engine(listener, err))
        return listener;
    for (size_t i = 0; i < count_addresses(listener); i++)
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

void listener_stop(struct listener *listener, int grace_ms)
{
    if (!listener)
        return;
    workers_begin_stop(listener->workers);
    engine_drop_ports(listener->context);
    workers_shut_idle(listener->workers);
    workers_wait_until_idle(listener->workers, grace_ms);
    workers_shut_all(listener->workers);
    /* A handler that does not come back is left to the end of the process. */
    if (!workers_wait_until_idle(listener->workers, LEAVE_MS))
        return;
    eventfd_write(listener->wake_fd, 1);
    mg_stop(listener->context);
    free_listener(listener);
}
