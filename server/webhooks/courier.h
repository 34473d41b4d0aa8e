/* Who carries the webhooks out: threads that run the errands of any world, started with the first
 * one, and the clock's own march through what falls due.
 * May depend on: shared, state, letter, post. Owner: webhooks.
 *
 * An app has 1250 ms of real time to answer 200. Where it does not, the same letter comes again,
 * 1 min, 10 min, 1 h, 2 h (three times), 4 h (three times), 8 h (twice) and 12 h after the failure
 * before it, by the world's clock. No lock is held while an app answers. */
#ifndef FAKEWIX_WEBHOOKS_COURIER_H
#define FAKEWIX_WEBHOOKS_COURIER_H

#include <cjson/cJSON.h>

#include "state/world.h"
#include "webhooks/post.h"

struct courier;

/* No thread starts and no library is loaded before there is something to carry. */
struct courier *courier_new(struct worlds *worlds);
/* Ends the threads; letters under way are given up. NULL is fine. */
void courier_free(struct courier *courier);

/* A world was stirred: look after its errands. Without the world's lock. NULL does nothing. */
void courier_wake(struct courier *courier, const struct world *world);

/* Look after all worlds: what a process before had still to do when it ended. */
void courier_resume(struct courier *courier);

/* Let time pass in a world, running what falls due on the way, each at its own time, in order.
 * What ran is appended to `fired`, an array. False, with nothing changed, where the clock would
 * leave its range. Under the world's lock, which is free while an app answers. */
bool courier_advance(struct courier *courier, struct world *world, int64_t by_ms, cJSON *fired);

/* Whether every event that is due was tried. Under the world's lock. */
bool courier_is_idle(const struct world *world);

/* Send one POST now and note it in the journal as `route`. Under the world's lock, which is free
 * while the app answers. Caller frees the answer; returns the journal's number, or 0 where
 * the world was reset meanwhile, and nothing was noted. */
int64_t courier_post(struct courier *courier, struct world *world, const char *route,
                     const char *app_id, const char *instance_id, const struct posting *posting,
                     struct posting_answer *ret_answer);

#endif
