/* Rules about redirects to another origin. The other origin is the same fake under the other name
 * of this machine, so what came there is in the same journal, with another Host. */
#include <string.h>
#include <strings.h>

#include "checks/checks.h"
#include "shared/mem.h"

/* A client that was led here believes that it is at one of these. */
static bool is_wix(const char *host)
{
    static const char *const hosts[] = {"www.wixapis.com", "www.wix.com"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strcasecmp(host, hosts[i]) == 0)
            return true;
    return false;
}

/* Whether a request came under another host than the one the client was given. */
static bool is_elsewhere(const struct evidence *evidence, const struct exchange *exchange)
{
    const char *base = evidence->stage->world.base;
    const char *host = exchange_header(exchange, "Host");
    const char *given = base ? strstr(base, "://") : NULL;
    if (!host || !given || is_wix(host))
        return false;
    given += 3;
    size_t len = strcspn(given, "/");
    return strlen(host) != len || strncasecmp(given, host, len) != 0;
}

static const struct alias *find_secret(const struct evidence *evidence, const char *text)
{
    for (size_t i = 0; text && i < evidence->n_aliases; i++)
        if (strstr(text, evidence->aliases[i].secret))
            return &evidence->aliases[i];
    return NULL;
}

typedef const struct alias *leak_fn(const struct evidence *evidence,
                                    const struct exchange *exchange);

static const struct alias *leaked_in_authorization(const struct evidence *evidence,
                                                   const struct exchange *exchange)
{
    return find_secret(evidence, exchange_header(exchange, "Authorization"));
}

static const struct alias *leaked_in_body(const struct evidence *evidence,
                                          const struct exchange *exchange)
{
    const struct alias *in_body = find_secret(evidence, exchange->body);
    return in_body ? in_body : find_secret(evidence, exchange->target);
}

static const struct alias *leaked_in_headers(const struct evidence *evidence,
                                             const struct exchange *exchange)
{
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, exchange->headers)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        const char *value = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
        if (name && strcasecmp(name, "Authorization") != 0 && find_secret(evidence, value))
            return find_secret(evidence, value);
    }
    return NULL;
}

static const struct alias *leaked_anywhere(const struct evidence *evidence,
                                           const struct exchange *exchange)
{
    const struct alias *leak = leaked_in_authorization(evidence, exchange);
    leak = leak ? leak : leaked_in_body(evidence, exchange);
    return leak ? leak : leaked_in_headers(evidence, exchange);
}

static void judge(const struct evidence *evidence, leak_fn *leaked, const char *where,
                  struct finding *finding)
{
    finding_holds(finding, "nothing secret came %s", where);
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        const struct alias *alias = leaked(evidence, exchange);
        if (!alias || !is_elsewhere(evidence, exchange))
            continue;
        finding_broken(finding, exchange, "<%s> came %s", alias->name, where);
        return;
    }
}

void check_authorization_stays_at_origin(const struct evidence *evidence, const cJSON *params,
                                         struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no Authorization header with the token at another origin");
    judge(evidence, leaked_in_authorization, "to another origin", finding);
}

void check_credentials_stay_at_origin(const struct evidence *evidence, const cJSON *params,
                                      struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no secret, refresh token or code at another origin");
    judge(evidence, leaked_in_body, "to another origin", finding);
}

void check_other_headers_stay_at_origin(const struct evidence *evidence, const cJSON *params,
                                        struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no token or secret in any other header at another origin");
    judge(evidence, leaked_in_headers, "to another origin", finding);
}

/* The port without TLS is another origin, and the only one that such a scenario leads to. */
void check_nothing_in_clear(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no token, secret, refresh token or code over http");
    judge(evidence, leaked_anywhere, "over http, in clear", finding);
}
