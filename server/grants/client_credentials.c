/* client_credentials on /oauth2/token: an access token for the app on one site, or, without
 * instance_id, for the app alone (create-access-token). No refresh token; earlier tokens stay
 * valid. */
#include <string.h>

#include "grants/grant.h"
#include "shared/mem.h"
#include "shared/tree.h"

/* The instance the request names, installed and this app's own. */
static enum refusal find_instance(struct exchange *x, const struct app *app,
                                  struct instance *ret_instance)
{
    const char *id = exchange_param(x, "instance_id", "instanceId");
    struct instance instance;
    if (!grant_find_instance(x, id, &instance) || strcmp(instance.app_id, app->app_id) != 0)
        return REFUSAL_TOKEN_INSTANCE_UNKNOWN;
    if (instance.state == INSTALL_UNINSTALLED)
        return REFUSAL_TOKEN_INSTANCE_UNINSTALLED;
    *ret_instance = instance;
    return REFUSAL_NONE;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = grant_oauth_client(x, &app);
    if (refusal)
        return refusal;
    struct instance instance = {0};
    if (exchange_has_param(x, "instance_id", "instanceId")) {
        const char *id = exchange_param(x, "instance_id", "instanceId");
        if (!id || !*id)
            return exchange_refuse(x, id ? REFUSAL_TOKEN_FIELD_MISSING : REFUSAL_TOKEN_FIELD_TYPE,
                                   "instance_id%s", id ? " is empty" : "");
        refusal = find_instance(x, &app, &instance);
        if (refusal)
            return refusal;
    }
    int64_t lifetime_s = world_lifetime_s(x->world, LIFETIME_OAUTH_ACCESS, app.app_id);
    if (!*instance.instance_id &&
        profile_is(&x->world->profile, PROFILE_INSTANCELESS_LIFETIME, "300"))
        lifetime_s = 300;
    struct token token = {.kind = TOKEN_OAUTH_ACCESS,
                          .generation = instance.generation,
                          .expires_ms = x->now_ms + lifetime_s * 1000};
    memcpy(token.app_id, app.app_id, sizeof token.app_id);
    memcpy(token.instance_id, instance.instance_id, sizeof token.instance_id);
    memcpy(token.site_id, instance.site_id, sizeof token.site_id);
    token_put(x, &token, answer, "access_token");
    tree_put_text(answer, "token_type", "Bearer");
    tree_put_plain_int(answer, "expires_in", lifetime_s);
    return REFUSAL_NONE;
}

const struct grant grant_client_credentials = {
    .name = "client_credentials",
    .fields = {{"client_id", "clientId"}, {"client_secret", "clientSecret"}},
    .summary = "an access token for an app, on one site when instance_id names an installation",
    .run = run,
};
