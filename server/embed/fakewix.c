/* The library is the program without its main: the same host, and the control plane called
 * directly, as one who came in by a unix socket. What a call means is decided where the HTTP call
 * is. */
#include "embed/fakewix.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "embed/host.h"
#include "http/sockets.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"

enum { DEFAULT_WORKERS = 16, STOP_GRACE_MS = 2000 };

/* A world as its owner sees it, and what we need to reach it. */
struct handle {
    fakewix_world view; /* first: a view's address is its handle's. Texts owned */
    fakewix *fake;      /* borrowed */
    char *control;      /* "/_fakewix/worlds/NAME"; owned */
    struct handle *next;
};

struct fakewix {
    struct host *host;
    char *url;
    struct handle *default_world;
    pthread_mutex_t lock;  /* over `worlds` */
    struct handle *worlds; /* made by fakewix_world_new */
};

static pthread_once_t prepared = PTHREAD_ONCE_INIT;

/* Give a sentence to a caller who wants it. Returns false. */
static bool tell(char **ret_problem, const char *sentence)
{
    if (ret_problem)
        *ret_problem = mem_text(sentence);
    return false;
}

/* Threads that start meanwhile take no signals: those are the program's. */
static sigset_t mask_signals(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

static void unmask_signals(sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* ---- calls ---- */

/* Gives the answer's body. */
static char *call(fakewix *fake, const char *method, const char *target, const char *json,
                  int *ret_status)
{
    const struct header headers[] = {{"Host", "localhost"}, {"Content-Type", "application/json"}};
    struct request request = {.method = method,
                              .target = target,
                              .headers = headers,
                              .n_headers = json ? 2 : 1,
                              .body = json ? json : "",
                              .body_len = json ? strlen(json) : 0,
                              .entrance = ENTRANCE_UNIX};
    OWNED(response_free) struct response response = {0};
    sigset_t before = mask_signals();
    app_handle(&fake->host->fake, &request, &response);
    unmask_signals(&before);
    *ret_status = response.status;
    return buf_take(&response.body);
}

static struct handle *handle_of(const fakewix_world *world)
{
    return (struct handle *)(uintptr_t)world;
}

int fakewix_call(const fakewix_world *world, const char *method, const char *path, const char *json,
                 char **ret_answer)
{
    struct handle *handle = handle_of(world);
    int status;
    OWNED(mem_text_free) char *target = mem_format("%s%s", handle->control, path);
    OWNED(mem_text_free) char *answer = call(handle->fake, method, target, json, &status);
    if (ret_answer) {
        *ret_answer = answer;
        answer = NULL;
    }
    return status;
}

/* The sentence of a refusal, which is its "message". */
static bool tell_refusal(char **ret_problem, const char *answer)
{
    OWNED(tree_free) cJSON *tree = tree_parse(answer, strlen(answer), NULL);
    const char *message = tree_text(tree, "message");
    return tell(ret_problem, message ? message : answer);
}

/* A call of which only its failure is of interest. */
static bool command(const fakewix_world *world, const char *method, const char *path,
                    const char *json, char **ret_problem)
{
    OWNED(mem_text_free) char *answer = NULL;
    if (fakewix_call(world, method, path, json, &answer) < 400)
        return true;
    return tell_refusal(ret_problem, answer);
}

bool fakewix_reset(const fakewix_world *world, char **ret_problem)
{
    return command(world, "POST", "/reset", NULL, ret_problem);
}

bool fakewix_advance(const fakewix_world *world, int64_t seconds, char **ret_problem)
{
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    tree_put_int(body, "seconds", seconds);
    OWNED(mem_text_free) char *json = tree_print(body);
    return command(world, "POST", "/clock/advance", json, ret_problem);
}

bool fakewix_arm(const fakewix_world *world, const char *json, char **ret_problem)
{
    return command(world, "POST", "/faults", json, ret_problem);
}

bool fakewix_disarm_all(const fakewix_world *world, char **ret_problem)
{
    return command(world, "DELETE", "/faults", NULL, ret_problem);
}

bool fakewix_verify(const fakewix_world *world, const char *json, char **ret_report)
{
    OWNED(mem_text_free) char *answer = NULL;
    int status = fakewix_call(world, "POST", "/journal/verify", json, &answer);
    if (status >= 400)
        return tell_refusal(ret_report, answer);
    OWNED(tree_free) cJSON *report = tree_parse(answer, strlen(answer), NULL);
    tell(ret_report, answer);
    return tree_flag(report, "ok", false);
}

/* ---- worlds ---- */

static void free_handle(struct handle *handle)
{
    const char *const texts[] = {handle->view.name,        handle->view.url,
                                 handle->view.app_id,      handle->view.app_secret,
                                 handle->view.instance_id, handle->view.site_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)(uintptr_t)texts[i]);
    free(handle->control);
    free(handle);
}

static char *text_or_nothing(const cJSON *object, const char *name)
{
    const char *text = tree_text(object, name);
    return mem_text(text ? text : "");
}

/* `ids` has the members of the view; so does the answer to POST /_fakewix/worlds. */
static struct handle *make_handle(fakewix *fake, const char *name, const char *url,
                                  const cJSON *ids)
{
    struct handle *handle = mem_new(1, sizeof *handle);
    handle->fake = fake;
    handle->control = mem_format("/_fakewix/worlds/%s", name);
    handle->view = (fakewix_world){.name = mem_text(name),
                                   .url = mem_text(url),
                                   .app_id = text_or_nothing(ids, "app_id"),
                                   .app_secret = text_or_nothing(ids, "app_secret"),
                                   .instance_id = text_or_nothing(ids, "instance_id"),
                                   .site_id = text_or_nothing(ids, "site_id")};
    return handle;
}

const fakewix_world *fakewix_world_new(fakewix *fake, const char *json, char **ret_problem)
{
    int status;
    OWNED(mem_text_free) char *answer = call(fake, "POST", "/_fakewix/worlds", json, &status);
    if (status >= 400) {
        tell_refusal(ret_problem, answer);
        return NULL;
    }
    OWNED(tree_free) cJSON *made = tree_parse(answer, strlen(answer), NULL);
    const char *url = tree_text(made, "http");
    struct handle *handle =
        make_handle(fake, tree_text(made, "world"), url ? url : fake->url, made);
    pthread_mutex_lock(&fake->lock);
    handle->next = fake->worlds;
    fake->worlds = handle;
    pthread_mutex_unlock(&fake->lock);
    return &handle->view;
}

void fakewix_world_delete(const fakewix_world *world)
{
    if (!world)
        return;
    struct handle *handle = handle_of(world);
    fakewix *fake = handle->fake;
    if (handle == fake->default_world)
        return;
    int status;
    free(call(fake, "DELETE", handle->control, NULL, &status));
    pthread_mutex_lock(&fake->lock);
    struct handle **link = &fake->worlds;
    while (*link != handle)
        link = &(*link)->next;
    *link = handle->next;
    pthread_mutex_unlock(&fake->lock);
    free_handle(handle);
}

/* The first of each kind that it has. */
static struct handle *describe_default(fakewix *fake)
{
    static const struct {
        const char *list, *key;
    } firsts[] = {
        {"apps", "app_id"},
        {"apps", "app_secret"},
        {"instances", "instance_id"},
        {"sites", "site_id"},
    };
    int status;
    OWNED(mem_text_free) char *answer = call(fake, "GET", "/_fakewix/config", NULL, &status);
    OWNED(tree_free) cJSON *config = tree_parse(answer, strlen(answer), NULL);
    OWNED(tree_free) cJSON *ids = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        const cJSON *row = cJSON_GetArrayItem(tree_get(config, firsts[i].list), 0);
        tree_put_text(ids, firsts[i].key, tree_text(row, firsts[i].key));
    }
    return make_handle(fake, "default", fake->url, ids);
}

/* ---- start and stop ---- */

/* False and a sentence where it is not sound; none is. */
static bool read_config(const char *json, cJSON **ret_config, char **ret_problem)
{
    OWNED(err_free) struct err err = {0};
    OWNED(buf_free) struct buf problems = {0};
    if (!json)
        return true;
    OWNED(tree_free) cJSON *config = tree_parse(json, strlen(json), &err);
    if (!config || config_check_whole(config, "config", &problems)) {
        return tell(ret_problem, config ? buf_str(&problems) : err.text);
    }
    *ret_config = config;
    config = NULL;
    return true;
}

static struct host *open_host(const fakewix_options *options, const cJSON *config, struct err *err)
{
    const char *address = options->listen ? options->listen : "127.0.0.1:0";
    int workers = options->workers ? options->workers : DEFAULT_WORKERS;
    struct host_config host = {
        .worlds = {.state_file = options->state_file,
                   .seed = options->seed ? options->seed : rng_machine_seed(),
                   .seeded = options->seed != 0,
                   .max_worlds = 1024,
                   .max_holds = host_max_holds(workers),
                   .journal_max = JOURNAL_DEFAULT_MAX,
                   .journal_max_bytes = 32 << 20,
                   .journal_sum_bytes = 256 << 20},
        .listener = {.addresses = &address,
                     .n_addresses = 1,
                     .workers = workers,
                     .max_body = 1 << 20,
                     .max_head = 32768,
                     .idle_ms = 75000,
                     .request_ms = 30000},
        .config = config,
        .consent_auto = options->consent_auto,
    };
    if (sockets_are_open(address)) {
        err_set(err, "%s can be reached by others; listen on 127.0.0.1, localhost or unix:PATH",
                address);
        return NULL;
    }
    return host_read_clock(options->clock, &host.worlds.time, err) ? host_start(&host, err) : NULL;
}

fakewix *fakewix_start(const fakewix_options *asked, char **ret_problem)
{
    static const fakewix_options plain = {0};
    const fakewix_options *options = asked ? asked : &plain;
    OWNED(err_free) struct err err = {0};
    pthread_once(&prepared, mem_adopt_cjson);
    OWNED(tree_free) cJSON *config = NULL;
    if (!read_config(options->config, &config, ret_problem))
        return NULL;
    sigset_t before = mask_signals();
    struct host *host = open_host(options, config, &err);
    unmask_signals(&before);
    if (!host) {
        tell(ret_problem, err.text);
        return NULL;
    }
    fakewix *fake = mem_new(1, sizeof *fake);
    fake->host = host;
    fake->url = mem_text(host->fake.http_url);
    pthread_mutex_init(&fake->lock, NULL);
    fake->default_world = describe_default(fake);
    return fake;
}

void fakewix_stop(fakewix *fake)
{
    if (!fake)
        return;
    host_stop(fake->host, STOP_GRACE_MS);
    host_free(fake->host);
    while (fake->worlds) {
        struct handle *next = fake->worlds->next;
        free_handle(fake->worlds);
        fake->worlds = next;
    }
    free_handle(fake->default_world);
    pthread_mutex_destroy(&fake->lock);
    free(fake->url);
    free(fake);
}

const char *fakewix_url(const fakewix *fake)
{
    return fake->url;
}

const fakewix_world *fakewix_default_world(const fakewix *fake)
{
    return &fake->default_world->view;
}
