/* What was meant: distances, the nearest of many, and when nothing is near enough to be named. */
#include "shared/near.h"

#include "shared/mem.h"
#include "suite.h"

static void set_up(void)
{
}

static void tear_down(void)
{
}

static const struct {
    const char *a, *b;
    size_t distance;
} pairs[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"listen", "listen", 0},
    {"listen", "liste", 1},
    {"listen", "lisTen", 0},
    {"listen", "listne", 1}, /* one swap */
    {"seed", "seeds", 1},
    {"kitten", "sitting", 3},
    {"at_lest", "at_least", 1},
    {"refresh/reply-omit-refresh-tokn", "refresh/reply-omits-refresh-token", 2},
};

START_TEST(distance_counts_letters_and_swaps)
{
    ck_assert_uint_eq(near_distance(pairs[_i].a, pairs[_i].b), pairs[_i].distance);
    ck_assert_uint_eq(near_distance(pairs[_i].b, pairs[_i].a), pairs[_i].distance);
}
END_TEST

START_TEST(very_long_texts_are_all_different)
{
    char text[1001];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i + 1 < sizeof text ? 'x' : '\0';
    ck_assert_uint_eq(near_distance(text, "x"), 1000);
    ck_assert_uint_eq(near_distance("x", text), 1000);
    text[200] = '\0';
    ck_assert_uint_eq(near_distance(text, "x"), 199);
}
END_TEST

static const struct {
    const char *given, *sentence;
} questions[] = {
    {"listne", "; did you mean \"--listen\"?"},
    {"Listen", "; did you mean \"--listen\"?"},
    {"conf", "; did you mean \"--config\"?"},
    {"tls", "; did you mean \"--tls-listen\"?"},
    {"journal-byte", "; did you mean \"--journal-bytes\"?"},
    {"xyz", ""}, /* nothing is near */
    {"s", ""},
    {"", ""},
};

START_TEST(question_names_what_was_meant)
{
    static const char *const names[] = {"listen",  "tls-listen",    "config",
                                        "journal", "journal-bytes", "seed"};
    struct near near = {.given = questions[_i].given};
    OWNED(buf_free) struct buf out = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        near_offer(&near, names[i]);
    near_add_question(&out, &near, "--");
    ck_assert_str_eq(buf_str(&out), questions[_i].sentence);
}
END_TEST

START_TEST(list_has_the_three_nearest_in_order)
{
    static const char *const names[] = {"zzzzzz", "abcdxx", "abcdex", "axxxxx", "abcdey", "abcdex"};
    struct near near = {.given = "abcdef"};
    OWNED(buf_free) struct buf out = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        near_offer(&near, names[i]);
    near_add_list(&out, &near);
    ck_assert_str_eq(buf_str(&out), "\"abcdex\", \"abcdey\", \"abcdxx\"");
    struct near none = {.given = "x"};
    ck_assert_ptr_null(near_meant(&none));
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, distance_counts_letters_and_swaps, pairs);
    tcase_add_test(tcase, very_long_texts_are_all_different);
    suite_rows(tcase, question_names_what_was_meant, questions);
    tcase_add_test(tcase, list_has_the_three_nearest_in_order);
    return suite_run("near", tcase);
}
