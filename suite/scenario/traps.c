/* A person writes a fault flat, {"fault", "on", …}; the fake takes {"on": {…}, "do": {…}}. What the
 * fake says of the one is told of the other. */
#include "scenario/traps.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/situation.h"
#include "shared/mem.h"
#include "shared/tree.h"

static const struct {
    const char *name;
    const char *params;
} rows[] = {
#define TRAP(name, params, sentence) {name, params},
#include "scenario/vocabulary.def"
#undef TRAP
};

enum { N_ROWS = sizeof rows / sizeof *rows };

/* What rules connections knows no request, and a scenario has steps for it. */
static const struct {
    const char *fault;
    const char *instead;
} connecting[] = {
    {"refuse-connections", "the step {\"port_closed_ms\": 1000}"},
    {"accept-silence", "\"silence\" on a route"},
    {"reset-connections", "\"reset\" on a route"},
    {"bad-certificate", "\"given\": {\"tls\": …} or the step {\"certificate\": …}"},
};

static const char *params_of(const char *fault)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i].name, fault) == 0)
            return rows[i].params;
    return NULL;
}

static const char keys[] = "fault on nth every after before status_is times stage needed";

/* An event: {"route", "count"}, its route by any name that "on" takes. */
static cJSON *copy_event(const cJSON *event, enum flow flow)
{
    cJSON *copy = cJSON_Duplicate(event, true);
    const char *place = tree_text(copy, "route");
    OWNED(mem_text_free) char *route = place ? mem_text(place) : NULL;
    const char *known = route ? situation_route(route, flow) : NULL;
    if (known) {
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "route");
        tree_put_text(copy, "route", known);
    }
    return copy;
}

static bool counts_times(const cJSON *trap)
{
    int64_t times;
    return tree_int(trap, "times", &times) && times >= 1;
}

/* {"on":…, "do":…} from the flat form a person writes. */
static cJSON *make_rule(const cJSON *trap, const char *route, const char *params, enum flow flow)
{
    static const char *const counts[] = {"nth", "every"};
    static const char *const events[][2] = {{"after", "after"}, {"before", "until"}};
    cJSON *rule = cJSON_CreateObject();
    cJSON *on = tree_put(rule, "on", cJSON_CreateObject());
    tree_put_text(on, "route", route);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (tree_get(trap, counts[i]))
            tree_put(on, counts[i], cJSON_Duplicate(tree_get(trap, counts[i]), true));
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (tree_get(trap, events[i][0]))
            tree_put(on, events[i][1], copy_event(tree_get(trap, events[i][0]), flow));
    if (tree_get(trap, "status_is"))
        tree_put(on, "status", cJSON_Duplicate(tree_get(trap, "status_is"), true));
    const char *times = tree_text(trap, "times");
    if (times)
        tree_put_int(rule, "times", -1);
    else if (counts_times(trap)) /* any other has been told of, and is not told of again */
        tree_put(rule, "times", cJSON_Duplicate(tree_get(trap, "times"), true));
    if (tree_get(trap, "stage"))
        tree_put(rule, "stage", cJSON_Duplicate(tree_get(trap, "stage"), true));
    cJSON *action = tree_put(rule, "do", cJSON_CreateObject());
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, trap)
    {
        bool own = strcmp(member->string, "fault") == 0 || reader_lists(params, member->string);
        if (own)
            tree_put(action, member->string, cJSON_Duplicate(member, true));
    }
    return rule;
}

static bool check_times(const struct reader *reader, const char *place, const cJSON *trap)
{
    const char *word = tree_text(trap, "times");
    OWNED(mem_text_free) char *at = mem_format("%s.times", place);
    return !tree_get(trap, "times") || (word && strcmp(word, "always") == 0) ||
           counts_times(trap) ||
           reader_fail(reader, at, "must be a whole number from 1 on, or \"always\"");
}

static bool fail_unknown(const struct reader *reader, const char *place, const char *fault)
{
    struct near near = {.given = fault};
    for (size_t i = 0; i < N_ROWS; i++)
        near_offer(&near, rows[i].name);
    return reader_fail_word(reader, place, "names the unknown fault", &near,
                            "`fakewix-conform explain language` lists them");
}

static bool check_fault(const struct reader *reader, const char *place, const char *fault)
{
    for (size_t i = 0; i < sizeof connecting / sizeof *connecting; i++)
        if (strcmp(connecting[i].fault, fault) == 0)
            return reader_fail(reader, place,
                               "has the fault \"%s\", which comes before any request; a scenario "
                               "has %s in its place",
                               fault, connecting[i].instead);
    return params_of(fault) || fail_unknown(reader, place, fault);
}

static bool read_trap(const struct reader *reader, const char *place, const cJSON *json,
                      enum flow flow, struct trap *trap)
{
    const char *fault = NULL;
    const char *on = NULL;
    if (!cJSON_IsObject(json))
        return reader_fail(reader, place, "must be an object with \"fault\" and \"on\"");
    bool sound = reader_text(reader, place, json, "fault", &fault);
    sound = reader_text(reader, place, json, "on", &on) && sound;
    sound = check_times(reader, place, json) && sound;
    sound = reader_number(reader, place, json, "needed", 0, 1, &trap->needed) && sound;
    const char *route = on ? situation_route(on, flow) : NULL;
    if (on && !route)
        sound = reader_fail(reader, place,
                            "has \"on\": \"%s\"; it takes \"token\", \"api\" or a "
                            "route such as \"GET /apps/v1/instance\"",
                            on);
    if (!fault || !check_fault(reader, place, fault))
        return false;
    const char *params = params_of(fault);
    OWNED(mem_text_free) char *allowed = mem_format("%s %s", keys, params);
    sound = reader_knows_keys(reader, place, json, allowed) && sound;
    trap->place = mem_text(place);
    trap->rule = make_rule(json, route ? route : "* **", params, flow);
    trap->what = mem_format("the fault \"%s\" on %s", fault, route ? route : "nothing");
    return sound;
}

bool traps_read(const struct reader *reader, const char *place, const cJSON *faults,
                struct variant *variant)
{
    const cJSON *list = cJSON_IsArray(faults) ? faults : NULL;
    bool sound = reader_is_array(reader, place, faults);
    size_t n = 0;
    const cJSON *json = NULL;
    cJSON_ArrayForEach(json, list)
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%zu]", place, n++);
        struct trap trap = {0};
        sound = read_trap(reader, at, json, variant->flow, &trap) && sound;
        if (!trap.rule)
            continue;
        variant->traps = mem_grow(variant->traps, variant->n_traps + 1, sizeof *variant->traps);
        variant->traps[variant->n_traps++] = trap;
    }
    return sound;
}

char *traps_blame(const struct reader *reader, const struct trap *trap, const char *refusal)
{
    /* Members of the rule, and what they are in the flat form. */
    static const struct {
        const char *rule;
        const char *flat;
    } members[] = {
        {"do.", ""}, {"on.route", "on"}, {"on.until", "before"}, {"on.status", "status_is"},
        {"on.", ""}, {"times", "times"}, {"stage", "stage"}};
    size_t len = strcspn(refusal, " ");
    for (size_t i = 0; refusal[len] && i < sizeof members / sizeof *members; i++) {
        size_t same = strlen(members[i].rule);
        if (strncmp(refusal, members[i].rule, same) != 0)
            continue;
        OWNED(mem_text_free)
        char *member = mem_format("%s%.*s", members[i].flat, (int)(len - same), refusal + same);
        OWNED(mem_text_free) char *at = mem_format("%s.%s", trap->place, member);
        reader_fail(reader, at, "%s", refusal + len + 1);
        return mem_text_n(member, strcspn(member, "."));
    }
    reader_fail(reader, trap->place, "is refused by the fake: %s", refusal);
    return NULL;
}
