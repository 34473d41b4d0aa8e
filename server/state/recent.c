/* Three tables with one place for each hash. A row counts only in the round it was kept in, so that
 * to forget is to begin another round. */
#include "state/recent.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

/* Memory that nobody touched costs nothing: 16,384 instances are 4 MB once all were asked for. */
enum { APPS = 256, INSTANCES = 16384, WORLDS = 256 };

struct kept_app {
    uint64_t round;
    char world[MODEL_WORLD_MAX + 1];
    struct app app;
};

struct kept_instance {
    uint64_t round;
    char world[MODEL_WORLD_MAX + 1];
    struct instance instance;
};

struct kept_world {
    uint64_t round;
    char app_id[MODEL_ID_MAX + 1], world[MODEL_WORLD_MAX + 1];
};

struct recent {
    uint64_t round; /* from 1: a row of zeros is of no round */
    struct kept_app apps[APPS];
    struct kept_instance instances[INSTANCES];
    struct kept_world worlds[WORLDS];
};

struct recent *recent_new(void)
{
    struct recent *recent = mem_new(1, sizeof *recent);
    recent->round = 1;
    return recent;
}

void recent_free(struct recent *recent)
{
    if (!recent)
        return;
    for (size_t i = 0; i < APPS; i++)
        app_free(&recent->apps[i].app);
    free(recent);
}

void recent_forget(struct recent *recent)
{
    recent->round++;
}

/* FNV-1a over both names. */
static size_t hash(const char *world, const char *id)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (; *world; world++)
        hash = (hash ^ (unsigned char)*world) * UINT64_C(0x100000001B3);
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(0x100000001B3);
    return (size_t)(hash ^ hash >> 32);
}

const struct app *recent_app(struct recent *recent, const char *world, const char *app_id)
{
    const struct kept_app *kept = &recent->apps[hash(world, app_id) % APPS];
    bool found = kept->round == recent->round && strcmp(kept->world, world) == 0 &&
                 strcmp(kept->app.app_id, app_id) == 0;
    return found ? &kept->app : NULL;
}

const struct instance *recent_instance(struct recent *recent, const char *world,
                                       const char *instance_id)
{
    const struct kept_instance *kept = &recent->instances[hash(world, instance_id) % INSTANCES];
    bool found = kept->round == recent->round && strcmp(kept->world, world) == 0 &&
                 strcmp(kept->instance.instance_id, instance_id) == 0;
    return found ? &kept->instance : NULL;
}

const char *recent_world(struct recent *recent, const char *app_id)
{
    const struct kept_world *kept = &recent->worlds[hash("", app_id) % WORLDS];
    bool found = kept->round == recent->round && strcmp(kept->app_id, app_id) == 0;
    return found ? kept->world : NULL;
}

/* The world's id, which is never longer than its place. */
static void copy_world(char ret_world[static MODEL_WORLD_MAX + 1], const char *world)
{
    memcpy(ret_world, world, strlen(world) + 1);
}

void recent_keep_app(struct recent *recent, const char *world, const struct app *app)
{
    struct kept_app *kept = &recent->apps[hash(world, app->app_id) % APPS];
    if (strlen(world) > MODEL_WORLD_MAX)
        return;
    app_free(&kept->app);
    kept->round = recent->round;
    copy_world(kept->world, world);
    kept->app = app_copy(app);
}

void recent_keep_instance(struct recent *recent, const char *world, const struct instance *instance)
{
    struct kept_instance *kept = &recent->instances[hash(world, instance->instance_id) % INSTANCES];
    if (strlen(world) > MODEL_WORLD_MAX)
        return;
    kept->round = recent->round;
    copy_world(kept->world, world);
    kept->instance = *instance;
}

void recent_keep_world(struct recent *recent, const char *app_id, const char *world)
{
    struct kept_world *kept = &recent->worlds[hash("", app_id) % WORLDS];
    if (strlen(app_id) > MODEL_ID_MAX || strlen(world) > MODEL_WORLD_MAX)
        return;
    kept->round = recent->round;
    memcpy(kept->app_id, app_id, strlen(app_id) + 1);
    copy_world(kept->world, world);
}
