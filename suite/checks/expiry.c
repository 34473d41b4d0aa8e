/* Rules about tokens that are refused or past their time. */
#include <string.h>

#include "checks/checks.h"
#include "checks/counting.h"

static bool is_expired_call(const struct exchange *exchange)
{
    return counting_is_api(exchange) && strcmp(exchange->outcome, "api-token-expired") == 0;
}

void check_expired_token_recovered(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "no expired token sent, or 401, a new token and the call again");
    size_t expired = counting_first(wire, 0, is_expired_call);
    if (expired == wire->n) {
        finding_holds(finding, "no expired token was sent");
        return;
    }
    for (; expired < wire->n; expired = counting_first(wire, expired + 1, is_expired_call)) {
        size_t token = counting_first(wire, expired, exchange_asks_for_token);
        if (token == wire->n) {
            finding_broken(finding, &wire->list[expired],
                           "an expired token was sent and no new one asked for");
            return;
        }
        if (counting_first(wire, token, counting_is_api_ok) == wire->n) {
            finding_broken(finding, &wire->list[expired],
                           "a new token was asked for, but no call succeeded with it");
            return;
        }
    }
    finding_holds(finding, "an expired token was sent, refused, and replaced");
}

void check_no_expired_token_sent(const struct evidence *evidence, const cJSON *params,
                                 struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "no API call with an expired token");
    size_t expired = counting_first(wire, 0, is_expired_call);
    if (expired < wire->n)
        finding_broken(finding, &wire->list[expired], "<%s> after its time",
                       evidence_token_name(evidence, wire->list[expired].token));
    else if (counting_from(wire, 0, exchange_asks_for_token) < 2)
        finding_undecided(finding, "no second token, and no call that needed one");
    else
        finding_holds(finding, "a new token was asked for in time");
}

void check_clock_has_moved(const struct evidence *evidence, const cJSON *params,
                           struct finding *finding)
{
    int64_t n = counting_from(&evidence->wire, 0, exchange_asks_for_token);
    (void)params;
    buf_text(&finding->expected, "a second token request, 700 s after a token for 600 s");
    if (n >= 2)
        finding_holds(finding, "it asked for another token");
    else if (evidence->performance.has_moved_clock)
        finding_elsewhere(finding, "does not count a token's life by the time of day: it asked for "
                                   "no other token, though its clock was moved");
    else
        finding_undecided(finding,
                          "%lld token request%s, and nothing shows that its clock could be moved",
                          (long long)n, counting_s(n));
}

/* The first call like the one refused, from number `from` on. */
static size_t find_retry(const struct wire *wire, const struct exchange *refused, size_t from)
{
    for (; from < wire->n; from++)
        if (counting_is_api(&wire->list[from]) &&
            strcmp(wire->list[from].method, refused->method) == 0 &&
            strcmp(wire->list[from].path, refused->path) == 0)
            return from;
    return wire->n;
}

void check_retried_after_401(const struct evidence *evidence, const cJSON *params,
                             struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "401, a token request, the same call again with success");
    size_t refused = counting_first(wire, 0, counting_is_api_401);
    if (refused == wire->n) {
        finding_undecided(finding, "no API call was refused");
        return;
    }
    size_t token = counting_first(wire, refused, exchange_asks_for_token);
    if (token == wire->n) {
        finding_broken(finding, &wire->list[refused], "no token request after the 401");
        return;
    }
    size_t retry = find_retry(wire, &wire->list[refused], token);
    if (retry == wire->n)
        finding_broken(finding, &wire->list[refused], "the call was not made again");
    else if (!exchange_is_ok(&wire->list[retry]))
        finding_broken(finding, &wire->list[retry], "the call was made again and got %d",
                       wire->list[retry].status);
    else
        finding_holds(finding, "the call was made again and succeeded");
}

void check_retry_has_new_token(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "the token of the latest token reply in the call made again");
    size_t refused = counting_first(wire, 0, counting_is_api_401);
    size_t token = counting_first(wire, refused, exchange_asks_for_token);
    size_t retry = token < wire->n ? find_retry(wire, &wire->list[refused], token) : wire->n;
    if (retry == wire->n) {
        finding_undecided(finding, "no call was made again after a 401 and a token request");
        return;
    }
    const char *old = wire->list[refused].token;
    const char *again = wire->list[retry].token;
    if (old && again && strcmp(old, again) == 0)
        finding_broken(
            finding, &wire->list[retry], "the refused <%s> again, not <%s>",
            evidence_token_name(evidence, again),
            evidence_token_name(evidence, exchange_answer(&wire->list[token], "access_token")));
    else
        finding_holds(finding, "<%s> after <%s>", evidence_token_name(evidence, again),
                      evidence_token_name(evidence, old));
}

void check_refusals_bounded(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    int64_t calls = evidence->performance.n_calls;
    int64_t max_tokens = checks_number(params, "max_tokens", 2) * calls;
    int64_t max_calls = checks_number(params, "max_calls", 3) * calls;
    buf_format(
        &finding->expected, "at most %lld token request%s after a 401, and %lld API request%s",
        (long long)max_tokens, counting_s(max_tokens), (long long)max_calls, counting_s(max_calls));
    size_t refused = counting_first(wire, 0, counting_is_api_401);
    if (refused == wire->n) {
        finding_undecided(finding, "no API call was refused");
        return;
    }
    int64_t tokens = counting_from(wire, refused, exchange_asks_for_token);
    int64_t tries = counting_from(wire, 0, counting_is_api);
    if (tokens > max_tokens || tries > max_calls)
        finding_broken(finding, &wire->list[wire->n - 1],
                       "%lld token request%s, %lld API request%s", (long long)tokens,
                       counting_s(tokens), (long long)tries, counting_s(tries));
    else
        finding_holds(finding, "%lld token request%s, %lld API request%s", (long long)tokens,
                      counting_s(tokens), (long long)tries, counting_s(tries));
}

static bool is_forbidden(const struct exchange *exchange)
{
    return counting_is_api(exchange) && exchange->status == 403;
}

void check_no_refresh_after_403(const struct evidence *evidence, const cJSON *params,
                                struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "no token request after a 403");
    size_t refused = counting_first(wire, 0, is_forbidden);
    if (refused == wire->n) {
        finding_undecided(finding, "no API call was answered with 403");
        return;
    }
    size_t token = counting_first(wire, refused, exchange_asks_for_token);
    if (token < wire->n)
        finding_broken(finding, &wire->list[token], "a token request after the 403");
    else
        finding_holds(finding, "none");
}

void check_refresh_token_kept(const struct evidence *evidence, const cJSON *params,
                              struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    const char *newest = evidence->stage->refresh_token;
    int64_t min = checks_number(params, "min", 2);
    int64_t n = 0;
    buf_format(&finding->expected,
               "the newest refresh token in every refresh, and at least %lld of them",
               (long long)min);
    for (size_t i = 0; i < wire->n; i++) {
        const struct exchange *exchange = &wire->list[i];
        if (!exchange_asks_for_token(exchange))
            continue;
        const char *sent = exchange_field(exchange, "refresh_token");
        if (!sent || !newest || strcmp(sent, newest) != 0) {
            finding_broken(finding, exchange, "<%s> was sent, <%s> is the newest",
                           evidence_token_name(evidence, sent),
                           evidence_token_name(evidence, newest));
            return;
        }
        n++;
        const char *given = exchange_answer(exchange, "refresh_token");
        newest = given ? given : newest;
    }
    if (n < min)
        finding_undecided(finding, "%lld refresh%s, which shows nothing", (long long)n,
                          n == 1 ? "" : "es");
    else
        finding_holds(finding, "the newest in %s%lld refresh%s", n == 1 ? "" : "each of ",
                      (long long)n, n == 1 ? "" : "es");
}

void check_refused_token_not_sent_again(const struct evidence *evidence, const cJSON *params,
                                        struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "no refused token in a call after a newer one was granted");
    size_t refused = counting_first(wire, 0, counting_is_api_401);
    size_t token = counting_first(wire, refused, exchange_asks_for_token);
    if (token == wire->n) {
        finding_undecided(finding, "no API call was refused and followed by a token request");
        return;
    }
    const char *old = wire->list[refused].token;
    for (size_t i = token; old && i < wire->n; i++) {
        const struct exchange *exchange = &wire->list[i];
        if (!counting_is_api(exchange) || !exchange->token || strcmp(exchange->token, old) != 0)
            continue;
        finding_broken(finding, exchange, "the refused <%s> again",
                       evidence_token_name(evidence, old));
        return;
    }
    finding_holds(finding, "<%s> was not sent again", evidence_token_name(evidence, old));
}

void check_expired_token_not_sent(const struct evidence *evidence, const cJSON *params,
                                  struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    int64_t max = checks_number(params, "max", 0);
    int64_t n = counting_from(wire, 0, is_expired_call);
    const struct exchange *culprit = counting_nth(wire, is_expired_call, max + 1);
    buf_format(&finding->expected, "at most %lld call%s with an expired token", (long long)max,
               counting_s(max));
    if (counting_first(wire, 0, counting_is_api) == wire->n)
        finding_undecided(finding, "no API request");
    else if (culprit)
        finding_broken(finding, culprit, "<%s>, which had expired",
                       evidence_token_name(evidence, culprit->token));
    else
        finding_holds(finding, "%lld such call%s", (long long)n, counting_s(n));
}

void check_token_reuse_measured(const struct evidence *evidence, const cJSON *params,
                                struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    const struct exchange *first = counting_nth(wire, counting_is_api, 1);
    const struct exchange *second = counting_nth(wire, counting_is_api, 2);
    if (!second)
        finding_undecided(finding, "fewer than two API requests");
    else
        finding_measured(finding, "%s",
                         first->token && second->token && strcmp(first->token, second->token) == 0
                             ? "used again"
                             : "replaced");
}
