/* Rules about the codes of installs, and about what an install leaves behind. */
#include <string.h>

#include "checks/checks.h"
#include "checks/counting.h"
#include "evidence/url.h"
#include "shared/mem.h"

/* Whatever else is wrong with it: a request with a code is an exchange. */
static bool is_exchange(const struct exchange *exchange)
{
    const char *grant = exchange_field(exchange, "grant_type");
    return exchange_asks_for_token(exchange) &&
           (exchange_field(exchange, "code") ||
            (grant && strcmp(grant, "authorization_code") == 0));
}

static bool is_granted(const struct exchange *exchange)
{
    return exchange_asks_for_token(exchange) && exchange_is_ok(exchange) &&
           exchange_answer(exchange, "access_token");
}

static bool is_granted_exchange(const struct exchange *exchange)
{
    return is_exchange(exchange) && is_granted(exchange);
}

static bool is_refused_exchange(const struct exchange *exchange)
{
    return is_exchange(exchange) && exchange->status >= 400;
}

void check_code_exchanges(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    counting_judge(&evidence->wire, is_exchange, params, "code exchange", finding);
}

void check_exchange_measured(const struct evidence *evidence, const cJSON *params,
                             struct finding *finding)
{
    int64_t n = counting_from(&evidence->wire, 0, is_exchange);
    const struct exchange *last = counting_nth(&evidence->wire, is_exchange, n);
    (void)params;
    if (!last)
        finding_measured(finding, "the code is not exchanged");
    else
        finding_measured(finding, "%lld exchange%s, the last answered with %d", (long long)n,
                         counting_s(n), last->status);
}

/* The code of an exchange, or "". */
static const char *code_of(const struct exchange *exchange)
{
    const char *code = exchange_field(exchange, "code");
    return code ? code : "";
}

void check_code_used_once(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "each code in one request");
    finding_undecided(finding, "no code was exchanged");
    for (size_t i = 0; i < wire->n; i++) {
        if (!is_exchange(&wire->list[i]))
            continue;
        finding_holds(finding, "each code in one request");
        for (size_t earlier = 0; earlier < i; earlier++) {
            if (!is_exchange(&wire->list[earlier]) ||
                strcmp(code_of(&wire->list[earlier]), code_of(&wire->list[i])) != 0)
                continue;
            finding_broken(finding, &wire->list[i], "<%s> for the second time",
                           evidence_token_name(evidence, code_of(&wire->list[i])));
            return;
        }
    }
}

/* Whether a callback brought that code. */
static bool was_brought(const struct evidence *evidence, const char *code)
{
    for (size_t i = 0; i < evidence->performance.n_visits; i++) {
        const struct visit *visit = &evidence->performance.visits[i];
        OWNED(mem_text_free)
        char *brought = visit->kind == VISIT_CALLBACK ? url_param(visit->url, "code") : NULL;
        if (brought && strcmp(brought, code) == 0)
            return true;
    }
    return false;
}

void check_code_exact(const struct evidence *evidence, const cJSON *params, struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "the callback's code in the exchange, byte for byte");
    if (counting_first(wire, 0, is_exchange) == wire->n) {
        finding_broken(finding, NULL, "the code is not exchanged");
        return;
    }
    finding_holds(finding, "byte for byte");
    for (size_t i = 0; i < wire->n; i++) {
        if (!is_exchange(&wire->list[i]) || was_brought(evidence, code_of(&wire->list[i])))
            continue;
        finding_broken(finding, &wire->list[i], "the code \"%s\", which no callback brought",
                       code_of(&wire->list[i]));
        return;
    }
}

/* What the client says of the last callback; NULL where it says it with the end of its program. */
static const struct answer *find_answer(const struct performance *performance)
{
    for (size_t i = performance->n_answers; i > 0; i--)
        if (strcmp(performance->answers[i - 1].step, "callback") == 0)
            return &performance->answers[i - 1];
    return NULL;
}

static bool closes_window(const struct performance *performance)
{
    for (size_t i = 0; i < performance->n_visits; i++)
        if (performance->visits[i].location && performance->visits[i].kind != VISIT_INSTALLER &&
            strstr(performance->visits[i].location, "/installer/close-window"))
            return true;
    return false;
}

/* What a web app writes on a page with status 200 is for people; that it sends the browser to the
 * end of the installer is plain. lost: so many grants a fault took away on the way to the client.
 */
void check_install_not_claimed(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    const struct answer *answer = find_answer(performance);
    bool is_page = answer && answer->status;
    bool ok = answer ? answer->ok : performance->end == CLIENT_OK;
    buf_text(&finding->expected, "an install that got no token is not reported as done");
    if (counting_from(&evidence->wire, 0, is_granted) > checks_number(params, "lost", 0))
        finding_holds(finding, "a token was granted after all");
    else if (closes_window(performance))
        finding_broken(finding, NULL, "the browser is sent to close-window, and there is no token");
    else if (is_page)
        finding_holds(finding, "the callback is answered with %d", answer->status);
    else if (ok)
        finding_broken(finding, NULL, "the client reports success, and there is no token");
    else
        finding_holds(finding, "the client reports an error");
}

void check_dead_code_survived(const struct evidence *evidence, const cJSON *params,
                              struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    size_t refused = counting_first(wire, 0, is_refused_exchange);
    (void)params;
    if (refused == wire->n) {
        finding_undecided(finding, "no code was refused");
        return;
    }
    buf_text(&finding->expected, "an error is reported, or client credentials are used instead");
    for (size_t i = refused + 1; i < wire->n; i++) {
        const char *grant = exchange_field(&wire->list[i], "grant_type");
        const char *instance = exchange_field(&wire->list[i], "instance_id");
        if (!exchange_asks_for_token(&wire->list[i]) || !grant ||
            strcmp(grant, "client_credentials") != 0)
            continue;
        bool right = instance && strcmp(instance, evidence->stage->world.instance_id) == 0;
        finding_measured(finding, "client credentials are used, for %s installation",
                         right ? "the callback's" : "another");
        return;
    }
    if (evidence->performance.end != CLIENT_OK)
        finding_measured(finding, "an error is reported");
    else if (counting_first(wire, refused, counting_is_api) < wire->n)
        finding_measured(finding, "calls are made without a token of this install");
    else
        finding_broken(finding, NULL, "success is reported, and no call is made");
}

/* Whether an exchange before number `before` brought this token. */
static bool is_from_before(const struct wire *wire, size_t before, const char *token)
{
    static const char *const names[] = {"access_token", "refresh_token"};
    for (size_t i = 0; token && i < before; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            const char *given = exchange_answer(&wire->list[i], names[k]);
            if (given && wire->list[i].kind == EXCHANGE_TOKEN && strcmp(given, token) == 0)
                return true;
        }
    return false;
}

void check_newest_install_used(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    int64_t n = counting_from(wire, 0, is_granted_exchange);
    const struct exchange *newest = n > 1 ? counting_nth(wire, is_granted_exchange, n) : NULL;
    (void)params;
    buf_text(&finding->expected, "after a new install, no token of the one before");
    finding_undecided(finding, "no second install, or nothing after it");
    for (size_t at = newest ? (size_t)(newest - wire->list) : wire->n, i = at; i < wire->n; i++) {
        const struct exchange *exchange = &wire->list[i];
        const char *refresh = exchange_field(exchange, "refresh_token");
        const char *token = exchange_asks_for_token(exchange) ? refresh : exchange->token;
        if (!token)
            continue;
        if (is_from_before(wire, at, token)) {
            finding_broken(finding, exchange, "<%s>, of the install before",
                           evidence_token_name(evidence, token));
            return;
        }
        finding_holds(finding, "the new install's tokens alone");
    }
}

/* Whether the client was given this refresh token before. */
static bool was_given(const struct evidence *evidence, size_t before, const char *token)
{
    const char *first = evidence->stage->refresh_token;
    for (size_t i = 0; i < before; i++) {
        const char *given = exchange_answer(&evidence->wire.list[i], "refresh_token");
        if (given && strcmp(given, token) == 0)
            return true;
    }
    return first && strcmp(first, token) == 0;
}

void check_refresh_token_was_given(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    enum { SHORT = 24 }; /* no token, but a word such as "undefined" */
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "a refresh token that was given, or no refresh");
    finding_holds(finding, "no other refresh token was sent");
    for (size_t i = 0; i < wire->n; i++) {
        const struct exchange *exchange = &wire->list[i];
        const char *grant = exchange_field(exchange, "grant_type");
        const char *token = exchange_field(exchange, "refresh_token");
        bool refresh = grant && strcmp(grant, "refresh_token") == 0;
        if (!exchange_asks_for_token(exchange) || (!refresh && !token) ||
            (token && was_given(evidence, i, token)))
            continue;
        const char *name = evidence_token_name(evidence, token);
        bool is_word = token && strlen(token) < SHORT && strcmp(name, "an unknown token") == 0;
        finding_broken(finding, exchange, "a refresh with %s", is_word ? token : name);
        return;
    }
}
