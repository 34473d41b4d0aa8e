/* The system's clocks, asked here and nowhere else: scripts/check sees to it. */
#include "shared/now.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec at;
    clock_gettime(id, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

int64_t now_real_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t now_steady_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t now_steady_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
