/* Pages:
 *
 *   GET  /signup?token=…      the App URL: on to the installer
 *   GET  /login?code=…        the redirect URL: exchange, and on to the end of the installer
 *   GET  /orders?instance=ID  calls Wix for that installation
 *   GET  /dashboard?instance=…  with the signed instance
 *   POST /webhook
 *   POST /adapter             the adapter's operations (docs/ADAPTER.md)
 *
 * It keeps nothing on disk. A browser has a cookie, and the cookie's installs have their states: a
 * callback that another browser began is nobody's. */
#include "reference/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/adapter.h"
#include "reference/call.h"
#include "reference/install.h"
#include "reference/post.h"
#include "reference/server.h"
#include "reference/token.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { PENDING_MAX = 1000 };

/* An install that a browser has begun. */
struct pending {
    char *cookie;
    struct installing installing;
};

struct app {
    enum bug bug;
    int port;
    pthread_mutex_t lock; /* over both lists */
    struct pending *pending;
    size_t n_pending;
    struct client **clients; /* one per installation; they live as long as the app */
    size_t n_clients;
    struct client letters; /* takes webhooks and instances */
    struct adapter *adapter;
};

static const char *look_up(const void *context, const char *name)
{
    (void)context;
    return strcmp(name, "CONFORM_STATE_DIR") == 0 ? NULL : getenv(name);
}

static struct client *new_client(const struct app *app, bool fresh)
{
    struct client *client = mem_new(1, sizeof *client);
    client->bug = app->bug;
    pthread_mutex_init(&client->lock, NULL);
    if (client_read(client, look_up, NULL, fresh))
        return client;
    client_free(client);
    free(client);
    return NULL;
}

static void add_header(struct web_answer *answer, const char *name, const char *value)
{
    buf_format(&answer->headers, "%s: %s\r\n", name, value);
}

static void say(struct web_answer *answer, int status, const char *text)
{
    answer->status = status;
    add_header(answer, "Content-Type", "text/plain; charset=utf-8");
    buf_text(&answer->body, text);
}

static void redirect(struct web_answer *answer, const char *url)
{
    answer->status = 302;
    add_header(answer, "Location", url);
    add_header(answer, "Cache-Control", "no-store");
}

/* The value of the cookie "browser"; caller frees with free(); NULL without one. */
static char *read_cookie(const char *cookies)
{
    const char *at = strstr(cookies, "browser=");
    return at ? mem_text_n(at + strlen("browser="), strcspn(at + strlen("browser="), "; ")) : NULL;
}

/* ---- the install ---- */

static void begin(struct app *app, const struct web_request *request, struct web_answer *answer)
{
    OWNED(mem_text_free) char *token = web_param(request->target, "token");
    OWNED(mem_text_free) char *cookie = read_cookie(request->cookie);
    OWNED(mem_text_free) char *redirect_url = mem_format("http://127.0.0.1:%d/login", app->port);
    struct installing installing = {0};
    OWNED(mem_text_free)
    char *url = install_begin(&app->letters, token, redirect_url, &installing);
    if (!cookie) {
        cookie = install_random();
        OWNED(mem_text_free) char *set = mem_format("browser=%s; Path=/; HttpOnly", cookie);
        add_header(answer, "Set-Cookie", set);
    }
    pthread_mutex_lock(&app->lock);
    if (app->n_pending < PENDING_MAX) {
        app->pending = mem_grow(app->pending, app->n_pending + 1, sizeof *app->pending);
        app->pending[app->n_pending++] = (struct pending){mem_text(cookie), installing};
    }
    pthread_mutex_unlock(&app->lock);
    redirect(answer, url);
}

/* Take out the install of this browser that the state belongs to. */
static bool take_pending(struct app *app, const char *cookie, const char *state,
                         struct installing *ret_installing)
{
    bool found = false;
    pthread_mutex_lock(&app->lock);
    for (size_t i = 0; i < app->n_pending && !found; i++) {
        struct pending *pending = &app->pending[i];
        bool same = cookie && strcmp(pending->cookie, cookie) == 0;
        bool known = pending->installing.state
                         ? state && strcmp(pending->installing.state, state) == 0
                         : app->bug == BUG_no_state;
        found = known && (same || app->bug == BUG_any_browser_taken || app->bug == BUG_no_state);
        if (!found)
            continue;
        if (app->bug == BUG_callback_good_twice) {
            *ret_installing = (struct installing){mem_text(state), pending->installing.begun_ms};
            break;
        }
        *ret_installing = pending->installing;
        free(pending->cookie);
        *pending = app->pending[--app->n_pending];
    }
    pthread_mutex_unlock(&app->lock);
    return found;
}

static void keep_client(struct app *app, struct client *client)
{
    pthread_mutex_lock(&app->lock);
    app->clients = mem_grow(app->clients, app->n_clients + 1, sizeof *app->clients);
    app->clients[app->n_clients++] = client;
    pthread_mutex_unlock(&app->lock);
}

/* Only with a bug: the newest installation is none any more. */
static void forget_newest(struct app *app)
{
    pthread_mutex_lock(&app->lock);
    app->n_clients -= app->n_clients ? 1 : 0;
    pthread_mutex_unlock(&app->lock);
}

static void finish(struct app *app, const struct web_request *request, struct web_answer *answer)
{
    OWNED(mem_text_free) char *cookie = read_cookie(request->cookie);
    OWNED(mem_text_free) char *state = web_param(request->target, "state");
    struct installing installing = {0};
    if (!take_pending(app, cookie, state, &installing)) {
        if (app->bug == BUG_reload_forgets_tokens)
            forget_newest(app);
        say(answer, 403, "this browser has not begun that install\n");
        return;
    }
    struct client *client = new_client(app, true);
    if (!client || !install_finish(client, &installing, request->target)) {
        say(answer, 502, "the app could not be installed\n");
        free(client);
        return;
    }
    keep_client(app, client);
    if (app->bug == BUG_window_left_open) {
        say(answer, 200, "installed\n");
        return;
    }
    OWNED(buf_free) struct buf url = {0};
    buf_format(&url, "%s/installer/close-window?access_token=", client->pages);
    text_add_escaped(&url, client->access_token);
    redirect(answer, buf_str(&url));
}

/* ---- calls ---- */

/* The client of an installation: the newest, for it may have been installed again. */
static struct client *find_client(struct app *app, const char *instance)
{
    struct client *found = NULL;
    pthread_mutex_lock(&app->lock);
    for (size_t i = app->n_clients; i > 0 && !found; i--) {
        const char *id = app->clients[i - 1]->instance_id;
        found = instance && id && strcmp(id, instance) == 0 ? app->clients[i - 1] : NULL;
    }
    pthread_mutex_unlock(&app->lock);
    return found;
}

static void show_orders(struct app *app, const struct web_request *request,
                        struct web_answer *answer)
{
    OWNED(mem_text_free) char *instance = web_param(request->target, "instance");
    struct client *client = find_client(app, instance);
    struct call_wish wish = {.calls = 1, .parallel = 1};
    if (!client) {
        say(answer, 404, "that installation is not known here\n");
        return;
    }
    bool called = call_many(client, &wish);
    say(answer, called ? 200 : 502, called ? "3 orders\n" : "Wix did not answer\n");
}

/* ---- what Wix sends ---- */

static void take_webhook(struct app *app, const struct web_request *request,
                         struct web_answer *answer)
{
    bool handled = false;
    bool taken = post_take_webhook(&app->letters, request->body, &handled);
    say(answer, taken ? 200 : 401, "\n");
}

static void show_dashboard(struct app *app, const struct web_request *request,
                           struct web_answer *answer)
{
    OWNED(mem_text_free) char *instance = web_param(request->target, "instance");
    bool good = instance && post_take_instance(&app->letters, instance);
    say(answer, good ? 200 : 403, good ? "welcome\n" : "not for you\n");
}

static void adapt(struct app *app, const struct web_request *request, struct web_answer *answer)
{
    OWNED(tree_free) cJSON *asked = tree_parse(request->body, strlen(request->body), NULL);
    pthread_mutex_lock(&app->letters.lock); /* the adapter's clients are one list */
    OWNED(tree_free) cJSON *reply = adapter_answer(app->adapter, asked);
    pthread_mutex_unlock(&app->letters.lock);
    OWNED(mem_text_free) char *text = tree_print(reply);
    answer->status = 200;
    add_header(answer, "Content-Type", "application/json");
    buf_text(&answer->body, text);
}

static const struct {
    const char *method;
    const char *path;
    void (*answer)(struct app *app, const struct web_request *request, struct web_answer *answer);
} pages[] = {
    {"GET", "/signup", begin},          {"GET", "/login", finish},
    {"GET", "/orders", show_orders},    {"GET", "/dashboard", show_dashboard},
    {"POST", "/webhook", take_webhook}, {"POST", "/adapter", adapt},
};

static void handle(void *context, const struct web_request *request, struct web_answer *answer)
{
    const struct app *app = context;
    if (app->bug == BUG_opener_cut_off)
        add_header(answer, "Cross-Origin-Opener-Policy", "same-origin");
    if (app->bug == BUG_frames_forbidden)
        add_header(answer, "X-Frame-Options", "DENY");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(request->method, pages[i].method) == 0 &&
            web_path_is(request->target, pages[i].path)) {
            pages[i].answer(context, request, answer);
            return;
        }
    say(answer, 404, "there is no such page\n");
}

bool app_run(enum bug bug)
{
    const char *text = getenv("PORT");
    int64_t port = 0;
    struct app app = {.bug = bug, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (text && !text_parse_int(text, 0, UINT16_MAX, &port))
        return false;
    app.port = (int)port;
    app.letters.bug = bug;
    pthread_mutex_init(&app.letters.lock, NULL);
    client_read(&app.letters, look_up, NULL, true);
    app.adapter = adapter_open(bug);
    struct client *given = getenv("WIX_INSTANCE_ID") ? new_client(&app, false) : NULL;
    if (given)
        keep_client(&app, given);
    return server_run(&app.port, handle, &app);
}
