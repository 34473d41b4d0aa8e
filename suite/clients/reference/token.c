/* One lock is held over "is the token good?" and "get another one": that is the whole of single
 * flight. A caller that was refused says with which token, so that a token that another caller has
 * replaced meanwhile is not thrown away. All but token_get is under the lock. */
#include "reference/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/request.h"
#include "reference/store.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { DEFAULT_LIFETIME_S = 300, LEEWAY_S = 2 };

static char *make_token_request(const struct client *client, bool with_secret)
{
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "grant_type", client->custom ? "refresh_token" : "client_credentials");
    tree_put_text(body, "client_id", client->app_id);
    if (with_secret)
        tree_put_text(body, "client_secret", client->app_secret);
    if (client->custom)
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
        request_send(curl, "GET", url, NULL, NULL, &ignored);
    }
    request_send(curl, "POST", url, NULL, body, reply);
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

void token_replace(char **text, const char *value)
{
    free(*text);
    *text = value ? mem_text(value) : NULL;
}

/* Keep what a reply brings, on disk before it is used. A reply without a refresh token leaves the
 * one there is. */
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
    token_replace(&client->access_token, access);
    bool rotates = refresh && *refresh && client->bug != BUG_rotation_ignored;
    if (client->custom && (rotates || client->bug == BUG_refresh_token_dropped))
        token_replace(&client->refresh_token, refresh ? refresh : "undefined");
    client->expires_ms = client_now_ms(client) + (read_lifetime_s(answer) - LEEWAY_S) * 1000;
    store_save(client);
    return true;
}

static bool repeats_refusal(const struct client *client, long status)
{
    return (client->bug == BUG_invalid_client_retried && status == 401) ||
           (client->bug == BUG_refused_grant_retried && status == 400);
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
    token_replace(&client->access_token, NULL);
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

static bool is_good(const struct client *client, const char *refused)
{
    return client->access_token && client_now_ms(client) < client->expires_ms &&
           !(refused && strcmp(client->access_token, refused) == 0) &&
           client->bug != BUG_token_not_kept;
}

/* Another process of this app may have asked while we waited for the store. */
static bool renew(struct client *client, CURL *curl, const char *refused)
{
    int store = store_lock(client);
    if (store >= 0)
        store_load(client);
    bool there = is_good(client, refused) || get_new_token(client, curl);
    store_unlock(store);
    return there;
}

char *token_get(struct client *client, CURL *curl, const char *refused)
{
    pthread_mutex_lock(&client->lock);
    bool there = is_good(client, refused) || renew(client, curl, refused);
    char *token = there ? mem_text(client->access_token) : NULL;
    pthread_mutex_unlock(&client->lock);
    return token;
}

bool token_exchange(struct client *client, CURL *curl, const char *code)
{
    OWNED(reply_free) struct reply reply = {0};
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "grant_type", "authorization_code");
    tree_put_text(body, "client_id", client->app_id);
    tree_put_text(body, "client_secret", client->app_secret);
    tree_put_text(body, "code", code);
    OWNED(mem_text_free) char *text = tree_print(body);
    OWNED(mem_text_free) char *url = mem_format("%s/oauth/access", client->auth);
    pthread_mutex_lock(&client->lock);
    request_send(curl, "POST", url, NULL, text, &reply);
    bool taken = take_token(client, &reply);
    pthread_mutex_unlock(&client->lock);
    if (!taken)
        fprintf(stderr, "no token for the code: the token endpoint answered %ld\n", reply.status);
    return taken;
}
