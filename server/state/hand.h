/* The hand of a world's clock, in a file that other processes watch: 8 bytes, a signed number of
 * milliseconds in the machine's byte order, what the world's clock is ahead of the machine's.
 * The preload library (run/preload.c) adds it to a client's own clock.
 * May depend on: shared. Owner: state. */
#ifndef FAKEWIX_STATE_HAND_H
#define FAKEWIX_STATE_HAND_H

#include <stdatomic.h>
#include <stdint.h>

struct hand {
    char *path;       /* owned; NULL for no hand */
    atomic_llong *ms; /* the file, mapped */
};

/* Make the file DIR/NAME. Gives no hand where `dir` is NULL or the file cannot be made. */
struct hand hand_open(const char *dir, const char *name);

/* Every process that has the file mapped sees it at once. No hand: nothing happens. */
void hand_set(const struct hand *hand, int64_t ahead_ms);

/* Let go of the file and remove it. */
void hand_close(struct hand *hand);

#endif
