/* refresh_token on /oauth/access: a new access token, and the same refresh token again, as Wix
 * documents (refresh-access-token). Rotation happens only where a fault or the profile asks for it.
 */
#include <string.h>

#include "grants/custom.h"
#include "shared/mem.h"
#include "shared/tree.h"

static const int64_t token_life_ms = INT64_C(730) * 86400 * 1000;

static enum refusal read_token(struct exchange *x, const struct app *app, struct token *ret_token)
{
    const struct token *read = token_of(x, exchange_param(x, "refresh_token", "refreshToken"));
    if (!read || read->kind != TOKEN_CUSTOM_REFRESH || strcmp(read->world, x->world->id) != 0)
        return REFUSAL_REFRESH_TOKEN_UNKNOWN;
    struct token token = *read;
    x->used_serial = token.serial;
    exchange_set_instance(x, token.instance_id);
    if (strcmp(token.app_id, app->app_id) != 0)
        return REFUSAL_REFRESH_TOKEN_APP_MISMATCH;
    if (profile_is(&x->world->profile, PROFILE_REFRESH_TOKEN_EXPIRY, "730d") &&
        x->now_ms >= token.issued_ms + token_life_ms)
        return REFUSAL_REFRESH_TOKEN_EXPIRED;
    switch (token_standing(x->world, &token, x->now_ms)) {
    case STANDING_GOOD:
        break;
    case STANDING_EXPIRED:
        return REFUSAL_REFRESH_TOKEN_EXPIRED;
    case STANDING_REVOKED:
        return REFUSAL_REFRESH_TOKEN_REVOKED;
    case STANDING_UNINSTALLED:
        return REFUSAL_REFRESH_TOKEN_UNINSTALLED;
    }
    *ret_token = token;
    return REFUSAL_NONE;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = grant_custom_client(x, &app);
    if (refusal)
        return refusal;
    struct token token;
    refusal = read_token(x, &app, &token);
    if (!refusal && grant_is_retired(x, &token))
        refusal = REFUSAL_REFRESH_TOKEN_REVOKED;
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
