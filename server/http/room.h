/* Room for those who come, once more connections are open than there are workers.
 * May depend on: worker. Owner: http. */
#ifndef FAKEWIX_HTTP_ROOM_H
#define FAKEWIX_HTTP_ROOM_H

#include <stdbool.h>

struct workers;

/* Give up one connection, if there is one that may go. Any thread. */
void room_make(struct workers *workers);

/* For an usher, whose context the workers are: whether somebody waits for a worker, and as many
 * connections given up as wait, less those that are leaving already. */
bool room_is_scarce(void *workers);
void room_make_for_all(void *workers);

#endif
