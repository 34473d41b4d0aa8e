/* The hand on the client's clock: a file with the number of milliseconds that the preload library
 * adds to the time of day inside the client.
 * May depend on: shared, host/process. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_HAND_H
#define FAKEWIX_DRIVERS_HAND_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process.h"
#include "shared/err.h"

struct hand {
    char *library; /* owned, as is the path */
    char *file;
    int64_t ahead_ms;
    bool is_link; /* the library is a link that we made */
};

/* Make the file in a folder, at 0. library: of `fakewix run`; copied. */
bool hand_open(const char *folder, const char *library, struct hand *ret_hand, struct err *err);

/* Let time pass for the client, or take it back. */
bool hand_move(struct hand *hand, int64_t seconds, struct err *err);

/* Whether a program has asked for the time that the hand shows. */
bool hand_was_read(const struct hand *hand);

/* Let a program follow the hand. */
void hand_guide(const struct hand *hand, struct process_env *env);

void hand_free(struct hand *hand);

#endif
