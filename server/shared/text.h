/* Small text formats that several parties must agree on: GUIDs, base64url, percent-encoding,
 * hex, times. May depend on: buf. Owner: shared. */
#ifndef FAKEWIX_SHARED_TEXT_H
#define FAKEWIX_SHARED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"

enum { TEXT_GUID_LEN = 36, TEXT_ISO_LEN = 24, TEXT_HTTP_DATE_LEN = 29 };

/* 8-4-4-4-12 hexadecimal digits in either case. */
bool text_is_guid(const char *text);

/* Write 16 random bytes as a version 4 GUID in lower case. */
void text_format_guid(const uint8_t bytes[static 16], char ret_guid[static TEXT_GUID_LEN + 1]);

void text_add_hex(struct buf *out, const uint8_t *bytes, size_t len);

/* A number in decimal digits. */
void text_add_int(struct buf *out, int64_t value);

/* base64url without padding (RFC 4648 section 5). */
void text_add_base64url(struct buf *out, const void *bytes, size_t len);

/* Append the bytes that base64url text stands for; padding is accepted at the end only, and so is
 * the standard alphabet when `lenient`. False, with `out` as it was, where it is malformed. */
bool text_decode_base64url(struct buf *out, const char *text, size_t len, bool lenient);

/* Percent-decode; `plus_is_space` for form bodies and queries. Malformed escapes stay as they are,
 * as browsers leave them. */
void text_add_unescaped(struct buf *out, const char *text, size_t len, bool plus_is_space);

/* Percent-encode everything but RFC 3986's unreserved characters. */
void text_add_escaped(struct buf *out, const char *text);

/* Escape for an HTML text or a quoted attribute. */
void text_add_html(struct buf *out, const char *text);

/* 2030-01-01T00:00:00.000Z; a time outside 1970 to 9999 is shown as the nearest inside. */
void text_format_iso(int64_t ms, char ret_iso[static TEXT_ISO_LEN + 1]);

/* The form above; the fraction may have 1 to 3 digits or be missing, the zone is Z. */
bool text_parse_iso(const char *text, int64_t *ret_ms);

/* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 section 5.6.7). */
void text_format_http_date(int64_t ms, char ret_date[static TEXT_HTTP_DATE_LEN + 1]);
/* That form and no older one (RFC 9110 section 5.6.7). */
bool text_parse_http_date(const char *text, int64_t *ret_ms);

/* A decimal number and nothing else. */
bool text_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* Whether `text` matches `pattern`, in which * stands for any run of characters and ? for one. */
bool text_matches(const char *pattern, const char *text);

/* How many bytes of UTF-8 text to show where there is room for `max`: whole characters alone. */
size_t text_len_within(const char *text, size_t max);

/* Equal, in a time that depends on the lengths alone. */
bool text_same_secret(const char *a, const char *b);

#endif
