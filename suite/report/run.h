/* A whole run, as reports see it.
 * May depend on: shared, verdict. Owner: report. */
#ifndef FAKEWIX_REPORT_RUN_H
#define FAKEWIX_REPORT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "verdict/result.h"

struct run_counts {
    size_t by_verdict[VERDICT_COUNT]; /* known failures are not among FAIL and WARN */
    size_t known;
    size_t stale;
    size_t checks; /* checks that were made */
};

struct run {
    const char *client; /* how the client was named: the command */
    const char *again;  /* the command line that repeats the run, without --only */
    bool strict;
    bool interrupted;
    const struct result *results;
    size_t n_results;
    const char *const *stale; /* sentences about entries that are true no more */
    size_t n_stale;
    bool repeats;            /* the run before: what that left to try was all to be tried */
    const char *const *left; /* ids that the run before left to try and this one did not try */
    size_t n_left;
    size_t n_left_out; /* scenarios that there are and that were not asked for */
    int64_t duration_ms;
};

enum {
    RUN_OK = 0,
    RUN_FAILED = 1,
    RUN_USAGE = 2,
    RUN_INCOMPLETE = 3,
    RUN_BROKEN = 4,
    RUN_INTERRUPTED = 130
};

struct run_counts run_count(const struct run *run);

/* The program's exit status. */
int run_exit_status(const struct run *run);

/* That status as words: "conformant". */
const char *run_meaning(int status);

/* Whether a result makes the run fail. */
bool run_result_fails(const struct run *run, const struct result *result);

/* Whether a scenario was tried and nothing could be said. */
bool run_result_is_vain(const struct result *result);

/* Whether a scenario's turn never came, or what it builds on did not hold. */
bool run_result_is_untried(const struct result *result);

/* Where the client's command could not be run, so that the rest was not tried: the result that
 * shows it. NULL otherwise. Borrowed. */
const struct result *run_find_no_program(const struct run *run);

/* How many scenarios were to be tried, and their turn never came. */
size_t run_count_untried(const struct run *run);

/* Append what the run does not speak of, and the command that would: a sentence a line, each ending
 * in \n. Nothing where the run is whole. */
void run_add_remarks(const struct run *run, struct buf *out);

/* What a person looks at first: the results' numbers, the worst first, and among equals in the
 * order of the run; known failures and N/A come last. Caller frees with free(). */
size_t *run_order(const struct run *run);

/* Whether a result is to be tried again: it fails, was tried in vain, or broke the judge. */
bool run_result_is_open(const struct run *run, const struct result *result);

/* Append the command that tries those again; nothing where there are none. */
void run_add_again(const struct run *run, struct buf *out);

/* A report that is a file: writes the whole run. */
typedef void report_fn(const struct run *run, struct buf *out);
report_fn report_json;
report_fn report_junit;
report_fn report_tap;
report_fn report_html;
report_fn report_badge;
report_fn report_github;  /* annotations, as GitHub Actions reads them from stdout */
report_fn report_summary; /* Markdown, for GITHUB_STEP_SUMMARY */

#endif
