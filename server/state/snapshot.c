/* Saving and loading. What is loaded was checked by snapshot_check.c. */
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/config.h"
#include "state/contents.h"
#include "state/snapshot_parts.h"

/* ---- saving ---- */

static void put_time(cJSON *object, const char *name, int64_t ms)
{
    char iso[TEXT_ISO_LEN + 1];
    text_format_iso(ms, iso);
    tree_put_text(object, name, iso);
}

/* The point where the clock last changed its course: both clocks, and how it runs from there. */
static cJSON *save_clock(const struct timeline *time)
{
    cJSON *clock = cJSON_CreateObject();
    tree_put_text(clock, "mode", time_mode_name(time->mode));
    put_time(clock, "now", time->base_ms);
    put_time(clock, "machine", time->anchor_ms);
    tree_put(clock, "rate", cJSON_CreateNumber(time->rate));
    return clock;
}

static cJSON *save_installations(const struct world *world)
{
    cJSON *list = cJSON_CreateArray();
    size_t n;
    struct instance *instances = store_list_instances(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
        tree_put_text(row, "instance_id", instances[i].instance_id);
        tree_put_text(row, "state", install_state_name(instances[i].state));
        tree_put_int(row, "generation", instances[i].generation);
    }
    free(instances);
    return list;
}

static cJSON *save_marks(const struct world *world)
{
    cJSON *object = cJSON_CreateObject();
    size_t n;
    struct mark *marks = store_list_marks(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        tree_put_int(object, marks[i].id, marks[i].value);
        free(marks[i].id);
    }
    free(marks);
    return object;
}

static void put_hex(cJSON *object, const char *name, const uint64_t *words, size_t n)
{
    OWNED(buf_free) struct buf hex = {0};
    for (size_t i = 0; i < n; i++)
        buf_format(&hex, "%016llx", (unsigned long long)words[i]);
    tree_put_text(object, name, buf_str(&hex));
}

static cJSON *save_chance(const struct world *world)
{
    cJSON *chance = cJSON_CreateObject();
    put_hex(chance, "seed", &world->seed, 1);
    put_hex(chance, "ids", world->rng.state, 4);
    put_hex(chance, "faults", world->fault_rng.state, 4);
    return chance;
}

cJSON *snapshot_save(struct world *world)
{
    cJSON *snapshot = cJSON_CreateObject();
    tree_put_int(snapshot, "schema", SNAPSHOT_SCHEMA);
    tree_put_text(snapshot, "world", world->id);
    tree_put(snapshot, "config", contents_show(world));
    tree_put(snapshot, "start", tree_parse(world->config, strlen(world->config), NULL));
    tree_put(snapshot, "installations", save_installations(world));
    tree_put(snapshot, "clock", save_clock(&world->time));
    tree_put(snapshot, "marks", save_marks(world));
    tree_put_int(snapshot, "first_serial", world->first_serial);
    tree_put_int(snapshot, "next_serial", world_peek_serial(world));
    tree_put(snapshot, "aliases", world_aliases_json(world));
    tree_put(snapshot, "chance", save_chance(world));
    tree_put_flag(snapshot, "kill_on_reuse", world->kill_on_reuse);
    tree_put(snapshot, "lifetime_rules", lifetime_rules_json(&world->lifetime_rules));
    tree_put(snapshot, "faults", armed_save(world->faults));
    return snapshot;
}

/* ---- what both sides read ---- */

bool snapshot_find_state(const char *name, enum install_state *ret_state)
{
    static const enum install_state states[] = {INSTALL_SETUP_INCOMPLETE, INSTALL_ACTIVE,
                                                INSTALL_UNINSTALLED};
    for (size_t i = 0; name && i < sizeof states / sizeof *states; i++)
        if (strcmp(install_state_name(states[i]), name) == 0) {
            *ret_state = states[i];
            return true;
        }
    return false;
}

bool snapshot_read_hex(const char *text, uint64_t *ret_words, size_t n)
{
    if (!text || strlen(text) != 16 * n || strspn(text, "0123456789abcdef") != 16 * n)
        return false;
    for (size_t i = 0; i < 16 * n; i++) {
        uint64_t digit = (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
        ret_words[i / 16] = ret_words[i / 16] << 4 | digit;
    }
    return true;
}

/* ---- loading ---- */

static void load_clock(struct world *world, const cJSON *clock)
{
    const cJSON *rate = tree_get(clock, "rate");
    const char *machine = tree_text(clock, "machine");
    struct timeline time = {.rate = rate ? rate->valuedouble : 1, .anchor_ms = now_real_ms()};
    time_mode_parse(tree_text(clock, "mode"), &time.mode);
    text_parse_iso(tree_text(clock, "now"), &time.base_ms);
    if (machine)
        text_parse_iso(machine, &time.anchor_ms);
    world->time = time;
}

static void load_installations(struct world *world, const cJSON *list)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, list)
    {
        struct instance instance;
        store_find_instance(world->store, world->id, tree_text(row, "instance_id"), &instance);
        snapshot_find_state(tree_text(row, "state"), &instance.state);
        tree_int(row, "generation", &instance.generation);
        store_put_instance(world->store, world->id, &instance);
    }
}

static void load_marks(struct world *world, const cJSON *marks)
{
    const cJSON *mark;
    cJSON_ArrayForEach(mark, marks)
    {
        int64_t value = 0;
        tree_int(marks, mark->string, &value);
        store_put_mark(world->store, world->id, mark->string, value);
    }
    world->has_marks = cJSON_GetArraySize(marks) > 0;
}

static void load_chance(struct world *world, const cJSON *chance)
{
    struct rng ids = {{0}}, faults = {{0}};
    uint64_t seed = 0;
    if (!chance)
        return;
    snapshot_read_hex(tree_text(chance, "seed"), &seed, 1);
    snapshot_read_hex(tree_text(chance, "ids"), ids.state, 4);
    snapshot_read_hex(tree_text(chance, "faults"), faults.state, 4);
    world->seed = seed;
    world->rng = ids;
    world->fault_rng = faults;
}

/* Whose tokens are the world's: those that the snapshot's world knew, and those to come. What this
 * world minted by itself since, or before, is a stranger's. */
static void load_serials(struct world *world, const cJSON *snapshot)
{
    const cJSON *row;
    const char *saved = tree_text(snapshot, "world");
    int64_t first = 0, next = 1;
    tree_int(snapshot, "first_serial", &first);
    tree_int(snapshot, "next_serial", &next);
    cJSON_ArrayForEach(row, tree_get(snapshot, "aliases"))
    {
        int64_t from = 0, below = 0;
        tree_int(row, "from", &from);
        tree_int(row, "below", &below);
        world_add_alias(world, tree_text(row, "world"), from, below);
    }
    bool goes_on = strcmp(saved, world->id) == 0 && world_peek_serial(world) <= next;
    world_skip_serials(world, next);
    world->first_serial = goes_on ? first : world_peek_serial(world);
    if (!goes_on)
        world_add_alias(world, saved, first, next);
}

/* What a test wished for: both lists were checked, so that nothing is left to refuse. */
static void load_wishes(struct world *world, const cJSON *snapshot)
{
    const cJSON *rule;
    cJSON_ArrayForEach(rule, tree_get(snapshot, "lifetime_rules"))
        lifetime_add_rule(&world->lifetime_rules, rule, NULL);
    if (tree_get(snapshot, "faults"))
        armed_load(world->faults, tree_get(snapshot, "faults"), NULL);
}

void snapshot_load(struct world *world, const cJSON *snapshot)
{
    const cJSON *config = tree_get(snapshot, "config");
    const cJSON *start = tree_get(snapshot, "start");
    store_begin(world->store);
    world_clear(world);
    config_apply(world, config);
    load_installations(world, tree_get(snapshot, "installations"));
    load_marks(world, tree_get(snapshot, "marks"));
    load_chance(world, tree_get(snapshot, "chance"));
    load_serials(world, snapshot);
    load_wishes(world, snapshot);
    if (tree_get(snapshot, "clock"))
        load_clock(world, tree_get(snapshot, "clock"));
    world->kill_on_reuse = tree_flag(snapshot, "kill_on_reuse", false);
    free(world->config);
    world->config = tree_print(start ? start : config);
    world_clock_moved(world);
    store_commit(world->store);
}
