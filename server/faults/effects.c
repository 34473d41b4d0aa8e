/* Running the faults that fire, stage by stage. What each does is in protocol.c, effect.c and
 * wire.c. */
#include "faults/effects.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

static fault_fn *const functions[FAULT_COUNT] = {
#define FAULT(symbol, name, stage, params, why) [FAULT_##symbol] = fault_##symbol,
#include "faults/faults.def"
#undef FAULT
};

static struct fault_probe probe_of(const struct exchange *x)
{
    return (struct fault_probe){
        .request = x->request,
        .route = x->place ? x->place : x->route_name,
        .service = x->service,
        .app_id = x->app_id,
        .instance_id = x->instance_id,
        .grant = x->grant,
        .query = x->query,
        .body = x->body,
        .now_ms = x->now_ms,
        .rate = world_rate(x->world),
    };
}

/* ---- tickets ---- */

void ticket_free(struct ticket *ticket)
{
    if (!ticket)
        return;
    for (size_t i = 0; i < ticket->effects.n; i++) {
        cJSON_Delete((cJSON *)(uintptr_t)ticket->effects.shots[i].action);
        gate_release(ticket->effects.shots[i].gate);
    }
    free(ticket);
}

/* The rule may be disarmed while the request waits: the ticket has all of it. */
static struct ticket *ticket_new(const struct effects *effects, int64_t began_us)
{
    struct ticket *ticket = mem_new(1, sizeof *ticket);
    ticket->effects = *effects;
    ticket->began_us = began_us;
    for (size_t i = 0; i < effects->n; i++) {
        ticket->effects.shots[i].action = cJSON_Duplicate(effects->shots[i].action, true);
        gate_keep(effects->shots[i].gate);
    }
    return ticket;
}

void effects_take(struct exchange *x, struct effects *effects)
{
    if (x->request->ticket) {
        *effects = x->request->ticket->effects;
        effects->is_back = true;
    } else {
        struct fault_probe probe = probe_of(x);
        probe.chance = (double)rng_below(&x->world->fault_rng, 1000000) / 1e6;
        effects->n = armed_take(x->world->faults, &probe, 0, effects->shots);
    }
    if (effects->n)
        memcpy(x->fault_id, effects->shots[0].id, sizeof effects->shots[0].id);
    if (!effects->is_back && armed_is_full(x->world->faults, effects->shots, effects->n)) {
        x->refusal = REFUSAL_HOLD_LIMIT;
        effects->n = 0;
    }
}

/* ---- stages ---- */

static void run(struct exchange *x, const struct fault_shot *shot)
{
    x->shot = shot;
    functions[shot->symbol](x, shot->action);
    x->shot = NULL;
}

static bool run_stage(struct exchange *x, const struct effects *effects, enum fault_stage stage,
                      bool before)
{
    bool any = false;
    for (size_t i = 0; i < effects->n; i++) {
        const struct fault_shot *shot = &effects->shots[i];
        if (fault_row(shot->symbol)->stage != stage || shot->before != before)
            continue;
        run(x, shot);
        any = true;
    }
    return any;
}

bool effects_park(struct exchange *x, const struct effects *effects, int64_t began_us)
{
    if (effects->is_back || !run_stage(x, effects, FAULT_WAIT, true))
        return false;
    x->response->ticket = ticket_new(effects, began_us);
    x->response->free_ticket = ticket_free;
    return true;
}

/* The fault that answers. One that refuses names the refusal itself; any other is the outcome. */
static bool run_answer(struct exchange *x, const struct effects *effects, bool before)
{
    if (!run_stage(x, effects, FAULT_ANSWER, before))
        return false;
    x->refusal = x->refusal ? x->refusal : REFUSAL_FAULT;
    return true;
}

bool effects_before(struct exchange *x, const struct effects *effects)
{
    x->first_serial = x->world->next_serial;
    run_stage(x, effects, FAULT_PREPARE, true);
    run_stage(x, effects, FAULT_EFFECT, true);
    if (run_stage(x, effects, FAULT_CUT, true)) {
        x->refusal = REFUSAL_NOT_ANSWERED;
        return true;
    }
    return run_answer(x, effects, true);
}

void effects_over(struct exchange *x, const struct effects *effects)
{
    enum refusal refusal = x->refusal;
    x->refusal = REFUSAL_NONE;
    if (!run_answer(x, effects, false))
        x->refusal = refusal;
}

void effects_after(struct exchange *x, struct effects *effects)
{
    x->world->mint = (struct mint_wish){0};
    run_stage(x, effects, FAULT_EDIT, false);
    struct fault_probe probe = probe_of(x);
    probe.status = x->response->status;
    effects->n = armed_take(x->world->faults, &probe, effects->n, effects->shots);
    if (effects->n && !*x->fault_id)
        memcpy(x->fault_id, effects->shots[0].id, sizeof effects->shots[0].id);
    run_stage(x, effects, FAULT_EFFECT, false);
    run_stage(x, effects, FAULT_WIRE, false);
    run_stage(x, effects, FAULT_CUT, false);
    run_stage(x, effects, FAULT_WAIT, false);
}

void effects_note(struct exchange *x, const struct effects *effects, int64_t seq)
{
    x->world->mint = (struct mint_wish){0};
    armed_note_hits(x->world->faults, effects->shots, effects->n, seq);
    struct fault_probe probe = probe_of(x);
    probe.status = x->response->status;
    armed_note_answer(x->world->faults, &probe, effects->shots, effects->n);
}
