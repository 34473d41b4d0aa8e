/* Bytes that grow, up to a limit given at birth.
 * May depend on: mem. Owner: shared. */
#ifndef FAKEWIX_SHARED_BUF_H
#define FAKEWIX_SHARED_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* owned; NUL behind the last byte once anything was added */
    size_t len; /* bytes in use, the NUL not counted */
    size_t cap;
    size_t max;     /* the most `len` may become; 0 means BUF_DEFAULT_MAX */
    bool overflown; /* something did not fit and was left out whole */
};

#define BUF_DEFAULT_MAX ((size_t)8 * 1024 * 1024)

/* Append. What would pass `max` is left out as a whole and `overflown` is set. */
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Make room for `len` more bytes and return where they go, or NULL when they pass `max`.
 * After writing n of them, say buf_grew(buf, n). */
char *buf_room(struct buf *buf, size_t len);
void buf_grew(struct buf *buf, size_t len);

/* The bytes as text, "" when empty; borrowed, until the next call on `buf`. */
const char *buf_str(const struct buf *buf);

/* Gives the bytes; caller frees with free(). `buf` is empty afterwards and keeps its limit. */
char *buf_take(struct buf *buf);

/* Take `text`, which malloc made, as all there is. `buf` is empty before, or holds nothing worth
 * keeping; what passes its limit is left out. */
void buf_give(struct buf *buf, char *text);

void buf_clear(struct buf *buf);
void buf_free(struct buf *buf);

#endif
