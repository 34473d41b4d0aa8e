/* JSON written straight into a buffer, for the few texts that every token call writes and whose
 * shape is fixed: a tree of cJSON's is three allocations a member. Everything else is built with
 * tree.h. The commas come by themselves. May depend on: buf, text. Owner: shared. */
#ifndef FAKEWIX_SHARED_WRITER_H
#define FAKEWIX_SHARED_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"

/* Append `"name":`, for a value that the caller writes next. A name is ours and needs no escapes.
 */
void writer_name(struct buf *out, const char *name);

/* Append a member. `text` is valid UTF-8 and is escaped as cJSON would. */
void writer_text(struct buf *out, const char *name, const char *text);
void writer_int(struct buf *out, const char *name, int64_t value);
void writer_flag(struct buf *out, const char *name, bool value);

/* Append a text in quotes, escaped as cJSON would. */
void writer_quoted(struct buf *out, const char *text);

/* An object, as the value of a member or, without a name, by itself. */
void writer_open(struct buf *out, const char *name);
void writer_close(struct buf *out);

#endif
