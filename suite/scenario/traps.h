/* The "faults" of a scenario's "given", as rules that the fake takes.
 * May depend on: shared, scenario/reader. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_TRAPS_H
#define FAKEWIX_SCENARIO_TRAPS_H

#include "scenario/reader.h"
#include "scenario/scenario.h"

/* Fill the variant's traps; its flow is known. */
bool traps_read(const struct reader *reader, const char *place, const cJSON *faults,
                struct variant *variant);

/* Keep what the fake says against a trap's rule, "do.status must be …", as a mistake at the place
 * where a person wrote it, "given.faults[0].status must be …".
 *
 * returns  the member that is to blame ("status"), which can be left out for the fake to say what
 *          else it does not like; caller frees with free(); NULL where there is none */
char *traps_blame(const struct reader *reader, const struct trap *trap, const char *refusal);

#endif
