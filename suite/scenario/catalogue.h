/* All scenarios: those built into the program, and a user's own.
 * May depend on: shared, host, scenario. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_CATALOGUE_H
#define FAKEWIX_SCENARIO_CATALOGUE_H

#include "scenario/scenario.h"

struct catalogue {
    struct scenario *list; /* by id */
    size_t n;
    struct scenario *flawed; /* what could be read of those that are not sound */
    size_t n_flawed;
    struct mistakes mistakes; /* all of them, in all files */
};

/* Load the built-in scenarios, then those of `folder` (or NULL). What is wrong with a file, an id
 * or code that is there twice, a dependency on nothing and a circle of dependencies are mistakes,
 * and all are kept. False, with nothing to free, where a file cannot be read. */
bool catalogue_load(const char *folder, struct catalogue *ret_catalogue, struct err *err);
void catalogue_free(struct catalogue *catalogue);

/* The first scenario that answers to a name; NULL where there is none. Borrowed. */
const struct scenario *catalogue_find(const struct catalogue *catalogue, const char *name);

/* The sentence for a name that no scenario answers to: "WHERE"NAME" fits no scenario; did you mean
 * …". Returns false. */
bool catalogue_refuse_name(const struct catalogue *catalogue, const char *where, const char *name,
                           struct err *err);

/* Whether a file of the user's own is among them, sound or not. */
bool catalogue_has_own(const struct catalogue *catalogue);

/* Whether `scenario` waits for `parent`. */
bool catalogue_depends(const struct scenario *scenario, const struct scenario *parent);

#endif
