/* Which scenarios a run tries.
 * May depend on: scenario. Owner: trial. */
#ifndef FAKEWIX_TRIAL_PLAN_H
#define FAKEWIX_TRIAL_PLAN_H

#include "scenario/catalogue.h"

struct plan {
    const struct scenario **list; /* owned array of borrowed scenarios, by id */
    size_t n;
};

/* Select by id or code, as `option` ("--only") says; a scenario is in where any of the patterns
 * fits, and with none all are. False and a sentence where a pattern fits nothing. */
bool plan_make(const struct catalogue *catalogue, const char *option, const char *const *patterns,
               size_t n_patterns, struct plan *ret_plan, struct err *err);

/* Take out what takes real seconds. */
void plan_make_quick(struct plan *plan);

/* Take out what is not of level MUST. */
void plan_make_minimal(struct plan *plan);

void plan_free(struct plan *plan);

#endif
