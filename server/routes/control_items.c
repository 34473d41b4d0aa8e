/* The control plane: apps, sites, instances, installs, tokens. */
#include <stdlib.h>
#include <string.h>

#include "grants/grant.h"
#include "routes/control.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"
#include "tokens/token.h"

enum refusal control_apps(struct exchange *x)
{
    size_t n;
    struct app *apps = store_list_apps(x->world->store, x->world->id, &n);
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = tree_put(answer, "apps", cJSON_CreateArray());
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(list, app_tree(&apps[i]));
        app_free(&apps[i]);
    }
    free(apps);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal control_sites(struct exchange *x)
{
    size_t n;
    struct site *sites = store_list_sites(x->world->store, x->world->id, &n);
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = tree_put(answer, "sites", cJSON_CreateArray());
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(list, site_tree(&sites[i]));
        site_free(&sites[i]);
    }
    free(sites);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static cJSON *instance_json(const struct instance *instance)
{
    cJSON *json = cJSON_CreateObject();
    tree_put_text(json, "instance_id", instance->instance_id);
    tree_put_text(json, "app_id", instance->app_id);
    tree_put_text(json, "site_id", instance->site_id);
    tree_put_text(json, "state", install_state_name(instance->state));
    return json;
}

enum refusal control_instances(struct exchange *x)
{
    size_t n;
    struct instance *instances = store_list_instances(x->world->store, x->world->id, &n);
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = tree_put(answer, "instances", cJSON_CreateArray());
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, instance_json(&instances[i]));
    free(instances);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

/* Add or change one item: a config with that one row goes through the same checks as a file. */
static enum refusal put_item(struct exchange *x, const char *list)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    OWNED(tree_free) cJSON *config = cJSON_CreateObject();
    cJSON *rows = tree_put(config, list, cJSON_CreateArray());
    cJSON_AddItemToArray(rows, cJSON_Duplicate(x->body, true));
    OWNED(buf_free) struct buf problems = {0};
    if (config_check(config, "body", &problems))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", buf_str(&problems));
    config_apply(x->world, config);
    response_json(x->response, 201, cJSON_Duplicate(x->body, true));
    return REFUSAL_NONE;
}

enum refusal control_app_put(struct exchange *x)
{
    return put_item(x, "apps");
}

static enum refusal list_setting(struct exchange *x, const char *name)
{
    OWNED(tree_free) cJSON *all = settings_json(&x->world->settings);
    cJSON *answer = cJSON_CreateObject();
    tree_put(answer, name, cJSON_DetachItemFromObjectCaseSensitive(all, name));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal control_api(struct exchange *x)
{
    return list_setting(x, "api");
}

enum refusal control_api_keys(struct exchange *x)
{
    return list_setting(x, "api_keys");
}

/* Apps and sites are rows of the store; these lists are kept with the world itself. */
static enum refusal put_setting(struct exchange *x, const char *list)
{
    enum refusal refusal = put_item(x, list);
    if (!refusal)
        world_save(x->world);
    return refusal;
}

enum refusal control_api_put(struct exchange *x)
{
    return put_setting(x, "api");
}

/* A config of one row cannot say which sites there are; the world can. */
enum refusal control_api_key_put(struct exchange *x)
{
    const cJSON *id;
    cJSON_ArrayForEach(id, tree_get(x->body, "site_ids"))
    {
        OWNED(site_free) struct site site = {0};
        if (cJSON_IsString(id) &&
            !store_find_site(x->world->store, x->world->id, id->valuestring, &site))
            return exchange_refuse(
                x, REFUSAL_CONTROL_UNKNOWN_ITEM,
                "site_ids: site %s; add it with POST /_fakewix/sites, or correct "
                "it",
                id->valuestring);
    }
    return put_setting(x, "api_keys");
}

enum refusal control_site_put(struct exchange *x)
{
    return put_item(x, "sites");
}

/* The app and the site a body names, both known. */
static enum refusal check_pair(struct exchange *x, const char *app_id, const char *site_id)
{
    OWNED(app_free) struct app app = {0};
    OWNED(site_free) struct site site = {0};
    if (!app_id || !store_find_app(x->world->store, x->world->id, app_id, &app))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "app_id %s",
                               app_id ? app_id : "is missing");
    if (!site_id || !store_find_site(x->world->store, x->world->id, site_id, &site))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "site_id %s",
                               site_id ? site_id : "is missing");
    return REFUSAL_NONE;
}

enum refusal control_instance_put(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (!refusal)
        refusal = check_pair(x, tree_text(x->body, "app_id"), tree_text(x->body, "site_id"));
    return refusal ? refusal : put_item(x, "instances");
}

static enum refusal find_instance(struct exchange *x, struct instance *ret_instance)
{
    if (!store_find_instance(x->world->store, x->world->id, x->segments[0], ret_instance))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "instance %s", x->segments[0]);
    return REFUSAL_NONE;
}

enum refusal control_uninstall(struct exchange *x)
{
    struct instance instance;
    enum refusal refusal = find_instance(x, &instance);
    if (refusal)
        return refusal;
    install_remove(x->world, &instance);
    response_json(x->response, 200, instance_json(&instance));
    return REFUSAL_NONE;
}

enum refusal control_reinstall(struct exchange *x)
{
    struct instance instance;
    enum refusal refusal = find_instance(x, &instance);
    if (refusal)
        return refusal;
    install_remove(x->world, &instance);
    instance = install_app(x->world, instance.app_id, instance.site_id);
    response_json(x->response, 200, instance_json(&instance));
    return REFUSAL_NONE;
}

/* The redirect URL a body asks for, registered; or the app's first; NULL where it has none. */
static enum refusal pick_redirect(struct exchange *x, const struct app *app, const cJSON *tree,
                                  const char **ret_url)
{
    const char *asked = tree_text(x->body, "redirect_url");
    if (asked && !app_allows_redirect(app, asked))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "redirect_url %s is not one of the app's redirect_urls", asked);
    const cJSON *first = cJSON_GetArrayItem(tree_get(tree, "redirect_urls"), 0);
    *ret_url = asked ? asked : cJSON_GetStringValue(first);
    return REFUSAL_NONE;
}

enum refusal control_install(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    const char *app_id = tree_text(x->body, "app_id");
    const char *site_id = tree_text(x->body, "site_id");
    if (!refusal)
        refusal = check_pair(x, app_id, site_id);
    if (refusal)
        return refusal;
    OWNED(app_free) struct app app = {0};
    store_find_app(x->world->store, x->world->id, app_id, &app);
    OWNED(tree_free) cJSON *tree = app_tree(&app);
    const char *redirect_url = NULL;
    refusal = pick_redirect(x, &app, tree, &redirect_url);
    if (refusal)
        return refusal;
    struct instance instance = install_app(x->world, app_id, site_id);
    OWNED(buf_free) struct buf code = {0};
    install_mint_code(x->world, x->now_ms, &instance, &code);
    OWNED(mem_text_free) char *start = install_app_url(x->world, x->now_ms, &app, site_id);
    OWNED(mem_text_free)
    char *callback = redirect_url
                         ? install_callback_url(redirect_url, buf_str(&code),
                                                tree_text(x->body, "state"), instance.instance_id)
                         : NULL;
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "instance_id", instance.instance_id);
    tree_put_text(answer, "app_url", start);
    tree_put_text(answer, "code", buf_str(&code));
    tree_put_text(answer, "callback_url", callback);
    response_json(x->response, 201, answer);
    return REFUSAL_NONE;
}

static bool is_kind_group(const char *text)
{
    return text && (strcmp(text, "access") == 0 || strcmp(text, "refresh") == 0 ||
                    strcmp(text, "code") == 0);
}

/* Ids that are given are the world's: a mistyped one would do nothing, and look like success. */
static enum refusal check_ids(struct exchange *x, const char *app_id, const char *instance_id)
{
    OWNED(app_free) struct app app = {0};
    struct instance instance;
    if (app_id && !store_find_app(x->world->store, x->world->id, app_id, &app))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "app_id %s", app_id);
    if (instance_id && !store_find_instance(x->world->store, x->world->id, instance_id, &instance))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "instance_id %s", instance_id);
    return REFUSAL_NONE;
}

/* Which tokens a body means: "token", or "instance_id" or "app_id", with an optional "kind". */
static enum refusal read_filter(struct exchange *x, struct token_filter *ret_filter)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    *ret_filter = (struct token_filter){.kind = tree_text(x->body, "kind"),
                                        .app_id = tree_text(x->body, "app_id"),
                                        .instance_id = tree_text(x->body, "instance_id")};
    if (tree_get(x->body, "kind") && !is_kind_group(ret_filter->kind))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "kind is \"access\", \"refresh\" or \"code\"");
    const char *text = tree_text(x->body, "token");
    const struct token *token = text ? token_of(x, text) : NULL;
    if (text && (!token || strcmp(token->world, x->world->id) != 0))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "token is none of this world's");
    if (token)
        ret_filter->serial = token->serial;
    refusal = check_ids(x, ret_filter->app_id, ret_filter->instance_id);
    if (refusal)
        return refusal;
    if (!text && !ret_filter->app_id && !ret_filter->instance_id)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "send \"token\", \"instance_id\" or \"app_id\"");
    return REFUSAL_NONE;
}

enum refusal control_tokens_expire(struct exchange *x)
{
    struct token_filter filter;
    enum refusal refusal = read_filter(x, &filter);
    if (refusal)
        return refusal;
    token_expire(x->world, &filter);
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}

enum refusal control_tokens_revoke(struct exchange *x)
{
    struct token_filter filter;
    enum refusal refusal = read_filter(x, &filter);
    if (refusal)
        return refusal;
    token_revoke(x->world, &filter);
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}
