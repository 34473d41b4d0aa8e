/* Growing bytes with a ceiling: a stranger's input decides how much we hold only up to `max`. */
#include "shared/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

char *buf_room(struct buf *buf, size_t len)
{
    size_t max = buf->max ? buf->max : BUF_DEFAULT_MAX;
    if (len > max || buf->len > max - len) {
        buf->overflown = true;
        return NULL;
    }
    size_t need = buf->len + len + 1;
    if (need > buf->cap) {
        size_t cap = buf->cap ? buf->cap : 128;
        while (cap < need)
            cap *= 2;
        buf->data = mem_grow(buf->data, cap, 1);
        buf->data[buf->len] = '\0'; /* text even where the caller then adds nothing */
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void buf_grew(struct buf *buf, size_t len)
{
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    char *room = buf_room(buf, len);
    if (!room)
        return;
    if (len)
        memcpy(room, bytes, len);
    buf_grew(buf, len);
}

void buf_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = len < 0 ? NULL : buf_room(buf, (size_t)len);
    if (room) {
        vsnprintf(room, (size_t)len + 1, format, again);
        buf_grew(buf, (size_t)len);
    }
    va_end(again);
}

const char *buf_str(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data ? buf->data : mem_text("");
    *buf = (struct buf){.max = buf->max};
    return data;
}

void buf_give(struct buf *buf, char *text)
{
    size_t len = strlen(text);
    size_t max = buf->max ? buf->max : BUF_DEFAULT_MAX;
    if (len > max) {
        free(text);
        buf_clear(buf);
        buf->overflown = true;
        return;
    }
    free(buf->data);
    *buf = (struct buf){.data = text, .len = len, .cap = len + 1, .max = buf->max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->overflown = false;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.max = buf->max};
}
