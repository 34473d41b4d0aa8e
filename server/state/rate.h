/* How often each caller came within the running minute.
 * May depend on: shared, model. Owner: state. */
#ifndef FAKEWIX_STATE_RATE_H
#define FAKEWIX_STATE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/model.h"

enum { RATE_PER_MINUTE = 200 }; /* documented, per app instance (rate-limits) */

struct rate_count {
    char caller[MODEL_ID_MAX + 1];
    int count;
};

/* Zeroed is empty. Minutes begin where the clock's do. */
struct rate {
    int64_t minute;
    struct rate_count *counts; /* owned; those who came in this minute */
    size_t n;
};

void rate_free(struct rate *rate);

/* Count one call. False where it is one too many; then *ret_wait_s is how long until the minute is
 * over. */
bool rate_take(struct rate *rate, const char *caller, int64_t now_ms, int64_t *ret_wait_s);

#endif
