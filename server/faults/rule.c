/* Conditions and counting. A rule is kept as the JSON it came as, beside the few numbers that
 * change. */
#include "faults/rule.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { STEPS_MAX = 100, RULE_ID_NUMBER_MAX = 1000000000 };

/* ---- reading ---- */

static const char on_keys[] = "route service app_id instance_id grant nth every after until status "
                              "header query body body_contains from_ms until_ms probability";

/* An object of patterns; null asks that the name is missing. */
static bool check_patterns(const cJSON *on, const char *name, struct err *err)
{
    const cJSON *object = tree_get(on, name);
    const cJSON *member;
    if (object && !cJSON_IsObject(object))
        return err_set(err, "on.%s must be an object of patterns, such as {\"name\":\"va*\"}",
                       name);
    cJSON_ArrayForEach(
        member, object) if (!cJSON_IsString(member) &&
                            !cJSON_IsNull(member)) return err_set(err,
                                                                  "on.%s.%s must be a text, or "
                                                                  "null where it must be missing",
                                                                  name, member->string);
    return true;
}

static bool check_on(const cJSON *on, struct err *err)
{
    static const char *const texts[] = {"route",       "service", "app_id",
                                        "instance_id", "grant",   "body_contains"};
    static const char *const counts[] = {"nth", "every", "status", "from_ms", "until_ms"};
    static const char *const objects[] = {"header", "query", "body"};
    static const char *const events[][2] = {{"after", "on.after"}, {"until", "on.until"}};
    int64_t value;
    if (on && !cJSON_IsObject(on))
        return err_set(err, "on must be an object such as {\"route\":\"POST /oauth2/token\"}");
    if (!fault_check_keys(on, on_keys, "on", err))
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (tree_get(on, texts[i]) && !tree_text(on, texts[i]))
            return err_set(err, "on.%s must be a text", texts[i]);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (tree_get(on, counts[i]) && (!tree_int(on, counts[i], &value) || value < 1))
            return err_set(err, "on.%s must be a whole number from 1", counts[i]);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        if (!check_patterns(on, objects[i], err))
            return false;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (tree_get(on, events[i][0]) &&
            !fault_check_event(tree_get(on, events[i][0]), events[i][1], err))
            return false;
    const cJSON *chance = tree_get(on, "probability");
    if (chance && (!cJSON_IsNumber(chance) || chance->valuedouble < 0 || chance->valuedouble > 1))
        return err_set(err, "on.probability must be a number from 0 to 1");
    return true;
}

/* Whether the action may come at that stage, and when it comes. */
static bool check_stage(const cJSON *rule, cJSON *action, struct err *err)
{
    enum fault_symbol symbol;
    fault_find(tree_text(action, "fault"), &symbol);
    const struct fault_row *row = fault_row(symbol);
    const cJSON *given = tree_get(action, "stage");
    given = given ? given : tree_get(rule, "stage");
    const char *stage = cJSON_GetStringValue(given);
    bool before = stage && strcmp(stage, "before") == 0;
    bool after = stage && strcmp(stage, "after") == 0;
    bool only_before = row->stage == FAULT_PREPARE || row->stage == FAULT_CONNECT;
    bool only_after = row->stage == FAULT_EDIT || row->stage == FAULT_WIRE;
    if (given && !before && !after)
        return err_set(err, "stage must be \"before\" or \"after\" (the commit)");
    if ((only_before && after) || (only_after && before))
        return err_set(err, "stage \"%s\" does not fit \"%s\", which always comes %s the commit",
                       stage, row->name, only_before ? "before" : "after");
    before = before || (!after && (only_before || row->stage == FAULT_ANSWER));
    bool knows_status = !before && row->stage >= FAULT_EFFECT;
    if (tree_get(tree_get(rule, "on"), "status") && !knows_status)
        return err_set(err,
                       "on.status is known only after the answer, and \"%s\" comes before: it "
                       "fits effects and the wire, after the commit",
                       row->name);
    cJSON_DeleteItemFromObjectCaseSensitive(action, "stage");
    tree_put_text(action, "stage", before ? "before" : "after");
    return true;
}

/* A fault before any byte of a request has no request to fit, and comes alone. */
static bool check_connect(const cJSON *rule, const cJSON *steps, bool *ret_is_connect,
                          struct err *err)
{
    const cJSON *step, *action;
    int n = 0, n_connect = 0;
    cJSON_ArrayForEach(step, steps) cJSON_ArrayForEach(action, step)
    {
        enum fault_symbol symbol;
        fault_find(tree_text(action, "fault"), &symbol);
        n_connect += fault_row(symbol)->stage == FAULT_CONNECT;
        n++;
    }
    *ret_is_connect = n_connect > 0;
    if (n_connect && (n > 1 || tree_get(rule, "on") || tree_get(rule, "times")))
        return err_set(err, "a fault of connections comes before any request: it stands alone, "
                            "without on and times");
    return true;
}

/* "do.ms …" is "do[1].ms …" in a list. */
static bool refuse_action(const char *place, const struct err *why, struct err *err)
{
    bool is_placed = strncmp(why->text, "do.", 3) == 0;
    return err_set(err, "%s%s", is_placed ? place : "", why->text + (is_placed ? 2 : 0));
}

/* Append one step: an action, or a list of actions for one request. `place` is "do" or "do[1]". */
static bool read_step(const cJSON *rule, const char *place, const cJSON *step, cJSON *steps,
                      struct err *err)
{
    cJSON *actions = tree_put(steps, NULL, cJSON_CreateArray());
    const cJSON *item = cJSON_IsArray(step) ? step->child : step;
    for (int i = 0; item; item = cJSON_IsArray(step) ? item->next : NULL, i++) {
        OWNED(mem_text_free) char *inner = mem_format("%s[%d]", place, i);
        OWNED(err_free) struct err why = {0};
        cJSON *action = fault_resolve(item, &why);
        if (!action)
            return refuse_action(cJSON_IsArray(step) ? inner : place, &why, err);
        cJSON_AddItemToArray(actions, action);
        if (!check_stage(rule, action, err))
            return false;
    }
    return cJSON_GetArraySize(actions) || err_set(err, "do holds an empty list");
}

static bool read_steps(const cJSON *rule, cJSON *steps, struct err *err)
{
    const cJSON *action = tree_get(rule, "do");
    if (!action)
        return err_set(err, "do is missing; it says what to do, such as {\"fault\":\"reset\"}");
    if (!cJSON_IsArray(action))
        return read_step(rule, "do", action, steps, err);
    int i = 0;
    const cJSON *step;
    cJSON_ArrayForEach(step, action)
    {
        OWNED(mem_text_free) char *place = mem_format("do[%d]", i++);
        if (!read_step(rule, place, step, steps, err))
            return false;
    }
    int n = cJSON_GetArraySize(steps);
    return (n >= 1 && n <= STEPS_MAX) || err_set(err, "do is a list of 1 to %d steps", STEPS_MAX);
}

bool rule_read(struct rule *ret_rule, const cJSON *json, struct err *err)
{
    if (!cJSON_IsObject(json))
        return err_set(err, "a fault is an object with \"on\" and \"do\"");
    if (!fault_check_keys(json, "on times stage do", "fault", err) ||
        !check_on(tree_get(json, "on"), err))
        return false;
    OWNED(tree_free) cJSON *steps = cJSON_CreateArray();
    if (!read_steps(json, steps, err))
        return false;
    bool is_connect;
    if (!check_connect(json, steps, &is_connect, err))
        return false;
    int64_t times = cJSON_GetArraySize(steps);
    if (tree_get(json, "times") && (!tree_int(json, "times", &times) || times == 0 || times < -1))
        return err_set(err, "times must be a whole number from 1, or -1 for no end");
    *ret_rule = (struct rule){.json = cJSON_Duplicate(json, true),
                              .steps = steps,
                              .is_connect = is_connect,
                              .left = is_connect ? -1 : times};
    steps = NULL;
    return true;
}

void rule_done(struct rule *rule)
{
    gate_open(rule->gate);
    gate_release(rule->gate);
    cJSON_Delete(rule->json);
    cJSON_Delete(rule->steps);
    free(rule->hits);
}

cJSON *rule_json(const struct rule *rule)
{
    cJSON *json = cJSON_CreateObject();
    tree_put_text(json, "fault_id", rule->id);
    const cJSON *member;
    cJSON_ArrayForEach(member, rule->json)
        tree_put(json, member->string, cJSON_Duplicate(member, true));
    tree_put_int(json, "left", rule->left);
    if (rule->gate)
        tree_put_int(json, "waiting", (int64_t)gate_waiting(rule->gate));
    cJSON *hits = tree_put(json, "hits", cJSON_CreateArray());
    for (size_t i = 0; i < rule->n_hits; i++)
        cJSON_AddItemToArray(hits, cJSON_CreateNumber((double)rule->hits[i]));
    return json;
}

/* ---- saving ---- */

static const struct {
    const char *name;
    size_t at;
    int64_t least;
} counters[] = {
    {"left", offsetof(struct rule, left), -1},  {"taken", offsetof(struct rule, taken), 0},
    {"seen", offsetof(struct rule, seen), 0},   {"begun", offsetof(struct rule, begun), 0},
    {"ended", offsetof(struct rule, ended), 0},
};

enum { N_COUNTERS = sizeof counters / sizeof *counters };

static int64_t *counter_of(struct rule *rule, size_t i)
{
    return (int64_t *)(void *)((char *)rule + counters[i].at);
}

cJSON *rule_save(const struct rule *rule)
{
    struct rule copy = *rule;
    cJSON *json = cJSON_Duplicate(rule->json, true);
    tree_put_text(json, "fault_id", rule->id);
    for (size_t i = 0; i < N_COUNTERS; i++)
        tree_put_int(json, counters[i].name, *counter_of(&copy, i));
    return json;
}

/* "f" and a number, as armed_add makes them. */
static bool read_id(const cJSON *json, struct rule *rule)
{
    int64_t number;
    const char *id = tree_text(json, "fault_id");
    if (!id || *id != 'f' || strlen(id) > ARMED_ID_MAX ||
        !text_parse_int(id + 1, 1, RULE_ID_NUMBER_MAX, &number))
        return false;
    memcpy(rule->id, id, strlen(id) + 1);
    return true;
}

bool rule_load(struct rule *ret_rule, const cJSON *json, struct err *err)
{
    OWNED(tree_free) cJSON *plain = cJSON_Duplicate(json, true);
    cJSON_DeleteItemFromObjectCaseSensitive(plain, "fault_id");
    for (size_t i = 0; i < N_COUNTERS; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(plain, counters[i].name);
    struct rule rule;
    if (!rule_read(&rule, plain, err))
        return false;
    bool is_sound = read_id(json, &rule) || err_set(err, "fault_id must be one such as \"f1\"");
    for (size_t i = 0; is_sound && i < N_COUNTERS; i++) {
        int64_t value;
        is_sound = (tree_int(json, counters[i].name, &value) && value >= counters[i].least) ||
                   err_set(err, "%s must be a whole number from %d", counters[i].name,
                           (int)counters[i].least);
        if (is_sound)
            *counter_of(&rule, i) = value;
    }
    if (!is_sound) {
        rule_done(&rule);
        return false;
    }
    *ret_rule = rule;
    return true;
}

/* ---- firing ---- */

static bool text_fits(const cJSON *on, const char *name, const char *value)
{
    const char *pattern = tree_text(on, name);
    return !pattern || text_matches(pattern, value ? value : "");
}

/* Whether what is there under a name fits its pattern; a pattern of null asks for nothing there. */
static bool value_fits(const cJSON *pattern, const char *value)
{
    if (cJSON_IsNull(pattern))
        return !value;
    return value && text_matches(pattern->valuestring, value);
}

static bool headers_fit(const cJSON *on, const struct request *request)
{
    const cJSON *member;
    cJSON_ArrayForEach(
        member, tree_get(on, "header")) if (!value_fits(member,
                                                        request_header(
                                                            request, member->string))) return false;
    return true;
}

static bool members_fit(const cJSON *on, const char *name, const cJSON *object)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, tree_get(on, name))
    {
        const cJSON *value = tree_get(object, member->string);
        bool is_flat = cJSON_IsNumber(value) || cJSON_IsBool(value);
        OWNED(mem_text_free) char *flat = is_flat ? tree_print(value) : NULL;
        if (!value_fits(member, flat ? flat : cJSON_GetStringValue(value)))
            return false;
    }
    return true;
}

/* A rule that asks for a status waits for the answer; the others do not see it. */
static bool status_fits(const cJSON *on, const struct fault_probe *probe)
{
    int64_t status = 0;
    tree_int(on, "status", &status);
    return status == probe->status;
}

bool rule_place_fits(const struct rule *rule, const struct fault_probe *probe)
{
    const cJSON *on = tree_get(rule->json, "on");
    const char *part = tree_text(on, "body_contains");
    return status_fits(on, probe) && text_fits(on, "route", probe->route) &&
           text_fits(on, "service", probe->service) && text_fits(on, "app_id", probe->app_id) &&
           text_fits(on, "instance_id", probe->instance_id) &&
           text_fits(on, "grant", probe->grant) && headers_fit(on, probe->request) &&
           members_fit(on, "query", probe->query) && members_fit(on, "body", probe->body) &&
           (!part || strstr(probe->request->body, part));
}

bool rule_turn_fits(struct rule *rule, const struct fault_probe *probe)
{
    const cJSON *on = tree_get(rule->json, "on");
    const cJSON *after = tree_get(on, "after");
    const cJSON *until = tree_get(on, "until");
    int64_t begin = 1, end = 1, nth, every, from_ms, until_ms;
    tree_int(after, "count", &begin);
    tree_int(until, "count", &end);
    if ((after && rule->begun < begin) || (until && rule->ended >= end))
        return false;
    rule->seen++;
    const cJSON *probability = tree_get(on, "probability");
    return (!tree_int(on, "nth", &nth) || rule->seen >= nth) &&
           (!tree_int(on, "every", &every) || rule->seen % every == 0) &&
           (!tree_int(on, "from_ms", &from_ms) || probe->now_ms >= from_ms) &&
           (!tree_int(on, "until_ms", &until_ms) || probe->now_ms < until_ms) &&
           (!cJSON_IsNumber(probability) || probe->chance < probability->valuedouble);
}

const cJSON *rule_step(const struct rule *rule)
{
    int n = cJSON_GetArraySize(rule->steps);
    return cJSON_GetArrayItem(rule->steps, (int)(rule->taken % n));
}

static bool event_fits(const cJSON *event, const struct fault_probe *probe)
{
    int64_t status;
    return event && text_fits(event, "route", probe->route) &&
           text_fits(event, "app_id", probe->app_id) &&
           text_fits(event, "instance_id", probe->instance_id) &&
           text_fits(event, "grant", probe->grant) &&
           (!tree_int(event, "status", &status) || status == probe->status);
}

/* The event that opens the gate, of whichever action has one. */
static const cJSON *opening_event(const struct rule *rule)
{
    const cJSON *step, *action;
    cJSON_ArrayForEach(step, rule->steps) cJSON_ArrayForEach(action, step)
    {
        const cJSON *event = tree_get(tree_get(action, "until"), "after");
        if (event)
            return event;
    }
    return NULL;
}

void rule_note_answer(struct rule *rule, const struct fault_probe *probe, bool is_own)
{
    const cJSON *on = tree_get(rule->json, "on");
    if (event_fits(tree_get(on, "after"), probe))
        rule->begun++;
    if (event_fits(tree_get(on, "until"), probe))
        rule->ended++;
    if (is_own || !rule->gate || !gate_waiting(rule->gate))
        return;
    const cJSON *event = opening_event(rule);
    int64_t needed = 1;
    tree_int(event, "count", &needed);
    if (event_fits(event, probe) && ++rule->passed >= needed)
        gate_open(rule->gate);
}
