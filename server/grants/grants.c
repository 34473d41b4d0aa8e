/* Which grants there are, and what all of them share: who is asking. */
#include <ctype.h>
#include <string.h>

#include "grants/grant.h"
#include "shared/mem.h"
#include "shared/text.h"

const struct grant *const grants_oauth[] = {
    &grant_client_credentials, &grant_anonymous,           &grant_oauth_refresh, &grant_oauth_code,
    &grant_authorized_client,  &grant_strip_bound_session, &grant_device_code,   NULL};
const struct grant *const grants_custom[] = {&grant_custom_code, &grant_custom_refresh, NULL};

/* What a service says when the client is not who it claims to be. */
struct client_refusals {
    enum refusal unknown, secret_wrong, unauthorized;
};

/* Ids in Wix are GUIDs, written in lower case; whether it takes others is unknown (pick 18). */
static bool fold_id(const struct exchange *x, const char *id, char ret_id[static MODEL_ID_MAX + 1])
{
    size_t len = strlen(id);
    if (len > MODEL_ID_MAX || !profile_is(&x->world->profile, PROFILE_ID_CASE, "ignore"))
        return false;
    for (size_t i = 0; i <= len; i++)
        ret_id[i] = (char)tolower((unsigned char)id[i]);
    return true;
}

bool grant_find_app(struct exchange *x, const char *app_id, struct app *ret_app)
{
    char folded[MODEL_ID_MAX + 1];
    struct store *store = x->world->store;
    return store_find_app(store, x->world->id, app_id, ret_app) ||
           (fold_id(x, app_id, folded) && store_find_app(store, x->world->id, folded, ret_app));
}

bool grant_find_instance(struct exchange *x, const char *id, struct instance *ret_instance)
{
    char folded[MODEL_ID_MAX + 1];
    struct store *store = x->world->store;
    return store_find_instance(store, x->world->id, id, ret_instance) ||
           (fold_id(x, id, folded) &&
            store_find_instance(store, x->world->id, folded, ret_instance));
}

bool grant_spend_code(struct exchange *x, const struct token *code)
{
    if (token_spend(x->world, code))
        return true;
    if (profile_is(&x->world->profile, PROFILE_CODE_REUSE, "revoke"))
        token_revoke_family(x->world, code);
    return profile_is(&x->world->profile, PROFILE_CODE_REUSE, "accept");
}

bool grant_is_retired(struct exchange *x, const struct token *token)
{
    if (!token_is_spent(x->world, token))
        return false;
    if (x->kill_on_reuse || x->world->kill_on_reuse || token_is_strict(x->world, token))
        token_revoke_family(x->world, token);
    return true;
}

static enum refusal authenticate(struct exchange *x, const struct client_refusals *refusals,
                                 bool custom, struct app *ret_app)
{
    const char *client_id = exchange_param(x, "client_id", "clientId");
    const char *secret = exchange_param(x, "client_secret", "clientSecret");
    OWNED(app_free) struct app app = {0};
    if (!grant_find_app(x, client_id, &app))
        return refusals->unknown;
    if (!text_same_secret(app.secret, secret))
        return refusals->secret_wrong;
    if (custom ? !app.custom : !app.oauth)
        return refusals->unauthorized;
    *ret_app = app;
    app = (struct app){0};
    return REFUSAL_NONE;
}

enum refusal grant_oauth_client(struct exchange *x, struct app *ret_app)
{
    static const struct client_refusals refusals = {REFUSAL_TOKEN_CLIENT_UNKNOWN,
                                                    REFUSAL_TOKEN_SECRET_WRONG,
                                                    REFUSAL_TOKEN_CLIENT_UNAUTHORIZED};
    return authenticate(x, &refusals, false, ret_app);
}

enum refusal grant_custom_client(struct exchange *x, struct app *ret_app)
{
    static const struct client_refusals refusals = {REFUSAL_ACCESS_CLIENT_UNKNOWN,
                                                    REFUSAL_ACCESS_SECRET_WRONG,
                                                    REFUSAL_ACCESS_CLIENT_UNAUTHORIZED};
    return authenticate(x, &refusals, true, ret_app);
}
