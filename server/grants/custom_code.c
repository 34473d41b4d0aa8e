/* authorization_code on /oauth/access: a code that lives ten minutes and is taken once. */
#include "grants/custom.h"
#include "shared/mem.h"

static const struct custom_refusals refusals = {
    .unknown = REFUSAL_CODE_UNKNOWN,
    .app_mismatch = REFUSAL_CODE_APP_MISMATCH,
    .expired = REFUSAL_CODE_EXPIRED,
    .revoked = REFUSAL_CODE_UNKNOWN,
    .uninstalled = REFUSAL_CODE_UNKNOWN,
};

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = grant_custom_client(x, &app);
    if (refusal)
        return refusal;
    struct token code;
    refusal = custom_read(x, &app, TOKEN_CODE, exchange_param(x, "code", NULL), &refusals, &code);
    if (!refusal && !grant_spend_code(x, &code))
        refusal = REFUSAL_CODE_REUSED;
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
