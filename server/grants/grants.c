/* Which grants there are, and what all of them share: who is asking. */
#include <string.h>

#include "grants/grant.h"
#include "shared/mem.h"
#include "shared/text.h"

const struct grant *const grants_oauth[] = {&grant_client_credentials, NULL};
const struct grant *const grants_custom[] = {&grant_custom_code, &grant_custom_refresh, NULL};

/* What a service says when the client is not who it claims to be. */
struct client_refusals {
    enum refusal unknown, secret_wrong, unauthorized;
};

static enum refusal authenticate(struct exchange *x, const struct client_refusals *refusals,
                                 bool custom, struct app *ret_app)
{
    const char *client_id = exchange_param(x, "client_id", custom ? NULL : "clientId");
    const char *secret = exchange_param(x, "client_secret", custom ? NULL : "clientSecret");
    OWNED(app_free) struct app app = {0};
    if (!store_find_app(x->world->store, x->world->id, client_id, &app))
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
