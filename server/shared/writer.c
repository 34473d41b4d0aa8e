/* What a member has in front of it can be seen from the byte before it: only behind an opening
 * brace there is no comma. */
#include "shared/writer.h"

#include <string.h>

#include "shared/text.h"

void writer_name(struct buf *out, const char *name)
{
    size_t len = strlen(name);
    char *room = buf_room(out, len + 4);
    if (!room)
        return;
    char *at = room;
    if (out->len && at[-1] != '{')
        *at++ = ',';
    *at++ = '"';
    memcpy(at, name, len + 1);
    at += len;
    *at++ = '"';
    *at++ = ':';
    buf_grew(out, (size_t)(at - room));
}

/* Write the escape of one byte, at most 6 characters, as cJSON does; returns what follows it. */
static char *put_escape(char *at, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char hex[] = "0123456789abcdef";
    *at++ = '\\';
    for (size_t i = 0; i + 1 < sizeof letters; i += 2)
        if ((unsigned char)letters[i] == c) {
            *at++ = letters[i + 1];
            return at;
        }
    memcpy(at, "u00", sizeof "u00");
    at[3] = hex[c >> 4];
    at[4] = hex[c & 15];
    return at + 5;
}

static bool needs_escape(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* Mostly there is little to escape. Room for the worst is made only where it comes to that: six
 * times the text would be a block that threads wait for each other to get. */
void writer_quoted(struct buf *out, const char *text)
{
    enum { ESCAPE_MAX = 6, FEW = 128 };
    size_t before = out->len;
    const char *end = text + strlen(text);
    char *at = buf_room(out, (size_t)(end - text) + FEW);
    if (!at)
        return;
    const char *limit = at + (end - text) + FEW;
    *at++ = '"';
    while (text < end) {
        const char *plain = text;
        while (text < end && !needs_escape(*text))
            text++;
        memcpy(at, plain, (size_t)(text - plain));
        at += text - plain;
        if (text == end)
            break;
        if (limit - at < end - text + ESCAPE_MAX) {
            buf_grew(out, (size_t)(at - out->data) - out->len);
            at = buf_room(out, ESCAPE_MAX * (size_t)(end - text) + 1);
            if (!at) {
                out->data[out->len = before] = '\0'; /* left out whole */
                return;
            }
            limit = at + ESCAPE_MAX * (end - text) + 1;
        }
        at = put_escape(at, (unsigned char)*text++);
    }
    *at++ = '"';
    buf_grew(out, (size_t)(at - out->data) - out->len);
}

void writer_text(struct buf *out, const char *name, const char *text)
{
    writer_name(out, name);
    writer_quoted(out, text);
}

void writer_int(struct buf *out, const char *name, int64_t value)
{
    writer_name(out, name);
    text_add_int(out, value);
}

void writer_flag(struct buf *out, const char *name, bool value)
{
    writer_name(out, name);
    buf_text(out, value ? "true" : "false");
}

void writer_open(struct buf *out, const char *name)
{
    if (name)
        writer_name(out, name);
    buf_char(out, '{');
}

void writer_close(struct buf *out)
{
    buf_char(out, '}');
}
