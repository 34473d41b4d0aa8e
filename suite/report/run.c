/* Counting, and the exit status: what a build goes by. */
#include "report/run.h"

#include "shared/mem.h"

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
    if (counts.by_verdict[VERDICT_INCONCLUSIVE] || !counts.checks || (run->repeats && run->n_left))
        return RUN_INCOMPLETE;
    return RUN_OK;
}

const char *run_meaning(int status)
{
    switch (status) {
    case RUN_OK:
        return "conformant";
    case RUN_FAILED:
        return "not conformant";
    case RUN_INCOMPLETE:
        return "nothing failed, but the run is incomplete";
    case RUN_BROKEN:
        return "the judge or the fake broke; this says nothing about the client";
    default:
        return "interrupted";
    }
}

bool run_result_is_vain(const struct result *result)
{
    return result->verdict == VERDICT_INCONCLUSIVE && result->ran && !result->known;
}

bool run_result_is_untried(const struct result *result)
{
    return result->verdict == VERDICT_INCONCLUSIVE && !result->ran && !result->known;
}

const struct result *run_find_no_program(const struct run *run)
{
    const struct result *first = NULL;
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        if (result->has_started)
            return NULL;
        if (result->no_program && !first)
            first = result;
    }
    return first;
}

bool run_result_is_open(const struct run *run, const struct result *result)
{
    return run_result_fails(run, result) || run_result_is_vain(result) ||
           result->verdict == VERDICT_ERROR;
}

size_t run_count_untried(const struct run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n_results; i++)
        n += run_result_is_untried(&run->results[i]);
    return n;
}

static const char *was(size_t n)
{
    return n == 1 ? "was" : "were";
}

void run_add_remarks(const struct run *run, struct buf *out)
{
    size_t n_untried = run_find_no_program(run) ? 0 : run_count_untried(run);
    size_t n_all = run->n_results + run->n_left_out;
    if (n_untried)
        buf_format(out, "%zu scenario%s %s not tried%s; to go on, here: fakewix-conform rerun\n",
                   n_untried, n_untried == 1 ? "" : "s", was(n_untried),
                   run->interrupted ? ", because the run was interrupted" : "");
    if (run->n_left)
        buf_format(
            out, "%zu that the run before left to try %s not tried; here: fakewix-conform rerun\n",
            run->n_left, was(run->n_left));
    if (run->n_left_out)
        buf_format(out, "%zu of %zu scenarios %s left out; all of them: %s\n", run->n_left_out,
                   n_all, was(run->n_left_out), run->again);
}

static int rank_of(const struct result *result)
{
    if (result->verdict == VERDICT_NA)
        return -2;
    return result->known ? -1 : (int)result->verdict;
}

size_t *run_order(const struct run *run)
{
    size_t *order = mem_new(run->n_results + 1, sizeof *order);
    size_t n = 0;
    for (int rank = VERDICT_COUNT - 1; rank >= -2; rank--)
        for (size_t i = 0; i < run->n_results; i++)
            if (rank_of(&run->results[i]) == rank)
                order[n++] = i;
    return order;
}

void run_add_again(const struct run *run, struct buf *out)
{
    bool begun = false;
    for (size_t i = 0; i < run->n_results; i++) {
        if (!run_result_is_open(run, &run->results[i]))
            continue;
        buf_format(out, "%s --only %s", begun ? "" : run->again, run->results[i].code);
        begun = true;
    }
}
