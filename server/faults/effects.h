/* What each fault does to a request, its answer, or the world.
 * May depend on: shared, state, tokens, armed. Owner: faults. */
#ifndef FAKEWIX_FAULTS_EFFECTS_H
#define FAKEWIX_FAULTS_EFFECTS_H

#include "faults/armed.h"
#include "state/exchange.h"

/* One function per row of faults.def. An ANSWER fault fills x->response or sets x->refusal. */
typedef void fault_fn(struct exchange *x, const cJSON *action);

#define FAULT(symbol, name, stage, params, why) fault_fn fault_##symbol;
#include "faults/faults.def"
#undef FAULT

/* Take the faults that fire on this exchange. Under the world's lock, like all below. */
size_t effects_take(struct exchange *x, struct fault_shot ret_shots[static ARMED_TAKE_MAX]);

/* Before the handler: prepare, and answer in its place. True where the request is answered. */
bool effects_before(struct exchange *x, const struct fault_shot *shots, size_t n);

/* After the handler committed: answer over its answer. True where that happened. */
bool effects_over(struct exchange *x, const struct fault_shot *shots, size_t n);

/* With the answer complete: edit it, take the faults that waited for its status, change the world,
 * and arrange the wire. Returns how many shots there are then. */
size_t effects_after(struct exchange *x, struct fault_shot shots[static ARMED_TAKE_MAX], size_t n);

void effects_note(struct exchange *x, const struct fault_shot *shots, size_t n, int64_t seq);

#endif
