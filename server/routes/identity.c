/* Who is behind a token, and with which keys tokens are signed: the OpenID Connect corner of
 * /oauth2, in preview at Wix, and what its command line asks after a login. */
#include <string.h>

#include "grants/headless.h"
#include "routes/facts.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "tokens/jwks.h"

enum refusal oauth2_jwks(struct exchange *x)
{
    response_json(x->response, 200, jwks_json());
    response_header(x->response, "Cache-Control", "public, max-age=3600");
    return REFUSAL_NONE;
}

/* The good access token of the Authorization header, or NULL. Borrowed. */
static const struct token *good_token(struct exchange *x)
{
    const char *text = facts_bearer(x);
    const struct token *token = text ? token_of(x, text) : NULL;
    bool good = token && strcmp(token->world, x->world->id) == 0 && token_is_access(token->kind) &&
                token_standing(x->world, token, x->now_ms) == STANDING_GOOD;
    return good ? token : NULL;
}

enum refusal oauth2_user_info(struct exchange *x)
{
    const struct token *token = good_token(x);
    response_header(x->response, "Cache-Control", "no-store");
    if (!token) {
        response_header(x->response, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
        return REFUSAL_TOKEN_USER_INFO;
    }
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "sub", *token->subject ? token->subject : token->app_id);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

/* {"userId","email"}: what the command line keeps beside its tokens. */
enum refusal cli_user_info(struct exchange *x)
{
    const struct token *token = good_token(x);
    if (!token || token->subject_type != SUBJECT_USER)
        return REFUSAL_API_TOKEN_MALFORMED;
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "userId", token->subject);
    tree_put_text(answer, "email", "user@example.com");
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
