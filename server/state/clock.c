/* Time comes from here and from nowhere else: whoever wants four hours to pass moves a timeline. */
#include "state/clock.h"

#include <math.h>
#include <string.h>

struct timeline timeline_real(int64_t machine_ms)
{
    return (struct timeline){
        .mode = TIME_REAL, .base_ms = machine_ms, .anchor_ms = machine_ms, .rate = 1};
}

int64_t timeline_at(const struct timeline *timeline, int64_t machine_ms)
{
    int64_t passed = machine_ms - timeline->anchor_ms;
    if (timeline->mode == TIME_FROZEN)
        passed = 0;
    if (timeline->mode == TIME_SCALED)
        passed = (int64_t)((double)passed * timeline->rate);
    int64_t now = timeline->base_ms + passed;
    if (now < 0)
        return 0;
    return now > TIMELINE_MAX_MS ? TIMELINE_MAX_MS : now;
}

bool timeline_set(struct timeline *timeline, int64_t machine_ms, int64_t now_ms)
{
    if (now_ms < 0 || now_ms > TIMELINE_MAX_MS)
        return false;
    timeline->base_ms = now_ms;
    timeline->anchor_ms = machine_ms;
    return true;
}

bool timeline_advance(struct timeline *timeline, int64_t machine_ms, int64_t by_ms)
{
    int64_t now_ms = timeline_at(timeline, machine_ms);
    if (by_ms > TIMELINE_MAX_MS || by_ms < -TIMELINE_MAX_MS)
        return false;
    return timeline_set(timeline, machine_ms, now_ms + by_ms);
}

void timeline_mode(struct timeline *timeline, int64_t machine_ms, enum time_mode mode, double rate)
{
    timeline->base_ms = timeline_at(timeline, machine_ms);
    timeline->anchor_ms = machine_ms;
    timeline->mode = mode;
    timeline->rate = rate;
}

int64_t timeline_machine_ms(const struct timeline *timeline, int64_t now_ms)
{
    int64_t left = now_ms - timeline->base_ms;
    switch (timeline->mode) {
    case TIME_REAL:
        return timeline->anchor_ms + left;
    case TIME_SCALED:
        return timeline->anchor_ms + (int64_t)ceil((double)left / timeline->rate);
    case TIME_FROZEN:
        return INT64_MAX;
    }
    return INT64_MAX;
}

const char *time_mode_name(enum time_mode mode)
{
    switch (mode) {
    case TIME_REAL:
        return "real";
    case TIME_FROZEN:
        return "frozen";
    case TIME_SCALED:
        return "scaled";
    }
    return "";
}

bool time_mode_parse(const char *name, enum time_mode *ret_mode)
{
    static const enum time_mode modes[] = {TIME_REAL, TIME_FROZEN, TIME_SCALED};
    for (size_t i = 0; name && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(time_mode_name(modes[i]), name) == 0) {
            *ret_mode = modes[i];
            return true;
        }
    return false;
}
