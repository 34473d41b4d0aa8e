/* What is known of a scenario after it ran: plain values that reports are written from. They hold
 * copies, so that a result outlives the world and the wire it was read from.
 * May depend on: shared. Owner: verdict. */
#ifndef FAKEWIX_VERDICT_RESULT_H
#define FAKEWIX_VERDICT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verdict/verdict.h"

/* One check's finding. Text is owned and never NULL. */
struct check_result {
    char *id; /* "token-requests", "legacy/token-requests" where the scenario has variants */
    enum verdict verdict;
    enum level level;
    char *requirement;
    char *expected;
    char *seen;
    char *source;
    char *hint; /* what a client's author can do about it, or "" */
    char *wire; /* the excerpt that shows it, lines ending in \n, or "" */
};

struct result {
    const char *id; /* these five are borrowed from the scenario, which outlives its result */
    const char *code;
    const char *title;
    const char *why;
    const char *source;
    enum level level;
    enum verdict verdict;
    char *reason; /* why it is N/A, INCONCLUSIVE or ERROR as a whole, or ""; owned */
    int64_t duration_ms;
    char *wire;                  /* all of it, where that was asked for; owned, or NULL */
    struct check_result *checks; /* owned */
    size_t n_checks;
    bool ran;
    bool has_started; /* the client, in some variant */
    bool no_program;  /* its command could not be run, nor was it seen on the wire */
    bool known;       /* a known-failing entry covers its failure */
    char *known_note; /* the entry's remark, or ""; owned */
};

/* Add a zeroed check; it is filled by the caller before the next is added. */
struct check_result *result_add_check(struct result *result);

/* Take over all checks of `from`. */
void result_take_checks(struct result *result, struct result *from);

/* The worst of the checks; of a scenario in which nothing is worse than INFO, PASS or (at level
 * INFO) INFO. A scenario without checks is INCONCLUSIVE. */
enum verdict result_conclude(const struct result *result);

/* The first check that has the scenario's verdict, or NULL. Borrowed. */
const struct check_result *result_deciding(const struct result *result);

/* Whether the wire that a check shows has a mark at an exchange; whether that of any does. Then the
 * others show nothing more. */
bool check_points_at_wire(const struct check_result *check);
bool result_points_at_wire(const struct result *result);

void result_free(struct result *result);

#endif
