/* Tokens of custom authentication: no token_type and no expires_in (refresh-access-token). */
#include "grants/custom.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

enum refusal custom_read(struct exchange *x, const struct app *app, enum token_kind kind,
                         const char *text, const struct custom_refusals *refusals,
                         struct token *ret_token)
{
    const struct token *read = token_of(x, text);
    if (!read || read->kind != kind || strcmp(read->world, x->world->id) != 0)
        return refusals->unknown;
    *ret_token = *read;
    x->used_serial = read->serial;
    exchange_set_instance(x, ret_token->instance_id);
    if (strcmp(ret_token->app_id, app->app_id) != 0)
        return refusals->app_mismatch;
    switch (token_standing(x->world, ret_token, x->now_ms)) {
    case STANDING_GOOD:
        return REFUSAL_NONE;
    case STANDING_EXPIRED:
        return refusals->expired;
    case STANDING_REVOKED:
        return refusals->revoked;
    case STANDING_UNINSTALLED:
        break;
    }
    return refusals->uninstalled;
}

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
