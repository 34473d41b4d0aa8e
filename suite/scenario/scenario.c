/* From a file's text to a scenario, or to a sentence. Nothing is guessed and nothing skipped: a
 * scenario that means less than its author thinks would be green for the wrong reason. */
#include "scenario/scenario.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/reader.h"
#include "scenario/situation.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static const char *const need_names[NEED_COUNT] = {
#define NEED(symbol, name, sentence) [NEED_BIT_##symbol] = name,
#include "scenario/vocabulary.def"
#undef NEED
};

const char *need_name(enum need need)
{
    return need_names[need];
}

bool need_by_name(const char *name, enum need *ret_need)
{
    for (int i = 0; i < NEED_COUNT; i++) {
        if (strcmp(need_names[i], name) != 0)
            continue;
        *ret_need = (enum need)i;
        return true;
    }
    return false;
}

const char *flow_name(enum flow flow)
{
    static const char *const names[] = {[FLOW_CLIENT_CREDENTIALS] = "client_credentials",
                                        [FLOW_LEGACY] = "legacy",
                                        [FLOW_INSTALL] = "install"};
    return names[flow];
}

bool flow_by_name(const char *name, enum flow *ret_flow)
{
    for (enum flow flow = 0; flow < FLOW_COUNT; flow++) {
        if (strcmp(flow_name(flow), name) != 0)
            continue;
        *ret_flow = flow;
        return true;
    }
    return false;
}

int64_t variant_count_calls(const struct variant *variant)
{
    int64_t n = 0;
    for (size_t i = 0; i < variant->n_steps; i++) {
        const struct step *step = &variant->steps[i];
        n += step->kind == STEP_CALL ? step->n * step->processes : step_makes_a_call(step);
    }
    return n;
}

int64_t variant_widest(const struct variant *variant)
{
    int64_t parallel = 1;
    for (size_t i = 0; i < variant->n_steps; i++)
        if (variant->steps[i].parallel > parallel)
            parallel = variant->steps[i].parallel;
    return parallel;
}

bool variant_has_step(const struct variant *variant, enum step_kind kind)
{
    for (size_t i = 0; i < variant->n_steps; i++)
        if (variant->steps[i].kind == kind)
            return true;
    return false;
}

static char *fold_case(const char *text)
{
    char *folded = mem_text(text);
    for (char *at = folded; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return folded;
}

bool scenario_answers_to(const struct scenario *scenario, const char *name)
{
    OWNED(mem_text_free) char *pattern = fold_case(name);
    OWNED(mem_text_free) char *id = fold_case(scenario->id);
    OWNED(mem_text_free) char *code = fold_case(scenario->code);
    return text_matches(pattern, id) || text_matches(pattern, code);
}

/* "token-requests", or {"check": "token-requests", "max": 1, "level": "SHOULD"}. */
static bool read_demand(const struct reader *reader, const char *place, const cJSON *json,
                        struct demand *demand)
{
    const char *name = cJSON_GetStringValue(json);
    if (!name && !reader_text(reader, place, json, "check", &name))
        return false;
    demand->check = checks_find(name);
    if (!demand->check)
        return reader_fail(reader, place,
                           "names the unknown check \"%s\"; `fakewix-conform explain language` "
                           "lists them",
                           name);
    if (!cJSON_IsObject(json))
        return true;
    OWNED(mem_text_free) char *allowed = mem_format("check level %s", demand->check->params);
    if (!reader_knows_keys(reader, place, json, allowed))
        return false;
    const cJSON *member = NULL;
    int64_t number = 0;
    cJSON_ArrayForEach(member, json)
    {
        if (reader_lists(demand->check->params, member->string) &&
            !reader_number(reader, place, json, member->string, 0, 0, &number))
            return false;
    }
    demand->params = json;
    const char *level = tree_text(json, "level");
    return !tree_get(json, "level") || (level && level_by_name(level, &demand->level)) ||
           reader_fail(reader, place, "has a \"level\" that is not MUST, MUST*, SHOULD or INFO");
}

static bool read_client(const struct reader *reader, const char *place, const cJSON *json,
                        enum want_client *ret_client)
{
    static const char *const words[] = {
        [WANT_ANY] = "any", [WANT_OK] = "ok", [WANT_ERROR] = "error"};
    const char *word = tree_text(json, "client");
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) != 0)
            continue;
        *ret_client = (enum want_client)i;
        return true;
    }
    return reader_fail(reader, place, "needs \"client\": \"ok\", \"error\" or \"any\"");
}

static bool read_expectation(const struct reader *reader, const char *place, const cJSON *json,
                             const char *keys, enum level level, struct expectation *expect)
{
    OWNED(mem_text_free) char *checks_place = mem_format("%s.checks", place);
    if (!cJSON_IsObject(json))
        return reader_fail(reader, place, "must be an object with \"client\" and \"checks\"");
    if (!reader_knows_keys(reader, place, json, keys) ||
        !read_client(reader, place, json, &expect->client) ||
        !reader_is_array(reader, checks_place, tree_get(json, "checks")))
        return false;
    const cJSON *check = NULL;
    cJSON_ArrayForEach(check, tree_get(json, "checks"))
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%zu]", checks_place, expect->n_demands);
        expect->demands = mem_grow(expect->demands, expect->n_demands + 1, sizeof *expect->demands);
        struct demand *demand = &expect->demands[expect->n_demands++];
        *demand = (struct demand){.level = level};
        if (!read_demand(reader, at, check, demand))
            return false;
    }
    return true;
}

static bool read_grade(const struct reader *reader, const char *place, const cJSON *json,
                       enum verdict *ret_verdict)
{
    static const enum verdict grades[] = {VERDICT_PASS, VERDICT_INFO, VERDICT_WARN, VERDICT_NA};
    const char *word = tree_text(json, "verdict");
    for (size_t i = 0; word && i < sizeof grades / sizeof *grades; i++) {
        if (strcmp(verdict_name(grades[i]), word) != 0)
            continue;
        *ret_verdict = grades[i];
        return true;
    }
    return reader_fail(reader, place, "needs \"verdict\": \"PASS\", \"INFO\", \"WARN\" or \"N/A\"");
}

static bool read_alternatives(const struct reader *reader, const char *place, const cJSON *allow,
                              enum level level, struct variant *variant)
{
    if (!reader_is_array(reader, place, allow))
        return false;
    const cJSON *json = NULL;
    cJSON_ArrayForEach(json, allow)
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%zu]", place, variant->n_alternatives);
        variant->alternatives = mem_grow(variant->alternatives, variant->n_alternatives + 1,
                                         sizeof *variant->alternatives);
        struct alternative *other = &variant->alternatives[variant->n_alternatives++];
        *other = (struct alternative){0};
        if (!read_expectation(reader, at, json, "client checks verdict note", level,
                              &other->expect) ||
            !read_grade(reader, at, json, &other->verdict) ||
            !reader_text(reader, at, json, "note", &other->note))
            return false;
    }
    return true;
}

/* Lay a variant's members over the file's: of "given" each key by itself, of the others the whole.
 */
static cJSON *lay_over(const cJSON *file, const cJSON *over)
{
    static const char *const parts[] = {"given", "steps", "expect", "allow"};
    cJSON *body = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const cJSON *upper = tree_get(over, parts[i]);
        const cJSON *part = upper ? upper : tree_get(file, parts[i]);
        if (part)
            tree_put(body, parts[i], cJSON_Duplicate(part, true));
    }
    const cJSON *member = NULL;
    cJSON *given = tree_get(body, "given");
    const cJSON *under = tree_get(over, "given") ? tree_get(file, "given") : NULL;
    cJSON_ArrayForEach(member, under)
    {
        if (!tree_get(given, member->string))
            tree_put(given, member->string, cJSON_Duplicate(member, true));
    }
    return body;
}

static bool read_variant(const struct reader *reader, const char *place, const cJSON *file,
                         const cJSON *over, struct scenario *scenario)
{
    OWNED(mem_text_free) char *given_place = mem_format("%sgiven", place);
    OWNED(mem_text_free) char *steps_place = mem_format("%ssteps", place);
    OWNED(mem_text_free) char *expect_place = mem_format("%sexpect", place);
    OWNED(mem_text_free) char *allow_place = mem_format("%sallow", place);
    scenario->variants =
        mem_grow(scenario->variants, scenario->n_variants + 1, sizeof *scenario->variants);
    struct variant *variant = &scenario->variants[scenario->n_variants++];
    *variant = (struct variant){.name = "", .body = lay_over(file, over)};
    if (over && !reader_text(reader, place, over, "name", &variant->name))
        return false;
    const cJSON *body = variant->body;
    return situation_read_given(reader, given_place, tree_get(body, "given"), variant) &&
           situation_read_steps(reader, steps_place, tree_get(body, "steps"), variant) &&
           read_expectation(reader, expect_place, tree_get(body, "expect"), "client checks",
                            scenario->level, &variant->expect) &&
           read_alternatives(reader, allow_place, tree_get(body, "allow"), scenario->level,
                             variant);
}

static bool read_variants(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *list = tree_get(scenario->tree, "variants");
    if (!list)
        return read_variant(reader, "", scenario->tree, NULL, scenario);
    if (!cJSON_IsArray(list) || !list->child)
        return reader_fail(reader, "variants", "must be an array with an object in it");
    const cJSON *over = NULL;
    cJSON_ArrayForEach(over, list)
    {
        OWNED(mem_text_free) char *place = mem_format("variants[%zu].", scenario->n_variants);
        if (!reader_is_object(reader, place, over) ||
            !reader_knows_keys(reader, place, over, "name given steps expect allow") ||
            !read_variant(reader, place, scenario->tree, over, scenario))
            return false;
    }
    return true;
}

static bool read_needs(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *needs = tree_get(scenario->tree, "needs");
    if (!reader_is_array(reader, "needs", needs))
        return false;
    const cJSON *json = NULL;
    cJSON_ArrayForEach(json, needs)
    {
        enum need need = NEED_COUNT;
        const char *name = cJSON_GetStringValue(json);
        if (!name || !need_by_name(name, &need))
            return reader_fail(reader, "needs",
                               "has the unknown word \"%s\"; `fakewix-conform explain language` "
                               "lists them",
                               name ? name : "");
        scenario->needs |= NEED_MASK(need);
    }
    return true;
}

static bool read_head(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *tree = scenario->tree;
    const char *level = NULL;
    if (!reader_text(reader, "", tree, "code", &scenario->code) ||
        !reader_text(reader, "", tree, "title", &scenario->title) ||
        !reader_text(reader, "", tree, "requirement", &scenario->requirement) ||
        !reader_text(reader, "", tree, "why", &scenario->why) ||
        !reader_text(reader, "", tree, "source", &scenario->source) ||
        !reader_text(reader, "", tree, "level", &level))
        return false;
    if (!level_by_name(level, &scenario->level))
        return reader_fail(reader, "level", "must be MUST, MUST*, SHOULD or INFO");
    if (!reader_number(reader, "", tree, "real_s", 0, 0, &scenario->real_s))
        return false;
    scenario->fairer = tree_text(tree, "fails_with");
    scenario->depends_on = tree_get(tree, "depends_on");
    const cJSON *parent = NULL;
    cJSON_ArrayForEach(parent, scenario->depends_on)
    {
        if (!cJSON_IsString(parent))
            return reader_fail(reader, "depends_on", "must be an array of ids or codes");
    }
    return reader_is_array(reader, "depends_on", scenario->depends_on);
}

static bool read_whole(const struct reader *reader, const char *text, size_t len,
                       struct scenario *scenario)
{
    struct err why = {0};
    scenario->tree = tree_parse(text, len, &why);
    if (!scenario->tree) {
        reader_fail(reader, "", "is not JSON: %s", why.text ? why.text : "");
        err_free(&why);
        return false;
    }
    if (!cJSON_IsObject(scenario->tree))
        return reader_fail(reader, "", "must hold one JSON object");
    return reader_knows_keys(reader, "", scenario->tree,
                             "code title requirement why source level needs depends_on fails_with "
                             "real_s given steps expect allow variants") &&
           read_head(reader, scenario) && read_needs(reader, scenario) &&
           read_variants(reader, scenario);
}

bool scenario_parse(const char *id, const char *file, const char *text, size_t len,
                    struct scenario *ret_scenario, struct err *err)
{
    struct reader reader = {.file = file, .err = err};
    struct scenario scenario = {.id = mem_text(id), .file = mem_text(file)};
    if (!read_whole(&reader, text, len, &scenario)) {
        scenario_free(&scenario);
        return false;
    }
    *ret_scenario = scenario;
    return true;
}

static void free_variant(struct variant *variant)
{
    for (size_t i = 0; i < variant->n_traps; i++) {
        cJSON_Delete(variant->traps[i].rule);
        free(variant->traps[i].what);
    }
    for (size_t i = 0; i < variant->n_alternatives; i++)
        free(variant->alternatives[i].expect.demands);
    free(variant->traps);
    free(variant->steps);
    free(variant->expect.demands);
    free(variant->alternatives);
    cJSON_Delete(variant->wish);
    cJSON_Delete(variant->body);
}

void scenario_free(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->n_variants; i++)
        free_variant(&scenario->variants[i]);
    free(scenario->variants);
    free(scenario->id);
    free(scenario->file);
    cJSON_Delete(scenario->tree);
    *scenario = (struct scenario){0};
}
