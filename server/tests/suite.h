/* The frame of a Check program: one suite, one case, one closing line.
 * May depend on: Check. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_SUITE_H
#define FAKEWIX_TESTS_SUITE_H

#include <check.h>

/* A case whose fixture runs around every test, in the test's own process. */
TCase *suite_case(void (*set_up)(void), void (*tear_down)(void));

/* A case beside a server of this very process, started and stopped once (served_fake.h). */
TCase *suite_case_served(void (*start)(void), void (*stop)(void));

/* One test per row of a table; the row's number is _i. */
#define suite_rows(tcase, test, table)                                                             \
    tcase_add_loop_test(tcase, test, 0, (int)(sizeof(table) / sizeof *(table)))

/* Run; returns what main returns. */
int suite_run(const char *name, TCase *tcase);
/* The same without forking, which a process with a server must not do. */
int suite_run_served(const char *name, TCase *tcase);

#endif
