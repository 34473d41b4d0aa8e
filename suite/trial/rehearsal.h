/* A user's own scenarios, shown to the fake before any client is started: what it would refuse in
 * the middle of the run is a mistake in a file.
 * May depend on: shared, fake, scenario. Owner: trial. */
#ifndef FAKEWIX_TRIAL_REHEARSAL_H
#define FAKEWIX_TRIAL_REHEARSAL_H

#include "scenario/catalogue.h"
#include "trial/trial.h"

/* Try the faults, lifetimes and profiles of every scenario of --scenario-dir, those that are flawed
 * too, and add what the fake refuses to the catalogue's mistakes. False where the fake does not
 * answer. */
bool rehearse(const struct trial_setup *setup, struct http *http, struct catalogue *catalogue,
              struct err *err);

#endif
