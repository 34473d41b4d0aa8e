/* What a run of the judge is made of: the options, read and looked up.
 * May depend on: options, choice, trial. Owner: main. */
#ifndef FAKEWIX_SUITE_JUDGING_H
#define FAKEWIX_SUITE_JUDGING_H

#include <stdbool.h>
#include <stdint.h>

#include "choice.h"
#include "fake/server.h"
#include "options.h"
#include "scenario/catalogue.h"
#include "shared/err.h"
#include "trial/known.h"
#include "trial/plan.h"
#include "trial/trial.h"

struct judging {
    const struct options *options; /* borrowed */
    struct known known;
    struct known flaky;
    struct server server; /* without a URL: the fake is still to be started */
    struct choice choice;
    struct trial_setup setup; /* borrows from the others */
    int64_t jobs;
    char *again;   /* the command line that repeats the run, without --only; owned */
    char *preload; /* the library that moves a program's clock, or NULL; owned */
};

/* Whether a WARN fails the run. */
bool judging_is_strict(const struct options *options);

/* The scenarios that --only, --quick and --profile leave. */
bool judging_choose(const struct options *options, const struct catalogue *catalogue,
                    struct plan *ret_plan, struct err *err);

/* Read all other options of a run. `judging` holds the options and is zeroed otherwise; it must not
 * move afterwards. stop_fd becomes readable when the run is interrupted. On false it is to be freed
 * as well. */
bool judging_read(struct judging *judging, const struct catalogue *catalogue, options_env_fn *env,
                  int stop_fd, struct err *err);

void judging_free(struct judging *judging);

#endif
