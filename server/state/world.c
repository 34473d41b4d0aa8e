/* What a world does for those who hold its lock. The registry is in worlds.c. */
#include "state/world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faults/armed.h"
#include "lint/lint.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/config.h"

enum { SERIAL_BLOCK = 100000 };

int64_t world_now(const struct world *world)
{
    return timeline_at(&world->time, now_real_ms());
}

double world_rate(const struct world *world)
{
    switch (world->time.mode) {
    case TIME_REAL:
        return 1;
    case TIME_FROZEN:
        return 0;
    case TIME_SCALED:
        return world->time.rate;
    }
    return 1;
}

/* "The next two" are not two more after a restart. */
static void save_wishes(struct world *world)
{
    if (world->dropped)
        return;
    OWNED(tree_free) cJSON *rules = lifetime_rules_json(&world->lifetime_rules);
    OWNED(mem_text_free) char *text = tree_print(rules);
    store_put_wishes(world->store, world->id, text);
}

int64_t world_lifetime_s(struct world *world, enum lifetime which, const char *app_id)
{
    const int64_t usual[LIFETIME_COUNT] = {
        [LIFETIME_CODE] = world->lifetimes.code_s,
        [LIFETIME_CUSTOM_ACCESS] = world->lifetimes.custom_access_token_s,
        [LIFETIME_OAUTH_ACCESS] = world->lifetimes.oauth_access_token_s,
    };
    if (world->mint.lifetime_s)
        return world->mint.lifetime_s;
    bool counted;
    int64_t wished = lifetime_rule_s(&world->lifetime_rules, which, app_id, &counted);
    if (counted)
        save_wishes(world);
    return wished ? wished : usual[which];
}

void world_close_door(struct world *world)
{
    if (world->door)
        world->close_door(world->door);
    world->door = NULL;
}

void world_clock_moved(struct world *world)
{
    world_save(world);
    world->stirred = true;
    armed_tell_time(world->faults, (struct hold_clock){world_now(world), world_rate(world)});
    pthread_cond_broadcast(&world->changed);
}

int64_t world_serial(struct world *world)
{
    if (world->next_serial == world->serial_end) {
        world->next_serial = store_reserve_serials(world->store, world->id, SERIAL_BLOCK);
        world->serial_end = world->next_serial + SERIAL_BLOCK;
    }
    return world->next_serial++;
}

int64_t world_peek_serial(struct world *world)
{
    int64_t serial = world_serial(world);
    world->next_serial = serial;
    return serial;
}

void world_skip_serials(struct world *world, int64_t first)
{
    int64_t next = world_peek_serial(world);
    if (next >= first)
        return;
    world->next_serial = first;
    if (world->serial_end > first)
        return;
    store_reserve_serials(world->store, world->id, first - world->serial_end);
    world->serial_end = first; /* the next one takes a block of its own */
}

void world_begin_again(struct world *world)
{
    world->first_serial = world_peek_serial(world);
    world->n_aliases = 0;
}

void world_guid(struct world *world, char ret_guid[static TEXT_GUID_LEN + 1])
{
    uint8_t bytes[16];
    rng_fill(&world->rng, bytes, sizeof bytes);
    text_format_guid(bytes, ret_guid);
}

bool world_knows_token(const struct world *world, const char *id, int64_t serial)
{
    if (strcmp(world->id, id) == 0 && serial >= world->first_serial)
        return true;
    for (size_t i = 0; i < world->n_aliases; i++) {
        const struct world_alias *alias = &world->aliases[i];
        if (strcmp(alias->id, id) == 0 && serial >= alias->from && serial < alias->below)
            return true;
    }
    return false;
}

void world_clear(struct world *world)
{
    world->life++;
    world_begin_again(world);
    store_clear_world(world->store, world->id);
    world->has_marks = world->kill_on_reuse = false;
    world->lifetimes = config_default_lifetimes();
    lifetime_rules_free(&world->lifetime_rules);
    world->profile = (struct profile){0};
    settings_free(&world->settings);
    rate_free(&world->rate);
    armed_begin_anew(world->faults);
    lint_clear(world->lint);
    journal_renew(&world->journal);
    schedule_free(&world->schedule);
    outbox_clear(&world->outbox);
}

cJSON *world_aliases_json(const struct world *world)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < world->n_aliases; i++) {
        cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
        tree_put_text(row, "world", world->aliases[i].id);
        tree_put_int(row, "from", world->aliases[i].from);
        tree_put_int(row, "below", world->aliases[i].below);
    }
    return list;
}

/* One range of serials where two touch. Where there is no room for another, any two of one world:
 * rather a stranger let in than a good token refused. */
static bool join_alias(struct world *world, const char *id, int64_t from, int64_t below)
{
    bool is_full = world->n_aliases == WORLD_ALIASES_MAX;
    for (size_t i = 0; i < world->n_aliases; i++) {
        struct world_alias *alias = &world->aliases[i];
        bool touches = from <= alias->below && below >= alias->from;
        if (strcmp(alias->id, id) != 0 || !(touches || is_full))
            continue;
        alias->from = from < alias->from ? from : alias->from;
        alias->below = below > alias->below ? below : alias->below;
        return true;
    }
    return false;
}

void world_add_alias(struct world *world, const char *id, int64_t from, int64_t below)
{
    size_t len = strlen(id);
    if (from >= below || len > MODEL_WORLD_MAX || join_alias(world, id, from, below) ||
        world->n_aliases == WORLD_ALIASES_MAX)
        return;
    struct world_alias *alias = &world->aliases[world->n_aliases++];
    *alias = (struct world_alias){.from = from, .below = below};
    memcpy(alias->id, id, len + 1);
}

static cJSON *time_json(const struct timeline *time)
{
    cJSON *json = cJSON_CreateObject();
    tree_put_text(json, "mode", time_mode_name(time->mode));
    tree_put_int(json, "base_ms", time->base_ms);
    tree_put_int(json, "anchor_ms", time->anchor_ms);
    tree_put(json, "rate", cJSON_CreateNumber(time->rate));
    return json;
}

static void read_time(const cJSON *json, struct timeline *time)
{
    const cJSON *rate = tree_get(json, "rate");
    const char *mode = tree_text(json, "mode");
    if (!mode)
        return;
    time_mode_parse(mode, &time->mode);
    time->rate = cJSON_IsNumber(rate) ? rate->valuedouble : 1;
    tree_int(json, "base_ms", &time->base_ms);
    tree_int(json, "anchor_ms", &time->anchor_ms);
}

void world_save(struct world *world)
{
    if (world->dropped)
        return;
    OWNED(tree_free) cJSON *doc = cJSON_CreateObject();
    OWNED(mem_text_free) char *seed = mem_format("%lld", (long long)world->seed);
    tree_put(doc, "time", time_json(&world->time));
    tree_put(doc, "start", time_json(&world->start_time));
    tree_put_int(doc, "expires_ms", world->expires_ms);
    tree_put_int(doc, "first_serial", world->first_serial);
    tree_put_text(doc, "seed", seed); /* 64 bits: more than a JSON number holds */
    tree_put_int(doc, "code_s", world->lifetimes.code_s);
    tree_put_int(doc, "custom_access_token_s", world->lifetimes.custom_access_token_s);
    tree_put_int(doc, "oauth_access_token_s", world->lifetimes.oauth_access_token_s);
    tree_put(doc, "lifetime_rules", lifetime_rules_json(&world->lifetime_rules));
    tree_put(doc, "profile", profile_json(&world->profile));
    tree_put(doc, "settings", settings_json(&world->settings));
    tree_put(doc, "aliases", world_aliases_json(world));
    tree_put_text(doc, "config", world->config);
    char *text = tree_print(doc);
    store_put_world(world->store, world->id, text);
    free(text);
    world_show_clock(world);
}

void world_keep_event(struct world *world, const struct event *event)
{
    if (world->dropped)
        return;
    if (event->settled) {
        store_drop_event(world->store, world->id, event->number);
        return;
    }
    OWNED(tree_free) cJSON *doc = outbox_save_event(event);
    OWNED(mem_text_free) char *text = tree_print(doc);
    store_put_event(world->store, world->id, event->number, text);
}

/* What a process before had still to send is due as it was. */
static void restore_events(struct world *world)
{
    size_t n;
    struct mark *rows = store_list_events(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        OWNED(tree_free) cJSON *doc = tree_parse(rows[i].id, strlen(rows[i].id), NULL);
        const struct event *event = outbox_load_event(&world->outbox, rows[i].value, doc);
        if (event)
            schedule_add(&world->schedule, event->due_ms, SCHEDULE_WEBHOOK, event->number);
        free(rows[i].id);
    }
    free(rows);
}

void world_show_clock(const struct world *world)
{
    int64_t machine_ms = now_real_ms();
    hand_set(&world->hand, timeline_at(&world->time, machine_ms) - machine_ms);
}

static void restore_wishes(struct world *world, const cJSON *doc)
{
    OWNED(mem_text_free) char *text = NULL;
    OWNED(tree_free) cJSON *counted = NULL;
    if (store_find_wishes(world->store, world->id, &text))
        counted = tree_parse(text, strlen(text), NULL);
    const cJSON *rules = counted ? counted : tree_get(doc, "lifetime_rules");
    const cJSON *rule;
    cJSON_ArrayForEach(rule, rules) lifetime_add_rule(&world->lifetime_rules, rule, NULL);
}

void world_restore(struct world *world)
{
    OWNED(mem_text_free) char *text = NULL;
    if (!store_find_world(world->store, world->id, &text))
        return;
    OWNED(tree_free) cJSON *doc = tree_parse(text, strlen(text), NULL);
    int64_t seed;
    read_time(tree_get(doc, "time"), &world->time);
    read_time(tree_get(doc, "start"), &world->start_time);
    if (tree_text(doc, "seed") &&
        text_parse_int(tree_text(doc, "seed"), INT64_MIN + 1, INT64_MAX, &seed))
        world->seed = (uint64_t)seed;
    tree_int(doc, "expires_ms", &world->expires_ms);
    tree_int(doc, "first_serial", &world->first_serial);
    tree_int(doc, "code_s", &world->lifetimes.code_s);
    tree_int(doc, "custom_access_token_s", &world->lifetimes.custom_access_token_s);
    tree_int(doc, "oauth_access_token_s", &world->lifetimes.oauth_access_token_s);
    restore_wishes(world, doc);
    profile_read(&world->profile, tree_get(doc, "profile"), NULL);
    settings_apply(&world->settings, tree_get(doc, "settings"));
    const cJSON *alias;
    cJSON_ArrayForEach(alias, tree_get(doc, "aliases"))
    {
        int64_t from = 0, below = 0;
        tree_int(alias, "from", &from);
        tree_int(alias, "below", &below);
        world_add_alias(world, tree_text(alias, "world"), from, below);
    }
    if (tree_text(doc, "config")) {
        free(world->config);
        world->config = mem_text(tree_text(doc, "config"));
    }
    /* The serials say how far the world had come: ids of before must not be made again. */
    int64_t come = store_reserve_serials(world->store, world->id, SERIAL_BLOCK);
    world->next_serial = come;
    world->serial_end = come + SERIAL_BLOCK;
    world->rng = rng_seeded(world->seed + (uint64_t)come, world->id);
    world->fault_rng = rng_seeded(world->seed + 1, world->id);
    restore_events(world);
    world->has_marks = world->restored = true;
}

void world_wait(struct world *world, int64_t ms)
{
    struct timespec until;
    int64_t target_us = now_steady_us() + ms * 1000;
    until.tv_sec = (time_t)(target_us / 1000000);
    until.tv_nsec = (long)(target_us % 1000000) * 1000;
    pthread_cond_timedwait(&world->changed, &world->lock, &until);
}
