/* A worker serves one connection at a time, from its first byte to its end; each has a thread of
 * CivetWeb's, which calls in here. */
#include "http/workers.h"

#include <civetweb.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "http/delivery.h"
#include "http/doors.h"
#include "http/engine.h"
#include "http/intake.h"
#include "http/listener.h"
#include "http/room.h"
#include "http/turns.h"
#include "http/usher.h"
#include "http/worker.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/refusal.h"
#include "shared/tree.h"

/* A refused client has that long to read why; the first part of it even in a crowd. */
enum { LINGER_MS = 1000, LINGER_STEP_MS = 50 };

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
    tree_put(error, "data", cJSON_CreateObject());
    /* An id of Wix's form; its chance is a world's, and no world has read this. */
    OWNED(mem_text_free)
    char *id = mem_format("%lld.%021d", (long long)(now_real_ms() / 1000), 0);
    response_header(response, "X-Wix-Request-Id", id);
    response_json(response, row->status, body);
}

static void linger(struct mg_connection *connection, struct workers *workers)
{
    for (int ms = 0; ms < LINGER_MS; ms += LINGER_STEP_MS)
        if (!engine_linger(connection, LINGER_STEP_MS) || room_is_scarce(workers))
            return;
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
    linger(connection, worker->workers);
}

static void answer(struct mg_connection *connection, struct worker *worker,
                   const struct request *request)
{
    const struct listener_config *config = worker->workers->config;
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
    /* Closed in order, the system would keep all that it never read, and go on offering it. */
    if (atomic_load(&worker->seat.deaf_since_ms))
        engine_reset(connection);
}

static void start_work(struct worker *worker)
{
    atomic_store(&worker->seat.deaf_since_ms, 0);
    atomic_store(&worker->is_busy, true);
}

static void end_work(struct worker *worker)
{
    struct workers *workers = worker->workers;
    atomic_store(&worker->idle_since_ms, now_steady_ms());
    atomic_store(&worker->was_answered, true);
    atomic_store(&worker->is_busy, false);
    if (!worker->wire.keep_alive)
        atomic_store(&worker->is_leaving, true);
    if (room_is_scarce(workers))
        room_make_for_all(workers);
    if (atomic_load(&workers->stop) == STOP_NOT)
        return;
    pthread_mutex_lock(&workers->lock);
    pthread_cond_signal(&workers->idle);
    pthread_mutex_unlock(&workers->lock);
}

static void serve(struct mg_connection *connection, struct worker *worker)
{
    const struct listener_config *config = worker->workers->config;
    const struct mg_request_info *info = mg_get_request_info(connection);
    struct intake_limits limits = {.max_body = config->max_body,
                                   .request_ms = config->request_ms,
                                   .ret_since_ms = &worker->body_since_ms};
    struct request request;
    start_work(worker);
    worker->wire.connection = connection;
    worker->wire.client_http10 = strcmp(info->http_version, "1.0") == 0;
    worker->wire.is_head = strcmp(info->request_method, "HEAD") == 0;
    /* With others waiting for a worker, one answer is enough for a connection. */
    bool crowded = room_is_scarce(worker->workers);
    if (crowded)
        engine_close_after(connection);
    worker->wire.keep_alive = !crowded && engine_keeps_alive(connection);
    enum refusal refusal = intake_read(connection, &limits, &worker->intake, &request);
    atomic_store(&worker->body_since_ms, 0);
    if (refusal == REFUSAL_HTTP_BODY_CUT && atomic_load(&worker->is_leaving))
        refusal = REFUSAL_HTTP_SLOW; /* the cut was ours */
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

int workers_on_request(struct mg_connection *connection)
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

int workers_on_error(struct mg_connection *connection, int status, const char *text)
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

static enum entrance find_entrance(const struct workers *workers,
                                   const struct mg_connection *connection)
{
    if (engine_is_unix(connection))
        return ENTRANCE_UNIX;
    bool is_open = workers->is_open_port(workers->context, engine_local_port(connection));
    return is_open ? ENTRANCE_PUBLIC : ENTRANCE_LOOPBACK;
}

/* From here on it can be given up. */
static void meet(struct worker *worker, int fd)
{
    pthread_mutex_lock(&worker->lock);
    worker->fd = fd;
    worker->seat.has_met = true;
    atomic_store(&worker->idle_since_ms, now_steady_ms());
    atomic_store(&worker->was_answered, false);
    atomic_store(&worker->has_connection, true);
    /* It waited in the queue while the stopping thread shut the others. */
    if (atomic_load(&worker->workers->stop) != STOP_NOT)
        shutdown(fd, SHUT_RD);
    pthread_mutex_unlock(&worker->lock);
}

static void meet_early(struct engine_seat *seat, int fd)
{
    meet((struct worker *)seat, fd);
}

int workers_on_open(const struct mg_connection *connection, void **ret_data)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    *ret_data = NULL;
    worker->has_refused = false;
    worker->is_open = true;
    worker->entrance = find_entrance(worker->workers, connection);
    worker->is_at_door =
        doors_find(worker->workers->config->doors, engine_local_port(connection), worker->world);
    if (!atomic_load(&worker->is_leaving)) /* since the handshake */
        meet(worker, engine_socket(connection));
    return 0;
}

/* CivetWeb closes without an answer where the target is "*" or names another host, as it does in a
 * request to a proxy. Its last call before that is the place to give one. */
void workers_on_close(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    const struct mg_request_info *info = mg_get_request_info(connection);
    atomic_fetch_sub(&worker->workers->n_open, 1);
    /* Where the TLS handshake failed there was no connection yet, and no request of it. */
    if (worker->is_open && info->request_uri && !info->local_uri && !worker->has_refused)
        serve((struct mg_connection *)(uintptr_t)connection, worker);
    pthread_mutex_lock(&worker->lock);
    atomic_store(&worker->has_connection, false);
    atomic_store(&worker->is_leaving, false);
    worker->seat.has_met = worker->is_open = false;
    worker->fd = -1;
    pthread_mutex_unlock(&worker->lock);
}

/* ---- all of them ---- */

static void make_worker(struct workers *workers, struct worker *worker)
{
    int keep_s = workers->config->idle_ms / 1000 * 4 / 5;
    worker->seat.n_open = &workers->n_open;
    worker->seat.meet = meet_early;
    worker->seat.now_ms = now_steady_ms;
    worker->workers = workers;
    worker->fd = -1;
    worker->wire.stop = &workers->stop;
    worker->wire.out.max = SIZE_MAX / 4; /* what goes out is ours; what came in was limited */
    worker->wire.keep_alive_s = keep_s > 0 ? keep_s : 1;
    pthread_mutex_init(&worker->lock, NULL);
}

struct workers *workers_new(const struct listener_config *config, is_open_port_fn *is_open_port,
                            const void *context)
{
    struct workers *workers = mem_new(1, sizeof(*workers));
    pthread_condattr_t steady;
    workers->config = config;
    workers->is_open_port = is_open_port;
    workers->context = context;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&workers->idle, &steady);
    pthread_condattr_destroy(&steady);
    workers->all = mem_new((size_t)config->workers, sizeof(*workers->all));
    for (int i = 0; i < config->workers; i++)
        make_worker(workers, &workers->all[i]);
    workers->usher = usher_new(room_is_scarce, room_make_for_all, workers);
    return workers;
}

void workers_free(struct workers *workers)
{
    usher_free(workers->usher);
    for (int i = 0; i < workers->config->workers; i++) {
        struct worker *worker = &workers->all[i];
        buf_free(&worker->wire.out);
        buf_free(&worker->intake.body);
        pthread_mutex_destroy(&worker->lock);
    }
    free(workers->all);
    pthread_cond_destroy(&workers->idle);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

void *workers_seat(struct workers *workers)
{
    turns_be_short();
    return &workers->all[atomic_fetch_add(&workers->n_seated, 1)];
}

void workers_make_room(struct workers *workers)
{
    room_make(workers);
}

void workers_expect(struct workers *workers)
{
    if (atomic_fetch_add(&workers->n_open, 1) < workers->config->workers)
        return;
    room_make_for_all(workers);
    usher_wake(workers->usher);
}

void workers_forget(struct workers *workers)
{
    atomic_fetch_sub(&workers->n_open, 1);
}

/* ---- stop ---- */

static void shut_connections(struct workers *workers, bool busy_too)
{
    for (int i = 0; i < workers->config->workers; i++) {
        struct worker *worker = &workers->all[i];
        pthread_mutex_lock(&worker->lock);
        /* An idle one is only closed for reading: an answer that is just being made gets out. */
        if (worker->fd >= 0 && (busy_too || !atomic_load(&worker->is_busy)))
            shutdown(worker->fd, busy_too ? SHUT_RDWR : SHUT_RD);
        pthread_mutex_unlock(&worker->lock);
    }
}

static bool is_busy(const struct workers *workers)
{
    for (int i = 0; i < workers->config->workers; i++)
        if (atomic_load(&workers->all[i].is_busy))
            return true;
    return false;
}

bool workers_wait_until_idle(struct workers *workers, int64_t wait_ms)
{
    int64_t end_ms = now_steady_ms() + wait_ms;
    struct timespec end = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    int waited = 0;
    pthread_mutex_lock(&workers->lock);
    while (is_busy(workers) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&workers->idle, &workers->lock, &end);
    pthread_mutex_unlock(&workers->lock);
    return waited != ETIMEDOUT;
}

void workers_begin_stop(struct workers *workers)
{
    atomic_store(&workers->stop, STOP_SOON);
}

void workers_shut_idle(struct workers *workers)
{
    shut_connections(workers, false);
}

void workers_shut_all(struct workers *workers)
{
    atomic_store(&workers->stop, STOP_NOW);
    shut_connections(workers, true);
}
