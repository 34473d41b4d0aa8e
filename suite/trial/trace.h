/* The wire of a variant, whole: for --trace. Secrets are fingerprints, as the fake makes them.
 * May depend on: shared, host, evidence, scenario. Owner: trial. */
#ifndef FAKEWIX_TRIAL_TRACE_H
#define FAKEWIX_TRIAL_TRACE_H

#include <stdbool.h>

#include "evidence/stage.h"
#include "scenario/scenario.h"
#include "shared/err.h"

/* Write FOLDER/CODE.har and FOLDER/CODE.ndjson, CODE.VARIANT where the scenario has several. Called
 * before the world is gone. */
bool trace_write(const char *folder, const struct scenario *scenario, const struct variant *variant,
                 const struct stage *stage, struct err *err);

#endif
