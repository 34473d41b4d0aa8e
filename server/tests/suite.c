/* See suite.h. The time-out is generous because sanitizers and busy machines are slow; a test that
 * hangs is caught by it all the same. */
#include "suite.h"

#include <stddef.h>
#include <stdlib.h>

TCase *suite_case(void (*set_up)(void), void (*tear_down)(void))
{
    TCase *tcase = tcase_create("core");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    return tcase;
}

int suite_run(const char *name, TCase *tcase)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
