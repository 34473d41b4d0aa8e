/* The "expect" and "allow" of a scenario.
 * May depend on: shared, scenario/reader. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_EXPECTATION_H
#define FAKEWIX_SCENARIO_EXPECTATION_H

#include "scenario/reader.h"
#include "scenario/scenario.h"

/* Fill the variant's expectation; checks without a level of their own get `level`. */
bool expectation_read(const struct reader *reader, const char *place, const cJSON *expect,
                      enum level level, struct variant *variant);

/* Fill its alternatives. `allow` may be NULL. */
bool expectation_read_allowed(const struct reader *reader, const char *place, const cJSON *allow,
                              enum level level, struct variant *variant);

#endif
