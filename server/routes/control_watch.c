/* The control plane: faults, lint and reference tables. */
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "lint/lint.h"
#include "routes/control.h"
#include "routes/fake.h"
#include "routes/reach.h"
#include "routes/router.h"
#include "routes/tables.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { WAIT_MAX_MS = 60000 };

enum refusal control_faults(struct exchange *x)
{
    cJSON *answer = armed_json(x->world->faults);
    cJSON *rule;
    cJSON_ArrayForEach(rule, tree_get(answer, "faults")) reach_note_rule(rule, x->world);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

/* Open the port of leaks, where a redirect leads there. */
static bool prepare_leaks(struct exchange *x, const cJSON *redirect, struct err *err)
{
    const struct fake_doors *doors = &x->fake->doors;
    if (!redirect || (tree_text(redirect, "to") && strcmp(tree_text(redirect, "to"), "leak") != 0))
        return true;
    struct door *leak = doors->leak ? doors->leak(doors->context, err) : NULL;
    if (!leak)
        return doors->leak ? false
                           : err_set(err, "a redirect to \"leak\" needs a fake that listens");
    x->world->leak_ports[0] = doors->port(leak, false);
    x->world->leak_ports[1] = doors->port(leak, true);
    const char *scheme = tree_text(redirect, "scheme");
    if (scheme && strcmp(scheme, "https") == 0 && !x->world->leak_ports[1])
        return err_set(err, "a redirect to https needs a fake with --tls-listen");
    return true;
}

bool control_prepare_faults(struct exchange *x, const cJSON *saved, struct err *err)
{
    struct hold_limit nobody = {0};
    struct armed_faults *faults = armed_new(&nobody);
    const cJSON *rule;
    bool is_ready = armed_load(faults, saved, err);
    cJSON_ArrayForEach(rule, saved) is_ready =
        is_ready &&
        prepare_leaks(x, armed_find_action(faults, tree_text(rule, "fault_id"), FAULT_redirect),
                      err);
    armed_free(faults);
    return is_ready;
}

/* What a fault needs besides being armed: the world's own port to behave, or the port of leaks. */
static bool prepare(struct exchange *x, const char *id, struct err *err)
{
    const struct fake_doors *doors = &x->fake->doors;
    const cJSON *connect = armed_find_stage(x->world->faults, id, FAULT_CONNECT);
    int64_t ms = 0;
    if (connect && !x->world->door)
        return err_set(err, "this world has no port of its own, which such a fault needs; make one "
                            "with POST worlds {\"listener\":true}");
    tree_int(connect, "ms", &ms);
    const char *certificate = tree_text(connect, "kind");
    if (certificate && !doors->set_certificate(x->world->door, certificate, ms, err))
        return false;
    if (connect && !certificate)
        doors->set_mood(x->world->door, armed_mood(connect), ms);
    return prepare_leaks(x, armed_find_action(x->world->faults, id, FAULT_redirect), err);
}

enum refusal control_fault_arm(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    OWNED(err_free) struct err err = {0};
    cJSON *rule = armed_add(x->world->faults, x->body, &err);
    if (rule && !reach_check_rule(x->body, &err)) {
        armed_take_back(x->world->faults, tree_text(rule, "fault_id"));
        cJSON_Delete(rule);
        rule = NULL;
    }
    if (!rule)
        return control_argument(x, &err);
    if (!prepare(x, tree_text(rule, "fault_id"), &err)) {
        armed_take_back(x->world->faults, tree_text(rule, "fault_id"));
        cJSON_Delete(rule);
        return control_argument(x, &err);
    }
    reach_note_rule(rule, x->world);
    response_json(x->response, 201, rule);
    return REFUSAL_NONE;
}

static enum refusal unknown_fault(struct exchange *x)
{
    return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "fault %s", x->segments[0]);
}

/* Waits until so many are held, or so many requests that it hit are in the journal. */
enum refusal control_fault(struct exchange *x)
{
    int64_t held = control_query_int(x, "waiting", 0);
    int64_t hits = control_query_int(x, "hits", 0);
    int64_t deadline_ms = now_steady_ms() + control_query_int(x, "wait_ms", 0);
    for (;;) {
        cJSON *rule = armed_one_json(x->world->faults, x->segments[0]);
        if (!rule)
            return unknown_fault(x);
        int64_t waiting = 0;
        tree_int(rule, "waiting", &waiting);
        int64_t left_ms = deadline_ms - now_steady_ms();
        bool seen = waiting >= held && cJSON_GetArraySize(tree_get(rule, "hits")) >= hits;
        if (seen || left_ms <= 0 || x->world->gone) {
            reach_note_rule(rule, x->world);
            response_json(x->response, 200, rule);
            return REFUSAL_NONE;
        }
        cJSON_Delete(rule);
        world_wait(x->world, left_ms < WAIT_MAX_MS ? left_ms : WAIT_MAX_MS);
    }
}

enum refusal control_fault_release(struct exchange *x)
{
    size_t released;
    if (!armed_release(x->world->faults, x->segments[0], &released))
        return unknown_fault(x);
    cJSON *answer = cJSON_CreateObject();
    tree_put_int(answer, "released", (int64_t)released);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal control_faults_clear(struct exchange *x)
{
    armed_clear(x->world->faults);
    control_calm_door(x);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_fault_disarm(struct exchange *x)
{
    if (!armed_remove(x->world->faults, x->segments[0]))
        return unknown_fault(x);
    control_calm_door(x);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_lint(struct exchange *x)
{
    response_json(x->response, 200, lint_json(x->world->lint));
    return REFUSAL_NONE;
}

enum refusal control_lint_clear(struct exchange *x)
{
    lint_clear(x->world->lint);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_table(struct exchange *x)
{
    cJSON *table = tables_json(x->segments[0]);
    if (!table) {
        OWNED(buf_free) struct buf sentence = {0};
        buf_format(&sentence, "the table %s", x->segments[0]);
        tables_add_unknown(&sentence, x->segments[0]);
        return exchange_refuse(x, REFUSAL_CONTROL_NOT_FOUND, "%s", buf_str(&sentence));
    }
    response_json(x->response, 200, table);
    return REFUSAL_NONE;
}
