/* The one reader of the system's clocks. The world's time is made from it (state/clock), and so
 * are real deadlines; nothing else may ask what time it is.
 * May depend on: nothing. Owner: shared. */
#ifndef FAKEWIX_SHARED_NOW_H
#define FAKEWIX_SHARED_NOW_H

#include <stdint.h>

/* Unix milliseconds of the system's clock. */
int64_t now_real_ms(void);

/* A clock that never jumps, for deadlines and durations; its start means nothing. */
int64_t now_steady_ms(void);
int64_t now_steady_us(void);

#endif
