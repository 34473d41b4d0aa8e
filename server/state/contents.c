/* A reload is a difference between two configs, so that what a test added by hand survives it. */
#include "state/contents.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"

static void show_apps(const struct world *world, cJSON *list)
{
    size_t n;
    struct app *apps = store_list_apps(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(list, app_tree(&apps[i]));
        app_free(&apps[i]);
    }
    free(apps);
}

static void show_sites(const struct world *world, cJSON *list)
{
    size_t n;
    struct site *sites = store_list_sites(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(list, site_tree(&sites[i]));
        site_free(&sites[i]);
    }
    free(sites);
}

static void show_instances(const struct world *world, cJSON *list)
{
    size_t n;
    struct instance *instances = store_list_instances(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
        tree_put_text(row, "instance_id", instances[i].instance_id);
        tree_put_text(row, "app_id", instances[i].app_id);
        tree_put_text(row, "site_id", instances[i].site_id);
    }
    free(instances);
}

static cJSON *lifetimes_json(const struct lifetimes *lifetimes)
{
    cJSON *json = cJSON_CreateObject();
    tree_put_int(json, "code_s", lifetimes->code_s);
    tree_put_int(json, "custom_access_token_s", lifetimes->custom_access_token_s);
    tree_put_int(json, "oauth_access_token_s", lifetimes->oauth_access_token_s);
    return json;
}

cJSON *contents_show(const struct world *world)
{
    cJSON *config = cJSON_CreateObject();
    show_apps(world, tree_put(config, "apps", cJSON_CreateArray()));
    show_sites(world, tree_put(config, "sites", cJSON_CreateArray()));
    show_instances(world, tree_put(config, "instances", cJSON_CreateArray()));
    tree_put(config, "lifetimes", lifetimes_json(&world->lifetimes));
    tree_put(config, "profile", profile_json(&world->profile));
    OWNED(tree_free) cJSON *settings = settings_json(&world->settings);
    const cJSON *member;
    cJSON_ArrayForEach(member, settings)
        tree_put(config, member->string, cJSON_Duplicate(member, true));
    return config;
}

static bool has_id(const cJSON *rows, const char *key, const char *id)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows) if (strcmp(tree_text(row, key), id) == 0) return true;
    return false;
}

typedef void drop_fn(struct store *store, const char *world, const char *id);

/* The rows of a list that only the old config has. */
static void drop_rows(struct world *world, const cJSON *old_config, const cJSON *config,
                      const char *list, const char *key, drop_fn *drop)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, tree_get(old_config, list))
    {
        const char *id = tree_text(row, key);
        if (!has_id(tree_get(config, list), key, id))
            drop(world->store, world->id, id);
    }
}

/* An installation ends with its app or its site. */
static void drop_orphans(struct world *world)
{
    size_t n;
    struct instance *instances = store_list_instances(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        OWNED(app_free) struct app app = {0};
        OWNED(site_free) struct site site = {0};
        const struct instance *at = &instances[i];
        if (!store_find_app(world->store, world->id, at->app_id, &app) ||
            !store_find_site(world->store, world->id, at->site_id, &site))
            store_drop_instance(world->store, world->id, at->instance_id);
    }
    free(instances);
}

/* An API key that a call added stays, without the sites that went. */
static void drop_key_sites(struct world *world)
{
    cJSON *key;
    cJSON_ArrayForEach(key, world->settings.api_keys)
    {
        cJSON *id = tree_get(key, "site_ids");
        id = id ? id->child : NULL;
        while (id) {
            OWNED(site_free) struct site site = {0};
            cJSON *next = id->next;
            if (!store_find_site(world->store, world->id, id->valuestring, &site))
                cJSON_Delete(cJSON_DetachItemViaPointer(tree_get(key, "site_ids"), id));
            id = next;
        }
    }
}

/* What the old config said about lifetimes and switches is unsaid. */
static void forget_settings(struct world *world, const cJSON *old_config)
{
    static const struct profile plain_profile = {0};
    struct lifetimes plain_lifetimes = config_default_lifetimes();
    OWNED(tree_free) cJSON *back = cJSON_CreateObject();
    const struct {
        const char *name;
        cJSON *plain;
    } groups[] = {
        {"lifetimes", lifetimes_json(&plain_lifetimes)},
        {"profile", profile_json(&plain_profile)},
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        cJSON *group = tree_put(back, groups[i].name, cJSON_CreateObject());
        const cJSON *member;
        cJSON_ArrayForEach(member, tree_get(old_config, groups[i].name))
            tree_put(group, member->string,
                     cJSON_Duplicate(tree_get(groups[i].plain, member->string), true));
        cJSON_Delete(groups[i].plain);
    }
    config_apply(world, back);
}

void contents_reload(struct world *world, const cJSON *config)
{
    OWNED(tree_free) cJSON *old_config = tree_parse(world->config, strlen(world->config), NULL);
    store_begin(world->store);
    drop_rows(world, old_config, config, "instances", "instance_id", store_drop_instance);
    drop_rows(world, old_config, config, "apps", "app_id", store_drop_app);
    drop_rows(world, old_config, config, "sites", "site_id", store_drop_site);
    forget_settings(world, old_config);
    settings_forget(&world->settings, old_config);
    config_apply(world, config);
    drop_orphans(world);
    drop_key_sites(world);
    free(world->config);
    world->config = tree_print(config);
    world_save(world);
    store_commit(world->store);
}
