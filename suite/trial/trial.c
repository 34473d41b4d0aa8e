/* The life of a variant: a world of its own, the faults it speaks of, the client, the journal, the
 * verdict, and the world is gone again. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/evidence.h"
#include "host/files.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "trial/judge.h"

struct result trial_blank(const struct scenario *scenario)
{
    return (struct result){
        .id = scenario->id,
        .code = scenario->code,
        .title = scenario->title,
        .why = scenario->why,
        .source = scenario->source,
        .level = scenario->level,
        .reason = mem_text(""),
        .known_note = mem_text(""),
    };
}

static bool uninstall(const struct world *world, struct err *err)
{
    OWNED(mem_text_free) char *path = mem_format("/instances/%s/uninstall", world->instance_id);
    OWNED(tree_free) cJSON *answer = NULL;
    return control_call(world, "POST", path, NULL, &answer, err);
}

/* {"lifetimes":{…}} is put to /lifetimes, {"profile":{…}} to /profile. */
static bool grant_wishes(const struct world *world, const cJSON *wish, struct err *err)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, wish)
    {
        OWNED(mem_text_free) char *path = mem_format("/%s", member->string);
        OWNED(tree_free) cJSON *answer = NULL;
        if (!control_call(world, "PUT", path, member, &answer, err))
            return false;
    }
    return true;
}

/* The rule with {elsewhere} as the world's base under another name of this machine, which is
 * another origin. Caller frees. */
static cJSON *name_places(const struct world *world, const cJSON *rule)
{
    static const char mark[] = "{elsewhere}";
    static const char here[] = "://127.0.0.1";
    OWNED(mem_text_free) char *text = tree_print(rule);
    const char *host = strstr(world->base, here);
    OWNED(buf_free) struct buf named = {0};
    for (const char *at = text; *at;) {
        const char *next = strstr(at, mark);
        buf_add(&named, at, next ? (size_t)(next - at) : strlen(at));
        if (!next)
            break;
        buf_add(&named, world->base, host ? (size_t)(host - world->base) : strlen(world->base));
        if (host)
            buf_format(&named, "://localhost%s", host + sizeof here - 1);
        at = next + sizeof mark - 1;
    }
    return tree_parse(buf_str(&named), named.len, NULL);
}

static bool set_stage(const struct trial_setup *setup, struct http *http,
                      const struct variant *variant, struct stage *stage, struct err *err)
{
    if (!control_make_world(setup->server, http, &stage->world, err) ||
        !grant_wishes(&stage->world, variant->wish, err))
        return false;
    if (variant->flow == FLOW_LEGACY &&
        !control_make_refresh_token(&stage->world, &stage->refresh_token, err))
        return false;
    if (!variant->installed && !uninstall(&stage->world, err))
        return false;
    for (size_t i = 0; i < variant->n_traps; i++) {
        const struct trap *trap = &variant->traps[i];
        OWNED(tree_free) cJSON *rule = name_places(&stage->world, trap->rule);
        if (!stage_arm(stage, rule, trap->what, trap->needed, err))
            return false;
    }
    return true;
}

static bool gather(struct stage *stage, struct evidence *evidence, struct err *err)
{
    OWNED(tree_free) cJSON *journal = NULL;
    int64_t next = 0;
    if (!stage_count_hits(stage, err) ||
        !control_read_journal(&stage->world, stage->journal_from, &journal, &next, err) ||
        !wire_read(journal, stage->world.prefix, &evidence->wire, err))
        return false;
    evidence->stage = stage;
    evidence_name_secrets(evidence);
    return true;
}

/* The client's part, timed. */
static bool play(const struct driver *driver, const struct act *act,
                 struct performance *ret_performance, struct err *err)
{
    int64_t started_ms = now_steady_ms();
    bool played = driver->play(driver->context, act, ret_performance, err);
    ret_performance->took_ms = now_steady_ms() - started_ms;
    ret_performance->shows_store = files_folder_shows_something(act->state_folder);
    return played;
}

static bool try_variant(const struct trial_setup *setup, struct http *http,
                        const struct scenario *scenario, const struct variant *variant,
                        const char *state_folder, struct result *result, struct err *err)
{
    OWNED(stage_free) struct stage stage = {0};
    OWNED(evidence_free) struct evidence evidence = {0};
    struct act act = {
        .scenario = scenario->id,
        .needs = scenario->needs,
        .sure = setup->sure,
        .variant = variant,
        .stage = &stage,
        .state_folder = state_folder,
        .timeout_ms = setup->timeout_ms,
        .quiet_ms = setup->quiet_ms,
        .stop_fd = setup->stop_fd,
    };
    const struct driver *driver = setup->driver;
    if (!set_stage(setup, http, variant, &stage, err) || !stage_raise_curtain(&stage, err) ||
        !play(driver, &act, &evidence.performance, err) || !gather(&stage, &evidence, err))
        return false;
    judge_variant(scenario, variant, &evidence, result);
    return true;
}

/* What the scenario needs and the run does not offer; caller frees with free(); NULL for nothing.
 */
static char *find_lack(const struct trial_setup *setup, const struct scenario *scenario)
{
    for (int need = 0; need < NEED_COUNT; need++)
        if (scenario->needs & ~setup->offers & NEED_MASK(need))
            return mem_format("needs \"%s\", which the driver %s does not offer here",
                              need_name((enum need)need), setup->driver->name);
    return NULL;
}

static void conclude(struct result *result, const struct err *err)
{
    if (err->text) {
        result->verdict = VERDICT_ERROR;
        free(result->reason);
        result->reason = mem_text(err->text);
        return;
    }
    result->verdict = result_conclude(result);
    const struct check_result *deciding = result_deciding(result);
    bool stands_aside = result->verdict == VERDICT_NA || result->verdict == VERDICT_INCONCLUSIVE;
    if (!stands_aside || !deciding)
        return;
    free(result->reason);
    result->reason = mem_text(deciding->seen);
}

static void try_variants(const struct trial_setup *setup, struct http *http,
                         const struct scenario *scenario, struct result *result, struct err *err)
{
    for (size_t i = 0; i < scenario->n_variants; i++) {
        char *folder = files_make_folder(err);
        if (!folder)
            return;
        bool tried =
            try_variant(setup, http, scenario, &scenario->variants[i], folder, result, err);
        files_remove_folder(folder);
        free(folder);
        if (!tried)
            return;
    }
}

struct result trial_run(const struct trial_setup *setup, struct http *http,
                        const struct scenario *scenario)
{
    struct result result = trial_blank(scenario);
    char *lack = find_lack(setup, scenario);
    if (lack) {
        result.verdict = VERDICT_NA;
        free(result.reason);
        result.reason = lack;
        return result;
    }
    int64_t started_ms = now_steady_ms();
    OWNED(err_free) struct err err = {0};
    result.ran = true;
    try_variants(setup, http, scenario, &result, &err);
    conclude(&result, &err);
    result.duration_ms = now_steady_ms() - started_ms;
    return result;
}
