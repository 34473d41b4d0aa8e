/* Rules about what must not be seen where. */
#include <string.h>

#include "checks/checks.h"
#include "checks/counting.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

/* Whether a target holds the secret, as it is or percent-encoded. */
static bool target_holds(const char *target, const char *secret)
{
    if (strstr(target, secret))
        return true;
    OWNED(buf_free) struct buf plain = {0};
    text_add_unescaped(&plain, target, strlen(target), true);
    return strstr(buf_str(&plain), secret) != NULL;
}

/* The first alias whose name starts so and whose secret stands in a target. The installer's pages
 * are left out: Wix itself asks for the access token in close-window's query. */
static void look_in_targets(const struct evidence *evidence, const char *const *kinds,
                            size_t n_kinds, struct finding *finding)
{
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        for (size_t a = 0; a < evidence->n_aliases; a++) {
            const struct alias *alias = &evidence->aliases[a];
            bool wanted = false;
            for (size_t k = 0; k < n_kinds; k++)
                wanted = wanted || strncmp(alias->name, kinds[k], strlen(kinds[k])) == 0;
            if (!wanted || !target_holds(exchange->target, alias->secret))
                continue;
            finding_broken(finding, exchange, "<%s> in the URI of %s %s", alias->name,
                           exchange->method, exchange->path);
            return;
        }
    }
}

static void judge_targets(const struct evidence *evidence, const char *const *kinds, size_t n_kinds,
                          struct finding *finding)
{
    if (!evidence->wire.n) {
        finding_undecided(finding, "no request");
        return;
    }
    finding_holds(finding, "none in %zu request%s", evidence->wire.n,
                  counting_s((int64_t)evidence->wire.n));
    look_in_targets(evidence, kinds, n_kinds, finding);
}

void check_credentials_in_body_only(const struct evidence *evidence, const cJSON *params,
                                    struct finding *finding)
{
    static const char *const kinds[] = {"app-secret", "refresh#", "code#"};
    (void)params;
    buf_text(&finding->expected, "no secret, refresh token or code in any URI");
    judge_targets(evidence, kinds, sizeof kinds / sizeof *kinds, finding);
}

void check_access_token_not_in_uri(const struct evidence *evidence, const cJSON *params,
                                   struct finding *finding)
{
    static const char *const kinds[] = {"access#"};
    (void)params;
    buf_text(&finding->expected, "no access token in any URI");
    judge_targets(evidence, kinds, sizeof kinds / sizeof *kinds, finding);
}

static const struct alias *find_secret(const struct evidence *evidence, const char *text,
                                       const char *kind)
{
    for (size_t i = 0; text && i < evidence->n_aliases; i++)
        if (strncmp(evidence->aliases[i].name, kind, strlen(kind)) == 0 &&
            strstr(text, evidence->aliases[i].secret))
            return &evidence->aliases[i];
    return NULL;
}

void check_secrets_not_in_headers(const struct evidence *evidence, const cJSON *params,
                                  struct finding *finding)
{
    static const char *const names[] = {"Referer", "User-Agent", "Cookie"};
    static const char *const kinds[] = {""};
    (void)params;
    buf_text(&finding->expected, "no secret in a URI, Referer, User-Agent or Cookie");
    judge_targets(evidence, kinds, 1, finding);
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        for (size_t h = 0; h < sizeof names / sizeof *names; h++) {
            const struct alias *alias =
                find_secret(evidence, exchange_header(exchange, names[h]), "");
            if (!alias)
                continue;
            finding_broken(finding, exchange, "<%s> in %s", alias->name, names[h]);
            return;
        }
    }
}

/* The secret of that kind in any header or the body of a request, or NULL. */
static const struct alias *find_anywhere(const struct evidence *evidence,
                                         const struct exchange *exchange, const char *kind)
{
    const struct alias *found = find_secret(evidence, exchange->body, kind);
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, exchange->headers)
    {
        const char *value = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
        found = found ? found : find_secret(evidence, value, kind);
    }
    return found ? found : find_secret(evidence, exchange->target, kind);
}

static void judge_elsewhere(const struct evidence *evidence, const char *kind,
                            struct finding *finding)
{
    finding_undecided(finding, "no request but for tokens");
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        if (exchange->kind == EXCHANGE_TOKEN)
            continue;
        const struct alias *alias = find_anywhere(evidence, exchange, kind);
        if (alias) {
            finding_broken(finding, exchange, "<%s> sent to %s", alias->name, exchange->path);
            return;
        }
        finding_holds(finding, "sent to the token endpoint alone");
    }
}

void check_app_secret_at_token_endpoint_only(const struct evidence *evidence, const cJSON *params,
                                             struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "the client secret in token requests alone");
    judge_elsewhere(evidence, "app-secret", finding);
}

void check_refresh_token_not_at_api(const struct evidence *evidence, const cJSON *params,
                                    struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "refresh tokens in token requests alone");
    judge_elsewhere(evidence, "refresh#", finding);
}

/* The spellings in which a secret may stand in a log. */
static void spell(const char *secret, int spelling, struct buf *out)
{
    enum { PLAIN, ESCAPED, BASE64URL };
    if (spelling == PLAIN)
        buf_text(out, secret);
    if (spelling == ESCAPED)
        text_add_escaped(out, secret);
    if (spelling == BASE64URL)
        text_add_base64url(out, secret, strlen(secret) / 3 * 3);
}

static const struct alias *find_printed(const struct evidence *evidence, const struct buf *printed)
{
    enum { SPELLINGS = 3 };
    for (size_t i = 0; i < evidence->n_aliases; i++) {
        for (int spelling = 0; spelling < SPELLINGS; spelling++) {
            OWNED(buf_free) struct buf text = {0};
            spell(evidence->aliases[i].secret, spelling, &text);
            if (text.len && strstr(buf_str(printed), buf_str(&text)))
                return &evidence->aliases[i];
        }
    }
    return NULL;
}

void check_output_clean(const struct evidence *evidence, const cJSON *params,
                        struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    const struct alias *out = find_printed(evidence, &performance->out);
    const struct alias *err = find_printed(evidence, &performance->err);
    const struct alias *found = out ? out : err;
    (void)params;
    buf_text(&finding->expected, "no secret, token or code in what the client prints");
    if (!evidence->wire.n)
        finding_undecided(finding, "no request, so there was nothing to tell");
    else if (!found)
        finding_holds(finding, "none in %zu bytes", performance->out.len + performance->err.len);
    else
        finding_broken(finding, &evidence->wire.list[evidence->wire.n - 1], "<%s> on %s",
                       found->name, out ? "stdout" : "stderr");
}

void check_arguments_clean(const struct evidence *evidence, const cJSON *params,
                           struct finding *finding)
{
    const struct buf *arguments = &evidence->performance.arguments;
    const struct alias *found = find_printed(evidence, arguments);
    (void)params;
    buf_text(&finding->expected, "no secret, token or code in an argument of a program");
    if (!arguments->len)
        finding_undecided(finding, "no process of the client was seen");
    else if (found)
        finding_broken(finding, evidence->wire.n ? &evidence->wire.list[0] : NULL,
                       "<%s> in the command line of a process", found->name);
    else
        finding_holds(finding, "none in %zu bytes", arguments->len);
}

void check_debug_output_measured(const struct evidence *evidence, const cJSON *params,
                                 struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    const struct alias *out = find_printed(evidence, &performance->out);
    const struct alias *err = find_printed(evidence, &performance->err);
    (void)params;
    if (!evidence->wire.n)
        finding_undecided(finding, "no request, so there was nothing to tell");
    else if (out || err)
        finding_measured(finding, "<%s> on %s", out ? out->name : err->name,
                         out ? "stdout" : "stderr");
    else
        finding_measured(finding, "nothing secret");
}

void check_user_agent_measured(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    (void)params;
    if (!evidence->wire.n) {
        finding_undecided(finding, "no request");
        return;
    }
    const char *agent = exchange_header(&evidence->wire.list[0], "User-Agent");
    finding_measured(finding, "%s", agent ? agent : "no User-Agent");
}

void check_store_is_private(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no file that others may read");
    if (!evidence->performance.persists)
        finding_undecided(finding, "nothing is kept");
    else if (evidence->performance.shows_store && evidence->wire.n)
        finding_broken(finding, &evidence->wire.list[evidence->wire.n - 1],
                       "a file in the state folder that others may read");
    else
        finding_holds(finding, "its files are its own");
}
