/* What every unit test of the suite begins with: Check, and a main that runs one table of tests. */
#ifndef FAKEWIX_SUITE_TESTS_SUITE_H
#define FAKEWIX_SUITE_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

/* Run one suite of one case; gives main's exit status. */
static inline int suite_run(Suite *suite)
{
    mem_adopt_cjson();
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline Suite *suite_of(const char *name, TCase **ret_case)
{
    Suite *suite = suite_create(name);
    *ret_case = tcase_create(name);
    tcase_set_timeout(*ret_case, 20);
    suite_add_tcase(suite, *ret_case);
    return suite;
}

#endif
