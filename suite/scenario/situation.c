/* What is the case before the client starts, and what happens while it runs. */
#include "scenario/situation.h"

#include <string.h>

#include "scenario/traps.h"
#include "shared/mem.h"
#include "shared/tree.h"

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

/* What the fake is to be told of the world; whether it takes that, it says itself. */
static bool read_wishes(const struct reader *reader, const char *place, const cJSON *given,
                        struct variant *variant)
{
    static const char *const wishes[] = {"lifetimes", "profile"};
    bool sound = true;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        const cJSON *wish = tree_get(given, wishes[i]);
        OWNED(mem_text_free) char *at = mem_format("%s.%s", place, wishes[i]);
        sound = reader_is_object(reader, at, wish) && sound;
        if (!cJSON_IsObject(wish))
            continue;
        if (!variant->wish)
            variant->wish = cJSON_CreateObject();
        tree_put(variant->wish, wishes[i], cJSON_Duplicate(wish, true));
    }
    return sound;
}

bool situation_read_given(const struct reader *reader, const char *place, const cJSON *given,
                          struct variant *variant)
{
    variant->installed = true;
    if (!given)
        return true;
    if (!reader_is_object(reader, place, given))
        return false;
    bool sound = reader_knows_keys(reader, place, given,
                                   "flow installed lifetimes profile tls debug faults");
    sound = read_flow(reader, place, given, variant) && sound;
    sound = reader_flag(reader, place, given, "installed", true, &variant->installed) && sound;
    sound = reader_flag(reader, place, given, "debug", false, &variant->debug) && sound;
    variant->tls = tree_text(given, "tls");
    if (tree_get(given, "tls") && !(variant->tls && reader_lists(certificates, variant->tls)))
        sound = reader_fail(reader, place, "has a \"tls\" that is none of: %s", certificates);
    sound = read_wishes(reader, place, given, variant) && sound;
    OWNED(mem_text_free) char *faults_place = mem_format("%s.faults", place);
    return traps_read(reader, faults_place, tree_get(given, "faults"), variant) && sound;
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
        bool sound = reader_fits_members(reader, place, value, verbs[STEP_CALL].members);
        sound = reader_number(reader, place, value, "n", 0, 1, &step->n) && sound;
        sound = reader_number(reader, place, value, "parallel", 1, 1, &step->parallel) && sound;
        return reader_number(reader, place, value, "processes", 1, 1, &step->processes) && sound;
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
                      reader_fits_members(reader, place, value, verbs[step->kind].members));
}

static bool read_text(const struct reader *reader, const char *place, const cJSON *value,
                      struct step *step)
{
    const char *known = verbs[step->kind].members;
    step->text = cJSON_GetStringValue(value);
    if (!step->text)
        return reader_fail(reader, place, "\"%s\" takes a text", verbs[step->kind].name);
    if (!*known || reader_lists(known, step->text))
        return true;
    struct near near = {.given = step->text};
    OWNED(mem_text_free) char *words = mem_text(known);
    near_offer_words(&near, words);
    OWNED(mem_text_free)
    char *what = mem_format("\"%s\" takes one of: %s; not", verbs[step->kind].name, known);
    return reader_fail_word(reader, place, what, &near, "");
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
            return reader_fail(reader, place, "\"%s\" takes a whole number%s", name,
                               shape == SHAPE_NUMBER ? " from 0 on" : "");
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
    struct near near = {.given = name};
    for (int i = 0; i < STEP_COUNT; i++)
        near_offer(&near, verbs[i].name);
    if (!find_verb(name, &step->kind))
        return reader_fail_word(reader, place, "is the unknown step", &near,
                                "`fakewix-conform explain language` lists them");
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
    bool sound = true;
    const cJSON *json = NULL;
    int at_step = 0;
    cJSON_ArrayForEach(json, steps)
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%d]", place, at_step++);
        struct step *step = add_step(variant, STEP_CALL);
        sound = read_step(reader, at, json, step) && sound;
        if (step->kind == STEP_INSTALL)
            spell_out_install(variant);
    }
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++)
        if (variant_has_step(variant, moving[i]))
            return sound;
    return reader_fail(reader, place, "never let the client do anything");
}
