/* Waiting without a lock of the world, and without polling it: what opens a gate tells the gate. */
#include "faults/hold.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "shared/mem.h"
#include "shared/now.h"

struct gate {
    pthread_mutex_t lock; /* over everything below; never held while another lock is taken */
    pthread_cond_t changed;
    struct gate_plan plan;
    int64_t told_at_ms; /* steady time at which plan.clock was read */
    size_t users;
    size_t waiting;
    bool open;
};

struct hold {
    struct gate *gate;
    struct hold_plan plan;
    int64_t since_ms; /* steady */
};

struct gate *gate_new(const struct gate_plan *plan)
{
    struct gate *gate = mem_new(1, sizeof *gate);
    pthread_condattr_t steady;
    gate->plan = *plan;
    gate->users = 1;
    gate->told_at_ms = now_steady_ms();
    pthread_mutex_init(&gate->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&gate->changed, &steady);
    pthread_condattr_destroy(&steady);
    return gate;
}

struct gate *gate_keep(struct gate *gate)
{
    if (!gate)
        return NULL;
    pthread_mutex_lock(&gate->lock);
    gate->users++;
    pthread_mutex_unlock(&gate->lock);
    return gate;
}

void gate_release(struct gate *gate)
{
    if (!gate)
        return;
    pthread_mutex_lock(&gate->lock);
    bool is_last = --gate->users == 0;
    pthread_mutex_unlock(&gate->lock);
    if (!is_last)
        return;
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

size_t gate_open(struct gate *gate)
{
    if (!gate)
        return 0;
    pthread_mutex_lock(&gate->lock);
    size_t n = gate->open ? 0 : gate->waiting;
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
    return n;
}

bool gate_is_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool open = gate->open;
    pthread_mutex_unlock(&gate->lock);
    return open;
}

size_t gate_waiting(struct gate *gate)
{
    if (!gate)
        return 0;
    pthread_mutex_lock(&gate->lock);
    size_t n = gate->open ? 0 : gate->waiting;
    pthread_mutex_unlock(&gate->lock);
    return n;
}

void gate_tell_time(struct gate *gate, struct hold_clock clock)
{
    if (!gate)
        return;
    pthread_mutex_lock(&gate->lock);
    gate->plan.clock = clock;
    gate->told_at_ms = now_steady_ms();
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

struct hold *hold_enter(struct gate *gate, const struct hold_plan *plan)
{
    struct hold *hold = mem_new(1, sizeof *hold);
    *hold = (struct hold){.gate = gate_keep(gate), .plan = *plan, .since_ms = now_steady_ms()};
    atomic_fetch_add(&gate->plan.limit->waiting, 1);
    pthread_mutex_lock(&gate->lock);
    gate->waiting++;
    if (gate->plan.barrier && gate->waiting >= gate->plan.barrier) {
        gate->open = true;
        pthread_cond_broadcast(&gate->changed);
    }
    pthread_mutex_unlock(&gate->lock);
    return hold;
}

/* Real ms until the request goes on by itself, at most `max_ms`. Under the gate's lock. */
static int64_t left_ms(const struct hold *hold, int64_t at_ms, int64_t max_ms)
{
    const struct gate *gate = hold->gate;
    const struct hold_clock *clock = &gate->plan.clock;
    int64_t left = max_ms;
    if (hold->plan.max_ms && hold->since_ms + hold->plan.max_ms - at_ms < left)
        left = hold->since_ms + hold->plan.max_ms - at_ms;
    if (!hold->plan.due_ms)
        return left;
    double now_ms = (double)clock->now_ms + (double)(at_ms - gate->told_at_ms) * clock->rate;
    double missing_ms = (double)hold->plan.due_ms - now_ms;
    if (missing_ms <= 0)
        return 0;
    if (clock->rate > 0 && missing_ms / clock->rate < (double)left)
        left = (int64_t)(missing_ms / clock->rate) + 1;
    return left;
}

bool hold_wait(struct hold *hold, int64_t slice_ms)
{
    struct gate *gate = hold->gate;
    int64_t end_ms = now_steady_ms() + slice_ms;
    bool free_to_go = false;
    pthread_mutex_lock(&gate->lock);
    for (;;) {
        int64_t at_ms = now_steady_ms();
        /* One more than the slice: only a reason of its own may bring the rest to 0. */
        int64_t left = left_ms(hold, at_ms, slice_ms + 1);
        free_to_go = gate->open || left <= 0;
        if (free_to_go || at_ms >= end_ms)
            break;
        int64_t wake_ms = at_ms + left < end_ms ? at_ms + left : end_ms;
        struct timespec until = {.tv_sec = (time_t)(wake_ms / 1000),
                                 .tv_nsec = (long)(wake_ms % 1000) * 1000000};
        pthread_cond_timedwait(&gate->changed, &gate->lock, &until);
    }
    pthread_mutex_unlock(&gate->lock);
    return free_to_go;
}

void hold_leave(struct hold *hold)
{
    if (!hold)
        return;
    pthread_mutex_lock(&hold->gate->lock);
    hold->gate->waiting--;
    pthread_mutex_unlock(&hold->gate->lock);
    atomic_fetch_sub(&hold->gate->plan.limit->waiting, 1);
    gate_release(hold->gate);
    free(hold);
}
