/* From a file's text to a scenario, or to a sentence. Nothing is guessed and nothing skipped: a
 * scenario that means less than its author thinks would be green for the wrong reason. */
#include "scenario/scenario.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/expectation.h"
#include "scenario/situation.h"
#include "scenario/source.h"
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

bool scenario_name_fits(const char *name, const char *id, const char *code)
{
    OWNED(mem_text_free) char *pattern = fold_case(name);
    OWNED(mem_text_free) char *folded_id = fold_case(id);
    OWNED(mem_text_free) char *folded_code = fold_case(code);
    return text_matches(pattern, folded_id) || text_matches(pattern, folded_code);
}

bool scenario_answers_to(const struct scenario *scenario, const char *name)
{
    return scenario_name_fits(name, scenario->id, scenario->code);
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

/* prefix: "", or "variants[0]." */
static bool read_variant(const struct reader *reader, const char *prefix, const cJSON *file,
                         const cJSON *over, struct scenario *scenario)
{
    OWNED(mem_text_free) char *given = mem_format("%sgiven", prefix);
    OWNED(mem_text_free) char *steps = mem_format("%ssteps", prefix);
    OWNED(mem_text_free) char *expect = mem_format("%sexpect", prefix);
    OWNED(mem_text_free) char *allow = mem_format("%sallow", prefix);
    enum level level = scenario->level;
    scenario->variants =
        mem_grow(scenario->variants, scenario->n_variants + 1, sizeof *scenario->variants);
    struct variant *variant = &scenario->variants[scenario->n_variants++];
    *variant = (struct variant){.name = "", .body = lay_over(file, over)};
    const cJSON *body = variant->body;
    bool sound = situation_read_given(reader, given, tree_get(body, "given"), variant);
    sound = situation_read_steps(reader, steps, tree_get(body, "steps"), variant) && sound;
    sound = expectation_read(reader, expect, tree_get(body, "expect"), level, variant) && sound;
    return expectation_read_allowed(reader, allow, tree_get(body, "allow"), level, variant) &&
           sound;
}

static bool read_variants(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *list = tree_get(scenario->tree, "variants");
    if (!list)
        return read_variant(reader, "", scenario->tree, NULL, scenario);
    if (!cJSON_IsArray(list) || !list->child)
        return reader_fail(reader, "variants", "must be an array with an object in it");
    if (!reader_is_object(reader, "given", tree_get(scenario->tree, "given")))
        return false; /* the variants would be laid over it */
    bool sound = true;
    size_t at = 0;
    for (const cJSON *over = list->child; over; over = over->next, at++) {
        OWNED(mem_text_free) char *place = mem_format("variants[%zu]", at);
        OWNED(mem_text_free) char *prefix = mem_format("variants[%zu].", at);
        const char *name = NULL;
        if (!cJSON_IsObject(over)) {
            sound = reader_fail(reader, place, "must be an object");
            continue;
        }
        sound = reader_knows_keys(reader, place, over, "name given steps expect allow") && sound;
        sound = reader_text(reader, place, over, "name", &name) && sound;
        sound = read_variant(reader, prefix, scenario->tree, over, scenario) && sound;
        struct variant *variant = &scenario->variants[scenario->n_variants - 1];
        variant->at = at;
        if (name)
            variant->name = name;
    }
    return sound;
}

static bool read_needs(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *needs = tree_get(scenario->tree, "needs");
    const cJSON *list = cJSON_IsArray(needs) ? needs : NULL;
    bool sound = reader_is_array(reader, "needs", needs);
    const cJSON *json = NULL;
    cJSON_ArrayForEach(json, list)
    {
        enum need need = NEED_COUNT;
        const char *name = cJSON_GetStringValue(json);
        if (name && need_by_name(name, &need)) {
            scenario->needs |= NEED_MASK(need);
            continue;
        }
        struct near near = {.given = name ? name : ""};
        for (int i = 0; i < NEED_COUNT; i++)
            near_offer(&near, need_names[i]);
        sound = reader_fail_word(reader, "needs", "has the unknown word", &near,
                                 "`fakewix-conform explain language` lists them");
    }
    return sound;
}

static bool read_links(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *tree = scenario->tree;
    const cJSON *list = tree_get(tree, "depends_on");
    const cJSON *parent = NULL;
    scenario->fairer = tree_text(tree, "fails_with");
    if (tree_get(tree, "fails_with") && !scenario->fairer)
        reader_fail(reader, "fails_with", "must be an id or a code");
    cJSON_ArrayForEach(parent, list)
    {
        if (!cJSON_IsString(parent))
            return reader_fail(reader, "depends_on", "must be an array of ids or codes");
    }
    scenario->depends_on = cJSON_IsArray(list) ? list : NULL;
    return reader_is_array(reader, "depends_on", list);
}

static bool read_head(const struct reader *reader, struct scenario *scenario)
{
    const cJSON *tree = scenario->tree;
    const char *level = NULL;
    bool sound = reader_text(reader, "", tree, "code", &scenario->code);
    sound = reader_text(reader, "", tree, "title", &scenario->title) && sound;
    sound = reader_text(reader, "", tree, "requirement", &scenario->requirement) && sound;
    sound = reader_text(reader, "", tree, "why", &scenario->why) && sound;
    sound = reader_text(reader, "", tree, "source", &scenario->source) && sound;
    if (scenario->source)
        sound = source_check(reader, "source", scenario->source) && sound;
    sound = reader_text(reader, "", tree, "level", &level) && sound;
    if (level && !level_by_name(level, &scenario->level))
        sound = reader_fail(reader, "level", "must be MUST, MUST*, SHOULD or INFO");
    sound = reader_number(reader, "", tree, "real_s", 0, 0, &scenario->real_s) && sound;
    return read_links(reader, scenario) && sound;
}

static bool read_whole(const struct reader *reader, size_t len, struct scenario *scenario)
{
    OWNED(err_free) struct err why = {0};
    int line;
    scenario->tree = tree_parse_file(reader->text, len, &line, &why);
    if (!scenario->tree)
        return reader_fail_line(reader, line, "is not JSON: %s", why.text ? why.text : "");
    if (!cJSON_IsObject(scenario->tree))
        return reader_fail(reader, "", "must hold one JSON object");
    bool sound = reader_knows_keys(reader, "", scenario->tree,
                                   "code title requirement why source level needs depends_on "
                                   "fails_with real_s given steps expect allow variants");
    sound = read_head(reader, scenario) && sound;
    sound = read_needs(reader, scenario) && sound;
    return read_variants(reader, scenario) && sound;
}

bool scenario_parse(const char *id, const char *file, const char *text, size_t len,
                    struct scenario *ret_scenario, struct mistakes *mistakes)
{
    *ret_scenario = (struct scenario){
        .id = mem_text(id), .file = mem_text(file), .text = mem_text_n(text, len)};
    struct reader reader = scenario_reader(ret_scenario, mistakes);
    return read_whole(&reader, len, ret_scenario);
}

struct reader scenario_reader(const struct scenario *scenario, struct mistakes *mistakes)
{
    return (struct reader){.file = scenario->file, .text = scenario->text, .mistakes = mistakes};
}

static void free_variant(struct variant *variant)
{
    for (size_t i = 0; i < variant->n_traps; i++) {
        cJSON_Delete(variant->traps[i].rule);
        free(variant->traps[i].what);
        free(variant->traps[i].place);
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
    free(scenario->text);
    cJSON_Delete(scenario->tree);
    *scenario = (struct scenario){0};
}
