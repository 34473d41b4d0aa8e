/* The fake's clock: a line over the machine's, which shared/now reads.
 * May depend on: nothing. Owner: state. */
#ifndef FAKEWIX_STATE_CLOCK_H
#define FAKEWIX_STATE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A world's time is a straight line over the machine's: now = base + (machine - anchor) * rate.
 *   real    rate 1; the offset to the machine is base - anchor
 *   frozen  rate 0
 *   scaled  any other rate, 0.001 to 1,000,000 */
enum time_mode { TIME_REAL, TIME_FROZEN, TIME_SCALED };

struct timeline {
    enum time_mode mode;
    int64_t base_ms;
    int64_t anchor_ms;
    double rate;
};

/* The largest time a world may show, the end of 9999; the smallest is 0, 1970. */
#define TIMELINE_MAX_MS INT64_C(253402300799999)

struct timeline timeline_real(int64_t machine_ms);

/* The world's Unix milliseconds when the machine's are `machine_ms`; within 0..TIMELINE_MAX_MS. */
int64_t timeline_at(const struct timeline *timeline, int64_t machine_ms);

/* Each keeps what it does not name: setting the time keeps the mode, a mode keeps the time.
 * False, with nothing changed, where the result would leave 0..TIMELINE_MAX_MS. */
bool timeline_set(struct timeline *timeline, int64_t machine_ms, int64_t now_ms);
bool timeline_advance(struct timeline *timeline, int64_t machine_ms, int64_t by_ms);
void timeline_mode(struct timeline *timeline, int64_t machine_ms, enum time_mode mode, double rate);

/* When the machine's clock will show what makes this timeline show `now_ms`; INT64_MAX where it
 * stands still. */
int64_t timeline_machine_ms(const struct timeline *timeline, int64_t now_ms);

const char *time_mode_name(enum time_mode mode);
/* False, with nothing written, where `name` is NULL or no mode's. */
bool time_mode_parse(const char *name, enum time_mode *ret_mode);

#endif
