/* Faults that let a request wait, before the commit or after it, and those that end its
 * connection. Only says so; the listener waits, with every lock free and an eye on the client. */
#include <stdint.h>

#include "faults/effects.h"
#include "shared/tree.h"

enum { HOLD_DEFAULT_MS = 30000 };

void fault_delay(struct exchange *x, const cJSON *action)
{
    tree_int(action, "ms", &x->response->delivery.delay_ms);
}

/* Let the answer, or the request, wait at the gate of its fault. */
static void enter(struct exchange *x, const struct hold_plan *plan)
{
    struct delivery *delivery = &x->response->delivery;
    if (delivery->hold)
        return;
    delivery->hold = hold_enter(x->shot->gate, plan);
    delivery->wait_hold = hold_wait;
    delivery->release_hold = hold_leave;
}

void fault_hold(struct exchange *x, const cJSON *action)
{
    const cJSON *until = tree_get(action, "until");
    struct hold_plan plan = {.max_ms = HOLD_DEFAULT_MS};
    int64_t virtual_ms;
    tree_int(action, "max_ms", &plan.max_ms);
    tree_int(until, "now_ms", &plan.due_ms);
    if (tree_int(until, "virtual_ms", &virtual_ms))
        plan.due_ms = x->now_ms + virtual_ms;
    enter(x, &plan);
}

/* Without "after_bytes", and always before the commit, the cut comes before the first byte. */
static void cut(struct exchange *x, const cJSON *action, enum cut how)
{
    struct delivery *delivery = &x->response->delivery;
    int64_t after_bytes = 0;
    bool within = tree_int(action, "after_bytes", &after_bytes) && !x->shot->before;
    delivery->cut = how;
    delivery->cut_before_head = !within;
    delivery->cut_after = (size_t)after_bytes;
}

void fault_silence(struct exchange *x, const cJSON *action)
{
    struct hold_plan plan = {0};
    tree_int(action, "max_ms", &plan.max_ms);
    cut(x, action, CUT_SILENT);
    enter(x, &plan);
}

void fault_reset(struct exchange *x, const cJSON *action)
{
    cut(x, action, CUT_RESET);
}

void fault_close(struct exchange *x, const cJSON *action)
{
    cut(x, action, CUT_CLOSE);
}
