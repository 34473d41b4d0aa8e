/* The "given" and "steps" of a scenario.
 * May depend on: shared, scenario/reader. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_SITUATION_H
#define FAKEWIX_SCENARIO_SITUATION_H

#include "scenario/reader.h"
#include "scenario/scenario.h"

/* The fake's route for "token", "api" or a route itself; NULL for anything else. Borrowed. */
const char *situation_route(const char *place, enum flow flow);

/* Fill flow, installed, wish, traps. `given` may be NULL. */
bool situation_read_given(const struct reader *reader, const char *place, const cJSON *given,
                          struct variant *variant);

/* Fill steps. */
bool situation_read_steps(const struct reader *reader, const char *place, const cJSON *steps,
                          struct variant *variant);

#endif
