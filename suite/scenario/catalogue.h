/* All scenarios: those built into the program, and a user's own.
 * May depend on: shared, host, scenario. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_CATALOGUE_H
#define FAKEWIX_SCENARIO_CATALOGUE_H

#include "scenario/scenario.h"

struct catalogue {
    struct scenario *list; /* by id */
    size_t n;
};

/* Load the built-in scenarios, then those of `folder` (or NULL). An id or code that is there twice,
 * a dependency on nothing, or a circle of dependencies is an error. */
bool catalogue_load(const char *folder, struct catalogue *ret_catalogue, struct err *err);
void catalogue_free(struct catalogue *catalogue);

/* The first scenario that answers to a name; NULL where there is none. Borrowed. */
const struct scenario *catalogue_find(const struct catalogue *catalogue, const char *name);

/* Whether `scenario` waits for `parent`. */
bool catalogue_depends(const struct scenario *scenario, const struct scenario *parent);

#endif
