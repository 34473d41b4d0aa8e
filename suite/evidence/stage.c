/* A scenario is about a situation. Whether the situation came up is counted, not assumed: every
 * fault is asked for its hits. */
#include "evidence/stage.h"

#include <stdlib.h>
#include <string.h>

#include "fake/wire.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

/* "status 503 headers={…}": the fault as a person armed it, short. */
static char *name_fault(const cJSON *action)
{
    enum { SHOWN = 60 };
    const char *fault = tree_text(action, "fault");
    struct buf name = {0};
    buf_text(&name, fault ? fault : "");
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, action)
    {
        OWNED(mem_text_free)
        char *value = cJSON_IsString(member) ? mem_text(member->valuestring) : tree_print(member);
        size_t shown = text_len_within(value, SHOWN);
        bool is_same = fault && strcmp(member->string, fault) == 0;
        if (strcmp(member->string, "fault") != 0)
            buf_format(&name, " %s%s%.*s%s", is_same ? "" : member->string, is_same ? "" : "=",
                       (int)shown, value, value[shown] ? "…" : "");
    }
    return fault ? buf_take(&name) : mem_text("");
}

/* What comes before the answer, where the fault is one that sends such. */
static int interim_of(const cJSON *action)
{
    enum { EARLY_HINTS = 103 };
    const char *fault = tree_text(action, "fault");
    int64_t status = EARLY_HINTS;
    tree_int(action, "status", &status);
    return fault && strcmp(fault, "interim") == 0 ? (int)status : 0;
}

struct armed *stage_arm(struct stage *stage, const cJSON *fault, const char *what, int64_t needed,
                        struct err *err)
{
    char *id = NULL;
    if (!control_arm(&stage->world, fault, &id, err))
        return NULL;
    stage->armed = mem_grow(stage->armed, stage->n_armed + 1, sizeof *stage->armed);
    struct armed *armed = &stage->armed[stage->n_armed++];
    *armed = (struct armed){.id = id,
                            .what = mem_text(what),
                            .name = name_fault(tree_get(fault, "do")),
                            .interim = interim_of(tree_get(fault, "do")),
                            .needed = needed};
    return armed;
}

bool stage_show_certificate(struct stage *stage, const char *kind, struct err *err)
{
    OWNED(tree_free) cJSON *rule = cJSON_CreateObject();
    cJSON *action = tree_put(rule, "do", cJSON_CreateObject());
    tree_put_text(action, "fault", "bad-certificate");
    tree_put_text(action, "kind", kind);
    return stage_arm(stage, rule, "another certificate", 0, err);
}

bool stage_close_port(struct stage *stage, int64_t ms, struct err *err)
{
    OWNED(tree_free) cJSON *rule = cJSON_CreateObject();
    cJSON *action = tree_put(rule, "do", cJSON_CreateObject());
    tree_put_text(action, "fault", "refuse-connections");
    tree_put_int(action, "ms", ms);
    return stage_arm(stage, rule, "a closed port", 0, err);
}

bool stage_make_other_instance(struct stage *stage, struct err *err)
{
    static const char site[] = "0f0e1d2c-3b4a-4596-8778-69504132abcd";
    if (stage->other_instance_id)
        return true;
    OWNED(tree_free) cJSON *wish = cJSON_CreateObject();
    OWNED(tree_free) cJSON *made = NULL;
    OWNED(tree_free) cJSON *install = NULL;
    tree_put_text(wish, "site_id", site);
    if (!control_call(&stage->world, "POST", "/sites", wish, &made, err))
        return false;
    tree_put_text(wish, "app_id", stage->world.app_id);
    if (!control_call(&stage->world, "POST", "/installs", wish, &install, err))
        return false;
    const char *id = tree_text(install, "instance_id");
    if (!id)
        return err_set(err, "the fake's answer to POST installs lacks \"instance_id\"");
    stage->other_instance_id = mem_text(id);
    return true;
}

bool stage_read_seq(const struct stage *stage, int64_t *ret_seq, struct err *err)
{
    OWNED(tree_free) cJSON *journal = NULL;
    return control_read_journal(&stage->world, stage->journal_from, &journal, ret_seq, err);
}

static bool read_wire(const struct stage *stage, struct wire *ret_wire, struct err *err)
{
    OWNED(tree_free) cJSON *journal = NULL;
    int64_t next = 0;
    return control_read_journal(&stage->world, stage->journal_from, &journal, &next, err) &&
           wire_read(journal, stage->world.prefix, ret_wire, err);
}

bool stage_learn_tokens(struct stage *stage, struct err *err)
{
    OWNED(wire_free) struct wire wire = {0};
    if (!read_wire(stage, &wire, err))
        return false;
    for (size_t i = 0; i < wire.n; i++) {
        const char *access = exchange_answer(&wire.list[i], "access_token");
        const char *refresh = exchange_answer(&wire.list[i], "refresh_token");
        if (wire.list[i].kind != EXCHANGE_TOKEN)
            continue;
        if (access) {
            stage->issued = mem_grow(stage->issued, stage->n_issued + 1, sizeof *stage->issued);
            stage->issued[stage->n_issued++] = mem_text(access);
        }
        if (refresh) {
            free(stage->refresh_token);
            stage->refresh_token = mem_text(refresh);
        }
    }
    return true;
}

bool stage_is_stuck(const struct stage *stage, bool *ret_stuck, struct err *err)
{
    OWNED(wire_free) struct wire wire = {0};
    bool refused = false;
    bool asked = false;
    if (!read_wire(stage, &wire, err))
        return false;
    for (size_t i = 0; i < wire.n; i++) {
        refused = refused || (wire.list[i].kind == EXCHANGE_API && wire.list[i].status == 401);
        asked = asked || wire.list[i].kind == EXCHANGE_TOKEN;
    }
    *ret_stuck = refused && !asked;
    return true;
}

bool stage_knows_token(const struct stage *stage, const char *token)
{
    for (size_t i = 0; i < stage->n_issued; i++)
        if (strcmp(stage->issued[i], token) == 0)
            return true;
    return false;
}

bool stage_raise_curtain(struct stage *stage, struct err *err)
{
    return stage_read_seq(stage, &stage->journal_from, err);
}

static void note_hits(struct armed *armed, const cJSON *fault)
{
    const cJSON *hit = NULL;
    cJSON_ArrayForEach(hit, tree_get(fault, "hits"))
    {
        armed->seqs = mem_grow(armed->seqs, (size_t)armed->hits + 1, sizeof *armed->seqs);
        armed->seqs[armed->hits++] = (int64_t)hit->valuedouble;
    }
}

bool stage_count_hits(struct stage *stage, struct err *err)
{
    OWNED(tree_free) cJSON *answer = NULL;
    if (!control_read_faults(&stage->world, &answer, err))
        return false;
    for (size_t i = 0; i < stage->n_armed; i++) {
        const cJSON *fault = NULL;
        cJSON_ArrayForEach(fault, tree_get(answer, "faults"))
        {
            const char *id = tree_text(fault, "fault_id");
            if (id && strcmp(id, stage->armed[i].id) == 0)
                note_hits(&stage->armed[i], fault);
        }
    }
    return true;
}

bool stage_disarm(struct stage *stage, struct err *err)
{
    OWNED(tree_free) cJSON *answer = NULL;
    return stage_count_hits(stage, err) &&
           control_call(&stage->world, "DELETE", "/faults", NULL, &answer, err);
}

const struct armed *stage_next_hit(const struct stage *stage, int64_t seq, size_t *from)
{
    while (*from < stage->n_armed) {
        const struct armed *armed = &stage->armed[(*from)++];
        for (int64_t hit = 0; hit < armed->hits; hit++)
            if (armed->seqs && armed->seqs[hit] == seq)
                return armed;
    }
    return NULL;
}

const struct armed *stage_unmet(const struct stage *stage)
{
    for (size_t i = 0; i < stage->n_armed; i++)
        if (stage->armed[i].hits < stage->armed[i].needed)
            return &stage->armed[i];
    return NULL;
}

void stage_free(struct stage *stage)
{
    for (size_t i = 0; i < stage->n_armed; i++) {
        free(stage->armed[i].id);
        free(stage->armed[i].what);
        free(stage->armed[i].name);
        free(stage->armed[i].then);
        free(stage->armed[i].seqs);
    }
    free(stage->armed);
    free(stage->refresh_token);
    free(stage->other_instance_id);
    for (size_t i = 0; i < stage->n_issued; i++)
        free(stage->issued[i]);
    free(stage->issued);
    control_end_world(&stage->world);
    *stage = (struct stage){0};
}
