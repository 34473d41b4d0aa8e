/* Token Info: what a token is. It reads the tokens of both services, refresh tokens too, as the SDK
 * passes one, and the signed app instance that pages are given. An unknown, expired or revoked one
 * is simply not active. Source: token-info, signed-instance */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/seal.h"
#include "tokens/token.h"

/* What there is to say of a token; texts are borrowed, NULL or "" is left out. */
struct info {
    const char *subject_type;
    const char *subject;
    const char *client_id;
    const char *account_id;
    const char *site_id;
    const char *instance_id;
    int64_t issued_ms;
    int64_t expires_ms; /* 0: never */
};

static void put_time(struct exchange *x, cJSON *object, const char *name, int64_t ms)
{
    if (profile_is(&x->world->profile, PROFILE_TOKEN_INFO_TIMES, "number")) {
        tree_put_int(object, name, ms / 1000);
        return;
    }
    char *text = mem_format("%lld", (long long)(ms / 1000));
    tree_put_text(object, name, text);
    free(text);
}

static void put_id(cJSON *object, const char *name, const char *id)
{
    if (id && *id)
        tree_put_text(object, name, id);
}

static void put_active(struct exchange *x, cJSON *object, bool active)
{
    if (profile_is(&x->world->profile, PROFILE_TOKEN_INFO_ACTIVE, "text"))
        tree_put_text(object, "active", active ? "true" : "false");
    else
        tree_put_flag(object, "active", active);
}

static void answer_active(struct exchange *x, const struct info *info)
{
    cJSON *answer = cJSON_CreateObject();
    put_active(x, answer, true);
    tree_put_text(answer, "subjectType", info->subject_type);
    put_id(answer, "subjectId", info->subject);
    if (info->expires_ms)
        put_time(x, answer, "exp", info->expires_ms);
    put_time(x, answer, "iat", info->issued_ms);
    put_id(answer, "clientId", info->client_id);
    put_id(answer, "accountId", info->account_id);
    put_id(answer, "siteId", info->site_id);
    put_id(answer, "instanceId", info->instance_id);
    response_json(x->response, 200, answer);
}

static enum refusal answer_inactive(struct exchange *x)
{
    if (!profile_is(&x->world->profile, PROFILE_TOKEN_INFO_INACTIVE, "200"))
        return REFUSAL_TOKEN_INFO_INACTIVE;
    cJSON *answer = cJSON_CreateObject();
    put_active(x, answer, false);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static bool is_active(struct exchange *x, const struct token *token)
{
    bool described = token_is_access(token->kind) || token_is_refresh(token->kind);
    return described && strcmp(token->world, x->world->id) == 0 &&
           token_standing(x->world, token, x->now_ms) == STANDING_GOOD &&
           !token_is_spent(x->world, token);
}

static enum refusal describe_token(struct exchange *x, const struct token *token)
{
    static const char *const types[] = {[SUBJECT_APP] = "APP",
                                        [SUBJECT_VISITOR] = "VISITOR",
                                        [SUBJECT_MEMBER] = "MEMBER",
                                        [SUBJECT_USER] = "USER"};
    if (!is_active(x, token))
        return answer_inactive(x);
    answer_active(x, &(struct info){
                         .subject_type = types[token->subject_type],
                         .subject = *token->subject ? token->subject : token->app_id,
                         .client_id = token->app_id,
                         .account_id = token->subject_type == SUBJECT_USER ? token->subject : NULL,
                         .site_id = token->site_id,
                         .instance_id = token->instance_id,
                         .issued_ms = token->issued_ms,
                         .expires_ms = token->expires_ms,
                     });
    return REFUSAL_NONE;
}

/* The instance's JSON where the app's own secret signed it; NULL otherwise. Gives a tree. */
static cJSON *open_instance(struct exchange *x, const char *text)
{
    OWNED(app_free) struct app app = {0};
    OWNED(buf_free) struct buf json = {0};
    if (!*x->app_id || !store_find_app(x->world->store, x->world->id, x->app_id, &app) ||
        !seal_open_instance(app.secret, text, &json))
        return NULL;
    return tree_parse(buf_str(&json), json.len, NULL);
}

/* Who looks at the page: documented members of the signed instance tell. */
static void set_viewer(struct info *info, const cJSON *signed_instance)
{
    static const char *const viewers[][2] = {
        {"uid", "USER"}, {"siteMemberId", "MEMBER"}, {"aid", "VISITOR"}};
    info->subject_type = "APP";
    info->subject = info->client_id;
    for (size_t i = 0; i < sizeof viewers / sizeof *viewers; i++) {
        const char *id = tree_text(signed_instance, viewers[i][0]);
        if (!id || !*id)
            continue;
        info->subject_type = viewers[i][1];
        info->subject = id;
        return;
    }
}

static enum refusal describe_instance(struct exchange *x, const char *text)
{
    OWNED(tree_free) cJSON *signed_instance = open_instance(x, text);
    const char *id = tree_text(signed_instance, "instanceId");
    const char *signed_at = tree_text(signed_instance, "signDate");
    const char *expires = tree_text(signed_instance, "expirationDate");
    struct instance instance;
    struct info info = {.client_id = x->app_id, .instance_id = id};
    if (!id || !signed_at || !text_parse_iso(signed_at, &info.issued_ms) ||
        (expires && !text_parse_iso(expires, &info.expires_ms)) ||
        (expires && x->now_ms >= info.expires_ms) ||
        !store_find_instance(x->world->store, x->world->id, id, &instance) ||
        instance.state == INSTALL_UNINSTALLED || strcmp(instance.app_id, x->app_id) != 0)
        return answer_inactive(x);
    exchange_set_instance(x, id);
    info.site_id = instance.site_id;
    set_viewer(&info, signed_instance);
    answer_active(x, &info);
    return REFUSAL_NONE;
}

enum refusal oauth2_token_info(struct exchange *x)
{
    response_header(x->response, "Cache-Control", "no-store");
    if (x->body_kind == BODY_MALFORMED || x->body_kind == BODY_OTHER_TYPE ||
        (x->body && !cJSON_IsObject(x->body)))
        return REFUSAL_TOKEN_INFO_BODY_MALFORMED;
    const char *text = exchange_param(x, "token", NULL);
    if (!text || !*text)
        return REFUSAL_TOKEN_INFO_TOKEN_MISSING;
    if (strncasecmp(text, "Bearer ", 7) == 0)
        text += 7; /* clients pass a whole header value on */
    const struct token *token = token_of(x, text);
    return token ? describe_token(x, token) : describe_instance(x, text);
}
