/* Token Info: what a token is. An unknown, expired or revoked one is simply not active. */
#include <stdlib.h>
#include <string.h>

#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "tokens/token.h"

/* Wix's typings: int64 as a text of digits (token-info). */
static void put_seconds(cJSON *object, const char *name, int64_t ms)
{
    char *text = mem_format("%lld", (long long)(ms / 1000));
    tree_put_text(object, name, text);
    free(text);
}

static void put_id(cJSON *object, const char *name, const char *id)
{
    if (*id)
        tree_put_text(object, name, id);
}

static bool is_active(struct exchange *x, const struct token *token)
{
    return token && strcmp(token->world, x->world->id) == 0 && token->kind != TOKEN_CODE &&
           token_standing(x->world, token, x->now_ms) == STANDING_GOOD &&
           !token_is_spent(x->world, token);
}

enum refusal oauth2_token_info(struct exchange *x)
{
    if (x->body_kind == BODY_MALFORMED || x->body_kind == BODY_OTHER_TYPE ||
        (x->body && !cJSON_IsObject(x->body)))
        return REFUSAL_TOKEN_INFO_BODY_MALFORMED;
    const char *text = exchange_param(x, "token", NULL);
    if (!text || !*text)
        return REFUSAL_TOKEN_INFO_TOKEN_MISSING;
    const struct token *token = token_of(x, text);
    cJSON *answer = cJSON_CreateObject();
    bool active = is_active(x, token);
    tree_put_flag(answer, "active", active);
    if (active) {
        tree_put_text(answer, "subjectType", "APP");
        tree_put_text(answer, "subjectId", token->app_id);
        if (token->expires_ms)
            put_seconds(answer, "exp", token->expires_ms);
        put_seconds(answer, "iat", token->issued_ms);
        tree_put_text(answer, "clientId", token->app_id);
        put_id(answer, "siteId", token->site_id);
        put_id(answer, "instanceId", token->instance_id);
    }
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
