/* The timeline: real, frozen, scaled; set, advanced, bounded. */
#include <check.h>

#include "state/clock.h"
#include "suite.h"

#define T INT64_C(1893456000000)

static void nothing(void)
{
}

static const struct {
    enum time_mode mode;
    double rate;
    int64_t passed_ms, expected_ms;
} runs[] = {
    {TIME_REAL, 1, 0, T},
    {TIME_REAL, 1, 1500, T + 1500},
    {TIME_REAL, 1, -1500, T - 1500}, /* the machine's clock was set back */
    {TIME_FROZEN, 1, 86400000, T},
    {TIME_SCALED, 60, 1000, T + 60000},
    {TIME_SCALED, 0.5, 1000, T + 500},
    {TIME_SCALED, 0.001, 999, T},
    {TIME_SCALED, 1e6, INT64_C(1000000000), TIMELINE_MAX_MS},
    {TIME_REAL, 1, INT64_C(9000000000000000), TIMELINE_MAX_MS},
    {TIME_REAL, 1, -INT64_C(9000000000000000), 0},
};

START_TEST(time_runs_by_its_mode)
{
    struct timeline time = timeline_real(T);
    timeline_mode(&time, T, runs[_i].mode, runs[_i].rate);
    ck_assert_int_eq(timeline_at(&time, T + runs[_i].passed_ms), runs[_i].expected_ms);
}
END_TEST

START_TEST(mode_changes_keep_the_time)
{
    struct timeline time = timeline_real(1000);
    ck_assert(timeline_set(&time, 1000, T));
    timeline_mode(&time, 3000, TIME_FROZEN, 1);
    ck_assert_int_eq(timeline_at(&time, 9999), T + 2000);
    timeline_mode(&time, 10000, TIME_SCALED, 10);
    ck_assert_int_eq(timeline_at(&time, 10001), T + 2010);
    timeline_mode(&time, 10001, TIME_REAL, 1);
    ck_assert_int_eq(timeline_at(&time, 10002), T + 2011);
}
END_TEST

static const struct {
    int64_t from_ms, by_ms, expected_ms;
    bool fits;
} steps[] = {
    {T, 301000, T + 301000, true},
    {T, -T, 0, true},
    {T, -T - 1, T, false},
    {T, TIMELINE_MAX_MS - T, TIMELINE_MAX_MS, true},
    {T, TIMELINE_MAX_MS - T + 1, T, false},
    {T, INT64_MAX, T, false},
    {T, INT64_MIN, T, false},
    {0, -1, 0, false},
    {0, 0, 0, true},
};

START_TEST(time_is_advanced_within_its_bounds)
{
    struct timeline time = timeline_real(5000);
    timeline_mode(&time, 5000, TIME_FROZEN, 1);
    ck_assert(timeline_set(&time, 5000, steps[_i].from_ms));
    ck_assert_int_eq(timeline_advance(&time, 6000, steps[_i].by_ms), steps[_i].fits);
    ck_assert_int_eq(timeline_at(&time, 7000), steps[_i].expected_ms);
    ck_assert_int_eq(time.mode, TIME_FROZEN);
}
END_TEST

START_TEST(time_is_not_set_out_of_its_bounds)
{
    struct timeline time = timeline_real(T);
    ck_assert(!timeline_set(&time, T, -1));
    ck_assert(!timeline_set(&time, T, TIMELINE_MAX_MS + 1));
    ck_assert_int_eq(timeline_at(&time, T), T);
}
END_TEST

START_TEST(modes_have_names)
{
    ck_assert_str_eq(time_mode_name(TIME_REAL), "real");
    ck_assert_str_eq(time_mode_name(TIME_FROZEN), "frozen");
    ck_assert_str_eq(time_mode_name(TIME_SCALED), "scaled");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(nothing, nothing);
    suite_rows(tcase, time_runs_by_its_mode, runs);
    tcase_add_test(tcase, mode_changes_keep_the_time);
    suite_rows(tcase, time_is_advanced_within_its_bounds, steps);
    tcase_add_test(tcase, time_is_not_set_out_of_its_bounds);
    tcase_add_test(tcase, modes_have_names);
    return suite_run("clock", tcase);
}
