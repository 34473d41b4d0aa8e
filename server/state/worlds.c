/* The registry of worlds: find, make, drop, reset. Its own lock guards only the table; a world in
 * use is kept alive by a count, so nobody waits for a request in another world. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "lint/lint.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/config.h"
#include "state/world.h"

enum { BUCKETS = 1024 };

struct worlds {
    pthread_rwlock_t lock;
    struct store *store;
    struct worlds_options options;
    struct world *buckets[BUCKETS];
    size_t count;
    int64_t soonest_ms; /* machine time at which the first world is past its own; 0 for never */
    int64_t next_pos;
    struct rng rng; /* names of worlds */
    struct hold_limit holds;
    struct journal_sum journals;
};

static struct world **bucket_of(struct worlds *worlds, const char *id)
{
    uint32_t hash = 2166136261u;
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 16777619u;
    return &worlds->buckets[hash % BUCKETS];
}

static void world_free(struct world *world)
{
    world_close_door(world);
    journal_free(&world->journal);
    lifetime_rules_free(&world->lifetime_rules);
    armed_free(world->faults);
    lint_free(world->lint);
    schedule_free(&world->schedule);
    outbox_free(&world->outbox);
    settings_free(&world->settings);
    rate_free(&world->rate);
    pthread_mutex_destroy(&world->lock);
    pthread_cond_destroy(&world->changed);
    hand_close(&world->hand);
    free(world->config);
    free(world);
}

void world_release(struct world *world)
{
    if (world && atomic_fetch_sub(&world->users, 1) == 1)
        world_free(world);
}

static struct world *world_new(struct worlds *worlds, const char *id)
{
    struct world *world = mem_new(1, sizeof *world);
    memcpy(world->id, id, strlen(id) + 1);
    pthread_mutex_init(&world->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&world->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    world->store = worlds->store;
    world->seed = worlds->options.seed;
    world->start_time = worlds->options.time;
    world->time = world->start_time;
    world->rng = rng_seeded(world->seed, id);
    world->fault_rng = rng_seeded(world->seed + 1, id);
    world->journal = journal_new(worlds->options.journal_max, worlds->options.journal_max_bytes,
                                 &worlds->journals);
    world->lifetimes = config_default_lifetimes();
    world->faults = armed_new(&worlds->holds);
    world->lint = lint_new();
    world->config = mem_text("{}");
    world->hand = hand_open(worlds->options.clock_dir, id);
    atomic_init(&world->users, 1);
    return world;
}

/* A world of that name may have been here before: its serials go on, and its tokens are strangers.
 */
static void follow_former_world(struct world *world)
{
    int64_t serials = store_find_grave(world->store, world->id);
    if (!serials)
        return;
    world_skip_serials(world, serials + 1);
    world_begin_again(world);
}

/* Under the registry's lock. */
static void enter(struct worlds *worlds, struct world *world)
{
    struct world **bucket = bucket_of(worlds, world->id);
    world->next = *bucket;
    world->pos = worlds->next_pos++;
    world_show_clock(world);
    *bucket = world;
    worlds->count++;
}

static struct world *find(struct worlds *worlds, const char *id)
{
    struct world *world = *bucket_of(worlds, id);
    while (world && strcmp(world->id, id) != 0)
        world = world->next;
    return world;
}

/* A world as an earlier process left it. */
static void load(struct worlds *worlds, const char *id)
{
    struct world *world = world_new(worlds, id);
    world_restore(world);
    enter(worlds, world);
}

struct worlds *worlds_open(const struct worlds_options *options, struct err *err)
{
    struct store *store = store_open(options->state_file, err);
    if (!store)
        return NULL;
    struct worlds *worlds = mem_new(1, sizeof *worlds);
    pthread_rwlock_init(&worlds->lock, NULL);
    worlds->store = store;
    worlds->options = *options;
    worlds->options.state_file = NULL;
    worlds->rng = rng_seeded(options->seed, "worlds");
    worlds->journals.max = options->journal_sum_bytes ? options->journal_sum_bytes : SIZE_MAX;
    worlds->holds.max = options->max_holds ? options->max_holds : INT_MAX;
    char **names = store_list_worlds(store);
    for (char **name = names; *name; name++) {
        load(worlds, *name);
        free(*name);
    }
    free(names);
    if (!find(worlds, "default"))
        enter(worlds, world_new(worlds, "default"));
    if (!options->clock_dir || find(worlds, "default")->hand.ms)
        return worlds;
    err_set(err, "--clock-dir %s cannot be written: %s", options->clock_dir, strerror(errno));
    worlds_close(worlds);
    return NULL;
}

void worlds_close(struct worlds *worlds)
{
    if (!worlds)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct world *world = worlds->buckets[i], *next; world; world = next) {
            next = world->next;
            world_release(world);
        }
    store_close(worlds->store);
    pthread_rwlock_destroy(&worlds->lock);
    free(worlds);
}

/* Under the registry's lock: take a world out of the table. */
static void leave(struct worlds *worlds, struct world *world)
{
    struct world **link = bucket_of(worlds, world->id);
    while (*link != world)
        link = &(*link)->next;
    *link = world->next;
    worlds->count--;
}

/* Tell those who wait in a world that it is going, and let go of it. Without the registry's lock.
 */
static void bury(struct worlds *worlds, struct world *world)
{
    pthread_mutex_lock(&world->lock);
    world->gone = true;
    armed_clear(world->faults);
    world_close_door(world);
    pthread_cond_broadcast(&world->changed);
    store_drop_world(worlds->store, world->id);
    world->dropped = true;
    pthread_mutex_unlock(&world->lock);
    world_release(world);
}

/* A request holds its world's lock when it asks the registry, so who wants the worlds' locks first
 * lets go of the registry's. */
struct world **worlds_hold_all(struct worlds *worlds, size_t *ret_n)
{
    pthread_rwlock_rdlock(&worlds->lock);
    struct world **all = mem_new(worlds->count, sizeof(struct world *));
    size_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct world *world = worlds->buckets[i]; world; world = world->next) {
            atomic_fetch_add(&world->users, 1);
            all[n++] = world;
        }
    pthread_rwlock_unlock(&worlds->lock);
    *ret_n = n;
    return all;
}

struct journal_sum *worlds_journal_sum(struct worlds *worlds)
{
    return &worlds->journals;
}

void worlds_end_waits(struct worlds *worlds)
{
    size_t n;
    struct world **all = worlds_hold_all(worlds, &n);
    for (size_t i = 0; i < n; i++) {
        pthread_mutex_lock(&all[i]->lock);
        all[i]->gone = true;
        armed_clear(all[i]->faults); /* lets go whom a fault holds */
        pthread_cond_broadcast(&all[i]->changed);
        pthread_mutex_unlock(&all[i]->lock);
        world_release(all[i]);
    }
    free(all);
}

/* Take out one world that is past its time; note when the next one will be. Under the registry's
 * lock. NULL where none is. */
static struct world *take_stale(struct worlds *worlds, int64_t now_ms)
{
    int64_t soonest_ms = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct world *world = worlds->buckets[i]; world; world = world->next) {
            if (world->expires_ms && now_ms >= world->expires_ms) {
                leave(worlds, world);
                return world;
            }
            if (world->expires_ms && (!soonest_ms || world->expires_ms < soonest_ms))
                soonest_ms = world->expires_ms;
        }
    worlds->soonest_ms = soonest_ms;
    return NULL;
}

/* Bury the worlds that are past their time, whether anybody asks for them or not. */
static void sweep(struct worlds *worlds)
{
    for (;;) {
        int64_t now_ms = now_real_ms();
        pthread_rwlock_wrlock(&worlds->lock);
        bool due = worlds->soonest_ms && now_ms >= worlds->soonest_ms;
        struct world *stale = due ? take_stale(worlds, now_ms) : NULL;
        pthread_rwlock_unlock(&worlds->lock);
        if (!stale)
            return;
        bury(worlds, stale);
    }
}

struct world *worlds_find(struct worlds *worlds, const char *id)
{
    pthread_rwlock_rdlock(&worlds->lock);
    struct world *world = find(worlds, id);
    bool stale = world && world->expires_ms && now_real_ms() >= world->expires_ms;
    if (world && !stale)
        atomic_fetch_add(&world->users, 1);
    pthread_rwlock_unlock(&worlds->lock);
    if (stale)
        worlds_drop(worlds, id);
    return stale ? NULL : world;
}

struct world *worlds_find_by_app(struct worlds *worlds, const char *app_id)
{
    char id[MODEL_WORLD_MAX + 1];
    return store_find_app_world(worlds->store, app_id, id) ? worlds_find(worlds, id) : NULL;
}

bool world_name_is_sound(const char *id)
{
    size_t len = strlen(id);
    return len >= 1 && len <= MODEL_WORLD_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == len;
}

/* The world that goes first when there are too many: the oldest that is not the default one. Under
 * the registry's lock. */
static struct world *victim(struct worlds *worlds)
{
    struct world *oldest = NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct world *world = worlds->buckets[i]; world; world = world->next)
            if (strcmp(world->id, "default") != 0 && (!oldest || world->pos < oldest->pos))
                oldest = world;
    return oldest;
}

struct world *worlds_create(struct worlds *worlds, const char *id, int64_t ttl_s, struct err *err)
{
    char made_up[MODEL_WORLD_MAX + 1] = "w";
    if (id && !world_name_is_sound(id)) {
        err_set(err, "a world's name has 1 to %d letters, digits, - or _", MODEL_WORLD_MAX);
        return NULL;
    }
    struct world *leaving = NULL;
    sweep(worlds);
    pthread_rwlock_wrlock(&worlds->lock);
    if (!id) {
        static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        do {
            for (size_t i = 1; i <= 10; i++)
                made_up[i] = digits[rng_below(&worlds->rng, 36)];
        } while (find(worlds, made_up));
        id = made_up;
    }
    if (find(worlds, id)) {
        pthread_rwlock_unlock(&worlds->lock);
        err_set(err, "there is a world named %s already; delete it first or take another name", id);
        return NULL;
    }
    if (worlds->count > (size_t)worlds->options.max_worlds) {
        leaving = victim(worlds);
        leave(worlds, leaving);
    }
    struct world *world = world_new(worlds, id);
    follow_former_world(world);
    if (ttl_s)
        world->expires_ms = now_real_ms() + ttl_s * 1000;
    if (ttl_s && (!worlds->soonest_ms || world->expires_ms < worlds->soonest_ms))
        worlds->soonest_ms = world->expires_ms;
    atomic_fetch_add(&world->users, 1);
    enter(worlds, world);
    pthread_rwlock_unlock(&worlds->lock);
    if (leaving)
        bury(worlds, leaving);
    return world;
}

bool worlds_drop(struct worlds *worlds, const char *id)
{
    if (strcmp(id, "default") == 0)
        return false;
    pthread_rwlock_wrlock(&worlds->lock);
    struct world *world = find(worlds, id);
    if (world)
        leave(worlds, world);
    pthread_rwlock_unlock(&worlds->lock);
    if (world)
        bury(worlds, world);
    return world != NULL;
}

void worlds_reset(struct worlds *worlds, struct world *world)
{
    pthread_mutex_lock(&world->lock);
    store_begin(worlds->store);
    world_clear(world);
    world->time = world->start_time;
    world->rng = rng_seeded(world->seed, world->id);
    world->fault_rng = rng_seeded(world->seed + 1, world->id);
    OWNED(tree_free) cJSON *config = tree_parse(world->config, strlen(world->config), NULL);
    config_apply(world, config);
    world_clock_moved(world);
    store_commit(worlds->store);
    pthread_mutex_unlock(&world->lock);
}

static int by_pos(const void *a, const void *b)
{
    const struct world *const *left = a;
    const struct world *const *right = b;
    return ((*left)->pos > (*right)->pos) - ((*left)->pos < (*right)->pos);
}

char **worlds_list(struct worlds *worlds)
{
    sweep(worlds);
    pthread_rwlock_rdlock(&worlds->lock);
    struct world **all = mem_new(worlds->count, sizeof(struct world *));
    size_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct world *world = worlds->buckets[i]; world; world = world->next)
            all[n++] = world;
    qsort(all, n, sizeof *all, by_pos);
    char **names = mem_new(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = mem_text(all[i]->id);
    pthread_rwlock_unlock(&worlds->lock);
    free(all);
    return names;
}

size_t worlds_count(struct worlds *worlds)
{
    sweep(worlds);
    pthread_rwlock_rdlock(&worlds->lock);
    size_t n = worlds->count;
    pthread_rwlock_unlock(&worlds->lock);
    return n;
}
