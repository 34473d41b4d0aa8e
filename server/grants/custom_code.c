/* authorization_code on /oauth/access: a code that lives ten minutes and is taken once. */
#include <string.h>

#include "grants/custom.h"
#include "shared/mem.h"

/* Spend a code: a refusal leaves the store as it was. */
static enum refusal take_code(struct exchange *x, const struct app *app, struct token *ret_code)
{
    const struct token *read = token_of(x, exchange_param(x, "code", NULL));
    if (!read || read->kind != TOKEN_CODE || strcmp(read->world, x->world->id) != 0)
        return REFUSAL_CODE_UNKNOWN;
    struct token code = *read;
    x->used_serial = code.serial;
    exchange_set_instance(x, code.instance_id);
    if (strcmp(code.app_id, app->app_id) != 0)
        return REFUSAL_CODE_APP_MISMATCH;
    switch (token_standing(x->world, &code, x->now_ms)) {
    case STANDING_GOOD:
        break;
    case STANDING_EXPIRED:
        return REFUSAL_CODE_EXPIRED;
    case STANDING_REVOKED:
    case STANDING_UNINSTALLED:
        return REFUSAL_CODE_UNKNOWN;
    }
    if (!grant_spend_code(x, &code))
        return REFUSAL_CODE_REUSED;
    *ret_code = code;
    return REFUSAL_NONE;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = grant_custom_client(x, &app);
    if (refusal)
        return refusal;
    struct token code;
    refusal = take_code(x, &app, &code);
    if (refusal)
        return refusal;
    struct instance instance;
    if (!store_find_instance(x->world->store, x->world->id, code.instance_id, &instance))
        return REFUSAL_CODE_UNKNOWN;
    custom_put_refresh_token(x, &instance, &code, answer);
    custom_put_access_token(x, &instance, answer);
    return REFUSAL_NONE;
}

const struct grant grant_custom_code = {
    .name = "authorization_code",
    .fields = {{"client_id", "clientId"}, {"client_secret", "clientSecret"}, {"code", NULL}},
    .summary = "a code of the install redirect for a refresh token and an access token",
    .run = run,
};
