/* The reference client: as small as a client can be that does everything right, and the measure for
 * the scenarios. With --bug=NAME it does one thing wrong (bugs.def). It speaks the exec contract of
 * docs/CLIENT-CONTRACT.md, in which it is also an example.
 *
 * One lock is held over "is the token good?" and "get another one": that is the whole of single
 * flight. A caller that was refused says with which token, so that a token that another caller has
 * replaced meanwhile is not thrown away. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"
#include "shared/tree.h"

enum bug {
    BUG_NONE,
#define BUG(name, trips, sentence) BUG_##name,
#include "bugs.def"
#undef BUG
    BUG_COUNT
};

enum { DEFAULT_LIFETIME_S = 300, LEEWAY_S = 2, REPLY_MAX = 1024 * 1024, BUGGY_TRIES = 5 };
enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_UNSUPPORTED = 77, EXIT_USAGE = 2 };

struct client {
    enum bug bug;
    const char *api; /* these five are borrowed from the environment */
    const char *auth;
    const char *app_id;
    const char *app_secret;
    const char *instance_id;
    pthread_mutex_t lock;
    char *refresh_token; /* NULL in the client credentials flow; owned, like the next */
    char *access_token;
    int64_t expires_ms;
    bool gave_up; /* only with a bug: a failure that is remembered */
};

struct reply {
    long status; /* 0 where nothing came */
    struct buf body;
};

static void reply_free(struct reply *reply)
{
    buf_free(&reply->body);
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * n);
    return body->overflown ? 0 : size * n;
}

/* Send one request. header is a whole header line or NULL, body is sent as JSON or NULL. */
static void send_request(CURL *curl, const char *method, const char *url, const char *header,
                         const char *body, struct reply *reply)
{
    reply->body.max = REPLY_MAX;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = header ? curl_slist_append(headers, header) : headers;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "fakewix-reference-client");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply->body);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_slist_free_all(headers);
}

/* ---- tokens; all under the lock ---- */

static char *make_token_request(const struct client *client, bool with_secret)
{
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    bool legacy = client->refresh_token != NULL;
    tree_put_text(body, "grant_type", legacy ? "refresh_token" : "client_credentials");
    tree_put_text(body, "client_id", client->app_id);
    if (with_secret)
        tree_put_text(body, "client_secret", client->app_secret);
    if (legacy)
        tree_put_text(body, "refresh_token", client->refresh_token);
    else
        tree_put_text(body, "instance_id", client->instance_id);
    return tree_print(body);
}

static void post_for_token(const struct client *client, CURL *curl, bool new_service,
                           bool with_secret, struct reply *reply)
{
    const char *query = client->bug == BUG_secret_in_uri ? "?client_secret=" : "";
    OWNED(mem_text_free)
    char *url =
        mem_format("%s%s%s%s", client->auth, new_service ? "/oauth2/token" : "/oauth/access", query,
                   *query ? client->app_secret : "");
    OWNED(mem_text_free) char *body = make_token_request(client, with_secret);
    if (client->bug == BUG_token_by_get) {
        OWNED(reply_free) struct reply ignored = {0};
        send_request(curl, "GET", url, NULL, NULL, &ignored);
    }
    send_request(curl, "POST", url, NULL, body, reply);
}

/* expires_in as a number or a text of digits; Wix's custom authentication does not send it. */
static int64_t read_lifetime_s(const cJSON *answer)
{
    int64_t seconds = DEFAULT_LIFETIME_S;
    const char *text = tree_text(answer, "expires_in");
    if (!tree_int(answer, "expires_in", &seconds) && text)
        text_parse_int(text, 0, INT64_MAX / 1000, &seconds);
    return seconds;
}

static bool has_strange_field(const cJSON *answer)
{
    static const char *const known[] = {"access_token", "token_type", "expires_in",
                                        "refresh_token"};
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, answer)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found = found || strcmp(member->string, known[i]) == 0;
        if (!found)
            return true;
    }
    return false;
}

static void replace(char **text, const char *value)
{
    free(*text);
    *text = value ? mem_text(value) : NULL;
}

/* Keep what a reply brings. A reply without a refresh token leaves the one there is. */
static bool take_token(struct client *client, const struct reply *reply)
{
    OWNED(tree_free) cJSON *answer = tree_parse(buf_str(&reply->body), reply->body.len, NULL);
    const char *access = tree_text(answer, "access_token");
    const char *refresh = tree_text(answer, "refresh_token");
    if (client->bug == BUG_undefined_token && !access)
        access = "undefined";
    if (reply->status != 200 || !access || !*access)
        return false;
    if (client->bug == BUG_strict_fields && has_strange_field(answer))
        return false;
    replace(&client->access_token, access);
    bool rotates = refresh && *refresh && client->bug != BUG_rotation_ignored;
    if (client->refresh_token && (rotates || client->bug == BUG_refresh_token_dropped))
        replace(&client->refresh_token, refresh ? refresh : "undefined");
    client->expires_ms = now_steady_ms() + (read_lifetime_s(answer) - LEEWAY_S) * 1000;
    return true;
}

static bool repeats_refusal(const struct client *client, long status)
{
    return (client->bug == BUG_invalid_client_retried && status == 401) ||
           (client->bug == BUG_refused_grant_retried && status == 400);
}

static bool get_new_token(struct client *client, CURL *curl)
{
    bool legacy = client->refresh_token != NULL;
    bool with_secret = client->bug != BUG_secret_forgotten || !legacy;
    bool new_service = !legacy || client->bug == BUG_refresh_at_new_service;
    OWNED(reply_free) struct reply reply = {0};
    if (client->gave_up)
        return false;
    replace(&client->access_token, NULL);
    post_for_token(client, curl, new_service, with_secret, &reply);
    for (int i = 1; i < BUGGY_TRIES && repeats_refusal(client, reply.status); i++) {
        buf_clear(&reply.body);
        post_for_token(client, curl, new_service, with_secret, &reply);
    }
    bool second = (legacy && reply.status == 400 && (!with_secret || new_service)) ||
                  (client->bug == BUG_token_twice && !legacy);
    if (second) {
        buf_clear(&reply.body);
        post_for_token(client, curl, !legacy, true, &reply);
    }
    bool taken = take_token(client, &reply);
    client->gave_up = !taken && client->bug == BUG_failure_kept;
    if (!taken)
        fprintf(stderr, "no token: the token endpoint answered %ld\n", reply.status);
    return taken;
}

/* A good token other than `refused` (or NULL); caller frees with free(); NULL where there is none.
 */
static char *get_token(struct client *client, CURL *curl, const char *refused)
{
    pthread_mutex_lock(&client->lock);
    bool is_good = client->access_token && now_steady_ms() < client->expires_ms &&
                   !(refused && strcmp(client->access_token, refused) == 0) &&
                   client->bug != BUG_token_not_kept;
    bool there = is_good || get_new_token(client, curl);
    char *token = there ? mem_text(client->access_token) : NULL;
    pthread_mutex_unlock(&client->lock);
    return token;
}

/* ---- calls ---- */

static void call_api(const struct client *client, CURL *curl, const char *token,
                     struct reply *reply)
{
    bool leak = client->bug == BUG_token_in_uri;
    OWNED(mem_text_free)
    char *url = mem_format("%s/conformance/probe%s%s", client->api, leak ? "?access_token=" : "",
                           leak ? token : "");
    OWNED(mem_text_free) char *header = mem_format("Authorization: %s", token);
    buf_clear(&reply->body);
    reply->status = 0;
    send_request(curl, "GET", url, header, NULL, reply);
}

static bool wants_new_token(const struct client *client, long status)
{
    if (status == 401)
        return client->bug != BUG_no_refresh_on_401;
    return status == 403 && client->bug == BUG_refresh_on_403;
}

/* One call: with the token there is, and once more with a new one where that is refused. */
static bool make_call(struct client *client, CURL *curl)
{
    OWNED(reply_free) struct reply reply = {0};
    OWNED(mem_text_free) char *token = get_token(client, curl, NULL);
    if (!token)
        return false;
    call_api(client, curl, token, &reply);
    int retries = client->bug == BUG_refresh_without_end ? BUGGY_TRIES : 1;
    for (int i = 0; i < retries && wants_new_token(client, reply.status); i++) {
        OWNED(mem_text_free) char *fresh = get_token(client, curl, token);
        if (!fresh)
            return false;
        if (client->bug != BUG_retry_with_old_token)
            replace(&token, fresh);
        call_api(client, curl, token, &reply);
    }
    if (reply.status != 200)
        fprintf(stderr, "the API answered %ld\n", reply.status);
    return reply.status == 200;
}

struct crew {
    struct client *client;
    atomic_long left;
    atomic_bool failed;
};

static void *work(void *arg)
{
    struct crew *crew = arg;
    CURL *curl = curl_easy_init();
    while (atomic_fetch_sub(&crew->left, 1) > 0)
        if (!make_call(crew->client, curl))
            crew->failed = true;
    curl_easy_cleanup(curl);
    return NULL;
}

/* All calls are made, also after one has failed. */
static bool make_calls(struct client *client, int64_t calls, int64_t parallel)
{
    enum { MOST = 256 };
    struct crew crew = {.client = client, .left = (long)calls};
    pthread_t threads[MOST];
    int started = 0;
    while (started < parallel - 1 && started < MOST &&
           pthread_create(&threads[started], NULL, work, &crew) == 0)
        started++;
    work(&crew);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return !crew.failed;
}

/* ---- */

static const struct {
    const char *name;
    const char *sentence;
} bugs[BUG_COUNT] = {
#define BUG(name, trips, sentence) [BUG_##name] = {#name, sentence},
#include "bugs.def"
#undef BUG
};

static bool find_bug(const char *name, enum bug *ret_bug)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        if (strcmp(bugs[i].name, name) != 0)
            continue;
        *ret_bug = (enum bug)i;
        return true;
    }
    return false;
}

static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    int64_t number = 1;
    if (text)
        text_parse_int(text, 1, 1000000, &number);
    return number;
}

static bool read_environment(struct client *client)
{
    client->api = getenv("WIX_API_BASE");
    client->auth = getenv("WIX_AUTH_BASE");
    client->app_id = getenv("WIX_APP_ID");
    client->app_secret = getenv("WIX_APP_SECRET");
    client->instance_id = getenv("WIX_INSTANCE_ID");
    const char *refresh = getenv("WIX_REFRESH_TOKEN");
    client->refresh_token = refresh && *refresh ? mem_text(refresh) : NULL;
    return client->api && client->auth && client->app_id && client->app_secret &&
           client->instance_id;
}

static bool read_arguments(int argc, char **argv, struct client *client)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--bug=", 6) != 0 || !find_bug(argv[i] + 6, &client->bug))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    mem_adopt_cjson();
    struct client client = {.lock = PTHREAD_MUTEX_INITIALIZER};
    if (!read_arguments(argc, argv, &client)) {
        fputs("usage: fakewix-reference-client [--bug=NAME], with NAME one of:\n", stderr);
        for (int i = BUG_NONE + 1; i < BUG_COUNT; i++)
            fprintf(stderr, "  %-24s %s\n", bugs[i].name, bugs[i].sentence);
        return EXIT_USAGE;
    }
    if (!read_environment(&client)) {
        fputs("the environment lacks WIX_API_BASE, WIX_AUTH_BASE, WIX_APP_ID, WIX_APP_SECRET or "
              "WIX_INSTANCE_ID: run this through fakewix-conform\n",
              stderr);
        return EXIT_USAGE;
    }
    const char *operation = getenv("CONFORM_OP");
    if (operation && strcmp(operation, "api") != 0)
        return EXIT_UNSUPPORTED;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    bool ok = make_calls(&client, number_of("CONFORM_CALLS"), number_of("CONFORM_PARALLEL"));
    curl_global_cleanup();
    free(client.access_token);
    free(client.refresh_token);
    return ok ? EXIT_OK : EXIT_ERROR;
}
