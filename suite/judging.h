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

/* Read the other options of a run, but for the lists of known failures. `judging` holds the options
 * and is zeroed otherwise; it must not move afterwards. stop_fd becomes readable when the run is
 * interrupted. On false it is to be freed as well. */
bool judging_read(struct judging *judging, options_env_fn *env, int stop_fd, struct err *err);

/* Start the fake, where there is none yet. */
bool judging_start_fake(struct judging *judging, options_env_fn *env, struct err *err);

/* Show the user's own scenarios to the fake, which is started for it. It comes before whatever
 * looks scenarios up: a file with a mistake would be told as one that is not there, or be left out
 * silently. Needs the options, and of the setup the server and the world.
 *
 * RUN_OK, RUN_USAGE with all mistakes in `err`, or RUN_BROKEN. */
int judging_check_own(struct judging *judging, struct catalogue *catalogue, options_env_fn *env,
                      struct err *err);

/* Read the lists of known failures, which name scenarios. */
bool judging_read_known(struct judging *judging, const struct catalogue *catalogue,
                        struct err *err);

void judging_free(struct judging *judging);

#endif
