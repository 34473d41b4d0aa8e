/* Wix's API, as far as a token's worth shows there. */
#include "routes/api.h"

#include <string.h>

#include "routes/facts.h"
#include "routes/router.h"
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

enum refusal api_authenticate(struct exchange *x, const char *permission, bool needs_site)
{
    const char *text = facts_bearer(x);
    if (!text)
        return REFUSAL_API_TOKEN_MISSING;
    const struct token *token = token_of(x, text);
    if (!token)
        return REFUSAL_API_TOKEN_MALFORMED;
    if (strcmp(token->world, x->world->id) != 0)
        return exchange_refuse(x, REFUSAL_API_TOKEN_MALFORMED, "it was issued in world %s",
                               token->world);
    if (!token_is_access(token->kind))
        return REFUSAL_API_TOKEN_KIND;
    enum refusal refusal = standing_refusal(token_standing(x->world, token, x->now_ms));
    if (refusal)
        return refusal;
    if (needs_site && !*token->instance_id)
        return REFUSAL_API_NO_SITE;
    OWNED(app_free) struct app app = {0};
    if (permission && store_find_app(x->world->store, x->world->id, token->app_id, &app) &&
        !app_has_permission(&app, permission))
        return exchange_refuse(x, REFUSAL_API_PERMISSION_MISSING, "Permission %s is required",
                               permission);
    return REFUSAL_NONE;
}

enum refusal api_probe(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, NULL, false);
    if (refusal)
        return refusal;
    cJSON *answer = cJSON_CreateObject();
    tree_put_flag(answer, "ok", true);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static void put_or(cJSON *object, const char *name, const char *text, const char *fallback)
{
    tree_put_text(object, name, text ? text : fallback);
}

static cJSON *instance_part(struct exchange *x, const struct token *token, const cJSON *app)
{
    struct instance instance = {0};
    store_find_instance(x->world->store, x->world->id, token->instance_id, &instance);
    cJSON *part = cJSON_CreateObject();
    put_or(part, "appName", tree_text(app, "name"), "fakewix app");
    tree_put_text(part, "appVersion", "0.0.1");
    tree_put_text(part, "instanceId", token->instance_id);
    tree_put_flag(part, "isFree", true);
    const cJSON *permissions = tree_get(app, "permissions");
    cJSON *list = permissions ? cJSON_Duplicate(permissions, true) : cJSON_CreateArray();
    if (!permissions)
        cJSON_AddItemToArray(list, cJSON_CreateString("WIX_DEVELOPERS.MANAGE_APP_INSTANCE"));
    tree_put(part, "permissions", list);
    return part;
}

static cJSON *site_part(struct exchange *x, const struct token *token)
{
    struct site site;
    cJSON *part = cJSON_CreateObject();
    if (!store_find_site(x->world->store, x->world->id, token->site_id, &site))
        return part;
    OWNED(tree_free) cJSON *tree = site_tree(&site);
    put_or(part, "locale", tree_text(tree, "locale"), "en");
    cJSON *multilingual = tree_put(part, "multilingual", cJSON_CreateObject());
    tree_put_flag(multilingual, "isMultiLingual", false);
    tree_put(multilingual, "supportedLanguages", cJSON_CreateArray());
    tree_put_text(part, "paymentCurrency", "USD");
    put_or(part, "siteDisplayName", tree_text(tree, "display_name"), "Site");
    if (tree_text(tree, "url"))
        tree_put_text(part, "url", tree_text(tree, "url"));
    if (tree_text(tree, "owner_email")) {
        tree_put_text(part, "ownerEmail", tree_text(tree, "owner_email"));
        cJSON *owner = tree_put(part, "ownerInfo", cJSON_CreateObject());
        tree_put_text(owner, "email", tree_text(tree, "owner_email"));
        tree_put_text(owner, "emailStatus", "VERIFIED_OPT_IN");
    }
    tree_put_text(part, "siteId", site.site_id);
    site_free(&site);
    return part;
}

enum refusal api_instance(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, "WIX_DEVELOPERS.MANAGE_APP_INSTANCE", true);
    if (refusal)
        return refusal;
    const struct token *token = token_of(x, facts_bearer(x));
    OWNED(app_free) struct app app = {0};
    store_find_app(x->world->store, x->world->id, token->app_id, &app);
    OWNED(tree_free) cJSON *tree = app_tree(&app);
    cJSON *answer = cJSON_CreateObject();
    tree_put(answer, "instance", instance_part(x, token, tree));
    tree_put(answer, "site", site_part(x, token));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static bool event_is_known(const char *name)
{
    static const char *const names[] = {"APP_DASHBOARD_LOADED",
                                        "APP_FINISHED_CONFIGURATION",
                                        "APP_UPGRADED",
                                        "PRIMARY_ACTION_PERFORMED",
                                        "CUSTOM",
                                        "CHARGE",
                                        "FUNDS_RETURNED",
                                        "APP_FINISH_BUSINESS_SETUP",
                                        "APP_DEPLOYED",
                                        "APP_SETUP_FINISHED"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The app instance leaves "Setup Incomplete" (custom-auth). */
static void finish_setup(struct exchange *x)
{
    struct instance instance;
    if (!store_find_instance(x->world->store, x->world->id, x->instance_id, &instance))
        return;
    instance.state = INSTALL_ACTIVE;
    store_put_instance(x->world->store, x->world->id, &instance);
}

enum refusal api_bi_event(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, NULL, true);
    if (refusal)
        return refusal;
    if (!cJSON_IsObject(x->body))
        return REFUSAL_API_BODY_MALFORMED;
    const char *name = exchange_param(x, "eventName", NULL);
    if (!name || !event_is_known(name))
        return REFUSAL_API_EVENT_NAME;
    if (strcmp(name, "APP_FINISHED_CONFIGURATION") == 0)
        finish_setup(x);
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}

/* A GET carries its query in the parameter ".r" (wix-facts 8.2, D3), and is not looked into. */
enum refusal api_products(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, "WIX_STORES.READ_PRODUCTS", true);
    if (refusal)
        return refusal;
    if (strcmp(x->request->method, "GET") != 0 && !cJSON_IsObject(x->body))
        return REFUSAL_API_BODY_MALFORMED;
    cJSON *answer = cJSON_CreateObject();
    cJSON *products = tree_put(answer, "products", cJSON_CreateArray());
    cJSON *product = tree_put(products, NULL, cJSON_CreateObject());
    tree_put_text(product, "id", "91f7ac8b-0000-4000-8000-000000000001");
    tree_put_text(product, "name", "Sourdough loaf");
    cJSON *metadata = tree_put(answer, "metadata", cJSON_CreateObject());
    tree_put_int(metadata, "items", 1);
    tree_put_int(metadata, "offset", 0);
    tree_put_int(answer, "totalResults", 1);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
