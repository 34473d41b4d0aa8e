/* Tokens of custom authentication: no token_type and no expires_in (refresh-access-token). */
#include "grants/custom.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

static struct token token_for(enum token_kind kind, const struct instance *instance)
{
    struct token token = {.kind = kind, .generation = instance->generation};
    memcpy(token.app_id, instance->app_id, sizeof token.app_id);
    memcpy(token.instance_id, instance->instance_id, sizeof token.instance_id);
    memcpy(token.site_id, instance->site_id, sizeof token.site_id);
    return token;
}

void custom_put_access_token(struct exchange *x, const struct instance *instance, cJSON *answer)
{
    struct token token = token_for(TOKEN_CUSTOM_ACCESS, instance);
    token.expires_ms =
        x->now_ms + world_lifetime_s(x->world, LIFETIME_CUSTOM_ACCESS, instance->app_id) * 1000;
    token_put(x, &token, answer, "access_token");
}

void custom_put_refresh_token(struct exchange *x, const struct instance *instance,
                              const struct token *line, cJSON *answer)
{
    struct token token = token_for(TOKEN_CUSTOM_REFRESH, instance);
    if (line)
        token.family = line->family;
    token_put(x, &token, answer, "refresh_token");
}
