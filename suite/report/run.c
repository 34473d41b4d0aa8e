/* Counting, and the exit status: what a build goes by. */
#include "report/run.h"

bool run_result_fails(const struct run *run, const struct result *result)
{
    bool failing =
        result->verdict == VERDICT_FAIL || (run->strict && result->verdict == VERDICT_WARN);
    return failing && !result->known;
}

struct run_counts run_count(const struct run *run)
{
    struct run_counts counts = {.stale = run->n_stale};
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        if (result->known)
            counts.known++;
        else
            counts.by_verdict[result->verdict]++;
        for (size_t c = 0; c < result->n_checks; c++)
            counts.checks += result->checks[c].verdict != VERDICT_NA;
    }
    return counts;
}

int run_exit_status(const struct run *run)
{
    if (run->interrupted)
        return RUN_INTERRUPTED;
    struct run_counts counts = run_count(run);
    if (counts.by_verdict[VERDICT_ERROR])
        return RUN_BROKEN;
    if (counts.stale)
        return RUN_FAILED;
    for (size_t i = 0; i < run->n_results; i++)
        if (run_result_fails(run, &run->results[i]))
            return RUN_FAILED;
    if (counts.by_verdict[VERDICT_INCONCLUSIVE] || !counts.checks)
        return RUN_INCOMPLETE;
    return RUN_OK;
}
