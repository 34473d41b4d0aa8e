/* strip_bound_session on /oauth2/token: the access token a page was given, for one that an app's
 * backend may use. There is no client_id: the token says which app's secret must come with it. */
#include <string.h>

#include "grants/headless.h"
#include "shared/mem.h"
#include "shared/text.h"

static enum refusal run(struct exchange *x, cJSON *answer)
{
    const struct token *bound = token_of(x, exchange_param(x, "access_token", "accessToken"));
    if (!bound || bound->kind != TOKEN_OAUTH_ACCESS || strcmp(bound->world, x->world->id) != 0 ||
        token_standing(x->world, bound, x->now_ms) != STANDING_GOOD)
        return REFUSAL_TOKEN_BOUND_INVALID;
    exchange_set_app(x, bound->app_id);
    exchange_set_instance(x, bound->instance_id);
    x->used_serial = bound->serial;
    OWNED(app_free) struct app app = {0};
    if (!store_find_app(x->world->store, x->world->id, bound->app_id, &app))
        return REFUSAL_TOKEN_BOUND_INVALID;
    if (!text_same_secret(app.secret, exchange_param(x, "client_secret", "clientSecret")))
        return REFUSAL_TOKEN_SECRET_WRONG;
    if (!app.oauth)
        return REFUSAL_TOKEN_CLIENT_UNAUTHORIZED;
    headless_answer(x, bound, NULL, (bound->expires_ms - x->now_ms + 999) / 1000, answer);
    return REFUSAL_NONE;
}

const struct grant grant_strip_bound_session = {
    .name = "strip_bound_session",
    .fields = {{"client_secret", "clientSecret"}, {"access_token", "accessToken"}},
    .summary = "an access token of a page for one of the same identity that a backend may use",
    .run = run,
};
