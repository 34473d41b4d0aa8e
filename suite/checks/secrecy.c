/* Rules about what must not be seen where. */
#include <string.h>

#include "checks/checks.h"
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
    finding_holds(finding, "none in %zu requests", evidence->wire.n);
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
