/* Looks again, as long as there is a crowd: who comes meets workers that are all taken, and whom to
 * give up for him may show only a moment later.
 * May depend on: shared. Owner: http. */
#ifndef FAKEWIX_HTTP_USHER_H
#define FAKEWIX_HTTP_USHER_H

#include <stdbool.h>

struct usher;

/* Caller frees with usher_free. Has no thread until it is woken for the first time. */
struct usher *usher_new(bool (*is_crowded)(void *context), void (*make_room)(void *context),
                        void *context);
void usher_free(struct usher *usher);

/* There is a crowd: make room every 0.1 s until there is none. Any thread. */
void usher_wake(struct usher *usher);

#endif
