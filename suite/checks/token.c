/* Rules about requests to the token endpoints. */
#include <string.h>
#include <strings.h>

#include "checks/checks.h"
#include "checks/counting.h"
#include "shared/mem.h"
#include "shared/tree.h"

void check_token_requests(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    counting_judge(&evidence->wire, exchange_asks_for_token, params, "token request", finding);
}

void check_token_requests_per_call(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    int64_t calls = evidence->performance.n_calls;
    int64_t max = checks_number(params, "max", 1) * calls;
    int64_t n = counting_from(&evidence->wire, 0, exchange_asks_for_token);
    buf_format(&finding->expected, "at most %lld token request%s for %lld call%s", (long long)max,
               counting_s(max), (long long)calls, counting_s(calls));
    if (n > max)
        finding_broken(finding, counting_nth(&evidence->wire, exchange_asks_for_token, max + 1),
                       "%lld token request%s", (long long)n, counting_s(n));
    else
        finding_holds(finding, "%lld token request%s", (long long)n, counting_s(n));
}

/* What each grant needs besides the client's own id and secret. */
static const struct {
    const char *grant;
    const char *field;
} grants[] = {
    {"client_credentials", "instance_id"},
    {"refresh_token", "refresh_token"},
    {"authorization_code", "code"},
};

static const char *field_of_grant(const char *grant)
{
    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++)
        if (strcmp(grants[i].grant, grant) == 0)
            return grants[i].field;
    return NULL;
}

/* The first thing that is wrong with one token request, or NULL. */
static const char *fault_of_request(const struct evidence *evidence,
                                    const struct exchange *exchange)
{
    const struct world *world = &evidence->stage->world;
    const char *grant = exchange_field(exchange, "grant_type");
    const char *id = exchange_field(exchange, "client_id");
    const char *secret = exchange_field(exchange, "client_secret");
    if (!exchange->fields)
        return "a body that is neither a JSON object nor a form";
    if (!grant)
        return "no grant_type";
    if (!field_of_grant(grant))
        return "a grant_type that is not of this flow";
    if (!id || strcmp(id, world->app_id) != 0)
        return id ? "another client_id than the one given" : "no client_id";
    if (!secret || strcmp(secret, world->app_secret) != 0)
        return secret ? "another client_secret than the one given" : "no client_secret";
    const char *field = field_of_grant(grant);
    const char *value = exchange_field(exchange, field);
    if (!value || !*value)
        return strcmp(field, "instance_id") == 0 ? "no instance_id" : "no token or code";
    bool is_instance = strcmp(field, "instance_id") == 0;
    return is_instance && strcmp(value, world->instance_id) != 0
               ? "another instance_id than the one given"
               : NULL;
}

void check_token_request_complete(const struct evidence *evidence, const cJSON *params,
                                  struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "grant_type, client_id, client_secret and the field of the grant");
    finding_undecided(finding, "no token request");
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        if (!exchange_asks_for_token(exchange))
            continue;
        const char *fault = fault_of_request(evidence, exchange);
        if (fault) {
            finding_broken(finding, exchange, "a token request with %s", fault);
            return;
        }
        finding_holds(finding, "every token request is complete");
    }
}

void check_token_request_by_post(const struct evidence *evidence, const cJSON *params,
                                 struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "POST");
    finding_undecided(finding, "no request to a token endpoint");
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        bool preflight = strcmp(exchange->method, "OPTIONS") == 0;
        if (exchange->kind != EXCHANGE_TOKEN || preflight)
            continue;
        if (!exchange_asks_for_token(exchange)) {
            finding_broken(finding, exchange, "%s", exchange->method);
            return;
        }
        finding_holds(finding, "POST");
    }
}

void check_token_endpoint_fits_grant(const struct evidence *evidence, const cJSON *params,
                                     struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "each grant at its own endpoint");
    finding_undecided(finding, "no token request");
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        const char *grant = exchange_field(exchange, "grant_type");
        if (!exchange_asks_for_token(exchange) || !grant)
            continue;
        bool is_new = strncmp(exchange->path, "/oauth2/", 8) == 0;
        if (is_new != (strcmp(grant, "client_credentials") == 0)) {
            finding_broken(finding, exchange, "%s at %s", grant, exchange->path);
            return;
        }
        finding_holds(finding, "each grant at its own endpoint");
    }
}

void check_token_requests_measured(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    int64_t n = counting_from(&evidence->wire, 0, exchange_asks_for_token);
    int64_t calls = evidence->performance.n_calls;
    (void)params;
    finding_measured(finding, "%lld token request%s for %lld call%s", (long long)n, counting_s(n),
                     (long long)calls, counting_s(calls));
}

void check_token_request_is_json(const struct evidence *evidence, const cJSON *params,
                                 struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "a JSON object, with Content-Type: application/json");
    finding_undecided(finding, "no token request");
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        if (!exchange_asks_for_token(exchange))
            continue;
        const char *type = exchange_header(exchange, "Content-Type");
        if (!type || strncasecmp(type, "application/json", 16) != 0) {
            finding_broken(finding, exchange, "Content-Type: %s", type ? type : "(none)");
            return;
        }
        OWNED(tree_free) cJSON *body = tree_parse(exchange->body, strlen(exchange->body), NULL);
        if (!cJSON_IsObject(body)) {
            finding_broken(finding, exchange, "a body that is no JSON object");
            return;
        }
        finding_holds(finding, "every token request is JSON and says so");
    }
}
