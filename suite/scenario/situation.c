/* What is the case before the client starts, and what happens while it runs. */
#include "scenario/situation.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

static const struct {
    const char *name;
    const char *params;
} traps[] = {
#define TRAP(name, params, sentence) {name, params},
#include "scenario/vocabulary.def"
#undef TRAP
};

/* Places have names that fit either flow; anything with a blank is a route of the fake. */
static const struct {
    const char *name;
    const char *routes[FLOW_COUNT];
} places[] = {
    {"token",
     {[FLOW_CLIENT_CREDENTIALS] = "POST /oauth2/token",
      [FLOW_LEGACY] = "POST /oauth/access*",
      [FLOW_INSTALL] = "POST /oauth/access*"}},
    {"api",
     {[FLOW_CLIENT_CREDENTIALS] = "* /conformance/probe",
      [FLOW_LEGACY] = "* /conformance/probe",
      [FLOW_INSTALL] = "* /conformance/probe"}},
};

const char *situation_route(const char *place, enum flow flow)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].name, place) == 0)
            return places[i].routes[flow];
    return strchr(place, ' ') ? place : NULL;
}

static const char *params_of(const char *fault)
{
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
        if (strcmp(traps[i].name, fault) == 0)
            return traps[i].params;
    return NULL;
}

static const char trap_keys[] = "fault on nth every after before status_is times stage needed";

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
    else if (tree_get(trap, "times"))
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
    int64_t times = 0;
    if (word)
        return strcmp(word, "always") == 0 ||
               reader_fail(reader, place,
                           "has a \"times\" that is neither a number nor \"always\"");
    return reader_number(reader, place, trap, "times", 1, 1, &times);
}

static bool read_trap(const struct reader *reader, const char *place, const cJSON *json,
                      enum flow flow, struct trap *trap)
{
    const char *fault = NULL;
    const char *on = NULL;
    if (!cJSON_IsObject(json))
        return reader_fail(reader, place, "must be an object with \"fault\" and \"on\"");
    if (!reader_text(reader, place, json, "fault", &fault) ||
        !reader_text(reader, place, json, "on", &on))
        return false;
    const char *params = params_of(fault);
    if (!params)
        return reader_fail(reader, place,
                           "names the unknown fault \"%s\"; `fakewix-conform explain language` "
                           "lists them",
                           fault);
    OWNED(mem_text_free) char *allowed = mem_format("%s %s", trap_keys, params);
    if (!reader_knows_keys(reader, place, json, allowed) || !check_times(reader, place, json) ||
        !reader_number(reader, place, json, "needed", 0, 1, &trap->needed))
        return false;
    const char *route = situation_route(on, flow);
    if (!route)
        return reader_fail(reader, place,
                           "has \"on\": \"%s\"; it takes \"token\", \"api\" or a "
                           "route such as \"GET /apps/v1/instance\"",
                           on);
    trap->rule = make_rule(json, route, params, flow);
    trap->what = mem_format("the fault \"%s\" on %s", fault, route);
    return true;
}

static const char certificates[] = "good unknown-ca expired not-yet-valid wrong-host self-signed "
                                   "old-protocol";

static bool read_flow(const struct reader *reader, const char *place, const cJSON *given,
                      struct variant *variant)
{
    if (!tree_get(given, "flow"))
        return true;
    const char *name = tree_text(given, "flow");
    if (name && flow_by_name(name, &variant->flow))
        return true;
    return reader_fail(reader, place,
                       "has a \"flow\" that is not \"client_credentials\", \"legacy\" "
                       "or \"install\"");
}

bool situation_read_given(const struct reader *reader, const char *place, const cJSON *given,
                          struct variant *variant)
{
    variant->installed = true;
    if (!given)
        return true;
    if (!reader_is_object(reader, place, given) ||
        !reader_knows_keys(reader, place, given,
                           "flow installed lifetimes profile tls debug faults") ||
        !read_flow(reader, place, given, variant))
        return false;
    variant->installed = tree_flag(given, "installed", true);
    variant->debug = tree_flag(given, "debug", false);
    variant->tls = tree_text(given, "tls");
    if (tree_get(given, "tls") && !(variant->tls && reader_lists(certificates, variant->tls)))
        return reader_fail(reader, place, "has a \"tls\" that is none of: %s", certificates);
    static const char *const wishes[] = {"lifetimes", "profile"};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        const cJSON *wish = tree_get(given, wishes[i]);
        if (!reader_is_object(reader, place, wish))
            return false;
        if (wish && !variant->wish)
            variant->wish = cJSON_CreateObject();
        if (wish)
            tree_put(variant->wish, wishes[i], cJSON_Duplicate(wish, true));
    }
    OWNED(mem_text_free) char *faults_place = mem_format("%s.faults", place);
    if (!reader_is_array(reader, faults_place, tree_get(given, "faults")))
        return false;
    const cJSON *json = NULL;
    cJSON_ArrayForEach(json, tree_get(given, "faults"))
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%zu]", faults_place, variant->n_traps);
        variant->traps = mem_grow(variant->traps, variant->n_traps + 1, sizeof *variant->traps);
        variant->traps[variant->n_traps] = (struct trap){0};
        if (!read_trap(reader, at, json, variant->flow, &variant->traps[variant->n_traps++]))
            return false;
    }
    return true;
}

enum shape { SHAPE_WORD, SHAPE_NUMBER, SHAPE_SIGNED, SHAPE_TEXT, SHAPE_CALL, SHAPE_OBJECT };

static const struct {
    const char *name;
    enum shape shape;
    const char *members;
} verbs[STEP_COUNT] = {
#define STEP(symbol, name, shape, members, sentence)                                               \
    [STEP_##symbol] = {name, SHAPE_##shape, members},
#include "scenario/vocabulary.def"
#undef STEP
};

const char *step_name(enum step_kind kind)
{
    return verbs[kind].name;
}

bool step_kills(const struct step *step)
{
    return step->kind == STEP_KILLED_AT || step->kind == STEP_KILLED_AFTER_MS;
}

bool step_makes_a_call(const struct step *step)
{
    return step_kills(step) || step->kind == STEP_SEEN_AT;
}

static bool find_verb(const char *name, enum step_kind *ret_kind)
{
    for (int i = 0; name && i < STEP_COUNT; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        *ret_kind = (enum step_kind)i;
        return true;
    }
    return false;
}

static bool read_call(const struct reader *reader, const char *place, const cJSON *value,
                      struct step *step)
{
    step->n = 1;
    if (!value)
        return true;
    if (cJSON_IsObject(value)) {
        step->params = value;
        return reader_knows_keys(reader, place, value, verbs[STEP_CALL].members) &&
               reader_number(reader, place, value, "n", 0, 1, &step->n) &&
               reader_number(reader, place, value, "parallel", 1, 1, &step->parallel) &&
               reader_number(reader, place, value, "processes", 1, 1, &step->processes);
    }
    bool whole = cJSON_IsNumber(value) && value->valuedouble >= 0 &&
                 value->valuedouble == (double)value->valueint;
    step->n = whole ? value->valueint : 0;
    return whole || reader_fail(reader, place, "must be a number of calls or an object");
}

static bool read_object(const struct reader *reader, const char *place, const cJSON *value,
                        struct step *step)
{
    step->params = value;
    return !value || (reader_is_object(reader, place, value) &&
                      reader_knows_keys(reader, place, value, verbs[step->kind].members));
}

static bool read_text(const struct reader *reader, const char *place, const cJSON *value,
                      struct step *step)
{
    const char *known = verbs[step->kind].members;
    step->text = cJSON_GetStringValue(value);
    if (!step->text)
        return reader_fail(reader, place, "\"%s\" takes a text", verbs[step->kind].name);
    return !*known || reader_lists(known, step->text) ||
           reader_fail(reader, place, "\"%s\" takes one of: %s", verbs[step->kind].name, known);
}

static bool read_value(const struct reader *reader, const char *place, const cJSON *value,
                       struct step *step)
{
    const char *name = verbs[step->kind].name;
    enum shape shape = verbs[step->kind].shape;
    switch (shape) {
    case SHAPE_WORD:
        return !value || reader_fail(reader, place, "\"%s\" takes no value", name);
    case SHAPE_CALL:
        return read_call(reader, place, value, step);
    case SHAPE_OBJECT:
        return read_object(reader, place, value, step);
    case SHAPE_TEXT:
        return read_text(reader, place, value, step);
    case SHAPE_NUMBER:
    case SHAPE_SIGNED:
        if (!value || !cJSON_IsNumber(value) || (value->valuedouble < 0 && shape == SHAPE_NUMBER) ||
            value->valuedouble != (double)value->valueint)
            return reader_fail(reader, place, "\"%s\" takes a whole number", name);
        step->n = value->valueint;
        return true;
    }
    return false;
}

/* "call" and {"call": 5}: a step is a word, or an object with one member. */
static bool read_step(const struct reader *reader, const char *place, const cJSON *json,
                      struct step *step)
{
    bool one_member = cJSON_IsObject(json) && cJSON_GetArraySize(json) == 1;
    const cJSON *value = one_member ? json->child : NULL;
    const char *name = one_member ? value->string : cJSON_GetStringValue(json);
    if (!name)
        return reader_fail(reader, place,
                           "must be a word such as \"call\" or an object with one "
                           "member such as {\"advance_s\": 301}");
    if (!find_verb(name, &step->kind))
        return reader_fail(reader, place,
                           "is the unknown step \"%s\"; `fakewix-conform explain language` "
                           "lists them",
                           name);
    return read_value(reader, place, value, step);
}

static struct step *add_step(struct variant *variant, enum step_kind kind)
{
    variant->steps = mem_grow(variant->steps, variant->n_steps + 1, sizeof *variant->steps);
    struct step *step = &variant->steps[variant->n_steps++];
    *step = (struct step){.kind = kind, .parallel = 1, .processes = 1};
    return step;
}

/* "install" is three steps, which a scenario may also name one by one. */
static void spell_out_install(struct variant *variant)
{
    variant->n_steps--;
    add_step(variant, STEP_OPEN);
    add_step(variant, STEP_CONSENT);
    add_step(variant, STEP_CALLBACK);
}

bool situation_read_steps(const struct reader *reader, const char *place, const cJSON *steps,
                          struct variant *variant)
{
    static const enum step_kind moving[] = {STEP_CALL, STEP_SEEN_AT, STEP_OPEN, STEP_WEBHOOK,
                                            STEP_INSTANCE};
    if (!cJSON_IsArray(steps))
        return reader_fail(reader, place, "must be an array");
    const cJSON *json = NULL;
    int at_step = 0;
    cJSON_ArrayForEach(json, steps)
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%d]", place, at_step++);
        struct step *step = add_step(variant, STEP_CALL);
        if (!read_step(reader, at, json, step))
            return false;
        if (step->kind == STEP_INSTALL)
            spell_out_install(variant);
    }
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++)
        if (variant_has_step(variant, moving[i]))
            return true;
    return reader_fail(reader, place, "never let the client do anything");
}
