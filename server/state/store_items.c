/* Apps, sites and installations. What is asked for all the time is kept at hand (recent.h). */
#include <stdlib.h>
#include <string.h>

#include "shared/lock.h"
#include "shared/mem.h"
#include "state/store.h"
#include "state/store_parts.h"

void store_put_app(struct store *store, const char *world, const struct app *app)
{
    sqlite3_stmt *s = store_use_to_change(store, STATEMENT_PUT_APP);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, app->app_id);
    store_bind_text(s, 3, app->secret);
    sqlite3_bind_int(s, 4, app->oauth);
    sqlite3_bind_int(s, 5, app->custom);
    store_bind_text(s, 6, app->doc);
    store_write_step(store, s);
    store_done(store, s);
}

static struct app read_app(sqlite3_stmt *s)
{
    struct app app = {.secret = store_column_text(s, 1),
                      .oauth = sqlite3_column_int(s, 2) != 0,
                      .custom = sqlite3_column_int(s, 3) != 0,
                      .doc = store_column_text(s, 4)};
    store_copy_id(app.app_id, sizeof app.app_id, s, 0);
    return app;
}

bool store_find_app(struct store *store, const char *world, const char *app_id, struct app *ret_app)
{
    lock_take(&store->lock);
    const struct app *known = recent_app(store->recent, world, app_id);
    bool found = known != NULL;
    if (found) {
        *ret_app = app_copy(known);
    } else {
        sqlite3_stmt *s = store_use(store, STATEMENT_FIND_APP);
        store_bind_text(s, 1, world);
        store_bind_text(s, 2, app_id);
        found = store_read_step(store, s);
        if (found) {
            *ret_app = read_app(s);
            recent_keep_app(store->recent, world, ret_app);
        }
        store_done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

bool store_find_app_world(struct store *store, const char *app_id, char *ret_world)
{
    lock_take(&store->lock);
    const char *known = recent_world(store->recent, app_id);
    bool found = known != NULL;
    if (found) {
        memcpy(ret_world, known, strlen(known) + 1);
    } else {
        sqlite3_stmt *s = store_use(store, STATEMENT_APP_WORLD);
        store_bind_text(s, 1, app_id);
        found = store_read_step(store, s);
        if (found) {
            store_copy_id(ret_world, MODEL_WORLD_MAX + 1, s, 0);
            recent_keep_world(store->recent, app_id, ret_world);
        }
        store_done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

void store_put_site(struct store *store, const char *world, const struct site *site)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_PUT_SITE);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, site->site_id);
    store_bind_text(s, 3, site->doc);
    store_write_step(store, s);
    store_done(store, s);
}

static struct site read_site(sqlite3_stmt *s)
{
    struct site site = {.doc = store_column_text(s, 1)};
    store_copy_id(site.site_id, sizeof site.site_id, s, 0);
    return site;
}

bool store_find_site(struct store *store, const char *world, const char *site_id,
                     struct site *ret_site)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_FIND_SITE);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, site_id);
    bool found = store_read_step(store, s);
    if (found)
        *ret_site = read_site(s);
    store_done(store, s);
    return found;
}

void store_put_instance(struct store *store, const char *world, const struct instance *instance)
{
    sqlite3_stmt *s = store_use_to_change(store, STATEMENT_PUT_INSTANCE);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, instance->instance_id);
    store_bind_text(s, 3, instance->app_id);
    store_bind_text(s, 4, instance->site_id);
    sqlite3_bind_int(s, 5, (int)instance->state);
    sqlite3_bind_int64(s, 6, instance->generation);
    store_write_step(store, s);
    store_done(store, s);
}

static struct instance read_instance(sqlite3_stmt *s)
{
    struct instance instance = {.state = (enum install_state)sqlite3_column_int(s, 3),
                                .generation = sqlite3_column_int64(s, 4)};
    store_copy_id(instance.instance_id, sizeof instance.instance_id, s, 0);
    store_copy_id(instance.app_id, sizeof instance.app_id, s, 1);
    store_copy_id(instance.site_id, sizeof instance.site_id, s, 2);
    return instance;
}

bool store_find_instance(struct store *store, const char *world, const char *instance_id,
                         struct instance *ret_instance)
{
    lock_take(&store->lock);
    const struct instance *known = recent_instance(store->recent, world, instance_id);
    bool found = known != NULL;
    if (found) {
        *ret_instance = *known;
    } else {
        sqlite3_stmt *s = store_use(store, STATEMENT_FIND_INSTANCE);
        store_bind_text(s, 1, world);
        store_bind_text(s, 2, instance_id);
        found = store_read_step(store, s);
        if (found) {
            *ret_instance = read_instance(s);
            recent_keep_instance(store->recent, world, ret_instance);
        }
        store_done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

bool store_find_installed(struct store *store, const char *world, const char *app_id,
                          const char *site_id, struct instance *ret_instance)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_FIND_INSTALLED);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, app_id);
    store_bind_text(s, 3, site_id);
    bool found = store_read_step(store, s);
    if (found)
        *ret_instance = read_instance(s);
    store_done(store, s);
    return found;
}

/* store_list_apps and its like: all rows of a kind, in order. */
#define LIST(kind, which)                                                                          \
    struct kind *store_list_##kind##s(struct store *store, const char *world, size_t *ret_n)       \
    {                                                                                              \
        struct kind *items = NULL;                                                                 \
        size_t n = 0;                                                                              \
        sqlite3_stmt *s = store_use(store, which);                                                 \
        store_bind_text(s, 1, world);                                                              \
        while (store_read_step(store, s)) {                                                        \
            items = mem_grow(items, n + 1, sizeof *items);                                         \
            items[n++] = read_##kind(s);                                                           \
        }                                                                                          \
        store_done(store, s);                                                                      \
        *ret_n = n;                                                                                \
        return items;                                                                              \
    }
LIST(app, STATEMENT_LIST_APPS)
LIST(site, STATEMENT_LIST_SITES)
LIST(instance, STATEMENT_LIST_INSTANCES)
#undef LIST

static void drop_item(struct store *store, enum statement which, const char *world, const char *id)
{
    sqlite3_stmt *s = store_use_to_change(store, which);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, id);
    store_write_step(store, s);
    store_done(store, s);
}

void store_drop_app(struct store *store, const char *world, const char *app_id)
{
    drop_item(store, STATEMENT_DROP_APP, world, app_id);
}

void store_drop_site(struct store *store, const char *world, const char *site_id)
{
    drop_item(store, STATEMENT_DROP_SITE, world, site_id);
}

void store_drop_instance(struct store *store, const char *world, const char *instance_id)
{
    drop_item(store, STATEMENT_DROP_INSTANCE, world, instance_id);
}
