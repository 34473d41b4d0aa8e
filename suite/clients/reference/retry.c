/* A server that is busy says so with 429 or 5xx, and often for how long. A short wait is waited,
 * a long one is the caller's affair. */
#include "reference/retry.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "shared/mem.h"
#include "shared/text.h"

enum { MOST_TRIES = 4, FIRST_WAIT_MS = 50, MOST_WAIT_S = 5 };

/* What Retry-After asks for in seconds, or -1. A date counts from the server's own clock. */
static int64_t asked_wait_s(const struct client *client, const struct reply *reply)
{
    OWNED(mem_text_free) char *after = reply_header(reply, "Retry-After");
    OWNED(mem_text_free) char *date = reply_header(reply, "Date");
    int64_t seconds = -1;
    if (!after || client->bug == BUG_retry_after_ignored)
        return -1;
    if (text_parse_int(after, 1, INT64_MAX / 1000, &seconds))
        return seconds;
    time_t until = client->bug == BUG_retry_date_ignored ? -1 : curl_getdate(after, NULL);
    time_t now = date ? curl_getdate(date, NULL) : -1;
    return until > 0 && now > 0 && until > now ? until - now : -1;
}

/* Only with what is no fault: callers that are sent away together come back one after the other. */
static int64_t more_ms(const struct client *client)
{
    enum { STEP_MS = 100 };
    static atomic_int callers;
    return client->bug == BUG_retries_spread ? STEP_MS * atomic_fetch_add(&callers, 1) : 0;
}

static bool wait_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
    return true;
}

static bool is_busy(const struct client *client, long status)
{
    if (client->bug == BUG_client_error_retried && status >= 400 && status != 401)
        return true;
    return status == 429 || status == 503 || status == 502 || status == 504;
}

bool retry_call(const struct client *client, const struct reply *reply, int tried)
{
    if (!is_busy(client, reply->status))
        return false;
    if (client->bug == BUG_api_hammered)
        return tried < 4 * BUGGY_TRIES;
    int64_t asked_s = asked_wait_s(client, reply);
    if (tried >= MOST_TRIES || asked_s > MOST_WAIT_S)
        return false;
    return wait_ms(asked_s > 0 ? asked_s * 1000 + more_ms(client)
                               : (int64_t)FIRST_WAIT_MS << (tried - 1));
}

bool retry_token(const struct client *client, const struct reply *reply, int tried)
{
    bool busy = reply->status == 429 || reply->status == 503;
    int64_t asked_s = asked_wait_s(client, reply);
    bool again = busy && tried == 1 && asked_s > 0 && asked_s <= MOST_WAIT_S;
    return again && wait_ms(asked_s * 1000);
}
