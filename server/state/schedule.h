/* What a world still has to do, and when by its own clock: redeliver a webhook, say.
 * May depend on: shared. Owner: state. Whoever moves a world's clock, or adds an errand, says
 * world->stirred; the pipeline then wakes whoever runs the errands (webhooks/courier). */
#ifndef FAKEWIX_STATE_SCHEDULE_H
#define FAKEWIX_STATE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schedule_kind { SCHEDULE_WEBHOOK };

struct errand {
    int64_t due_ms; /* the world's clock */
    int64_t order;  /* of two that are due at once the one added first goes first */
    enum schedule_kind kind;
    int64_t ref; /* which one of its kind */
};

/* Zeroed is empty. */
struct schedule {
    struct errand *errands; /* owned; the earliest one last */
    size_t n;
    size_t capacity;
    int64_t next_order;
};

#define SCHEDULE_NEVER INT64_MAX

/* All functions: under the world's lock. */

void schedule_add(struct schedule *schedule, int64_t due_ms, enum schedule_kind kind, int64_t ref);

/* When the next errand is due, or SCHEDULE_NEVER. */
int64_t schedule_next_ms(const struct schedule *schedule);

/* Take the earliest errand that is due at `now_ms`; false where there is none. */
bool schedule_take(struct schedule *schedule, int64_t now_ms, struct errand *ret_errand);

/* Forget one errand, if it is there. */
void schedule_drop(struct schedule *schedule, enum schedule_kind kind, int64_t ref);

void schedule_free(struct schedule *schedule);

#endif
