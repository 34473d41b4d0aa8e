/* What each fault does to a request, its answer, or the world.
 * May depend on: shared, state, tokens, armed. Owner: faults. */
#ifndef FAKEWIX_FAULTS_EFFECTS_H
#define FAKEWIX_FAULTS_EFFECTS_H

#include "faults/armed.h"
#include "state/exchange.h"

/* One function per row of faults.def. An ANSWER fault fills x->response or sets x->refusal; a WAIT
 * and a CUT say in x->response what is to be waited for, or how the connection ends. */
typedef void fault_fn(struct exchange *x, const cJSON *action);

#define FAULT(symbol, name, stage, params, why) fault_fn fault_##symbol;
#include "faults/faults.def"
#undef FAULT

/* What happens to one exchange. Zeroed is nothing. */
struct effects {
    struct fault_shot shots[ARMED_TAKE_MAX];
    size_t n;
    bool is_back; /* the request has waited, and is here again */
};

/* Take the faults that fire on this exchange, or those that its ticket says where it was here
 * before. Under the world's lock, like all below. */
void effects_take(struct exchange *x, struct effects *effects);

/* Whether the request is to wait before anything is done for it: then the response says what for,
 * and holds a ticket with which the request comes again. */
bool effects_park(struct exchange *x, const struct effects *effects, int64_t began_us);

/* Before the handler: prepare, and answer in its place. True where the request is dealt with. */
bool effects_before(struct exchange *x, const struct effects *effects);

/* After the handler committed: answer over its answer. */
void effects_over(struct exchange *x, const struct effects *effects);

/* With the answer complete: edit it, take the faults that waited for its status, change the world,
 * and arrange the wire. */
void effects_after(struct exchange *x, struct effects *effects);

void effects_note(struct exchange *x, const struct effects *effects, int64_t seq);

/* What a request that waited brings back: its faults, and when it first came. */
struct ticket {
    struct effects effects; /* actions and gates owned */
    int64_t began_us;
};

void ticket_free(struct ticket *ticket);

#endif
