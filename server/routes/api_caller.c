/* Who calls the API, and whether they may. */
#include <stdio.h>
#include <string.h>

#include "routes/api.h"
#include "routes/facts.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "tokens/token.h"

static enum refusal standing_refusal(enum token_standing standing)
{
    switch (standing) {
    case STANDING_GOOD:
        return REFUSAL_NONE;
    case STANDING_EXPIRED:
        return REFUSAL_API_TOKEN_EXPIRED;
    case STANDING_REVOKED:
        return REFUSAL_API_TOKEN_REVOKED;
    case STANDING_UNINSTALLED:
        return REFUSAL_API_APP_UNINSTALLED;
    }
    return REFUSAL_NONE;
}

static enum refusal check_token(struct exchange *x, const struct token *token)
{
    if (!token)
        return REFUSAL_API_TOKEN_MALFORMED;
    if (!*token->world)
        return exchange_refuse(x, REFUSAL_API_TOKEN_MALFORMED,
                               "it was issued before this world was reset");
    if (strcmp(token->world, x->world->id) != 0)
        return exchange_refuse(x, REFUSAL_API_TOKEN_MALFORMED, "it was issued in world %s",
                               token->world);
    if (!token_is_access(token->kind))
        return REFUSAL_API_TOKEN_KIND;
    return standing_refusal(token_standing(x->world, token, x->now_ms));
}

static enum refusal identify_by_token(struct exchange *x, const struct api_need *need,
                                      const char *text, struct caller *ret_caller)
{
    const struct token *token = token_of(x, text);
    enum refusal refusal = check_token(x, token);
    if (refusal)
        return refusal;
    bool is_guest = token->subject_type == SUBJECT_VISITOR || token->subject_type == SUBJECT_MEMBER;
    if (need->app && is_guest)
        return REFUSAL_API_IDENTITY;
    if ((need->site && !*token->site_id) || (need->app && !*token->instance_id))
        return REFUSAL_API_NO_SITE;
    memcpy(ret_caller->app_id, token->app_id, sizeof ret_caller->app_id);
    memcpy(ret_caller->instance_id, token->instance_id, sizeof ret_caller->instance_id);
    memcpy(ret_caller->site_id, token->site_id, sizeof ret_caller->site_id);
    return REFUSAL_NONE;
}

static enum refusal identify_by_key(struct exchange *x, const struct api_need *need,
                                    const cJSON *key, struct caller *ret_caller)
{
    const char *site_id = request_header(x->request, "wix-site-id");
    OWNED(site_free) struct site site = {0};
    if (!key)
        return REFUSAL_API_KEY_UNKNOWN;
    if (need->app)
        return REFUSAL_API_IDENTITY;
    if (!site_id)
        return need->site ? REFUSAL_API_NO_SITE : REFUSAL_NONE;
    if (!store_find_site(x->world->store, x->world->id, site_id, &site) ||
        !settings_allows(tree_get(key, "site_ids"), site_id))
        return REFUSAL_API_SITE_FORBIDDEN;
    memcpy(ret_caller->site_id, site.site_id, sizeof ret_caller->site_id);
    return REFUSAL_NONE;
}

static enum refusal check_rate(struct exchange *x, const struct caller *caller)
{
    int64_t wait_s;
    const char *who = *caller->instance_id ? caller->instance_id : caller->site_id;
    if (!profile_is(&x->world->profile, PROFILE_RATE_LIMIT, "on") || !*who ||
        rate_take(&x->world->rate, who, x->now_ms, &wait_s))
        return REFUSAL_NONE;
    if (profile_is(&x->world->profile, PROFILE_RETRY_AFTER, "seconds")) {
        char text[21];
        snprintf(text, sizeof text, "%lld", (long long)wait_s);
        response_header(x->response, "Retry-After", text);
    }
    return REFUSAL_API_RATE_LIMIT;
}

static bool has_permission(const struct exchange *x, const cJSON *key, const struct caller *caller,
                           const char *permission)
{
    if (key)
        return settings_allows(tree_get(key, "permissions"), permission);
    OWNED(app_free) struct app app = {0};
    return !store_find_app(x->world->store, x->world->id, caller->app_id, &app) ||
           app_has_permission(&app, permission);
}

enum refusal api_authenticate(struct exchange *x, const struct api_need *need,
                              struct caller *ret_caller)
{
    struct caller caller = {0};
    const char *text = facts_bearer(x);
    if (!text)
        return REFUSAL_API_TOKEN_MISSING;
    const cJSON *key = settings_find_key(&x->world->settings, text);
    enum refusal refusal = key || strncmp(text, "IST.", 4) == 0
                               ? identify_by_key(x, need, key, &caller)
                               : identify_by_token(x, need, text, &caller);
    if (!refusal)
        refusal = check_rate(x, &caller);
    if (!refusal && need->permission && !has_permission(x, key, &caller, need->permission))
        refusal = exchange_refuse(x, REFUSAL_API_PERMISSION_MISSING, "%s", need->permission);
    if (!refusal && ret_caller)
        *ret_caller = caller;
    return refusal;
}
