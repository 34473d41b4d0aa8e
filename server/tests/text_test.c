/* The formats of texts, as tables: ids, escapes, times, numbers, patterns. */
#include "shared/text.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "suite.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void set_up(void)
{
}

static void tear_down(void)
{
}

START_TEST(text_is_cut_between_characters)
{
    static const struct {
        const char *text;
        size_t max, len;
    } rows[] = {
        {"", 0, 0},       {"", 4, 0},        {"abc", 4, 3},         {"abc", 3, 3},
        {"abcd", 3, 3},   {"a\u00e9", 3, 3}, {"a\u00e9b", 3, 3},    {"a\u00e9b", 2, 1},
        {"\u20ac", 2, 0}, {"\u20ac", 3, 3},  {"a\U0001f600", 4, 1}, {"a\U0001f600", 5, 5},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_uint_eq(text_len_within(rows[i].text, rows[i].max), rows[i].len);
}
END_TEST

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

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, text_guid);
    tcase_add_test(tcase, text_is_cut_between_characters);
    tcase_add_test(tcase, text_base64url);
    tcase_add_test(tcase, text_escapes);
    tcase_add_test(tcase, text_refuses_other_http_dates);
    tcase_add_test(tcase, text_times);
    tcase_add_test(tcase, text_times_that_are_none);
    tcase_add_test(tcase, text_numbers);
    tcase_add_test(tcase, text_patterns);
    tcase_add_test(tcase, text_secrets);
    return suite_run("text", tcase);
}
