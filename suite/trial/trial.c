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
#include "trial/trace.h"

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

/* What a variant's world must hold, as POST worlds takes it; caller frees with cJSON_Delete. */
static cJSON *make_wish(const struct trial_setup *setup, const struct variant *variant)
{
    cJSON *wish = setup->world ? cJSON_Duplicate(setup->world, true) : cJSON_CreateObject();
    if (variant->tls || variant_has_step(variant, STEP_PORT_CLOSED_MS))
        tree_put_flag(wish, "listener", true);
    if (variant->tls)
        tree_put_text(wish, "tls", variant->tls);
    return wish;
}

static bool set_stage(const struct trial_setup *setup, struct http *http,
                      const struct variant *variant, struct stage *stage, struct err *err)
{
    OWNED(tree_free) cJSON *wish = make_wish(setup, variant);
    if (!control_make_world(setup->server, http, wish, &stage->world, err) ||
        !grant_wishes(&stage->world, variant->wish, err))
        return false;
    if (variant->flow == FLOW_LEGACY &&
        !control_make_refresh_token(&stage->world, &stage->refresh_token, err))
        return false;
    if (!variant->installed && !uninstall(&stage->world, err))
        return false;
    return true;
}

/* An app that was installed by itself finds that the token of its install is dead, which is how it
 * was brought to where the scenario begins: not part of what it is judged by. */
static void leave_out_prelude(const struct stage *stage, struct wire *wire)
{
    for (size_t i = 0; i < wire->n;) {
        const struct exchange *exchange = &wire->list[i];
        bool prelude = exchange->kind == EXCHANGE_API && exchange->status == 401 &&
                       !exchange->fault_id && exchange->token &&
                       stage_knows_token(stage, exchange->token);
        if (prelude)
            wire_drop(wire, i);
        else
            i++;
    }
}

static bool gather(struct stage *stage, int64_t since_ms, struct evidence *evidence,
                   struct err *err)
{
    OWNED(tree_free) cJSON *journal = NULL;
    int64_t next = 0;
    if (!stage_count_hits(stage, err) ||
        !control_read_journal(&stage->world, stage->journal_from, &journal, &next, err) ||
        !wire_read(journal, stage->world.prefix, &evidence->wire, err))
        return false;
    leave_out_prelude(stage, &evidence->wire);
    evidence->stage = stage;
    evidence_name_secrets(evidence);
    if (!evidence->wire.n)
        evidence_find_strays(evidence, since_ms);
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

/* A flow that the client does not have says nothing of it. */
static bool has_flow(const struct trial_setup *setup, const struct scenario *scenario,
                     const struct variant *variant, struct result *result)
{
    if (!setup->flows || setup->flows & FLOW_MASK(variant->flow))
        return true;
    *result_add_check(result) = (struct check_result){
        .id = mem_format("%s%sflow", variant->name, *variant->name ? "/" : ""),
        .verdict = VERDICT_NA,
        .level = scenario->level,
        .requirement = mem_text(scenario->requirement),
        .expected = mem_text(""),
        .seen = mem_format("is about the flow %s, which --flows does not name",
                           flow_name(variant->flow)),
        .source = mem_text(scenario->source),
        .hint = mem_text(""),
        .wire = mem_text(""),
    };
    return false;
}

/* A program that was told to make several calls at a time, and made them one by one, cannot show
 * what the scenario is about. */
static void look_whether_it_was_a_herd(const struct trial_setup *setup,
                                       const struct scenario *scenario, struct evidence *evidence)
{
    struct performance *performance = &evidence->performance;
    bool needed = scenario->needs & ~setup->sure & NEED_MASK(NEED_BIT_PARALLEL);
    if (needed && performance->n_parallel > 1 && !evidence_shows_overlap(evidence))
        performance_note(performance, CLIENT_UNSUPPORTED,
                         mem_format("made its calls one by one, when %lld at a time were asked for "
                                    "(CONFORM_PARALLEL)",
                                    (long long)performance->n_parallel));
}

/* For --trace: kept in the result, or written while the world is still there. */
static bool keep_wire(const struct trial_setup *setup, const struct scenario *scenario,
                      const struct variant *variant, const struct evidence *evidence,
                      struct result *result, struct err *err)
{
    if (!setup->trace)
        return true;
    if (strcmp(setup->trace, "-") != 0)
        return trace_write(setup->trace, scenario, variant, evidence->stage, err);
    OWNED(buf_free) struct buf text = {0};
    buf_text(&text, result->wire ? result->wire : "");
    if (*variant->name)
        buf_format(&text, "  %s\n", variant->name);
    evidence_add_wire(evidence, &text);
    free(result->wire);
    result->wire = mem_text(buf_str(&text));
    return true;
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
        .ca_file = variant->tls ? setup->server->ca_file : setup->ca_file,
        .trusts = variant->tls != NULL,
        .unmodified = setup->unmodified,
        .timeout_ms = setup->timeout_ms + scenario->real_s * 1000,
        .quiet_ms = setup->quiet_ms,
        .stop_fd = setup->stop_fd,
    };
    const struct driver *driver = setup->driver;
    OWNED(hand_free) struct hand hand = {0};
    if (variant_has_step(variant, STEP_CLIENT_CLOCK_S) && setup->preload && driver->starts) {
        if (!hand_open(state_folder, setup->preload, &hand, err))
            return false;
        act.hand = &hand;
    }
    int64_t since_ms = now_real_ms();
    if (!set_stage(setup, http, variant, &stage, err) ||
        !play(driver, &act, &evidence.performance, err) ||
        !gather(&stage, since_ms, &evidence, err))
        return false;
    if (act.hand && hand_was_read(act.hand))
        evidence.performance.has_moved_clock = true;
    look_whether_it_was_a_herd(setup, scenario, &evidence);
    judge_variant(scenario, variant, &evidence, result);
    bool lacking = evidence.performance.no_program && !evidence.wire.n;
    result->no_program = result->no_program || lacking;
    result->has_started = result->has_started || !lacking;
    return keep_wire(setup, scenario, variant, &evidence, result, err);
}

/* What the scenario needs and the run does not offer; caller frees with free(); NULL for nothing.
 */
static char *find_lack(const struct trial_setup *setup, const struct scenario *scenario)
{
    bool has_ports = setup->server->ca_file && !setup->unmodified; /* they are on loopback */
    unsigned ports = NEED_MASK(NEED_BIT_TLS) | NEED_MASK(NEED_BIT_PORT);
    unsigned offers = has_ports ? setup->offers : setup->offers & ~ports;
    for (int need = 0; need < NEED_COUNT; need++)
        if (scenario->needs & ~offers & NEED_MASK(need))
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
        if (!has_flow(setup, scenario, &scenario->variants[i], result))
            continue;
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
    result.no_program = result.no_program && !result.has_started;
    result.duration_ms = now_steady_ms() - started_ms;
    return result;
}
