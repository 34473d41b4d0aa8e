/* How a process ended, in the words of the contract.
 * May depend on: shared, host, evidence. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_OUTCOME_H
#define FAKEWIX_DRIVERS_OUTCOME_H

#include "drivers/driver.h"
#include "host/process.h"

/* Note the end of a process of the client that speaks the exec contract. */
void outcome_note(const struct act *act, const struct process_result *result,
                  struct performance *performance);

/* Keep what it printed, behind what was printed before. */
void outcome_add_output(struct performance *performance, const struct process_result *result);

#endif
