/* See suite.h. The time-out is generous because sanitizers and busy machines are slow; a test that
 * hangs is caught by it all the same. */
#include "suite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

TCase *suite_case(void (*set_up)(void), void (*tear_down)(void))
{
    TCase *tcase = tcase_create("core");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    return tcase;
}

TCase *suite_case_served(void (*start)(void), void (*stop)(void))
{
    TCase *tcase = tcase_create("core");
    tcase_add_unchecked_fixture(tcase, start, stop);
    return tcase; /* Check's own limit of time needs a fork; ctest has one */
}

static int run(const char *name, TCase *tcase, bool forks)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    if (!forks)
        srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int suite_run(const char *name, TCase *tcase)
{
    return run(name, tcase, true);
}

int suite_run_served(const char *name, TCase *tcase)
{
    return run(name, tcase, false);
}
