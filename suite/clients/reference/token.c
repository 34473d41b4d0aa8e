/* One lock is held over "is the token good?" and "get another one": that is the whole of single
 * flight. A caller that was refused says with which token, so that a token that another caller has
 * replaced meanwhile is not thrown away; and whoever waited while another one asked in vain has the
 * same answer. All but token_get is under the lock. */
#include "reference/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/answer.h"
#include "reference/request.h"
#include "reference/retry.h"
#include "reference/store.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum {
    DEFAULT_LIFETIME_S = 300,
    LEEWAY_SHARE = 100,
    LEEWAY_MIN_S = 1,
    LEEWAY_MAX_S = 60,
    TOKEN_LIMIT_MS = 4000,
    HOUR_S = 3600,
    DAY_S = 86400
};

/* Only with a bug: the same fields as a form. */
static char *make_form(const cJSON *fields)
{
    struct buf form = {0};
    const cJSON *field = NULL;
    cJSON_ArrayForEach(field, fields)
    {
        buf_format(&form, "%s%s=", form.len ? "&" : "", field->string);
        text_add_escaped(&form, field->valuestring ? field->valuestring : "");
    }
    return buf_take(&form);
}

static char *make_exchange(const struct client *client, const char *code)
{
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "grant_type", "authorization_code");
    tree_put_text(body, "client_id", client->app_id);
    tree_put_text(body, "client_secret", client->app_secret);
    tree_put_text(body, "code", code);
    return tree_print(body);
}

static char *make_token_request(const struct client *client, bool with_secret)
{
    if (client->bug == BUG_code_used_for_refresh && client->code)
        return make_exchange(client, client->code);
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "grant_type", client->custom ? "refresh_token" : "client_credentials");
    tree_put_text(body, "client_id", client->app_id);
    if (with_secret)
        tree_put_text(body, "client_secret", client->app_secret);
    if (client->custom)
        tree_put_text(body, "refresh_token", client->refresh_token);
    else
        tree_put_text(body, "instance_id", client->instance_id);
    return client->bug == BUG_form_sent && !client->custom ? make_form(body) : tree_print(body);
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
    struct request request = {.method = "POST", .url = url, .limit_ms = TOKEN_LIMIT_MS};
    if (client->bug == BUG_token_by_get) {
        OWNED(reply_free) struct reply ignored = {0};
        request.method = "GET";
        request_send(client, curl, &request, &ignored);
    }
    request.method = "POST";
    request.body = body;
    int tried = 0;
    do
        request_send(client, curl, &request, reply);
    while (retry_token(client, reply, ++tried));
}

void token_replace(char **text, const char *value)
{
    free(*text);
    *text = value ? mem_text(value) : NULL;
}

/* How long before its end a token is renewed: a hundredth of its life, a second at least and a
 * minute at most. */
static int64_t leeway_ms(const struct client *client, int64_t lifetime_s)
{
    int64_t leeway_s = lifetime_s / LEEWAY_SHARE;
    leeway_s = leeway_s < LEEWAY_MIN_S ? LEEWAY_MIN_S : leeway_s;
    leeway_s = leeway_s > LEEWAY_MAX_S ? LEEWAY_MAX_S : leeway_s;
    if (client->bug == BUG_leeway_of_minutes)
        leeway_s = 400;
    if (client->bug == BUG_last_second_used)
        leeway_s = 0;
    if (client->bug == BUG_leeway_added)
        leeway_s = -30;
    if (client->bug == BUG_renewed_at_half_life)
        leeway_s = lifetime_s / 2;
    return leeway_s * 1000;
}

/* Only with a bug: when a reply was made, by the server's clock. */
static int64_t date_of(const struct reply *reply, int64_t fallback_ms)
{
    OWNED(mem_text_free) char *date = reply_header(reply, "Date");
    time_t seconds = date ? curl_getdate(date, NULL) : -1;
    return seconds > 0 ? (int64_t)seconds * 1000 : fallback_ms;
}

/* Keep what a reply brings, on disk before it is used. A reply without a refresh token leaves the
 * one there is. */
static bool take_token(struct client *client, const struct reply *reply)
{
    OWNED(answer_free) struct answer answer = {0};
    if (!answer_read(client, reply, &answer))
        return false;
    const char *refresh = answer.refresh_token;
    token_replace(&client->access_token, answer.access_token);
    bool rotates = refresh && *refresh && client->bug != BUG_rotation_ignored;
    if (client->custom && (rotates || client->bug == BUG_refresh_token_dropped))
        token_replace(&client->refresh_token, refresh ? refresh : "undefined");
    int64_t default_s = client->bug == BUG_five_minutes_unknown ? DAY_S : DEFAULT_LIFETIME_S;
    int64_t lifetime_s = answer.lifetime_s ? answer.lifetime_s : default_s;
    if (client->bug == BUG_first_lifetime_kept && client->first_lifetime_s)
        lifetime_s = client->first_lifetime_s;
    client->first_lifetime_s = client->first_lifetime_s ? client->first_lifetime_s : lifetime_s;
    if (client->bug == BUG_hours_taken_for_days && lifetime_s > HOUR_S)
        lifetime_s = DAY_S;
    int64_t now_ms = client_now_ms(client);
    client->obtained_ms = now_ms;
    client->issued_ms = date_of(reply, now_ms);
    if (client->bug == BUG_date_header_believed)
        now_ms = client->issued_ms;
    client->dies_ms = now_ms + lifetime_s * 1000;
    client->expires_ms = client->dies_ms - leeway_ms(client, lifetime_s);
    if (client->bug == BUG_token_logged)
        fprintf(stderr, "got the token %s\n", client->access_token);
    store_keep(client);
    return true;
}

static bool repeats_refusal(const struct client *client, long status)
{
    return (client->bug == BUG_invalid_client_retried && status == 401) ||
           (client->bug == BUG_refused_grant_retried && status == 400);
}

/* Only with a bug: a token that has no time left must be replaced at once. */
static bool asks_again(const struct client *client)
{
    return client->bug == BUG_zero_lifetime_loops && client->expires_ms < client_now_ms(client);
}

static bool get_new_token(struct client *client, CURL *curl)
{
    bool legacy = client->custom;
    bool with_secret = client->bug != BUG_secret_forgotten || !legacy;
    bool new_service = !legacy || client->bug == BUG_refresh_at_new_service;
    OWNED(reply_free) struct reply reply = {0};
    if (client->gave_up)
        return false;
    if (legacy && !client->refresh_token) {
        fputs("no refresh token: the app must be installed again\n", stderr);
        return false;
    }
    post_for_token(client, curl, new_service, with_secret, &reply);
    for (int i = 1; i < BUGGY_TRIES && repeats_refusal(client, reply.status); i++) {
        post_for_token(client, curl, new_service, with_secret, &reply);
    }
    bool second = (legacy && reply.status == 400 && (!with_secret || new_service)) ||
                  (client->bug == BUG_token_twice && !legacy);
    if (second) {
        post_for_token(client, curl, !legacy, true, &reply);
    }
    bool taken = take_token(client, &reply);
    for (int i = 1; i < BUGGY_TRIES && taken && asks_again(client); i++) {
        post_for_token(client, curl, new_service, with_secret, &reply);
        taken = take_token(client, &reply);
    }
    client->gave_up = !taken && client->bug == BUG_failure_kept;
    if (!taken)
        fprintf(stderr, "no token: the token endpoint answered %ld\n", reply.status);
    if (!taken && client->bug == BUG_error_body_logged)
        fprintf(stderr, "%s\n", buf_str(&reply.body));
    bool lost = !taken && reply.status >= 500 && client->bug == BUG_refresh_token_lost_on_5xx;
    if (lost || (!taken && client->bug == BUG_refresh_token_lost_on_403 && reply.status == 403))
        token_replace(&client->refresh_token, NULL);
    return taken;
}

/* Only with a bug: what is made of a clock that was set. */
static bool is_odd(const struct client *client)
{
    enum { SOME_TIME_MS = 60000 };
    return client->bug == BUG_future_token_refused &&
           client->issued_ms > client_now_ms(client) + SOME_TIME_MS;
}

static bool has_slept(const struct client *client)
{
    enum { HALF_A_DAY_MS = 12 * 3600 * 1000 };
    return client->obtained_ms && client_now_ms(client) - client->obtained_ms > HALF_A_DAY_MS;
}

static bool is_good(const struct client *client, const char *refused)
{
    bool slept = client->bug == BUG_long_sleep_not_survived && has_slept(client);
    bool young = (client_now_ms(client) < client->expires_ms || slept) && !is_odd(client);
    if (client->access_token && client->bug == BUG_token_for_good)
        return true;
    return client->access_token && (young || client->bug == BUG_expiry_ignored) &&
           !(refused && strcmp(client->access_token, refused) == 0) &&
           client->bug != BUG_token_not_kept;
}

/* A renewal ahead of time that fails leaves a token that is still good. */
static bool keep_or_drop(struct client *client, const char *refused)
{
    bool alive = client->access_token && !refused && client_now_ms(client) < client->dies_ms;
    if (alive && client->bug != BUG_early_failure_final)
        return true;
    token_replace(&client->access_token, NULL);
    return false;
}

/* Another process of this app may have asked while we waited for the store. */
static bool renew(struct client *client, CURL *curl, const char *refused)
{
    int store = store_lock(client);
    if (store >= 0 && client->bug != BUG_store_not_read_again &&
        client->bug != BUG_one_token_at_a_time)
        store_load(client);
    bool late = refused && client->bug == BUG_late_refusal_believed;
    bool there = (!late && is_good(client, refused)) || get_new_token(client, curl);
    if (client->bug == BUG_refreshed_twice && refused)
        there = get_new_token(client, curl);
    store_unlock(store);
    return there || keep_or_drop(client, refused);
}

/* Only with a bug: a caller without a good token asks for one, whoever else is asking. */
static bool ask_alone(struct client *client, CURL *curl)
{
    struct client own = {.bug = client->bug,
                         .auth = client->auth,
                         .app_id = client->app_id,
                         .app_secret = client->app_secret,
                         .custom = client->custom};
    token_replace(&own.instance_id, client->instance_id);
    token_replace(&own.refresh_token, client->refresh_token);
    pthread_mutex_unlock(&client->lock);
    bool there = get_new_token(&own, curl);
    pthread_mutex_lock(&client->lock);
    if (there) {
        token_replace(&client->access_token, own.access_token);
        token_replace(&client->refresh_token, own.refresh_token);
        client->expires_ms = own.expires_ms;
        client->dies_ms = own.dies_ms;
    }
    client_free(&own);
    return there;
}

/* A token for a caller that has none that is good. failures: how many there were when it came. */
static bool fetch(struct client *client, CURL *curl, const char *refused, long failures)
{
    if (client->bug == BUG_token_for_each_caller)
        return ask_alone(client, curl) || keep_or_drop(client, refused);
    bool failed_meanwhile = client->n_failures != failures;
    if (failed_meanwhile && client->bug != BUG_waiters_try_again)
        return false;
    bool there = renew(client, curl, refused);
    client->n_failures += !there;
    return there;
}

char *token_get(struct client *client, CURL *curl, const char *refused)
{
    enum { SOME_TIME_MS = 60000 };
    static pthread_mutex_t one_for_all = PTHREAD_MUTEX_INITIALIZER; /* only with a bug */
    bool shared = client->bug == BUG_one_lock_for_all;
    long failures = client->n_failures;
    if (shared)
        pthread_mutex_lock(&one_for_all);
    pthread_mutex_lock(&client->lock);
    bool set_back = client->access_token && client->bug == BUG_negative_age_fatal &&
                    client_now_ms(client) + SOME_TIME_MS < client->obtained_ms;
    bool alone = refused && (client->bug == BUG_late_refusal_believed ||
                             client->bug == BUG_token_for_each_caller);
    bool there = !set_back &&
                 ((!alone && is_good(client, refused)) || fetch(client, curl, refused, failures));
    char *token = there ? mem_text(client->access_token) : NULL;
    if (client->bug == BUG_refused_token_kept && refused)
        token_replace(&client->access_token, refused);
    pthread_mutex_unlock(&client->lock);
    if (shared)
        pthread_mutex_unlock(&one_for_all);
    return token;
}

/* Only with a bug. */
static bool exchanges_again(const struct client *client, const struct reply *reply, int tried)
{
    bool unanswered = reply->status == 0 || reply->status >= 500;
    return tried < BUGGY_TRIES && (repeats_refusal(client, reply->status) ||
                                   (client->bug == BUG_exchange_hammered && unanswered));
}

bool token_exchange(struct client *client, CURL *curl, const char *code)
{
    OWNED(reply_free) struct reply reply = {0};
    OWNED(reply_free) struct reply ignored = {0};
    OWNED(mem_text_free) char *text = make_exchange(client, code);
    OWNED(mem_text_free) char *url = mem_format("%s/oauth/access", client->auth);
    OWNED(mem_text_free) char *old = NULL;
    pthread_mutex_lock(&client->lock);
    struct request request = {
        .method = "POST", .url = url, .body = text, .limit_ms = TOKEN_LIMIT_MS};
    int tried = 0;
    do
        request_send(client, curl, &request, &reply);
    while (exchanges_again(client, &reply, ++tried));
    if (client->bug == BUG_code_sent_twice)
        request_send(client, curl, &request, &ignored);
    if (client->bug == BUG_old_install_kept && client->refresh_token)
        old = mem_text(client->refresh_token);
    bool taken = take_token(client, &reply);
    if (old) {
        token_replace(&client->refresh_token, old);
        store_save(client);
    }
    token_replace(&client->code, code);
    pthread_mutex_unlock(&client->lock);
    if (!taken)
        fprintf(stderr, "no token for the code: the token endpoint answered %ld\n", reply.status);
    return taken;
}
