/* Rules about calls to the API. */
#include <string.h>
#include <strings.h>

#include "checks/checks.h"
#include "checks/counting.h"
#include "shared/mem.h"

void check_api_requests(const struct evidence *evidence, const cJSON *params,
                        struct finding *finding)
{
    counting_judge(&evidence->wire, counting_is_api, params, "API request", finding);
}

void check_api_answered(const struct evidence *evidence, const cJSON *params,
                        struct finding *finding)
{
    int64_t min = checks_number(params, "min", evidence->performance.n_calls);
    int64_t n = counting_from(&evidence->wire, 0, counting_is_api_ok);
    buf_format(&finding->expected, "at least %lld API call%s answered with success", (long long)min,
               counting_s(min));
    if (n < min)
        finding_broken(finding, NULL, "%lld answered with success", (long long)n);
    else
        finding_holds(finding, "%lld answered with success", (long long)n);
}

/* Whether an earlier answer of a token endpoint, with whatever status, brought this token. */
static bool was_issued(const struct wire *wire, size_t before, const char *token)
{
    for (size_t i = 0; i < before; i++) {
        const char *issued = exchange_answer(&wire->list[i], "access_token");
        if (issued && wire->list[i].kind == EXCHANGE_TOKEN && strcmp(issued, token) == 0)
            return true;
    }
    return false;
}

void check_api_token_was_issued(const struct evidence *evidence, const cJSON *params,
                                struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "an issued access token in every API request, or no API request");
    finding_holds(finding, "every API request carries an issued token");
    for (size_t i = 0; i < wire->n; i++) {
        const struct exchange *exchange = &wire->list[i];
        if (!counting_is_api(exchange))
            continue;
        if (!exchange->token || !*exchange->token) {
            finding_broken(finding, exchange, "an API request without a token");
            return;
        }
        if (was_issued(wire, i, exchange->token) ||
            stage_knows_token(evidence->stage, exchange->token))
            continue;
        enum { SHOWN = 24 };
        OWNED(mem_text_free)
        char *start = mem_text_n(exchange->token,
                                 strlen(exchange->token) < SHOWN ? strlen(exchange->token) : SHOWN);
        finding_broken(finding, exchange, "the token \"%s%s\", which was never issued here", start,
                       strlen(exchange->token) > SHOWN ? "…" : "");
        return;
    }
}

void check_authorization_form(const struct evidence *evidence, const cJSON *params,
                              struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    size_t call = counting_first(wire, 0, counting_is_api);
    (void)params;
    if (call == wire->n) {
        finding_undecided(finding, "no API request");
        return;
    }
    const char *value = exchange_header(&wire->list[call], "Authorization");
    bool bearer = value && strncasecmp(value, "Bearer ", 7) == 0;
    finding_measured(finding, "%s",
                     !value   ? "no header"
                     : bearer ? "Bearer and the token"
                              : "the token alone");
}

void check_token_in_one_place(const struct evidence *evidence, const cJSON *params,
                              struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "the token in the Authorization header alone");
    finding_undecided(finding, "no API request with a token");
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        if (!counting_is_api(exchange) || !exchange->token || !*exchange->token)
            continue;
        if (strstr(exchange->target, exchange->token) || strstr(exchange->body, exchange->token)) {
            finding_broken(finding, exchange, "the token in the header, and again in the %s",
                           strstr(exchange->target, exchange->token) ? "URI" : "body");
            return;
        }
        finding_holds(finding, "in the header alone");
    }
}

/* The installation that the call behind an exchange was asked for. Borrowed. */
static const char *instance_asked(const struct evidence *evidence, const struct exchange *exchange)
{
    const struct performance *performance = &evidence->performance;
    bool is_other = false;
    for (size_t i = 0; i < performance->n_answers; i++)
        if (performance->answers[i].from_seq <= exchange->seq)
            is_other = performance->answers[i].is_other;
    return is_other ? evidence->stage->other_instance_id : evidence->stage->world.instance_id;
}

void check_token_of_right_instance(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    buf_text(&finding->expected, "in each call a token of the installation that it is for");
    finding_undecided(finding, "no API request");
    for (size_t i = 0; i < wire->n; i++) {
        const struct exchange *exchange = &wire->list[i];
        const char *asked = instance_asked(evidence, exchange);
        if (!counting_is_api(exchange))
            continue;
        if (*exchange->instance_id && asked && strcmp(exchange->instance_id, asked) != 0) {
            finding_broken(finding, exchange, "<%s>, which was issued for another installation",
                           evidence_token_name(evidence, exchange->token));
            return;
        }
        finding_holds(finding, "each call with a token of its installation");
    }
}

void check_body_survives_retry(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    size_t refused = counting_first(wire, 0, counting_is_api_401);
    size_t again = refused < wire->n ? counting_first(wire, refused + 1, counting_is_api) : wire->n;
    (void)params;
    buf_text(&finding->expected, "the same method and the same body in the call made again");
    if (again == wire->n) {
        finding_undecided(finding, "no call was refused and made again");
        return;
    }
    const struct exchange *first = &wire->list[refused];
    const struct exchange *second = &wire->list[again];
    if (strcmp(first->method, second->method) != 0)
        finding_broken(finding, second, "%s, which was %s", second->method, first->method);
    else if (strcmp(first->body, second->body) != 0)
        finding_broken(finding, second, "%zu bytes of a body, which were %zu", strlen(second->body),
                       strlen(first->body));
    else
        finding_holds(finding, "the same %zu bytes", strlen(first->body));
}

static bool is_held_token_request(const struct exchange *exchange)
{
    return exchange_asks_for_token(exchange) && exchange->fault_id;
}

/* The journal is in the order of the answers: whoever does not wait is answered before the one
 * whose token was held back. */
void check_other_instance_measured(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    size_t held = counting_first(wire, 0, is_held_token_request);
    size_t call = counting_first(wire, 0, counting_is_api_ok);
    (void)params;
    if (held == wire->n || counting_from(wire, 0, counting_is_api_ok) < 2 ||
        counting_from(wire, 0, exchange_asks_for_token) < 2)
        finding_undecided(finding, "there were no calls of two installations, with a token each");
    else
        finding_measured(finding, call < held ? "goes on while the other waits for its token"
                                              : "waits until the other has its token");
}

void check_stream_replay_measured(const struct evidence *evidence, const cJSON *params,
                                  struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    size_t refused = counting_first(wire, 0, counting_is_api_401);
    size_t again = refused < wire->n ? counting_first(wire, refused + 1, counting_is_api) : wire->n;
    (void)params;
    if (refused == wire->n) {
        finding_undecided(finding, "no call was refused");
        return;
    }
    const struct exchange *first = &wire->list[refused];
    if (!exchange_header(first, "Transfer-Encoding")) {
        finding_elsewhere(finding, "sends a stream with its length, so that it has all of it");
        return;
    }
    if (again == wire->n) {
        finding_measured(finding, "not made again");
        return;
    }
    bool whole = strcmp(first->body, wire->list[again].body) == 0;
    finding_measured(finding, whole ? "made again with the whole body"
                                    : "made again without the whole body");
}

static bool is_post(const struct exchange *exchange)
{
    return counting_is_api(exchange) && strcmp(exchange->method, "POST") == 0 &&
           !exchange_header(exchange, "Idempotency-Key");
}

void check_post_not_replayed(const struct evidence *evidence, const cJSON *params,
                             struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    int64_t n = counting_from(wire, 0, is_post);
    (void)params;
    buf_text(&finding->expected, "one POST, or an Idempotency-Key");
    if (n > 1)
        finding_broken(finding, counting_nth(wire, is_post, 2), "%lld POSTs", (long long)n);
    else if (counting_first(wire, 0, counting_is_api) == wire->n)
        finding_undecided(finding, "no API request");
    else
        finding_holds(finding, "sent once");
}

void check_api_use_measured(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    (void)params;
    bool called = counting_first(wire, 0, counting_is_api) < wire->n;
    finding_measured(finding, "%s", called ? "the API is called" : "the API is not called");
}
