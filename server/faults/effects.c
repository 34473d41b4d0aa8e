/* Running the faults that fire, stage by stage. What each does is in protocol.c, effect.c and
 * wire.c. */
#include "faults/effects.h"

#include <string.h>

static fault_fn *const functions[FAULT_COUNT] = {
#define FAULT(symbol, name, stage, params, why) [FAULT_##symbol] = fault_##symbol,
#include "faults/faults.def"
#undef FAULT
};

static struct fault_probe probe_of(const struct exchange *x, const char *route)
{
    return (struct fault_probe){
        .request = x->request,
        .route = route,
        .app_id = x->app_id,
        .instance_id = x->instance_id,
        .grant = x->grant,
        .now_ms = x->now_ms,
    };
}

size_t effects_take(struct exchange *x, struct fault_shot ret_shots[static ARMED_TAKE_MAX])
{
    struct fault_probe probe = probe_of(x, x->route_name);
    probe.chance = (double)rng_below(&x->world->fault_rng, 1000000) / 1e6;
    size_t n = armed_take(x->world->faults, &probe, 0, ret_shots);
    if (n)
        memcpy(x->fault_id, ret_shots[0].id, strlen(ret_shots[0].id) + 1);
    return n;
}

static void run_stage(struct exchange *x, const struct fault_shot *shots, size_t n,
                      enum fault_stage stage)
{
    for (size_t i = 0; i < n; i++)
        if (fault_row(shots[i].symbol)->stage == stage)
            functions[shots[i].symbol](x, shots[i].action);
}

/* The one shot that answers, before or after the commit. */
static bool answer(struct exchange *x, const struct fault_shot *shots, size_t n, bool after_commit)
{
    for (size_t i = 0; i < n; i++) {
        if (fault_row(shots[i].symbol)->stage != FAULT_ANSWER ||
            shots[i].after_commit != after_commit)
            continue;
        x->refusal = REFUSAL_NONE;
        functions[shots[i].symbol](x, shots[i].action);
        return true;
    }
    return false;
}

bool effects_before(struct exchange *x, const struct fault_shot *shots, size_t n)
{
    run_stage(x, shots, n, FAULT_PREPARE);
    return answer(x, shots, n, false);
}

bool effects_over(struct exchange *x, const struct fault_shot *shots, size_t n)
{
    return answer(x, shots, n, true);
}

size_t effects_after(struct exchange *x, struct fault_shot shots[static ARMED_TAKE_MAX], size_t n)
{
    run_stage(x, shots, n, FAULT_EDIT);
    struct fault_probe probe = probe_of(x, x->route_name);
    probe.status = x->response->status;
    n = armed_take(x->world->faults, &probe, n, shots);
    run_stage(x, shots, n, FAULT_EFFECT);
    run_stage(x, shots, n, FAULT_WIRE);
    return n;
}

void effects_note(struct exchange *x, const struct fault_shot *shots, size_t n, int64_t seq)
{
    armed_note_hits(x->world->faults, shots, n, seq);
    struct fault_probe probe = probe_of(x, x->route_name);
    armed_note_answer(x->world->faults, &probe);
}
