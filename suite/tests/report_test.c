/* Exit statuses and reports. */
#include "report/console.h"
#include "report/run.h"
#include "shared/tree.h"
#include "tests/suite.h"

static struct check_result check_of(enum verdict verdict)
{
    return (struct check_result){.id = "some-check",
                                 .verdict = verdict,
                                 .level = LEVEL_MUST_OURS,
                                 .requirement = "rule <&>",
                                 .expected = "this",
                                 .seen = "that \"\x01\"",
                                 .source = "own",
                                 .hint = "look",
                                 .wire = "> #1 GET\n"};
}

static const struct {
    enum verdict verdict;
    bool known, strict, interrupted;
    size_t n_stale;
    int status;
} cases[] = {
    {VERDICT_PASS, false, false, false, 0, RUN_OK},
    {VERDICT_INFO, false, false, false, 0, RUN_OK},
    {VERDICT_WARN, false, false, false, 0, RUN_OK},
    {VERDICT_WARN, false, true, false, 0, RUN_FAILED},
    {VERDICT_FAIL, false, false, false, 0, RUN_FAILED},
    {VERDICT_FAIL, true, false, false, 0, RUN_OK},
    {VERDICT_PASS, false, false, false, 1, RUN_FAILED},
    {VERDICT_NA, false, false, false, 0, RUN_INCOMPLETE},
    {VERDICT_INCONCLUSIVE, false, false, false, 0, RUN_INCOMPLETE},
    {VERDICT_ERROR, false, false, false, 0, RUN_BROKEN},
    {VERDICT_PASS, false, false, true, 0, RUN_INTERRUPTED},
};

static void fill(int row, struct check_result *check, struct result *result, struct run *run)
{
    static const char *const stale[] = {"k.txt:1: \"X\" passes now"};
    *check = check_of(cases[row].verdict);
    *result = (struct result){.id = "area/name",
                              .code = "X-1",
                              .title = "a title",
                              .why = "because",
                              .source = "own",
                              .level = LEVEL_MUST_OURS,
                              .verdict = cases[row].verdict,
                              .reason = "",
                              .known = cases[row].known,
                              .known_note = "we know",
                              .checks = check,
                              .n_checks = 1,
                              .ran = true};
    *run = (struct run){.client = "./client",
                        .again = "fakewix-conform run",
                        .strict = cases[row].strict,
                        .interrupted = cases[row].interrupted,
                        .results = result,
                        .n_results = 1,
                        .stale = stale,
                        .n_stale = cases[row].n_stale};
}

START_TEST(the_exit_status_says_what_a_build_needs)
{
    struct check_result check;
    struct result result;
    struct run run;
    fill(_i, &check, &result, &run);
    ck_assert_int_eq(run_exit_status(&run), cases[_i].status);
}
END_TEST

START_TEST(a_run_of_nothing_is_incomplete)
{
    struct run run = {0};
    ck_assert_int_eq(run_exit_status(&run), RUN_INCOMPLETE);
}
END_TEST

START_TEST(the_json_report_has_its_shape)
{
    struct check_result check;
    struct result result;
    struct run run;
    fill(4, &check, &result, &run);
    OWNED(buf_free) struct buf text = {0};
    report_json(&run, &text);
    OWNED(tree_free) cJSON *json = tree_parse(buf_str(&text), text.len, NULL);
    ck_assert_ptr_nonnull(json);
    int64_t n = 0;
    ck_assert(tree_int(tree_get(json, "summary"), "fail", &n));
    ck_assert_int_eq(n, 1);
    const cJSON *scenario = cJSON_GetArrayItem(tree_get(json, "scenarios"), 0);
    ck_assert_str_eq(tree_text(scenario, "verdict"), "FAIL");
    ck_assert_str_eq(tree_text(scenario, "level"), "MUST*");
    const cJSON *first = cJSON_GetArrayItem(tree_get(scenario, "checks"), 0);
    ck_assert_str_eq(tree_text(first, "expected"), "this");
}
END_TEST

/* The row, and the element its case has in JUnit. */
static const struct {
    int row;
    const char *element;
} elements[] = {
    {2, "<system-out>"},
    {3, "<failure message="},
    {4, "type=\"MUST*\">FAIL some-check (MUST*): rule &lt;&amp;&gt;"},
    {4, "message=\"that &quot;?&quot;\""},
    {5, "<skipped message=\"known failure: we know\"/>"},
    {7, "<skipped message="},
    {8, "<error message="},
    {9, "<error message="},
};

START_TEST(junit_has_the_right_element)
{
    struct check_result check;
    struct result result;
    struct run run;
    fill(elements[_i].row, &check, &result, &run);
    OWNED(buf_free) struct buf text = {0};
    report_junit(&run, &text);
    ck_assert_msg(strstr(buf_str(&text), elements[_i].element), "%s\n  lacks: %s", buf_str(&text),
                  elements[_i].element);
}
END_TEST

START_TEST(a_failure_block_says_how_to_see_it_again)
{
    static const char *const parts[] = {"FAIL",
                                        "rule <&>",
                                        "expected  this",
                                        "look",
                                        "    > #1 GET",
                                        "our own rule",
                                        "again     fakewix-conform run --only X-1"};
    struct check_result check;
    struct result result;
    struct run run;
    fill(4, &check, &result, &run);
    struct console console = {0};
    OWNED(buf_free) struct buf text = {0};
    console_add_failures(&console, &run, &text);
    console_add_summary(&console, &run, &text);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(buf_str(&text), parts[i]), "%s\n  lacks: %s", buf_str(&text),
                      parts[i]);
    ck_assert_ptr_null(strchr(buf_str(&text), '\033'));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&text), "0 pass, 1 fail in 0.000 s: not conformant\nfailed        X-1\n"));
}
END_TEST

/* Verdicts of a run in its own order, and what a person reads first. */
START_TEST(the_worst_comes_first)
{
    static const struct {
        const char *code;
        enum verdict verdict;
        bool known, ran;
    } rows[] = {
        {"A", VERDICT_PASS, false, true},          {"B", VERDICT_NA, false, false},
        {"C", VERDICT_FAIL, false, true},          {"D", VERDICT_INCONCLUSIVE, false, true},
        {"E", VERDICT_FAIL, true, true},           {"F", VERDICT_NA, false, false},
        {"G", VERDICT_WARN, false, true},          {"H", VERDICT_FAIL, false, true},
        {"I", VERDICT_INCONCLUSIVE, false, false}, {"J", VERDICT_NA, false, false},
        {"K", VERDICT_NA, false, false},
    };
    enum { N = sizeof rows / sizeof *rows };
    static const char first[] = "CHDIGAEBFJK";
    struct check_result check;
    struct result results[N];
    struct run run;
    for (int i = 0; i < N; i++) {
        fill(4, &check, &results[i], &run);
        results[i].code = rows[i].code;
        results[i].verdict = rows[i].verdict;
        results[i].known = rows[i].known;
        results[i].ran = rows[i].ran;
    }
    run.results = results;
    run.n_results = N;
    size_t *order = run_order(&run);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(*run.results[order[i]].code, first[i]);
    free(order);
    OWNED(buf_free) struct buf text = {0};
    struct console console = {0};
    console_add_list(&console, &run, &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\nn/a   4 scenarios do not apply"));
    ck_assert_ptr_null(strstr(buf_str(&text), " B "));
    buf_clear(&text);
    console_add_summary(&console, &run, &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\nfailed        C H\ninconclusive  D\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&text), "again         fakewix-conform run --only C --only D --only H\n"));
    run.n_results = 3;
    buf_clear(&text);
    console_add_list(&console, &run, &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), " B "));
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("report", &tests);
    tcase_add_loop_test(tests, the_exit_status_says_what_a_build_needs, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(tests, a_run_of_nothing_is_incomplete);
    tcase_add_test(tests, the_json_report_has_its_shape);
    tcase_add_loop_test(tests, junit_has_the_right_element, 0, sizeof elements / sizeof *elements);
    tcase_add_test(tests, the_worst_comes_first);
    tcase_add_test(tests, a_failure_block_says_how_to_see_it_again);
    return suite_run(suite);
}
