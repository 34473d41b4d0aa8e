/* The small foundations, as tables: buffers, JSON trees, text formats, refusals. */
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

/* ---- text ---- */

START_TEST(text_guid)
{
    static const struct {
        const char *text;
        bool is_guid;
    } rows[] = {
        {"00000000-0000-0000-0000-000000000000", true},
        {"ABCDEF01-2345-6789-abcd-ef0123456789", true},
        {"ABCDEF01-2345-6789-abcd-ef012345678", false},
        {"ABCDEF01-2345-6789-abcd-ef01234567890", false},
        {"ABCDEF0102345-6789-abcd-ef0123456789", false},
        {"GBCDEF01-2345-6789-abcd-ef0123456789", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(text_is_guid(rows[i].text) == rows[i].is_guid, "%s", rows[i].text);
    static const uint8_t bytes[16] = {0,    0x11, 0x22, 0x33, 0x44, 0x55, 0xFF, 0x77,
                                      0xFF, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
    char guid[TEXT_GUID_LEN + 1];
    text_format_guid(bytes, guid);
    ck_assert_str_eq(guid, "00112233-4455-4f77-bf99-aabbccddeeff");
}
END_TEST

/* RFC 4648 section 10, and beyond. */
START_TEST(text_base64url)
{
    static const struct {
        const char *plain;
        const char *coded;
    } rows[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF\xBF", "-_-_"},
    };
    static const char *const wrong[] = {"Z", "Zm9vY", "Zg=x", "Zm 9v", "Zm9v\n", "+/+/", "Zm9!"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        OWNED(buf_free) struct buf coded = {0};
        OWNED(buf_free) struct buf plain = {0};
        text_add_base64url(&coded, rows[i].plain, strlen(rows[i].plain));
        ck_assert_str_eq(buf_str(&coded), rows[i].coded);
        ck_assert(text_decode_base64url(&plain, rows[i].coded, strlen(rows[i].coded), false));
        ck_assert_str_eq(buf_str(&plain), rows[i].plain);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        OWNED(buf_free) struct buf plain = {0};
        buf_text(&plain, "before");
        ck_assert_msg(!text_decode_base64url(&plain, wrong[i], strlen(wrong[i]), false), "%s",
                      wrong[i]);
        ck_assert_str_eq(buf_str(&plain), "before");
    }
    OWNED(buf_free) struct buf lenient = {0};
    ck_assert(text_decode_base64url(&lenient, "+/+/Zg==", 8, true));
    ck_assert_str_eq(buf_str(&lenient), "\xFB\xFF\xBF"
                                        "f");
}
END_TEST

START_TEST(text_escapes)
{
    static const struct {
        const char *escaped;
        bool plus_is_space;
        const char *plain;
    } rows[] = {
        {"a%20b%2Fc", false, "a b/c"}, {"a+b", false, "a+b"},   {"a+b", true, "a b"},
        {"%c3%A9", false, "\xC3\xA9"}, {"100%", false, "100%"}, {"%4", false, "%4"},
        {"%zz%41", false, "%zzA"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        OWNED(buf_free) struct buf plain = {0};
        text_add_unescaped(&plain, rows[i].escaped, strlen(rows[i].escaped), rows[i].plus_is_space);
        ck_assert_str_eq(buf_str(&plain), rows[i].plain);
    }
    OWNED(buf_free) struct buf escaped = {0};
    text_add_escaped(&escaped, "aZ0-._~ /?&=+\xC3\xA9");
    ck_assert_str_eq(buf_str(&escaped), "aZ0-._~%20%2F%3F%26%3D%2B%C3%A9");
    OWNED(buf_free) struct buf html = {0};
    text_add_html(&html, "<a href=\"x\" title='y'>&");
    ck_assert_str_eq(buf_str(&html), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;");
    OWNED(buf_free) struct buf hex = {0};
    text_add_hex(&hex, (const uint8_t *)"\x00\xAF", 2);
    ck_assert_str_eq(buf_str(&hex), "00af");
}
END_TEST

START_TEST(text_refuses_other_http_dates)
{
    static const char *const rows[] = {"",
                                       "soon",
                                       "60",
                                       "Sun, 06 Nov 1994 08:49:37 UTC",
                                       "Mon, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994",
                                       "Sun, 06 Now 1994 08:49:37 GMT",
                                       "Sun, 06 Nov 1994 08:49:37 GMT ",
                                       "Sun, 32 Nov 1994 08:49:37 GMT",
                                       "Sun, 06 Nov 1994 24:49:37 GMT",
                                       "Sun,x06 Nov 1994 08:49:37 GMT"};
    int64_t ms = -1;
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(!text_parse_http_date(rows[i], &ms), "%s", rows[i]);
    ck_assert_int_eq(ms, -1);
}
END_TEST

START_TEST(text_times)
{
    static const struct {
        int64_t ms;
        const char *iso;
        const char *http;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777000, "1994-11-06T08:49:37.000Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {951782399999, "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400000, "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {1893456000000, "2030-01-01T00:00:00.000Z", "Tue, 01 Jan 2030 00:00:00 GMT"},
        {4107542400000, "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
        {253402300799999, "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    char iso[TEXT_ISO_LEN + 1];
    char http[TEXT_HTTP_DATE_LEN + 1];
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ms = -1;
        text_format_iso(rows[i].ms, iso);
        ck_assert_str_eq(iso, rows[i].iso);
        text_format_http_date(rows[i].ms, http);
        ck_assert_str_eq(http, rows[i].http);
        ck_assert(text_parse_http_date(rows[i].http, &ms));
        ck_assert_int_eq(ms, rows[i].ms - rows[i].ms % 1000);
        ck_assert(text_parse_iso(rows[i].iso, &ms));
        ck_assert_int_eq(ms, rows[i].ms);
    }
    text_format_iso(-1, iso);
    ck_assert_str_eq(iso, rows[0].iso);
    text_format_iso(INT64_MAX, iso);
    ck_assert_str_eq(iso, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(text_times_that_are_none)
{
    static const char *const wrong[] = {
        "",
        "2030-01-01",
        "2030-01-01T00:00:00",
        "2030-01-01T00:00:00+00:00",
        "2030-01-01T00:00:00.Z",
        "2030-01-01T00:00:00.0000Z",
        "2030-00-01T00:00:00Z",
        "2030-13-01T00:00:00Z",
        "2030-01-32T00:00:00Z",
        "2030-04-31T00:00:00Z",
        "2029-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2030-01-01T24:00:00Z",
        "2030-01-01T00:60:00Z",
        "2030-01-01T00:00:60Z",
        "2030-01-01T00:00:00Z ",
        "2030-1-01T00:00:00Z",
    };
    static const struct {
        const char *text;
        int64_t ms;
    } fractions[] = {
        {"2030-01-01T00:00:00Z", 1893456000000},
        {"2030-01-01T00:00:00.5Z", 1893456000500},
        {"2030-01-01T00:00:00.05Z", 1893456000050},
        {"2032-02-29T00:00:00Z", 1961625600000},
    };
    int64_t ms = 7;
    for (size_t i = 0; i < COUNT(wrong); i++)
        ck_assert_msg(!text_parse_iso(wrong[i], &ms), "%s", wrong[i]);
    ck_assert_int_eq(ms, 7);
    for (size_t i = 0; i < COUNT(fractions); i++) {
        ck_assert(text_parse_iso(fractions[i].text, &ms));
        ck_assert_int_eq(ms, fractions[i].ms);
    }
}
END_TEST

START_TEST(text_numbers)
{
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "0x1",
                                        "101",
                                        "-11",
                                        "9223372036854775808",
                                        "99999999999999999999999"};
    int64_t value = 7;
    for (size_t i = 0; i < COUNT(wrong); i++)
        ck_assert_msg(!text_parse_int(wrong[i], -10, 100, &value), "%s", wrong[i]);
    ck_assert_int_eq(value, 7);
    ck_assert(text_parse_int("-10", -10, 100, &value));
    ck_assert_int_eq(value, -10);
    ck_assert(text_parse_int("0100", -10, 100, &value));
    ck_assert_int_eq(value, 100);
    ck_assert(text_parse_int("9223372036854775807", 0, INT64_MAX, &value));
    ck_assert_int_eq(value, INT64_MAX);
}
END_TEST

START_TEST(text_patterns)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } rows[] = {
        {"", "", true},
        {"*", "", true},
        {"*", "anything", true},
        {"", "a", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"refresh/*", "refresh/rotated", true},
        {"refresh/*", "refresh", false},
        {"*b*d", "abcbd", true},
        {"*b*d", "abcbde", false},
        {"a**c", "ac", true},
        {"*aab", "aaaaab", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(text_matches(rows[i].pattern, rows[i].text) == rows[i].matches, "%s %s",
                      rows[i].pattern, rows[i].text);
}
END_TEST

START_TEST(text_secrets)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"", "", true},     {"abc", "abc", true}, {"abc", "abd", false}, {"abc", "abcd", false},
        {"abc", "", false}, {"", "abc", false},   {"aa", "a", false},    {"abab", "ab", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(text_same_secret(rows[i].a, rows[i].b) == rows[i].same, "%s %s", rows[i].a,
                      rows[i].b);
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
    tcase_add_test(tcase, tree_has_a_greatest_depth);
    tcase_add_test(tcase, tree_refuses_a_raw_nul);
    tcase_add_test(tcase, tree_members_have_a_type_and_a_case);
    tcase_add_test(tcase, writer_escapes_as_cjson_does);
    tcase_add_test(tcase, writer_leaves_out_whole_what_does_not_fit);
    tcase_add_test(tcase, writer_puts_commas_between_members);
    tcase_add_test(tcase, text_guid);
    tcase_add_test(tcase, text_base64url);
    tcase_add_test(tcase, text_escapes);
    tcase_add_test(tcase, text_times);
    tcase_add_test(tcase, text_refuses_other_http_dates);
    tcase_add_test(tcase, text_times_that_are_none);
    tcase_add_test(tcase, text_numbers);
    tcase_add_test(tcase, text_patterns);
    tcase_add_test(tcase, text_secrets);
    tcase_add_test(tcase, refusals_are_found_by_their_own_names);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
