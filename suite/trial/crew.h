/* Trying many scenarios, some at a time.
 * May depend on: trial, plan. Owner: trial. */
#ifndef FAKEWIX_TRIAL_CREW_H
#define FAKEWIX_TRIAL_CREW_H

#include "trial/plan.h"
#include "trial/trial.h"

enum { CREW_MAX_JOBS = 64 };

/* Told of each result as it comes, one at a time. The result is the crew's until crew_run ends. */
typedef void crew_told_fn(void *context, struct result *result);

struct crew_setup {
    const struct trial_setup *trial; /* borrowed */
    const struct plan *plan;         /* borrowed */
    int jobs;                        /* 1 to CREW_MAX_JOBS */
    crew_told_fn *told;              /* or NULL */
    void *context;
    bool (*interrupted)(void *context); /* or NULL: asked before each scenario */
};

/* Try the plan. A scenario starts when those it depends on are done, and is INCONCLUSIVE without
 * being tried where one of them did not hold (N/A where it did not apply). A dependency that the
 * plan leaves out is taken to hold. Where the client's command cannot be run (result.no_program),
 * the rest is not tried.
 *
 * Gives as many results as the plan has scenarios, in its order; the caller frees each with
 * result_free and the array with free(). Those not reached before an interruption, or after that
 * command, are blank and have not run. */
struct result *crew_run(const struct crew_setup *setup);

#endif
