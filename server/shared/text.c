/* Encodings and times, with no state and no dependency but the buffer they write to. */
#include "shared/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool text_is_guid(const char *text)
{
    for (size_t i = 0; i < TEXT_GUID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return text[TEXT_GUID_LEN] == '\0';
}

static const char hex_digits[] = "0123456789abcdef";

void text_format_guid(const uint8_t bytes[static 16], char ret_guid[static TEXT_GUID_LEN + 1])
{
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        uint8_t byte = bytes[i];
        if (i == 6)
            byte = (uint8_t)((byte & 0x0F) | 0x40);
        if (i == 8)
            byte = (uint8_t)((byte & 0x3F) | 0x80);
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ret_guid[at++] = '-';
        ret_guid[at++] = hex_digits[byte >> 4];
        ret_guid[at++] = hex_digits[byte & 0x0F];
    }
    ret_guid[at] = '\0';
}

void text_add_hex(struct buf *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf_char(out, hex_digits[bytes[i] >> 4]);
        buf_char(out, hex_digits[bytes[i] & 0x0F]);
    }
}

void text_add_int(struct buf *out, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--at] = '-';
    buf_add(out, digits + at, sizeof digits - at);
}

static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void text_add_base64url(struct buf *out, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    size_t digits = len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0);
    char *at = buf_room(out, digits);
    if (!at)
        return;
    for (; len >= 3; len -= 3, in += 3) {
        uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *at++ = base64url_digits[group >> 18];
        *at++ = base64url_digits[group >> 12 & 0x3F];
        *at++ = base64url_digits[group >> 6 & 0x3F];
        *at++ = base64url_digits[group & 0x3F];
    }
    if (len) {
        uint32_t group = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);
        *at++ = base64url_digits[group >> 18];
        *at++ = base64url_digits[group >> 12 & 0x3F];
        if (len == 2)
            *at++ = base64url_digits[group >> 6 & 0x3F];
    }
    buf_grew(out, digits);
}

/* The six bits a digit stands for, or -1. */
static int digit_value(char c, bool lenient)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-' || (lenient && c == '+'))
        return 62;
    if (c == '_' || (lenient && c == '/'))
        return 63;
    return -1;
}

bool text_decode_base64url(struct buf *out, const char *text, size_t len, bool lenient)
{
    while (len && text[len - 1] == '=')
        len--;
    if (len % 4 == 1)
        return false;
    for (size_t i = 0; i < len; i++)
        if (digit_value(text[i], lenient) < 0)
            return false;
    char *at = buf_room(out, len * 3 / 4);
    if (!at)
        return false;
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        group = (group << 6) | (uint32_t)digit_value(text[i], lenient);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *at++ = (char)((group >> bits) & 0xFF);
        }
    }
    buf_grew(out, len * 3 / 4);
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void text_add_unescaped(struct buf *out, const char *text, size_t len, bool plus_is_space)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '+' && plus_is_space) {
            buf_char(out, ' ');
            continue;
        }
        bool escape = text[i] == '%' && len - i > 2 && hex_value(text[i + 1]) >= 0 &&
                      hex_value(text[i + 2]) >= 0;
        if (!escape) {
            buf_char(out, text[i]);
            continue;
        }
        buf_char(out, (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
        i += 2;
    }
}

void text_add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c)) {
            buf_char(out, *text);
            continue;
        }
        buf_format(out, "%%%02X", c);
    }
}

void text_add_html(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buf_text(out, "&amp;");
            break;
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '"':
            buf_text(out, "&quot;");
            break;
        case '\'':
            buf_text(out, "&#39;");
            break;
        default:
            buf_char(out, *text);
        }
    }
}

struct civil {
    int64_t year;
    int month, day, hour, minute, second, ms, weekday; /* weekday 0 is Sunday */
};

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar, and back; years are counted
 * from March so that the leap day comes last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_ms(int64_t ms)
{
    const int64_t day_ms = 86400000;
    int64_t days = ms / day_ms - (ms % day_ms < 0);
    int64_t rest = ms - days * day_ms;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);
    int64_t weekday = (days % 7 + 11) % 7;
    return (struct civil){
        .year = year_of_era + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(rest / 3600000),
        .minute = (int)(rest / 60000 % 60),
        .second = (int)(rest / 1000 % 60),
        .ms = (int)(rest % 1000),
        .weekday = (int)weekday,
    };
}

/* The last moment that still has a four-digit year. */
static const int64_t last_ms = 253402300799999;

static int64_t clamp_ms(int64_t ms)
{
    if (ms < 0)
        return 0;
    return ms > last_ms ? last_ms : ms;
}

/* Two digits and no more; these helpers keep snprintf's bounds visible to the compiler. */
static char *put_digits(char *at, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + digits;
}

void text_format_iso(int64_t ms, char ret_iso[static TEXT_ISO_LEN + 1])
{
    struct civil c = civil_from_ms(clamp_ms(ms));
    char *at = put_digits(ret_iso, c.year, 4);
    *at++ = '-';
    at = put_digits(at, c.month, 2);
    *at++ = '-';
    at = put_digits(at, c.day, 2);
    *at++ = 'T';
    at = put_digits(at, c.hour, 2);
    *at++ = ':';
    at = put_digits(at, c.minute, 2);
    *at++ = ':';
    at = put_digits(at, c.second, 2);
    *at++ = '.';
    at = put_digits(at, c.ms, 3);
    *at++ = 'Z';
    *at = '\0';
}

/* Read `digits` decimal digits at *at and step over them and over `behind` (0 for nothing). */
static bool read_digits(const char **at, int digits, char behind, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        value = value * 10 + (**at - '0');
    }
    if (behind && *(*at)++ != behind)
        return false;
    *ret_value = value;
    return true;
}

bool text_parse_iso(const char *text, int64_t *ret_ms)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *at = text;
    int year, month, day, hour, minute, second, ms = 0;
    if (!read_digits(&at, 4, '-', &year) || !read_digits(&at, 2, '-', &month) ||
        !read_digits(&at, 2, 'T', &day) || !read_digits(&at, 2, ':', &hour) ||
        !read_digits(&at, 2, ':', &minute) || !read_digits(&at, 2, 0, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1] || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    if (*at == '.') {
        int scale = 100;
        for (at++; isdigit((unsigned char)*at) && scale; at++, scale /= 10)
            ms += (*at - '0') * scale;
        if (scale == 100)
            return false;
    }
    if (strcmp(at, "Z") != 0)
        return false;
    int64_t seconds = days_from_civil(year, month, day) * 86400;
    if (civil_from_ms(seconds * 1000).day != day) /* 29 February of a common year */
        return false;
    seconds += hour * 3600 + minute * 60 + second;
    *ret_ms = seconds * 1000 + ms;
    return true;
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void text_format_http_date(int64_t ms, char ret_date[static TEXT_HTTP_DATE_LEN + 1])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    struct civil c = civil_from_ms(clamp_ms(ms));
    char *at = ret_date;
    memcpy(at, days + 3 * c.weekday, 3);
    memcpy(at + 3, ", ", sizeof ", ");
    at = put_digits(at + 5, c.day, 2);
    *at++ = ' ';
    memcpy(at, months + 3 * (c.month - 1), 3);
    at[3] = ' ';
    at = put_digits(at + 4, c.year, 4);
    *at++ = ' ';
    at = put_digits(at, c.hour, 2);
    *at++ = ':';
    at = put_digits(at, c.minute, 2);
    *at++ = ':';
    at = put_digits(at, c.second, 2);
    memcpy(at, " GMT", 5);
}

bool text_parse_http_date(const char *text, int64_t *ret_ms)
{
    char iso[TEXT_ISO_LEN + 1], again[TEXT_HTTP_DATE_LEN + 1];
    int64_t ms;
    int month = 0;
    if (strlen(text) != TEXT_HTTP_DATE_LEN)
        return false;
    while (month < 12 && memcmp(text + 8, months + 3 * month, 3) != 0)
        month++;
    snprintf(iso, sizeof iso, "%.4s-%02d-%.2sT%.8sZ", text + 12, month + 1, text + 5, text + 17);
    if (!text_parse_iso(iso, &ms))
        return false;
    text_format_http_date(ms, again); /* the blanks, the day of the week and GMT */
    if (strcmp(text, again) != 0)
        return false;
    *ret_ms = ms;
    return true;
}

bool text_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    if (!isdigit((unsigned char)*at))
        return false;
    int64_t value = 0;
    for (; isdigit((unsigned char)*at); at++) {
        int digit = *at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    value = negative ? -value : value;
    if (*at || value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

bool text_matches(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *resume = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

size_t text_len_within(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

bool text_same_secret(const char *a, const char *b)
{
    size_t len_a = strlen(a);
    size_t len_b = strlen(b);
    size_t difference = len_a ^ len_b;
    for (size_t i = 0; i < len_a; i++)
        difference |= (size_t)(unsigned char)(a[i] ^ (len_b ? b[i % len_b] : 0));
    return difference == 0;
}
