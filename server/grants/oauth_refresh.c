/* refresh_token on /oauth2/token, for visitors, members and users. The refresh token comes back
 * signed anew with the same inner id, and the one that was sent stays good: the SDK keeps its old
 * one, the CLI takes the new one. With siteId the access token is for that site and
 * lives 900 s. */
#include <string.h>

#include "grants/headless.h"
#include "shared/mem.h"

enum { SITE_TOKEN_S = 900 };

static enum refusal read_token(struct exchange *x, const struct app *app, struct token *ret_token)
{
    const struct token *read = token_of(x, exchange_param(x, "refresh_token", "refreshToken"));
    if (!read || read->kind != TOKEN_OAUTH_REFRESH || strcmp(read->world, x->world->id) != 0)
        return REFUSAL_TOKEN_REFRESH_UNKNOWN;
    x->used_serial = read->serial;
    exchange_set_instance(x, read->instance_id);
    if (strcmp(read->app_id, app->app_id) != 0)
        return REFUSAL_TOKEN_REFRESH_APP_MISMATCH;
    switch (token_standing(x->world, read, x->now_ms)) {
    case STANDING_GOOD:
        break;
    case STANDING_EXPIRED:
        return REFUSAL_TOKEN_REFRESH_EXPIRED;
    case STANDING_REVOKED:
        return REFUSAL_TOKEN_REFRESH_REVOKED;
    case STANDING_UNINSTALLED:
        return REFUSAL_TOKEN_REFRESH_UNINSTALLED;
    }
    if (grant_is_retired(x, read))
        return REFUSAL_TOKEN_REFRESH_REVOKED;
    *ret_token = *read;
    return REFUSAL_NONE;
}

/* Narrow a person's token to the site the request names. */
static enum refusal narrow(struct exchange *x, struct token *person, int64_t *lifetime_s)
{
    if (!exchange_has_param(x, "site_id", "siteId"))
        return REFUSAL_NONE;
    const char *site_id = exchange_param(x, "site_id", "siteId");
    if (!site_id)
        return exchange_refuse(x, REFUSAL_TOKEN_FIELD_TYPE, "site_id");
    OWNED(site_free) struct site site = {0};
    if (!store_find_site(x->world->store, x->world->id, site_id, &site))
        return REFUSAL_TOKEN_SITE_UNKNOWN;
    struct instance instance = {0};
    if (store_find_installed(x->world->store, x->world->id, person->app_id, site.site_id,
                             &instance) &&
        instance.state == INSTALL_UNINSTALLED)
        instance = (struct instance){0};
    memcpy(person->site_id, site.site_id, sizeof person->site_id);
    memcpy(person->instance_id, instance.instance_id, sizeof person->instance_id);
    person->generation = instance.generation;
    *lifetime_s = SITE_TOKEN_S;
    return REFUSAL_NONE;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    struct token line;
    enum refusal refusal = headless_client(x, &app);
    if (!refusal)
        refusal = read_token(x, &app, &line);
    if (refusal)
        return refusal;
    int64_t lifetime_s = world_lifetime_s(x->world, LIFETIME_OAUTH_ACCESS, app.app_id);
    struct token person = line;
    refusal = narrow(x, &person, &lifetime_s);
    if (refusal)
        return refusal;
    if (x->rotate) {
        token_spend(x->world, &line);
        if (x->kill_on_reuse)
            token_make_strict(x->world, &line);
        line.id[0] = '\0';
    }
    headless_answer(x, &person, &line, lifetime_s, answer);
    return REFUSAL_NONE;
}

const struct grant grant_oauth_refresh = {
    .name = "refresh_token",
    .fields = {{"client_id", "clientId"}, {"refresh_token", "refreshToken"}},
    .summary = "a new access token for a visitor, member or user; with site_id for that site",
    .run = run,
};
