/* Verdicts: which is worse, and what a scenario's checks add up to. */
#include "tests/suite.h"

#include "verdict/result.h"

static const struct {
    enum verdict a, b, worse;
} pairs[] = {
    {VERDICT_PASS, VERDICT_WARN, VERDICT_WARN},
    {VERDICT_WARN, VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE},
    {VERDICT_INCONCLUSIVE, VERDICT_FAIL, VERDICT_FAIL},
    {VERDICT_FAIL, VERDICT_ERROR, VERDICT_ERROR},
    {VERDICT_NA, VERDICT_PASS, VERDICT_PASS},
    {VERDICT_NA, VERDICT_FAIL, VERDICT_FAIL},
    {VERDICT_NA, VERDICT_NA, VERDICT_NA},
};

START_TEST(the_worse_of_two)
{
    ck_assert_int_eq(verdict_worse(pairs[_i].a, pairs[_i].b), pairs[_i].worse);
    ck_assert_int_eq(verdict_worse(pairs[_i].b, pairs[_i].a), pairs[_i].worse);
}
END_TEST

static const struct {
    enum level level;
    enum verdict checks[3];
    size_t n;
    enum verdict verdict;
} sums[] = {
    {LEVEL_MUST, {0}, 0, VERDICT_INCONCLUSIVE},
    {LEVEL_MUST, {VERDICT_PASS, VERDICT_INFO, VERDICT_NA}, 3, VERDICT_PASS},
    {LEVEL_MUST, {VERDICT_INFO}, 1, VERDICT_PASS},
    {LEVEL_INFO, {VERDICT_PASS, VERDICT_INFO}, 2, VERDICT_INFO},
    {LEVEL_MUST, {VERDICT_NA, VERDICT_NA}, 2, VERDICT_NA},
    {LEVEL_SHOULD, {VERDICT_PASS, VERDICT_WARN, VERDICT_PASS}, 3, VERDICT_WARN},
    {LEVEL_MUST, {VERDICT_FAIL, VERDICT_INCONCLUSIVE}, 2, VERDICT_FAIL},
};

START_TEST(checks_add_up)
{
    OWNED(result_free) struct result result = {.level = sums[_i].level};
    for (size_t i = 0; i < sums[_i].n; i++)
        *result_add_check(&result) = (struct check_result){.verdict = sums[_i].checks[i]};
    ck_assert_int_eq(result_conclude(&result), sums[_i].verdict);
}
END_TEST

START_TEST(levels_have_names_and_weights)
{
    enum level level = LEVEL_INFO;
    ck_assert(level_by_name("MUST*", &level));
    ck_assert_int_eq(level, LEVEL_MUST_OURS);
    ck_assert(!level_by_name("must", &level));
    ck_assert_int_eq(verdict_of_broken(LEVEL_MUST_OURS), VERDICT_FAIL);
    ck_assert_int_eq(verdict_of_broken(LEVEL_SHOULD), VERDICT_WARN);
    ck_assert_str_eq(verdict_name(VERDICT_NA), "N/A");
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("verdict", &tests);
    tcase_add_loop_test(tests, the_worse_of_two, 0, sizeof pairs / sizeof *pairs);
    tcase_add_loop_test(tests, checks_add_up, 0, sizeof sums / sizeof *sums);
    tcase_add_test(tests, levels_have_names_and_weights);
    return suite_run(suite);
}
