/* Members are checked by a table, so that a snapshot which somebody edited says all that is wrong
 * with it at once. */
#include <string.h>

#include "faults/armed.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"
#include "state/snapshot.h"
#include "state/snapshot_parts.h"

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
    report->n += config_check_whole(member, "snapshot: config", report->lines);
}

static void check_start(struct report *report, const cJSON *member)
{
    report->n += config_check_whole(member, "snapshot: start", report->lines);
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
        if (!snapshot_find_state(tree_text(row, "state"), &state))
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
        if (!snapshot_read_hex(tree_text(member, chances[i].name), words, chances[i].words))
            problem(report, path, "must be 16 hexadecimal digits, or 64 for a state");
    }
}

static void check_kill(struct report *report, const cJSON *member)
{
    if (!cJSON_IsBool(member))
        problem(report, "kill_on_reuse", "must be true or false");
}

/* The rest of a wish is checked where a config's lifetimes are. */
static size_t check_seconds(const cJSON *rule, const char *where, struct buf *problems)
{
    OWNED(tree_free) cJSON *config = cJSON_CreateObject();
    cJSON *lifetimes = tree_put(config, "lifetimes", cJSON_Duplicate(rule, true));
    cJSON_DeleteItemFromObjectCaseSensitive(lifetimes, "app_id");
    cJSON_DeleteItemFromObjectCaseSensitive(lifetimes, "next");
    return config_check(config, where, problems);
}

/* A wish for an app or for the next few tokens, as PUT lifetimes takes it. */
static void check_lifetime_rules(struct report *report, const cJSON *member)
{
    struct lifetime_rules rules = {0};
    const cJSON *rule;
    int i = 0;
    if (!cJSON_IsArray(member))
        problem(report, "lifetime_rules", "must be a list: [ … ]");
    cJSON_ArrayForEach(rule, member)
    {
        OWNED(mem_text_free) char *where = mem_format("snapshot: lifetime_rules[%d]", i++);
        OWNED(err_free) struct err err = {0};
        size_t n = check_seconds(rule, where, report->lines);
        report->n += n;
        if (!n && !lifetime_add_rule(&rules, rule, &err))
            problem(report, where + strlen("snapshot: "), err.text);
    }
    lifetime_rules_free(&rules);
}

static void check_faults(struct report *report, const cJSON *member)
{
    struct hold_limit nobody = {0};
    OWNED(err_free) struct err err = {0};
    struct armed_faults *faults = armed_new(&nobody);
    if (!armed_load(faults, member, &err))
        problem(report, "faults", err.text);
    armed_free(faults);
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
    {"lifetime_rules", check_lifetime_rules, false},
    {"faults", check_faults, false},
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
