/* Any bytes as percent-encoded, base64url, time, pattern: decoding never grows beyond its input,
 * and what was encoded decodes to itself. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shared/mem.h"
#include "shared/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    OWNED(buf_free) struct buf plain = {0};
    text_add_unescaped(&plain, text, size, true);
    assert(plain.len <= size);
    OWNED(buf_free) struct buf encoded = {0};
    OWNED(buf_free) struct buf decoded = {0};
    text_add_base64url(&encoded, data, size);
    assert(text_decode_base64url(&decoded, buf_str(&encoded), encoded.len, false));
    assert(decoded.len == size && (!size || memcmp(decoded.data, data, size) == 0));
    buf_clear(&decoded);
    text_decode_base64url(&decoded, text, size, true);
    OWNED(mem_text_free) char *copy = mem_text_n(text, size);
    int64_t ms, number;
    if (text_parse_iso(copy, &ms)) {
        char iso[TEXT_ISO_LEN + 1];
        text_format_iso(ms, iso);
    }
    text_parse_int(copy, INT64_MIN / 2, INT64_MAX / 2, &number);
    text_is_guid(copy);
    OWNED(buf_free) struct buf html = {0};
    text_add_html(&html, copy);
    assert(!strpbrk(buf_str(&html), "<>\"'"));
    char *middle = strchr(copy, '\n');
    if (middle && size < 4096) {
        *middle = '\0';
        text_matches(copy, middle + 1);
    }
    return 0;
}
