/* Gates: where requests wait until somebody opens, others have come, or the world's clock has got
 * there. A gate belongs to the fault that holds; a hold is one request's place at it.
 * May depend on: shared. Owner: faults. Thread: all functions, from any thread, with or without
 * the world's lock; none waits but hold_wait. */
#ifndef FAKEWIX_FAULTS_HOLD_H
#define FAKEWIX_FAULTS_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate;
struct hold;

/* How many requests wait now, in all worlds, and how many may. */
struct hold_limit {
    atomic_int waiting;
    int max;
};

/* The world's clock at this moment, and how fast it runs: 0 where it stands still. */
struct hold_clock {
    int64_t now_ms;
    double rate;
};

struct gate_plan {
    size_t barrier;           /* opens once that many wait; 0: never by itself */
    struct hold_limit *limit; /* counted in; outlives the gate */
    struct hold_clock clock;
};

/* When a request goes on although the gate is shut. */
struct hold_plan {
    int64_t due_ms; /* of the world's clock; 0: never */
    int64_t max_ms; /* real; 0: never */
};

/* A gate is kept by the fault and by everyone who waits at it. */
struct gate *gate_new(const struct gate_plan *plan);
struct gate *gate_keep(struct gate *gate);
void gate_release(struct gate *gate);

/* Let all go who wait; the gate stays open. Returns how many there were. */
size_t gate_open(struct gate *gate);
bool gate_is_open(struct gate *gate);
size_t gate_waiting(struct gate *gate);

/* The world's clock was moved. */
void gate_tell_time(struct gate *gate, struct hold_clock clock);

/* Take a place; the last one of a barrier opens it. Caller leaves with hold_leave. */
struct hold *hold_enter(struct gate *gate, const struct hold_plan *plan);

/* Wait for at most `slice_ms` real milliseconds; true once the request may go on. */
bool hold_wait(struct hold *hold, int64_t slice_ms);

void hold_leave(struct hold *hold);

#endif
