/* A meeting: the client waits at the fake for an answer, and the judge does what only it can do
 * before the client goes on.
 * May depend on: shared, evidence, scenario. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_MEETING_H
#define FAKEWIX_DRIVERS_MEETING_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"

struct meeting {
    const struct step *step; /* what is done then; borrowed */
    char *fault_id;          /* owned */
    bool arms;               /* nothing is done yet: the true meeting is counted from here */
};

/* Meet at the successful answer number `nth` of the API, counted from now. */
bool meeting_after_answer(const struct act *act, const struct step *step, int64_t nth,
                          struct meeting *ret_meeting, struct err *err);

/* Meet where a step that makes a call of its own says, in the call that follows so many calls
 * counted from now. */
bool meeting_at(const struct act *act, const struct step *step, int64_t calls,
                struct meeting *ret_meeting, struct err *err);

/* Whether the client is there, waiting for it for at most `ms`. */
bool meeting_has_come(const struct act *act, const struct meeting *meeting, int ms, bool *ret_come,
                      struct err *err);

/* Let the client go on, and wait until the request that it stood at is in the journal. */
bool meeting_end(const struct act *act, const struct meeting *meeting, struct err *err);

void meeting_free(struct meeting *meeting);

#endif
