/* Known failures: what they cover, and when they are stale. */
#include "scenario/catalogue.h"
#include "tests/suite.h"
#include "trial/known.h"

static struct catalogue catalogue;

static void load(void)
{
    ck_assert(catalogue_load(NULL, &catalogue, NULL));
}

static void unload(void)
{
    catalogue_free(&catalogue);
}

static struct result failing(const char *check)
{
    struct result result = {.id = "cache/token-reused",
                            .code = "CCH-01",
                            .verdict = VERDICT_FAIL,
                            .known_note = mem_text("")};
    *result_add_check(&result) =
        (struct check_result){.id = mem_text(check), .verdict = VERDICT_FAIL};
    *result_add_check(&result) =
        (struct check_result){.id = mem_text("api-answered"), .verdict = VERDICT_PASS};
    return result;
}

static const struct {
    const char *file;
    enum verdict verdict;
    bool known;
    size_t n_stale;
} cases[] = {
    {"", VERDICT_FAIL, false, 0},
    {"# nothing\n\n", VERDICT_FAIL, false, 0},
    {"CCH-01  # reason", VERDICT_FAIL, true, 0},
    {"cache/*\r\n", VERDICT_FAIL, true, 0},
    {"CCH-01:token-*", VERDICT_FAIL, true, 0},
    {"CCH-01: token-*  # spaced", VERDICT_FAIL, true, 0},
    {"CCH-01:client-answer", VERDICT_FAIL, false, 0},
    {"CCH-01:api-answered", VERDICT_FAIL, false, 1},
    {"CCH-01", VERDICT_PASS, false, 1},
    {"cch-01", VERDICT_FAIL, true, 0},
    {"CCH-01", VERDICT_INCONCLUSIVE, true, 0},
    {"CCH-01:token-requests", VERDICT_INCONCLUSIVE, true, 0},
    {"CCH-01:client-answer", VERDICT_INCONCLUSIVE, false, 0},
    {"", VERDICT_INCONCLUSIVE, false, 0},
    {"CCH-01", VERDICT_NA, false, 0},
    {"CCH-04\nREF-*", VERDICT_FAIL, false, 0},
};

START_TEST(an_entry_covers_or_is_stale)
{
    OWNED(known_free) struct known known = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(known_parse("k.txt", cases[_i].file, &catalogue, &known, &err), "%s", err.text);
    OWNED(result_free) struct result result = failing("token-requests");
    result.verdict = cases[_i].verdict;
    if (cases[_i].verdict != VERDICT_FAIL)
        result.checks[0].verdict = cases[_i].verdict;
    known_apply(&known, false, &result);
    ck_assert_int_eq(result.known, cases[_i].known);
    size_t from = 0;
    size_t n_stale = 0;
    while (known_next_stale(&known, &from))
        n_stale++;
    ck_assert_uint_eq(n_stale, cases[_i].n_stale);
}
END_TEST

START_TEST(a_pattern_that_fits_nothing_names_its_line)
{
    OWNED(known_free) struct known known = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert(!known_parse("k.txt", "CCH-01\nCCH-99 # x\n", &catalogue, &known, &err));
    ck_assert_str_eq(
        err.text,
        "k.txt:2: \"CCH-99\" fits no scenario; did you mean \"CCH-04\"? `fakewix-conform list` "
        "shows them all");
}
END_TEST

START_TEST(a_check_that_no_scenario_has_is_refused)
{
    static const struct {
        const char *file, *sentence;
    } rows[] = {
        {"CCH-01:tokn-requests # x\n",
         "k.txt:1: CCH-01 has no check \"tokn-requests\"; did you mean \"token-requests\"? "
         "`fakewix-conform explain CCH-01` names its checks; there may also be client-answer, "
         "situation, requests, allowed-alternative and flow"},
        {"cache/*:xyzzy", "k.txt:1: cache/* has no check \"xyzzy\"; `fakewix-conform explain CCH-"},
        {"CCH-01:", "k.txt:1: CCH-01 has no check \"\";"},
        {"CCH-01:refresh-token-kept", "k.txt:1: CCH-01 has no check \"refresh-token-kept\";"},
        {"EXP-11:cient-answer", "did you mean \"client-answer\"?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED(known_free) struct known known = {0};
        OWNED(err_free) struct err err = {0};
        ck_assert(!known_parse("k.txt", rows[i].file, &catalogue, &known, &err));
        ck_assert_msg(strstr(err.text, rows[i].sentence), "%s\n  lacks: %s", err.text,
                      rows[i].sentence);
    }
}
END_TEST

/* Those of variants have the variant before them. */
START_TEST(every_check_that_there_is_can_be_named)
{
    static const char *const files[] = {"*:flow", "*:*/flow", "*:requests", "*:situation",
                                        "*:allowed-alternative"};
    struct buf text = {0};
    for (size_t i = 0; i < catalogue.n; i++)
        for (size_t v = 0; v < catalogue.list[i].n_variants; v++) {
            const struct variant *variant = &catalogue.list[i].variants[v];
            for (size_t d = 0; d < variant->expect.n_demands; d++)
                buf_format(&text, "%s:%s%s%s\n", catalogue.list[i].code, variant->name,
                           *variant->name ? "/" : "", variant->expect.demands[d].check->name);
        }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        buf_format(&text, "%s\n", files[i]);
    OWNED(known_free) struct known known = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(known_parse("k.txt", buf_str(&text), &catalogue, &known, &err), "%s", err.text);
    ck_assert_uint_gt(known.n, 200);
    buf_free(&text);
}
END_TEST

START_TEST(a_reason_is_kept)
{
    OWNED(known_free) struct known known = {0};
    ck_assert(known_parse("k.txt", "CCH-01 # it is slow ", &catalogue, &known, NULL));
    OWNED(result_free) struct result result = failing("token-requests");
    known_apply(&known, false, &result);
    ck_assert_str_eq(result.known_note, "it is slow");
}
END_TEST

START_TEST(what_could_not_be_tried_is_known_as_a_whole)
{
    static const struct {
        const char *file;
        bool known;
    } rows[] = {{"CCH-01", true}, {"CCH-01:*", false}, {"", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED(known_free) struct known known = {0};
        ck_assert(known_parse("k.txt", rows[i].file, &catalogue, &known, NULL));
        OWNED(result_free)
        struct result result = {.id = "cache/token-reused",
                                .code = "CCH-01",
                                .title = "reused",
                                .verdict = VERDICT_INCONCLUSIVE,
                                .known_note = mem_text("")};
        known_apply(&known, false, &result);
        ck_assert_int_eq(result.known, rows[i].known);
        OWNED(buf_free) struct buf text = {0};
        known_write(&result, 1, false, &text);
        ck_assert_str_eq(buf_str(&text), "cache/token-reused  # inconclusive: reused\n");
    }
}
END_TEST

/* A line for the whole scenario would also excuse what may fail once its situation comes up. */
START_TEST(what_was_tried_is_written_check_by_check)
{
    OWNED(result_free) struct result result = failing("token-requests");
    result.title = "reused";
    result.verdict = result.checks[0].verdict = VERDICT_INCONCLUSIVE;
    OWNED(buf_free) struct buf text = {0};
    known_write(&result, 1, false, &text);
    ck_assert_str_eq(buf_str(&text), "cache/token-reused:token-requests  # inconclusive: reused\n");
    OWNED(known_free) struct known known = {0};
    ck_assert(known_parse("k.txt", buf_str(&text), &catalogue, &known, NULL));
    known_apply(&known, false, &result);
    ck_assert(result.known);
    result.known = false;
    result.verdict = result.checks[1].verdict = VERDICT_FAIL;
    known_apply(&known, false, &result);
    ck_assert(!result.known);
}
END_TEST

START_TEST(a_warning_is_known_in_a_strict_run_only)
{
    for (int strict = 0; strict <= 1; strict++) {
        OWNED(known_free) struct known known = {0};
        ck_assert(known_parse("k.txt", "CCH-01", &catalogue, &known, NULL));
        OWNED(result_free) struct result result = failing("token-requests");
        result.verdict = result.checks[0].verdict = VERDICT_WARN;
        known_apply(&known, strict, &result);
        ck_assert_int_eq(result.known, strict);
    }
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("known", &tests);
    tcase_add_checked_fixture(tests, load, unload);
    tcase_add_loop_test(tests, an_entry_covers_or_is_stale, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tests, a_pattern_that_fits_nothing_names_its_line);
    tcase_add_test(tests, a_check_that_no_scenario_has_is_refused);
    tcase_add_test(tests, every_check_that_there_is_can_be_named);
    tcase_add_test(tests, a_reason_is_kept);
    tcase_add_test(tests, what_could_not_be_tried_is_known_as_a_whole);
    tcase_add_test(tests, what_was_tried_is_written_check_by_check);
    tcase_add_test(tests, a_warning_is_known_in_a_strict_run_only);
    return suite_run(suite);
}
