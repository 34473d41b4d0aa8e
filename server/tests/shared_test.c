/* The small foundations, as tables: buffers, JSON trees, refusals, JSON written. Formats of texts
 * are in text_test. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/err.h"
#include "shared/mem.h"
#include "shared/refusal.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "shared/writer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- buf ---- */

START_TEST(buf_leaves_out_whole_what_does_not_fit)
{
    OWNED(buf_free) struct buf buf = {.max = 8};
    buf_text(&buf, "12345");
    buf_text(&buf, "6789");
    ck_assert_str_eq(buf_str(&buf), "12345");
    ck_assert(buf.overflown);
    buf_format(&buf, "%s%d", "67", 8);
    ck_assert_str_eq(buf_str(&buf), "12345678");
    buf_char(&buf, '9');
    ck_assert_uint_eq(buf.len, 8);
    ck_assert_ptr_null(buf_room(&buf, 1));
    ck_assert_ptr_null(buf_room(&buf, SIZE_MAX));
    buf_clear(&buf);
    ck_assert(!buf.overflown);
    ck_assert_str_eq(buf_str(&buf), "");
}
END_TEST

START_TEST(buf_is_text_at_every_moment)
{
    OWNED(buf_free) struct buf buf = {0};
    ck_assert_str_eq(buf_str(&buf), "");
    ck_assert_ptr_nonnull(buf_room(&buf, 100000));
    ck_assert_str_eq(buf_str(&buf), "");
    buf_add(&buf, "a\0b", 3);
    ck_assert_uint_eq(buf.len, 3);
    ck_assert_int_eq(buf.data[3], 0);
    char *taken = buf_take(&buf);
    ck_assert_int_eq(memcmp(taken, "a\0b", 4), 0);
    ck_assert_uint_eq(buf.len, 0);
    free(taken);
    taken = buf_take(&buf);
    ck_assert_str_eq(taken, "");
    free(taken);
}
END_TEST

START_TEST(buf_takes_a_text_as_its_own)
{
    OWNED(buf_free) struct buf buf = {.max = 8};
    buf_text(&buf, "1");
    buf_give(&buf, mem_text("12345678"));
    ck_assert_str_eq(buf_str(&buf), "12345678");
    ck_assert_ptr_null(buf_room(&buf, 1));
    buf_give(&buf, mem_text("123456789"));
    ck_assert(buf.overflown);
    ck_assert_str_eq(buf_str(&buf), "");
    buf_clear(&buf);
    buf_text(&buf, "12345678");
    ck_assert_str_eq(buf_str(&buf), "12345678");
}
END_TEST

START_TEST(buf_grows_to_its_limit)
{
    OWNED(buf_free) struct buf buf = {.max = 100000};
    for (int i = 0; i < 100000; i++)
        buf_char(&buf, (char)('a' + i % 26));
    ck_assert_uint_eq(buf.len, 100000);
    ck_assert(!buf.overflown);
    ck_assert_int_eq(buf.data[99999], 'a' + 99999 % 26);
}
END_TEST

START_TEST(err_keeps_the_first_sentence)
{
    OWNED(err_free) struct err err = {0};
    ck_assert(!err_set(&err, "first %d", 1));
    ck_assert(!err_set(&err, "second"));
    ck_assert_str_eq(err.text, "first 1");
    ck_assert(!err_set(NULL, "nobody listens"));
}
END_TEST

/* ---- tree ---- */

/* Texts that cJSON would take and we do not are marked. */
static const struct {
    const char *text;
    const char *printed; /* NULL: refused */
} tree_cases[] = {
    {"{\"a\":[1,2.5,true,null]}", "{\"a\":[1,2.5,true,null]}"},
    {" \t\r\n{} \n", "{}"},
    {"\"\\u20ac\"", "\"\xE2\x82\xAC\""},
    {"999999999999999", "999999999999999"},
    {"1893456000000", "1893456000000"},
    {"", NULL},
    {"  ", NULL},
    {"{", NULL},
    {"{\"a\":1,}", NULL},
    {"{} x", NULL},             /* cJSON takes it */
    {"{}{}", NULL},             /* cJSON takes it */
    {"\"a\nb\"", NULL},         /* cJSON takes it */
    {"\"a\\u0000b\"", NULL},    /* cJSON takes it */
    {"\"\xFF\"", NULL},         /* cJSON takes it */
    {"\"\xC0\xAF\"", NULL},     /* overlong */
    {"\"\xED\xA0\x80\"", NULL}, /* a surrogate */
    {"\"\\ud800\"", NULL},
    {"'a'", NULL},
    {"[0,-0,10,-1.50,0.5,1e3,1E+3,1e-3,\"01\"]", "[0,-0,10,-1.5,0.5,1000,1000,0.001,\"01\"]"},
    {"01", NULL}, /* cJSON takes it, and all up to NaN */
    {"-01", NULL},
    {"[1,00]", NULL},
    {"{\"a\":1.}", NULL},
    {"1.e3", NULL},
    {"1e", NULL},
    {"1e+", NULL},
    {"1.5.5", NULL},
    {"1-1", NULL},
    {"-", NULL},
    {"+1", NULL},
    {".5", NULL},
    {"0x10", NULL},
    {"NaN", NULL},
    {"/* no */ 1", NULL},
};

START_TEST(tree_parses_strictly)
{
    OWNED(err_free) struct err err = {0};
    const char *text = tree_cases[_i].text;
    OWNED(tree_free) cJSON *tree = tree_parse(text, strlen(text), &err);
    if (!tree_cases[_i].printed) {
        ck_assert_msg(tree == NULL, "taken: %s", text);
        ck_assert_msg(err.text != NULL, "no sentence for: %s", text);
        return;
    }
    ck_assert_msg(tree != NULL, "%s: %s", text, err.text ? err.text : "");
    OWNED(mem_text_free) char *printed = tree_print(tree);
    ck_assert_str_eq(printed, tree_cases[_i].printed);
}
END_TEST

static const struct {
    const char *text;
    int line;
    const char *place;
} broken[] = {
    {"{\"a\":1,}", 1, "near byte 6"}, /* the comma, not what it must not stand before */
    {"{\n\"a\": 1,\n\n}\n", 2, "near line 2, column 7"},
    {"[\n[1,\n2,\n],\n3]", 3, "near line 3, column 2"},
    {"{\n\"a\": 1\n\"b\": 2\n}\n", 3, "near line 3, column 1"},
    {"{\n\"a\": [1,\n2\n\n\n", 3, "near line 3, column 1"}, /* it breaks off there */
    {"{\n\"a\": \"b,\n\"c\": 1\n}", 2, "in a JSON string at line 2, column 9"},
    {"{\n\"\u00fc\u00fc\": 01\n}", 2, "stands at line 2, column 7"},
    {"{\n}\n\n{}", 4, "something follows the JSON value at line 4, column 1"},
    {"{\n\"a\": \"\xff\"}", 2, "not valid UTF-8 text at line 2, column 7"},
    {"\n\n", 1, "nothing came"},
};

START_TEST(tree_says_where_a_text_is_broken)
{
    OWNED(err_free) struct err err = {0};
    int line = 0;
    const char *text = broken[_i].text;
    ck_assert_ptr_null(tree_parse_file(text, strlen(text), &line, &err));
    ck_assert_msg(strstr(err.text, broken[_i].place) != NULL, "%s: %s", text, err.text);
    ck_assert_int_eq(line, broken[_i].line);
}
END_TEST

static cJSON *parse_nested(int depth)
{
    OWNED(buf_free) struct buf text = {0};
    for (int i = 0; i < depth; i++)
        buf_char(&text, '[');
    for (int i = 0; i < depth; i++)
        buf_char(&text, ']');
    return tree_parse(buf_str(&text), text.len, NULL);
}

START_TEST(tree_has_a_greatest_depth)
{
    OWNED(tree_free) cJSON *deepest = parse_nested(TREE_MAX_DEPTH);
    ck_assert_ptr_nonnull(deepest);
    ck_assert_ptr_null(parse_nested(TREE_MAX_DEPTH + 1));
    ck_assert_ptr_null(parse_nested(100000));
    static const char in_a_string[] =
        "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"";
    OWNED(tree_free) cJSON *text = tree_parse(in_a_string, sizeof(in_a_string) - 1, NULL);
    ck_assert_ptr_nonnull(text);
}
END_TEST

START_TEST(tree_refuses_a_raw_nul)
{
    ck_assert_ptr_null(tree_parse("{}\0", 3, NULL));
    ck_assert_ptr_null(tree_parse("\"a\0b\"", 5, NULL));
}
END_TEST

START_TEST(tree_members_have_a_type_and_a_case)
{
    static const char text[] = "{\"a\":1,\"A\":\"x\",\"a\":2,\"t\":true,\"n\":null,\"f\":1.5,"
                               "\"big\":9007199254740993,\"huge\":1e300,\"s\":\"1\"}";
    OWNED(tree_free) cJSON *tree = tree_parse(text, sizeof(text) - 1, NULL);
    int64_t value = -1;
    ck_assert(tree_int(tree, "a", &value));
    ck_assert_int_eq(value, 2); /* of a doubled key the last counts */
    ck_assert_str_eq(tree_text(tree, "A"), "x");
    ck_assert_ptr_null(tree_text(tree, "a"));
    ck_assert_ptr_null(tree_get(tree, "b"));
    ck_assert_ptr_null(tree_get(NULL, "b"));
    ck_assert(!tree_int(tree, "f", &value));
    ck_assert(!tree_int(tree, "huge", &value));
    ck_assert(!tree_int(tree, "s", &value));
    ck_assert(!tree_int(tree, "n", &value));
    ck_assert_int_eq(value, 2);
    ck_assert(tree_flag(tree, "t", false));
    ck_assert(tree_flag(tree, "missing", true));
    ck_assert(!tree_flag(tree, "a", false));
}
END_TEST

/* ---- refusals ---- */

START_TEST(refusals_are_found_by_their_own_names)
{
    for (int i = 1; i < REFUSAL_COUNT; i++) {
        const struct refusal_row *row = refusal_row((enum refusal)i);
        ck_assert_int_eq((int)refusal_by_name(row->name), i);
        bool is_silent =
            i == REFUSAL_NOT_ANSWERED || i == REFUSAL_CLIENT_LEFT || i == REFUSAL_FAULT;
        ck_assert_msg(is_silent ? row->status == 0 : row->status >= 400 && row->status < 600,
                      "%s: %d", row->name, row->status);
        ck_assert_msg(row->sentence[0] && row->source[0], "%s", row->name);
        ck_assert_uint_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                          strlen(row->name));
    }
    ck_assert_str_eq(refusal_row(REFUSAL_NONE)->name, "ok");
    ck_assert_str_eq(refusal_row(REFUSAL_CODE_EXPIRED)->name, "code-expired");
    ck_assert_int_eq((int)refusal_by_name("no-such-refusal"), REFUSAL_NONE);
}
END_TEST

/* ---- writer ---- */

START_TEST(writer_escapes_as_cjson_does)
{
    char text[128];
    for (int c = 1; c < 128; c++)
        text[c - 1] = (char)c;
    text[127] = '\0';
    char bells[1000]; /* far more to escape than the writer first makes room for, and late */
    for (size_t i = 0; i < sizeof bells; i++)
        bells[i] = i < 300 ? 'a' : '\a';
    bells[999] = '\0';
    const char *const texts[] = {"",   "plain", text,   "\xc3\xa9 \xe2\x82\xac",
                                 "\"", "a\\",   "\x1f", bells};
    for (size_t i = 0; i < COUNT(texts); i++) {
        OWNED(tree_free) cJSON *tree = cJSON_CreateObject();
        tree_put_text(tree, "name", texts[i]);
        tree_put_text(tree, "more", texts[i]);
        OWNED(mem_text_free) char *expected = tree_print(tree);
        OWNED(buf_free) struct buf out = {0};
        writer_open(&out, NULL);
        writer_text(&out, "name", texts[i]);
        writer_text(&out, "more", texts[i]);
        writer_close(&out);
        ck_assert_str_eq(buf_str(&out), expected);
    }
}
END_TEST

START_TEST(writer_leaves_out_whole_what_does_not_fit)
{
    char bells[500];
    for (size_t i = 0; i < sizeof bells; i++)
        bells[i] = '\a';
    bells[499] = '\0';
    OWNED(buf_free) struct buf out = {.max = 1000};
    buf_text(&out, "before");
    writer_quoted(&out, bells); /* plain it would fit, escaped it does not */
    ck_assert(out.overflown);
    ck_assert_str_eq(buf_str(&out), "before");
    ck_assert_uint_eq(out.len, 6);
}
END_TEST

START_TEST(writer_puts_commas_between_members)
{
    OWNED(buf_free) struct buf out = {0};
    writer_open(&out, NULL);
    writer_open(&out, "empty");
    writer_close(&out);
    writer_int(&out, "least", INT64_MIN);
    writer_open(&out, "inner");
    writer_flag(&out, "yes", true);
    writer_flag(&out, "no", false);
    writer_close(&out);
    writer_name(&out, "list");
    buf_text(&out, "[]");
    writer_close(&out);
    ck_assert_str_eq(buf_str(&out), "{\"empty\":{},\"least\":-9223372036854775808,"
                                    "\"inner\":{\"yes\":true,\"no\":false},\"list\":[]}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared");
    TCase *tcase = tcase_create("shared");
    mem_adopt_cjson();
    tcase_add_test(tcase, buf_leaves_out_whole_what_does_not_fit);
    tcase_add_test(tcase, buf_is_text_at_every_moment);
    tcase_add_test(tcase, buf_takes_a_text_as_its_own);
    tcase_add_test(tcase, buf_grows_to_its_limit);
    tcase_add_test(tcase, err_keeps_the_first_sentence);
    tcase_add_loop_test(tcase, tree_parses_strictly, 0, (int)COUNT(tree_cases));
    tcase_add_loop_test(tcase, tree_says_where_a_text_is_broken, 0, (int)COUNT(broken));
    tcase_add_test(tcase, tree_has_a_greatest_depth);
    tcase_add_test(tcase, tree_refuses_a_raw_nul);
    tcase_add_test(tcase, tree_members_have_a_type_and_a_case);
    tcase_add_test(tcase, writer_escapes_as_cjson_does);
    tcase_add_test(tcase, writer_leaves_out_whole_what_does_not_fit);
    tcase_add_test(tcase, writer_puts_commas_between_members);
    tcase_add_test(tcase, refusals_are_found_by_their_own_names);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
