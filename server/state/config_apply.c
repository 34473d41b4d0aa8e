/* A config file read, put on top of another one, and into a world. What is applied was checked
 * (config.c). */
#include "state/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"
#include "state/world.h"
enum { CONFIG_MAX = 64 * 1024 * 1024 };

/* A whole file, at most CONFIG_MAX bytes. */
static char *read_file(const char *file, size_t *ret_len)
{
    FILE *in = fopen(file, "rb");
    if (!in)
        return NULL;
    struct buf text = {.max = CONFIG_MAX};
    char *room;
    size_t n = 0;
    while ((room = buf_room(&text, 65536)) && (n = fread(room, 1, 65536, in)) > 0)
        buf_grew(&text, n);
    bool broken = ferror(in) != 0 || text.overflown;
    if (text.overflown)
        errno = EFBIG;
    fclose(in);
    if (broken) {
        buf_free(&text);
        return NULL;
    }
    *ret_len = text.len;
    return buf_take(&text);
}

static cJSON *read_part(const char *file, struct buf *problems)
{
    size_t len = 0;
    OWNED(mem_text_free) char *text = read_file(file, &len);
    if (!text) {
        buf_format(problems, "%s: cannot be read: %s; check the name and the permissions\n", file,
                   strerror(errno));
        return NULL;
    }
    OWNED(err_free) struct err err = {0};
    cJSON *config = tree_parse(text, len, &err);
    if (!config)
        buf_format(problems, "%s: %s; it must be one JSON object\n", file, err.text);
    return config;
}

cJSON *config_load(const char *const *files, size_t n, struct buf *problems)
{
    OWNED(tree_free) cJSON *whole = cJSON_CreateObject();
    bool is_sound = true;
    for (size_t i = 0; i < n; i++) {
        OWNED(tree_free) cJSON *part = read_part(files[i], problems);
        is_sound = part && !config_check(part, files[i], problems) && is_sound;
        if (is_sound)
            config_merge(whole, part);
    }
    OWNED(buf_free) struct buf seams = {0}; /* what the parts have warned of is not said again */
    const char *name = n == 1 ? files[0] : "the config files together";
    if (!is_sound)
        return NULL;
    if (config_check_whole(whole, name, &seams)) {
        buf_add(problems, seams.data, seams.len);
        return NULL;
    }
    if (!cJSON_GetArraySize(tree_get(whole, "apps")))
        buf_format(problems,
                   "warning: %s: apps: there are none, and so nobody who could ask for "
                   "a token\n",
                   name);
    cJSON *result = whole;
    whole = NULL;
    return result;
}

static void copy_id(char *ret_id, const char *id)
{
    size_t len = strlen(id);
    len = len < MODEL_ID_MAX ? len : MODEL_ID_MAX;
    memcpy(ret_id, id, len);
    ret_id[len] = '\0';
}

static bool lists(const cJSON *list, const char *word)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (strcmp(item->valuestring, word) == 0) return true;
    return !list;
}

static void apply_app(struct world *world, const cJSON *row)
{
    const cJSON *authentication = tree_get(row, "authentication");
    struct app app = {.secret = mem_text(tree_text(row, "app_secret")),
                      .oauth = lists(authentication, "oauth"),
                      .custom = lists(authentication, "custom"),
                      .doc = tree_print(row)};
    copy_id(app.app_id, tree_text(row, "app_id"));
    store_put_app(world->store, world->id, &app);
    app_free(&app);
}

static void apply_site(struct world *world, const cJSON *row)
{
    struct site site = {.doc = tree_print(row)};
    copy_id(site.site_id, tree_text(row, "site_id"));
    store_put_site(world->store, world->id, &site);
    site_free(&site);
}

static void apply_instance(struct world *world, const cJSON *row)
{
    struct instance instance = {.state = INSTALL_SETUP_INCOMPLETE, .generation = 1};
    const char *id = tree_text(row, "instance_id");
    store_find_instance(world->store, world->id, id, &instance);
    copy_id(instance.instance_id, id);
    copy_id(instance.app_id, tree_text(row, "app_id"));
    copy_id(instance.site_id, tree_text(row, "site_id"));
    store_put_instance(world->store, world->id, &instance);
}

void config_apply(struct world *world, const cJSON *config)
{
    store_begin(world->store);
    const cJSON *row;
    cJSON_ArrayForEach(row, tree_get(config, "apps")) apply_app(world, row);
    cJSON_ArrayForEach(row, tree_get(config, "sites")) apply_site(world, row);
    cJSON_ArrayForEach(row, tree_get(config, "instances")) apply_instance(world, row);
    const cJSON *lifetimes = tree_get(config, "lifetimes");
    tree_int(lifetimes, "code_s", &world->lifetimes.code_s);
    tree_int(lifetimes, "custom_access_token_s", &world->lifetimes.custom_access_token_s);
    tree_int(lifetimes, "oauth_access_token_s", &world->lifetimes.oauth_access_token_s);
    profile_read(&world->profile, tree_get(config, "profile"), NULL);
    settings_apply(&world->settings, config);
    store_commit(world->store);
}

void config_merge(cJSON *config, const cJSON *more)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, more)
    {
        cJSON *mine = tree_get(config, member->string);
        if (!mine) {
            tree_put(config, member->string, cJSON_Duplicate(member, true));
            continue;
        }
        if (cJSON_IsArray(mine)) {
            const cJSON *row;
            cJSON_ArrayForEach(row, member) cJSON_AddItemToArray(mine, cJSON_Duplicate(row, true));
            continue;
        }
        const cJSON *inner;
        cJSON_ArrayForEach(inner, member)
        {
            cJSON_DeleteItemFromObjectCaseSensitive(mine, inner->string);
            tree_put(mine, inner->string, cJSON_Duplicate(inner, true));
        }
    }
}
