/* A call with the token there is, and once more with a new one where that is refused. */
#include "reference/call.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/request.h"
#include "reference/retry.h"
#include "reference/token.h"
#include "shared/mem.h"

enum { CALL_LIMIT_MS = 20000, HALF_A_DAY_MS = 12 * 3600 * 1000 };

/* What may be sent twice: a GET, and whatever was refused before it was looked at. */
static bool may_repeat(const struct client *client, const struct request *request,
                       const struct reply *reply)
{
    return client->bug == BUG_post_replayed || strcmp(request->method, "GET") == 0 ||
           reply->status == 429;
}

static void call_api(const struct client *client, CURL *curl, const struct call_wish *wish,
                     const char *token, struct stream *stream, struct reply *reply)
{
    bool is_again = reply->status != 0;
    bool leak = client->bug == BUG_token_in_uri;
    OWNED(mem_text_free)
    char *url = mem_format("%s%s%s%s", client->api, wish->path ? wish->path : "/conformance/probe",
                           leak ? "?access_token=" : "", leak ? token : "");
    const char *scheme = client->bug == BUG_bearer_sent ? "Bearer " : "";
    OWNED(mem_text_free) char *header = mem_format("Authorization: %s%s", scheme, token);
    struct request request = {
        .method = wish->method ? wish->method : "GET",
        .url = url,
        .header = *token ? header : NULL,
        .body = is_again && wish->body && client->bug == BUG_body_lost_on_retry ? "" : wish->body,
        .stream = stream->text ? stream : NULL,
        .limit_ms = CALL_LIMIT_MS};
    int tried = 0;
    do {
        if (client->bug != BUG_stream_not_rewound)
            stream->at = 0;
        request_send(client, curl, &request, reply);
    } while (may_repeat(client, &request, reply) && retry_call(client, reply, ++tried));
}

static bool wants_new_token(const struct client *client, const struct reply *reply)
{
    long status = reply->status;
    if (client->bug == BUG_empty_401_ignored && !reply->body.len)
        return false;
    if (client->bug == BUG_token_for_good)
        return false;
    if (client->bug == BUG_long_sleep_not_survived && client->obtained_ms &&
        client_now_ms(client) - client->obtained_ms > HALF_A_DAY_MS)
        return false;
    if (status == 401)
        return client->bug != BUG_no_refresh_on_401 && client->bug != BUG_last_second_used;
    return status == 403 && client->bug == BUG_refresh_on_403;
}

static bool is_past_pace(struct client *client)
{
    enum { PER_MINUTE = 200 };
    return client->bug == BUG_pace_kept && atomic_fetch_add(&client->n_calls, 1) >= PER_MINUTE;
}

/* One call: with the token there is, and once more with a new one where that is refused. */
static bool make_call(struct client *client, CURL *curl, const struct call_wish *wish)
{
    OWNED(reply_free) struct reply reply = {0};
    struct stream stream = {.text = wish->stream ? wish->body : NULL};
    if (is_past_pace(client))
        return false;
    OWNED(mem_text_free) char *token = token_get(client, curl, NULL);
    if (!token && client->bug == BUG_call_without_token)
        token = mem_text("");
    if (!token)
        return false;
    call_api(client, curl, wish, token, &stream, &reply);
    long first = reply.status;
    int retries = client->bug == BUG_refresh_without_end ? BUGGY_TRIES : 1;
    for (int i = 0; i < retries && wants_new_token(client, &reply); i++) {
        OWNED(mem_text_free) char *fresh = token_get(client, curl, token);
        if (!fresh)
            return false;
        if (client->bug != BUG_retry_with_old_token)
            token_replace(&token, fresh);
        call_api(client, curl, wish, token, &stream, &reply);
    }
    if (client->bug == BUG_first_answer_reported && first == 401)
        reply.status = first;
    if (client->bug == BUG_error_body_logged && reply.status != 200)
        fprintf(stderr, "%s\n", buf_str(&reply.body));
    if (reply.status != 200)
        fprintf(stderr, "the API answered %ld\n", reply.status);
    return reply.status == 200;
}

struct crew {
    struct client *client;
    const struct call_wish *wish;
    atomic_long left;
    atomic_bool failed;
};

static void *work(void *arg)
{
    struct crew *crew = arg;
    CURL *curl = curl_easy_init();
    while (atomic_fetch_sub(&crew->left, 1) > 0)
        if (!make_call(crew->client, curl, crew->wish))
            crew->failed = true;
    curl_easy_cleanup(curl);
    return NULL;
}

bool call_many(struct client *client, const struct call_wish *wish)
{
    enum { MOST = 256 };
    struct crew crew = {.client = client, .wish = wish, .left = (long)wish->calls};
    pthread_t threads[MOST];
    int started = 0;
    while (started < wish->parallel - 1 && started < MOST &&
           pthread_create(&threads[started], NULL, work, &crew) == 0)
        started++;
    work(&crew);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return !crew.failed;
}
