/* The token services: checking what all their grants share, then the grant's own file. */
#include <string.h>
#include <strings.h>

#include "grants/grant.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

/* How one service names the things that can be wrong before a grant runs. */
struct token_service {
    const struct grant *const *grants;
    bool camel; /* takes both spellings; the old service does by profile only */
    enum refusal malformed, bad_type, grant_missing, grant_unsupported, field_missing, field_type;
};

static const struct token_service oauth2 = {
    .grants = grants_oauth,
    .camel = true,
    .malformed = REFUSAL_TOKEN_BODY_MALFORMED,
    .bad_type = REFUSAL_TOKEN_TYPE_UNSUPPORTED,
    .grant_missing = REFUSAL_TOKEN_GRANT_MISSING,
    .grant_unsupported = REFUSAL_TOKEN_GRANT_UNSUPPORTED,
    .field_missing = REFUSAL_TOKEN_FIELD_MISSING,
    .field_type = REFUSAL_TOKEN_FIELD_TYPE,
};

static const struct token_service access_service = {
    .grants = grants_custom,
    .malformed = REFUSAL_ACCESS_BODY_MALFORMED,
    .bad_type = REFUSAL_ACCESS_BODY_MALFORMED,
    .grant_missing = REFUSAL_ACCESS_GRANT_MISSING,
    .grant_unsupported = REFUSAL_ACCESS_GRANT_UNSUPPORTED,
    .field_missing = REFUSAL_ACCESS_FIELD_MISSING,
    .field_type = REFUSAL_ACCESS_FIELD_TYPE,
};

static const struct grant *find_grant(const struct grant *const *grants, const char *name)
{
    for (; *grants; grants++)
        if (strcmp((*grants)->name, name) == 0)
            return *grants;
    return NULL;
}

static enum refusal check_body(struct exchange *x, const struct token_service *service)
{
    if (x->body_kind == BODY_OTHER_TYPE)
        return service->bad_type;
    if (x->body_kind == BODY_MALFORMED)
        return exchange_refuse(x, service->malformed, "%s",
                               x->body_problem ? x->body_problem : "malformed");
    if (x->body && !cJSON_IsObject(x->body))
        return exchange_refuse(x, service->malformed, "it is not an object");
    return REFUSAL_NONE;
}

/* A parameter that must be there, be a text, and not be empty. */
static enum refusal check_field(struct exchange *x, const struct token_service *service,
                                struct grant_field field, enum refusal missing)
{
    const char *camel = service->camel ? field.camel : NULL;
    if (!exchange_has_param(x, field.snake, camel))
        return exchange_refuse(x, missing, "%s", field.snake);
    const char *text = exchange_param(x, field.snake, camel);
    if (!text)
        return exchange_refuse(x, service->field_type, "%s", field.snake);
    return *text ? REFUSAL_NONE : exchange_refuse(x, missing, "%s is empty", field.snake);
}

static enum refusal run_service(struct exchange *x, const struct token_service *known)
{
    struct token_service asked = *known;
    const struct token_service *service = &asked;
    asked.camel =
        asked.camel || profile_is(&x->world->profile, PROFILE_ACCESS_CAMEL_CASE, "accept");
    enum refusal refusal = check_body(x, service);
    if (refusal)
        return refusal;
    struct grant_field type = {"grant_type", "grantType"};
    refusal = check_field(x, service, type, service->grant_missing);
    if (refusal)
        return refusal;
    const struct grant *grant = find_grant(
        service->grants, exchange_param(x, type.snake, service->camel ? type.camel : NULL));
    if (!grant)
        return service->grant_unsupported;
    for (const struct grant_field *field = grant->fields; field->snake; field++) {
        refusal = check_field(x, service, *field, service->field_missing);
        if (refusal)
            return refusal;
    }
    OWNED(tree_free) cJSON *answer = cJSON_CreateObject();
    refusal = grant->run(x, answer);
    if (refusal)
        return refusal;
    exchange_answer(x, 200, answer);
    answer = NULL;
    return REFUSAL_NONE;
}

static void forbid_caching(struct exchange *x)
{
    response_header(x->response, "Cache-Control", "no-store");
    response_header(x->response, "Pragma", "no-cache");
}

/* Client id and secret from an HTTP Basic header (RFC 6749 section 2.3.1) into the body, where the
 * profile takes them and the body has none. */
static void take_basic(struct exchange *x)
{
    const char *value = request_header(x->request, "Authorization");
    if (!value || strncasecmp(value, "Basic ", 6) != 0 || !cJSON_IsObject(x->body) ||
        !profile_is(&x->world->profile, PROFILE_HTTP_BASIC, "accept") ||
        exchange_has_param(x, "client_secret", "clientSecret"))
        return;
    OWNED(buf_free) struct buf pair = {0};
    value += 6 + strspn(value + 6, " ");
    if (!text_decode_base64url(&pair, value, strlen(value), true))
        return;
    const char *colon = strchr(buf_str(&pair), ':');
    if (!colon)
        return;
    OWNED(buf_free) struct buf id = {0};
    OWNED(buf_free) struct buf secret = {0};
    text_add_unescaped(&id, pair.data, (size_t)(colon - pair.data), true);
    text_add_unescaped(&secret, colon + 1, strlen(colon + 1), true);
    if (!tree_text_is_sound(buf_str(&id), id.len) ||
        !tree_text_is_sound(buf_str(&secret), secret.len))
        return;
    if (!exchange_has_param(x, "client_id", "clientId"))
        tree_put_text(x->body, "client_id", buf_str(&id));
    tree_put_text(x->body, "client_secret", buf_str(&secret));
}

enum refusal oauth2_token(struct exchange *x)
{
    forbid_caching(x);
    take_basic(x);
    return run_service(x, &oauth2);
}

enum refusal oauth_access(struct exchange *x)
{
    forbid_caching(x);
    if (x->body_kind == BODY_FORM &&
        profile_is(&x->world->profile, PROFILE_ACCESS_FORM_BODIES, "refuse"))
        return REFUSAL_ACCESS_FORM_BODY;
    return run_service(x, &access_service);
}
