/* A sorted array: a world has few errands, and the earliest one is taken from its end. */
#include "state/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

void schedule_add(struct schedule *schedule, int64_t due_ms, enum schedule_kind kind, int64_t ref)
{
    if (schedule->n == schedule->capacity) {
        schedule->capacity = schedule->capacity ? schedule->capacity * 2 : 8;
        schedule->errands =
            mem_grow(schedule->errands, schedule->capacity, sizeof *schedule->errands);
    }
    size_t at = schedule->n;
    while (at && schedule->errands[at - 1].due_ms <= due_ms)
        at--;
    memmove(schedule->errands + at + 1, schedule->errands + at,
            (schedule->n - at) * sizeof *schedule->errands);
    schedule->errands[at] = (struct errand){
        .due_ms = due_ms, .order = schedule->next_order++, .kind = kind, .ref = ref};
    schedule->n++;
}

int64_t schedule_next_ms(const struct schedule *schedule)
{
    return schedule->n ? schedule->errands[schedule->n - 1].due_ms : SCHEDULE_NEVER;
}

bool schedule_take(struct schedule *schedule, int64_t now_ms, struct errand *ret_errand)
{
    if (!schedule->n || schedule_next_ms(schedule) > now_ms)
        return false;
    *ret_errand = schedule->errands[--schedule->n];
    return true;
}

void schedule_drop(struct schedule *schedule, enum schedule_kind kind, int64_t ref)
{
    for (size_t i = 0; i < schedule->n; i++) {
        if (schedule->errands[i].kind != kind || schedule->errands[i].ref != ref)
            continue;
        memmove(schedule->errands + i, schedule->errands + i + 1,
                (schedule->n - i - 1) * sizeof *schedule->errands);
        schedule->n--;
        return;
    }
}

void schedule_free(struct schedule *schedule)
{
    free(schedule->errands);
    *schedule = (struct schedule){0};
}
