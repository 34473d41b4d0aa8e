/* refresh_token on /oauth/access: a new access token, and the same refresh token again, as Wix
 * documents (refresh-access-token). Rotation happens only where a fault or the profile asks for it.
 */
#include "grants/custom.h"
#include "shared/mem.h"
#include "shared/tree.h"

static const int64_t token_life_ms = INT64_C(730) * 86400 * 1000;

static const struct custom_refusals refusals = {
    .unknown = REFUSAL_REFRESH_TOKEN_UNKNOWN,
    .app_mismatch = REFUSAL_REFRESH_TOKEN_APP_MISMATCH,
    .expired = REFUSAL_REFRESH_TOKEN_EXPIRED,
    .revoked = REFUSAL_REFRESH_TOKEN_REVOKED,
    .uninstalled = REFUSAL_REFRESH_TOKEN_UNINSTALLED,
};

static enum refusal read_token(struct exchange *x, const struct app *app, struct token *ret_token)
{
    const char *text = exchange_param(x, "refresh_token", "refreshToken");
    enum refusal refusal = custom_read(x, app, TOKEN_CUSTOM_REFRESH, text, &refusals, ret_token);
    if (refusal)
        return refusal;
    if (profile_is(&x->world->profile, PROFILE_REFRESH_TOKEN_EXPIRY, "730d") &&
        x->now_ms >= ret_token->issued_ms + token_life_ms)
        return REFUSAL_REFRESH_TOKEN_EXPIRED;
    return grant_is_retired(x, ret_token) ? REFUSAL_REFRESH_TOKEN_REVOKED : REFUSAL_NONE;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = grant_custom_client(x, &app);
    if (refusal)
        return refusal;
    struct token token;
    refusal = read_token(x, &app, &token);
    if (refusal)
        return refusal;
    struct instance instance;
    if (!store_find_instance(x->world->store, x->world->id, token.instance_id, &instance))
        return REFUSAL_REFRESH_TOKEN_UNINSTALLED;
    if (x->rotate || profile_is(&x->world->profile, PROFILE_ROTATE_REFRESH_TOKENS, "true")) {
        token_spend(x->world, &token);
        if (x->kill_on_reuse)
            token_make_strict(x->world, &token);
        custom_put_refresh_token(x, &instance, &token, answer);
    } else {
        tree_put_plain(answer, "refresh_token", exchange_param(x, "refresh_token", "refreshToken"));
    }
    custom_put_access_token(x, &instance, answer);
    return REFUSAL_NONE;
}

const struct grant grant_custom_refresh = {
    .name = "refresh_token",
    .fields = {{"client_id", "clientId"},
               {"client_secret", "clientSecret"},
               {"refresh_token", "refreshToken"}},
    .summary = "a new access token; the refresh token comes back as it was sent",
    .run = run,
};
