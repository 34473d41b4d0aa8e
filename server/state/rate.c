/* Counts are thrown away as a minute ends, so there are never more than callers in one minute. */
#include "state/rate.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

enum { MINUTE_MS = 60000 };

void rate_free(struct rate *rate)
{
    free(rate->counts);
    *rate = (struct rate){0};
}

static struct rate_count *find(struct rate *rate, const char *caller)
{
    for (size_t i = 0; i < rate->n; i++)
        if (strcmp(rate->counts[i].caller, caller) == 0)
            return &rate->counts[i];
    rate->counts = mem_grow(rate->counts, rate->n + 1, sizeof *rate->counts);
    struct rate_count *added = &rate->counts[rate->n++];
    *added = (struct rate_count){0};
    memcpy(added->caller, caller, strnlen(caller, MODEL_ID_MAX));
    return added;
}

bool rate_take(struct rate *rate, const char *caller, int64_t now_ms, int64_t *ret_wait_s)
{
    int64_t minute = now_ms / MINUTE_MS;
    if (minute != rate->minute) {
        rate->minute = minute;
        rate->n = 0;
    }
    struct rate_count *count = find(rate, caller);
    if (count->count < RATE_PER_MINUTE) {
        count->count++;
        return true;
    }
    *ret_wait_s = (minute + 1) * (MINUTE_MS / 1000) - now_ms / 1000;
    return false;
}
