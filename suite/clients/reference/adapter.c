/* One request, one answer. An operation is a row; a client is a name and what `new` said of it. */
#include "reference/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/call.h"
#include "reference/install.h"
#include "reference/post.h"
#include "reference/token.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { LINE_MAX_BYTES = 4 * 1024 * 1024 };

struct named {
    char *name;
    cJSON *env; /* what its texts are borrowed from */
    struct client client;
    struct installing installing;
    char *session;
    int n_sessions;
};

struct adapter {
    enum bug bug;
    struct named **list;
    const struct named *last; /* only with a bug: who called last */
    size_t n;
};

static struct named *find(const struct adapter *adapter, const char *name)
{
    for (size_t i = 0; name && i < adapter->n; i++)
        if (strcmp(adapter->list[i]->name, name) == 0)
            return adapter->list[i];
    return NULL;
}

static void named_free(struct named *named)
{
    client_free(&named->client);
    installing_free(&named->installing);
    cJSON_Delete(named->env);
    free(named->session);
    free(named->name);
    free(named);
}

static const char *look_up(const void *context, const char *name)
{
    return tree_text(context, name);
}

static cJSON *say(bool ok, const char *kind, const char *error)
{
    cJSON *answer = cJSON_CreateObject();
    tree_put_flag(answer, "ok", ok);
    if (!ok) {
        tree_put_text(answer, "kind", kind);
        tree_put_text(answer, "error", error);
    }
    return answer;
}

/* ---- the operations; `named` is NULL where the request names no client that is known ---- */

static cJSON *hello(struct adapter *adapter, struct named *named, const cJSON *request)
{
    static const char *const caps[] = {"legacy",  "install", "parallel", "clock",
                                       "persist", "webhook", "instance"};
    cJSON *answer = say(true, NULL, NULL);
    (void)adapter;
    (void)named;
    (void)request;
    tree_put_text(answer, "name", "fakewix-reference-client");
    tree_put_text(answer, "version", FAKEWIX_VERSION);
    cJSON *list = tree_put(answer, "caps", cJSON_CreateArray());
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(caps[i]));
    return answer;
}

static cJSON *new_client(struct adapter *adapter, struct named *named, const cJSON *request)
{
    const char *flow = tree_text(request, "flow");
    const char *name = tree_text(request, "client");
    bool fresh = flow && strcmp(flow, "install") == 0;
    if (named || !name)
        return say(false, "other", "\"client\" must be a new name");
    named = mem_new(1, sizeof *named);
    named->name = mem_text(name);
    named->env = cJSON_Duplicate(tree_get(request, "env"), true);
    named->client.bug = adapter->bug;
    pthread_mutex_init(&named->client.lock, NULL);
    if (!client_read(&named->client, look_up, named->env, fresh)) {
        named_free(named);
        return say(false, "other", "\"env\" lacks what a client needs");
    }
    adapter->list = mem_grow(adapter->list, adapter->n + 1, sizeof *adapter->list);
    adapter->list[adapter->n++] = named;
    return say(true, NULL, NULL);
}

/* Only with a bug: tokens that are kept for the app, or for one installation at a time. */
static void mix_up(struct adapter *adapter, struct named *named)
{
    const struct client *first = &adapter->list[0]->client;
    bool changes = adapter->last && adapter->last != named;
    if (adapter->bug == BUG_one_token_for_all && first->access_token && first != &named->client) {
        token_replace(&named->client.access_token, first->access_token);
        named->client.expires_ms = first->expires_ms;
    }
    if (adapter->bug == BUG_one_token_at_a_time && changes)
        token_replace(&named->client.access_token, NULL);
    adapter->last = named;
}

/* The same calls for another client, at the same time. */
struct beside {
    struct client *client;
    const struct call_wish *wish;
    bool succeeded;
};

static void *call_beside(void *arg)
{
    struct beside *beside = arg;
    beside->succeeded = call_many(beside->client, beside->wish);
    return NULL;
}

static bool call_both(struct named *named, struct named *other, const struct call_wish *wish)
{
    struct beside beside = {.client = &other->client, .wish = wish};
    pthread_t thread;
    if (pthread_create(&thread, NULL, call_beside, &beside) != 0)
        return false;
    bool succeeded = call_many(&named->client, wish);
    pthread_join(thread, NULL);
    return succeeded && beside.succeeded;
}

static cJSON *call(struct adapter *adapter, struct named *named, const cJSON *request)
{
    int64_t n = 1;
    tree_int(request, "n", &n);
    const char *beside = tree_text(request, "beside");
    struct named *other = beside ? find(adapter, beside) : NULL;
    if (beside && !other)
        return say(false, "other", "\"beside\" names no client; send \"new\" first");
    mix_up(adapter, named);
    OWNED(mem_text_free)
    char *body = tree_get(request, "body") ? tree_print(tree_get(request, "body")) : NULL;
    struct call_wish wish = {.method = tree_text(request, "method"),
                             .path = tree_text(request, "path"),
                             .body = body,
                             .stream = tree_flag(request, "stream", false),
                             .calls = n,
                             .parallel = tree_flag(request, "parallel", false) ? n : 1};
    bool called = other ? call_both(named, other, &wish) : call_many(&named->client, &wish);
    return called ? say(true, NULL, NULL) : say(false, "auth", "a call failed");
}

static cJSON *begin(struct adapter *adapter, struct named *named, const cJSON *request)
{
    const char *redirect_url = tree_text(named->env, "WIX_REDIRECT_URL");
    (void)adapter;
    if (!redirect_url || !named->client.pages)
        return say(false, "other", "WIX_REDIRECT_URL and WIX_INSTALL_BASE are needed");
    installing_free(&named->installing);
    free(named->session);
    named->session = mem_format("s%d", ++named->n_sessions);
    OWNED(mem_text_free)
    char *url = install_begin(&named->client, tree_text(request, "token"), redirect_url,
                              &named->installing);
    cJSON *answer = say(true, NULL, NULL);
    tree_put_text(answer, "url", url);
    tree_put_text(answer, "session", named->session);
    return answer;
}

static cJSON *finish(struct adapter *adapter, struct named *named, const cJSON *request)
{
    const char *url = tree_text(request, "url");
    (void)adapter;
    if (!url || !install_finish(&named->client, &named->installing, url))
        return say(false, "auth", "the callback was refused, or its code was");
    return say(true, NULL, NULL);
}

static cJSON *advance(struct adapter *adapter, struct named *named, const cJSON *request)
{
    int64_t seconds = 0;
    (void)adapter;
    tree_int(request, "seconds", &seconds);
    named->client.ahead_ms += seconds * 1000;
    return say(true, NULL, NULL);
}

static cJSON *take_webhook(struct adapter *adapter, struct named *named, const cJSON *request)
{
    bool handled = false;
    const char *body = tree_text(request, "body");
    (void)adapter;
    bool taken = body && post_take_webhook(&named->client, body, &handled);
    cJSON *answer = taken ? say(true, NULL, NULL) : say(false, "auth", "the webhook is not Wix's");
    tree_put_flag(answer, "handled", handled);
    return answer;
}

static cJSON *take_instance(struct adapter *adapter, struct named *named, const cJSON *request)
{
    const char *instance = tree_text(request, "instance");
    (void)adapter;
    return instance && post_take_instance(&named->client, instance)
               ? say(true, NULL, NULL)
               : say(false, "auth", "the instance is not Wix's, or too old");
}

static cJSON *close_client(struct adapter *adapter, struct named *named, const cJSON *request)
{
    (void)request;
    for (size_t i = 0; i < adapter->n; i++) {
        if (adapter->list[i] != named)
            continue;
        adapter->list[i] = adapter->list[--adapter->n];
        named_free(named);
        break;
    }
    return say(true, NULL, NULL);
}

static const struct {
    const char *name;
    bool needs_client;
    cJSON *(*answer)(struct adapter *adapter, struct named *named, const cJSON *request);
} operations[] = {
    {"hello", false, hello},
    {"new", false, new_client},
    {"call", true, call},
    {"install.begin", true, begin},
    {"install.callback", true, finish},
    {"clock.advance", true, advance},
    {"webhook", true, take_webhook},
    {"instance", true, take_instance},
    {"close", true, close_client},
};

static cJSON *dispatch(struct adapter *adapter, const cJSON *request)
{
    const char *name = tree_text(request, "op");
    struct named *named = find(adapter, tree_text(request, "client"));
    for (size_t i = 0; name && i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(operations[i].name, name) != 0)
            continue;
        if (operations[i].needs_client && !named)
            return say(false, "other", "there is no such client; send \"new\" first");
        return operations[i].answer(adapter, named, request);
    }
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "unsupported", "there is no such operation");
    return answer;
}

struct adapter *adapter_open(enum bug bug)
{
    struct adapter *adapter = mem_new(1, sizeof *adapter);
    adapter->bug = bug;
    return adapter;
}

void adapter_close(struct adapter *adapter)
{
    for (size_t i = 0; i < adapter->n; i++)
        named_free(adapter->list[i]);
    free(adapter->list);
    free(adapter);
}

cJSON *adapter_answer(struct adapter *adapter, const cJSON *request)
{
    int64_t id = 0;
    cJSON *answer = dispatch(adapter, request);
    if (tree_int(request, "id", &id))
        tree_put_int(answer, "id", id);
    return answer;
}

/* A line, or false at the end of input. */
static bool read_line(struct buf *line)
{
    int c;
    buf_clear(line);
    while ((c = getchar()) != EOF && c != '\n')
        buf_char(line, (char)c);
    return c != EOF || line->len > 0;
}

void adapter_run(enum bug bug)
{
    struct adapter *adapter = adapter_open(bug);
    OWNED(buf_free) struct buf line = {.max = LINE_MAX_BYTES};
    while (read_line(&line)) {
        OWNED(tree_free) cJSON *request = tree_parse(buf_str(&line), line.len, NULL);
        const char *name = tree_text(request, "op");
        if (name && strcmp(name, "bye") == 0)
            break;
        OWNED(tree_free) cJSON *answer = adapter_answer(adapter, request);
        OWNED(mem_text_free) char *text = tree_print(answer);
        puts(text);
        fflush(stdout);
    }
    adapter_close(adapter);
}
