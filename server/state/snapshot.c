/* Members are checked by a table, so that a snapshot which somebody edited says all that is wrong
 * with it at once. */
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/config.h"
#include "state/contents.h"

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
    return snapshot;
}

/* ---- checking ---- */

/* Where problems are collected. */
struct report {
    const cJSON *snapshot;
    struct buf *lines;
    size_t n;
};

static void problem(struct report *report, const char *path, const char *sentence)
{
    buf_format(report->lines, "snapshot: %s: %s\n", path, sentence);
    report->n++;
}

typedef void check_fn(struct report *report, const cJSON *member);

static void check_schema(struct report *report, const cJSON *member)
{
    if (!cJSON_IsNumber(member) || member->valueint != SNAPSHOT_SCHEMA)
        problem(report, "schema", "this fakewix reads schema 1; save the snapshot anew");
}

static bool is_world_name(const cJSON *value)
{
    return cJSON_IsString(value) && world_name_is_sound(value->valuestring);
}

static void check_world(struct report *report, const cJSON *member)
{
    if (!is_world_name(member))
        problem(report, "world", "must be the name of the world that was saved");
}

static void check_config(struct report *report, const cJSON *member)
{
    report->n += config_check(member, "snapshot: config", report->lines);
}

static void check_start(struct report *report, const cJSON *member)
{
    report->n += config_check(member, "snapshot: start", report->lines);
}

static bool find_state(const char *name, enum install_state *ret_state)
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

static bool has_instance(const cJSON *snapshot, const char *id)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, tree_get(tree_get(snapshot, "config"), "instances"))
    {
        const char *text = tree_text(row, "instance_id");
        if (text && strcmp(text, id) == 0)
            return true;
    }
    return false;
}

static void check_installations(struct report *report, const cJSON *member)
{
    int i = 0;
    const cJSON *row;
    if (!cJSON_IsArray(member))
        problem(report, "installations", "must be a list: [ … ]");
    cJSON_ArrayForEach(row, member)
    {
        OWNED(mem_text_free) char *path = mem_format("installations[%d]", i++);
        enum install_state state;
        int64_t generation = 0;
        const char *id = tree_text(row, "instance_id");
        if (!id || !has_instance(report->snapshot, id))
            problem(report, path, "instance_id must be one of config.instances");
        if (!find_state(tree_text(row, "state"), &state))
            problem(report, path, "state must be SETUP_INCOMPLETE, ACTIVE or UNINSTALLED");
        if (!tree_int(row, "generation", &generation) || generation < 1)
            problem(report, path, "generation must be a whole number from 1");
    }
}

static bool is_rate(const cJSON *rate)
{
    return cJSON_IsNumber(rate) && rate->valuedouble >= 0.001 && rate->valuedouble <= 1e6;
}

static void check_clock(struct report *report, const cJSON *member)
{
    enum time_mode mode;
    int64_t ms;
    const cJSON *machine = tree_get(member, "machine");
    if (!time_mode_parse(tree_text(member, "mode"), &mode))
        problem(report, "clock.mode", "must be \"real\", \"frozen\" or \"scaled\"");
    if (!tree_text(member, "now") || !text_parse_iso(tree_text(member, "now"), &ms))
        problem(report, "clock.now", "must be a time such as 2030-01-01T00:00:00Z");
    if (machine && (!cJSON_IsString(machine) || !text_parse_iso(machine->valuestring, &ms)))
        problem(report, "clock.machine", "must be a time; leave it out to go on from \"now\"");
    if (tree_get(member, "rate") && !is_rate(tree_get(member, "rate")))
        problem(report, "clock.rate", "must be a number from 0.001 to 1e6");
}

static const int64_t serial_max = INT64_C(100000000000000);

static bool is_serial(const cJSON *object, const char *name)
{
    int64_t value;
    return tree_int(object, name, &value) && value >= 0 && value <= serial_max;
}

static void check_marks(struct report *report, const cJSON *member)
{
    const cJSON *mark;
    if (!cJSON_IsObject(member))
        problem(report, "marks", "must be an object of numbers: { … }");
    cJSON_ArrayForEach(mark, member) if (!is_serial(member, mark->string))
    {
        OWNED(mem_text_free) char *path = mem_format("marks.%s", mark->string);
        problem(report, path, "must be a whole number");
    }
}

static void check_serial(struct report *report, const cJSON *member)
{
    (void)member;
    if (!is_serial(report->snapshot, "next_serial"))
        problem(report, "next_serial", "must be a whole number");
}

static void check_first(struct report *report, const cJSON *member)
{
    (void)member;
    if (!is_serial(report->snapshot, "first_serial"))
        problem(report, "first_serial", "must be a whole number");
}

static void check_aliases(struct report *report, const cJSON *member)
{
    const cJSON *row;
    if (!cJSON_IsArray(member) || cJSON_GetArraySize(member) > WORLD_ALIASES_MAX)
        problem(report, "aliases", "must be a list of at most 16 worlds");
    cJSON_ArrayForEach(row, member) if (!is_world_name(tree_get(row, "world")) ||
                                        !is_serial(row, "below") ||
                                        (tree_get(row, "from") && !is_serial(row, "from")))
        problem(report, "aliases", "each needs \"world\", a name, and \"below\", a serial");
}

/* 16 hexadecimal digits for each word. */
static bool read_hex(const char *text, uint64_t *ret_words, size_t n)
{
    if (!text || strlen(text) != 16 * n || strspn(text, "0123456789abcdef") != 16 * n)
        return false;
    for (size_t i = 0; i < 16 * n; i++) {
        uint64_t digit = (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
        ret_words[i / 16] = ret_words[i / 16] << 4 | digit;
    }
    return true;
}

static const struct {
    const char *name;
    size_t words;
} chances[] = {
    {"seed", 1},
    {"ids", 4},
    {"faults", 4},
};

static void check_chance(struct report *report, const cJSON *member)
{
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++) {
        uint64_t words[4] = {0};
        OWNED(mem_text_free) char *path = mem_format("chance.%s", chances[i].name);
        if (!read_hex(tree_text(member, chances[i].name), words, chances[i].words))
            problem(report, path, "must be 16 hexadecimal digits, or 64 for a state");
    }
}

static void check_kill(struct report *report, const cJSON *member)
{
    if (!cJSON_IsBool(member))
        problem(report, "kill_on_reuse", "must be true or false");
}

static const struct {
    const char *name;
    check_fn *check;
    bool required;
} members[] = {
    {"schema", check_schema, true},
    {"world", check_world, true},
    {"config", check_config, true},
    {"start", check_start, false},
    {"installations", check_installations, false},
    {"clock", check_clock, false},
    {"marks", check_marks, false},
    {"first_serial", check_first, false},
    {"next_serial", check_serial, true},
    {"aliases", check_aliases, false},
    {"chance", check_chance, false},
    {"kill_on_reuse", check_kill, false},
};

enum { N_MEMBERS = sizeof members / sizeof *members };

static void check_unknown(struct report *report)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, report->snapshot)
    {
        bool known = false;
        for (size_t i = 0; i < N_MEMBERS; i++)
            known = known || strcmp(members[i].name, member->string) == 0;
        if (!known)
            problem(report, member->string, "is not known here; take it out");
    }
}

size_t snapshot_check(const cJSON *snapshot, struct buf *problems)
{
    struct report report = {.snapshot = snapshot, .lines = problems};
    check_unknown(&report);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const cJSON *member = tree_get(snapshot, members[i].name);
        if (member)
            members[i].check(&report, member);
        else if (members[i].required)
            problem(&report, members[i].name, "is missing");
    }
    return report.n;
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
        find_state(tree_text(row, "state"), &instance.state);
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
    read_hex(tree_text(chance, "seed"), &seed, 1);
    read_hex(tree_text(chance, "ids"), ids.state, 4);
    read_hex(tree_text(chance, "faults"), faults.state, 4);
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
    if (tree_get(snapshot, "clock"))
        load_clock(world, tree_get(snapshot, "clock"));
    world->kill_on_reuse = tree_flag(snapshot, "kill_on_reuse", false);
    free(world->config);
    world->config = tree_print(start ? start : config);
    world_clock_moved(world);
    store_commit(world->store);
}
