/* authorization_code on /oauth2/token: a headless code, bound to its redirect URI and to the PKCE
 * challenge it was asked with (RFC 7636 section 4.6). */
#include <string.h>

#include "grants/headless.h"
#include "shared/mem.h"

static enum refusal read_code(struct exchange *x, const struct app *app, struct token *ret_code)
{
    const struct token *read = token_of(x, exchange_param(x, "code", NULL));
    if (!read || read->kind != TOKEN_HEADLESS_CODE || strcmp(read->world, x->world->id) != 0)
        return REFUSAL_TOKEN_CODE_UNKNOWN;
    x->used_serial = read->serial;
    exchange_set_instance(x, read->instance_id);
    if (strcmp(read->app_id, app->app_id) != 0)
        return REFUSAL_TOKEN_CODE_APP_MISMATCH;
    switch (token_standing(x->world, read, x->now_ms)) {
    case STANDING_GOOD:
        break;
    case STANDING_EXPIRED:
        return REFUSAL_TOKEN_CODE_EXPIRED;
    case STANDING_REVOKED:
    case STANDING_UNINSTALLED:
        return REFUSAL_TOKEN_CODE_UNKNOWN;
    }
    *ret_code = *read;
    return REFUSAL_NONE;
}

/* The redirect URI and the verifier must be those of the authorization request. */
static enum refusal check_binding(struct exchange *x, const struct token *code)
{
    char digest[DIGEST_LEN + 1];
    const char *redirect_uri = exchange_param(x, "redirect_uri", "redirectUri");
    if (*code->redirect_digest) {
        digest_text(redirect_uri ? redirect_uri : "", digest);
        if (strcmp(digest, code->redirect_digest) != 0)
            return REFUSAL_TOKEN_CODE_REDIRECT;
    }
    digest_text(exchange_param(x, "code_verifier", "codeVerifier"), digest);
    return text_same_secret(digest, code->challenge) ? REFUSAL_NONE : REFUSAL_TOKEN_CODE_VERIFIER;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    struct token code;
    enum refusal refusal = headless_client(x, &app);
    if (!refusal)
        refusal = read_code(x, &app, &code);
    if (!refusal)
        refusal = check_binding(x, &code);
    if (refusal)
        return refusal;
    if (!grant_spend_code(x, &code))
        return REFUSAL_TOKEN_CODE_REUSED;
    struct token person = code;
    person.id[0] = person.challenge[0] = person.redirect_digest[0] = '\0';
    headless_answer(x, &person, code.offline ? &person : NULL,
                    world_lifetime_s(x->world, LIFETIME_OAUTH_ACCESS, app.app_id), answer);
    return REFUSAL_NONE;
}

const struct grant grant_oauth_code = {
    .name = "authorization_code",
    .fields = {{"client_id", "clientId"}, {"code", NULL}, {"code_verifier", "codeVerifier"}},
    .summary = "a headless code, with its redirect_uri and PKCE verifier, for a member's tokens",
    .run = run,
};
