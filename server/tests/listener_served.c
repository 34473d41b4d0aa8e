/* See listener_served.h. */
#include "listener_served.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/tls.h"
#include "shared/mem.h"
#include "shared/now.h"

#define LENGTH "Content-Length: 10\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

const struct fault_case served_faults[] = {
#define FAULT(name, ending, at_least_ms, head, rest, ...)                                          \
    {name, ENDING_##ending, at_least_ms, head, rest, {__VA_ARGS__}},
#include "listener_faults.def"
#undef FAULT
};

const int served_n_faults = COUNT(served_faults);

struct hold {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
    atomic_int released;
};

static struct hold gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
static atomic_int n_sent;
static atomic_int n_asked;

static void release_hold(struct hold *hold)
{
    atomic_fetch_add(&hold->released, 1);
}

static bool wait_hold(struct hold *hold, int64_t slice_ms)
{
    int64_t end_ms = now_real_ms() + slice_ms;
    struct timespec end = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    pthread_mutex_lock(&hold->lock);
    if (!hold->is_open)
        pthread_cond_timedwait(&hold->opened, &hold->lock, &end);
    bool is_open = hold->is_open;
    pthread_mutex_unlock(&hold->lock);
    return is_open;
}

static void open_gate(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

static void count_sent(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

/* Three parts, then the end; for ever where the target says so. */
static bool stream_parts(void *context, struct buf *more)
{
    int *left = context;
    buf_format(more, "part %d.", *left);
    return --*left != 0;
}

/* As a JSON parser would at the deepest nesting that it takes, several times over. */
static bool use_stack(void)
{
    volatile char deep[600 * 1024];
    for (size_t i = 0; i < sizeof(deep); i += 512)
        deep[i] = 1;
    return deep[512] == 1;
}

static void answer_echo(const struct request *request, struct response *response)
{
    OWNED(buf_free) struct buf text = {0};
    buf_format(&text, "%s %s entrance=%d secure=%d world=%s len=%zu", request->method,
               request->target, (int)request->entrance, request->secure,
               request->world ? request->world : "-", request->body_len);
    for (size_t i = 0; i < request->n_headers; i++)
        buf_format(&text, "\n%s=%s", request->headers[i].name, request->headers[i].value);
    buf_text(&text, "\n\n");
    buf_add(&text, request->body, request->body_len);
    response_text(response, 200, "text/plain", buf_str(&text));
}

/* ---- the targets; `n` is the number behind the slash, where there is one ---- */

static void answer_fault(struct response *response, unsigned n)
{
    response_header(response, "X-Test", "Mixed");
    response_text(response, 200, "text/plain", BODY);
    response->delivery = served_faults[n].delivery;
}

static void answer_stream(struct response *response, unsigned n)
{
    int *left = mem_new(1, sizeof(*left));
    *left = (int)n;
    response->status = 200;
    response->stream = stream_parts;
    response->stream_free = free;
    response->stream_context = left;
    response->delivery.drip_ms = n == 0 ? 5 : 0; /* the endless one need not flood */
    response->sent = count_sent;
    response->sent_context = &n_sent;
}

static void answer_big(struct response *response, unsigned n)
{
    response->status = 200;
    response->body.max = n + 16;
    while (response->body.len < n)
        buf_text(&response->body, "0123456789abcdef");
}

static void answer_counted(struct response *response)
{
    response_text(response, 200, "text/plain", "held");
    response->sent = count_sent;
    response->sent_context = &n_sent;
}

static void answer_hold(struct response *response, unsigned n)
{
    (void)n;
    answer_counted(response);
    response->delivery.hold = &gate;
    response->delivery.wait_hold = wait_hold;
    response->delivery.release_hold = release_hold;
}

static void answer_silent(struct response *response, unsigned n)
{
    (void)n;
    answer_counted(response);
    response->delivery.cut = CUT_SILENT;
    response->delivery.cut_before_head = true;
}

static void answer_slow(struct response *response, unsigned n)
{
    (void)n;
    response_text(response, 200, "text/plain", "late");
    response->delivery.delay_ms = 150;
}

static void answer_deep(struct response *response, unsigned n)
{
    (void)n;
    response_text(response, 200, "text/plain", use_stack() ? "deep" : "");
}

static void answer_nothing(struct response *response, unsigned n)
{
    (void)n;
    response->status = 204;
}

static void answer_counts(struct response *response, unsigned n)
{
    (void)n;
    OWNED(buf_free) struct buf text = {0};
    buf_format(&text, "sent=%d released=%d.", atomic_load(&n_sent), atomic_load(&gate.released));
    response_text(response, 200, "text/plain", buf_str(&text));
}

/* A target that ends in a slash has a number behind it. */
static const struct {
    const char *target;
    void (*answer)(struct response *response, unsigned n);
} targets[] = {
    {"/fault/", answer_fault}, {"/stream/", answer_stream}, {"/big/", answer_big},
    {"/hold", answer_hold},    {"/silent", answer_silent},  {"/slow", answer_slow},
    {"/deep", answer_deep},    {"/204", answer_nothing},    {"/counts", answer_counts},
};

static void answer(void *context, const struct request *request, struct response *response)
{
    (void)context;
    const char *target = request->target;
    atomic_fetch_add(&n_asked, 1);
    for (size_t i = 0; i < COUNT(targets); i++) {
        size_t len = strlen(targets[i].target);
        bool is_numbered = targets[i].target[len - 1] == '/';
        if (strncmp(target, targets[i].target, is_numbered ? len : len + 1) != 0)
            continue;
        targets[i].answer(response, (unsigned)strtoul(target + len, NULL, 10));
        return;
    }
    if (strcmp(target, "/open") == 0)
        open_gate();
    answer_echo(request, response);
}

int served_asked(void)
{
    return atomic_load(&n_asked);
}

static struct listener *served;
static struct tls *tls;
static int port;
static int tls_port;
static char *socket_path;

struct listener_config served_config(const char *const *addresses, size_t n)
{
    return (struct listener_config){
        .addresses = addresses,
        .n_addresses = n,
        .workers = WORKERS,
        .max_body = MAX_BODY,
        .max_head = MAX_HEAD,
        .idle_ms = IDLE_MS,
        .request_ms = REQUEST_MS,
        .answer = answer,
    };
}

char *served_temp_path(const char *name)
{
    return mem_format("/tmp/fakewix-listener-%ld-%s", (long)getpid(), name);
}

void served_start(void)
{
    OWNED(err_free) struct err err = {0};
    atomic_store(&n_sent, 0);
    atomic_store(&gate.released, 0);
    gate.is_open = false;
    socket_path = served_temp_path("served");
    OWNED(mem_text_free) char *unix_address = mem_format("unix:%s", socket_path);
    const char *addresses[] = {"localhost:0", unix_address, "0.0.0.0:0"};
    const char *tls_addresses[] = {"localhost:0"};
    struct listener_config config = served_config(addresses, COUNT(addresses));
    config.tls_addresses = tls_addresses;
    config.n_tls_addresses = 1;
    struct tls_config tls_config = {.ca_cert = TEST_DATA "/listener.pem",
                                    .ca_key = TEST_DATA "/listener.pem"};
    tls = tls_open(&tls_config, &err);
    ck_assert_msg(tls != NULL, "%s", err.text);
    config.tls_context = tls_context(tls, TLS_GOOD);
    served = listener_start(&config, &err);
    ck_assert_msg(served != NULL, "%s", err.text);
    port = listener_port(served, false);
    tls_port = listener_port(served, true);
}

void served_stop(void)
{
    listener_stop(served, 1000);
    tls_close(tls);
    ck_assert_int_ne(access(socket_path, F_OK), 0);
    free(socket_path);
}

int served_port(void)
{
    return port;
}

int served_tls_port(void)
{
    return tls_port;
}

const char *served_socket(void)
{
    return socket_path;
}

int served_status(const struct buf *got)
{
    int status = 0;
    sscanf(buf_str(got), "HTTP/1.1 %d", &status);
    return status;
}
