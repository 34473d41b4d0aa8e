/* Memory that is there or ends the program: a test tool has no use for half a run.
 * May depend on: the C library, cJSON (for its hooks). Owner: shared. */
#ifndef FAKEWIX_SHARED_MEM_H
#define FAKEWIX_SHARED_MEM_H

#include <stdarg.h>
#include <stddef.h>

/* A local that is released at the end of its scope: OWNED(buf_free) struct buf b = {0};
 * The one extension to C11 that this code uses. clang asks who reads it besides its cleanup. */
#define OWNED(fn) __attribute__((cleanup(fn), unused))

/* The largest block, in bytes, with room for a buf's NUL, that glibc keeps at hand for each thread.
 * What a request takes again and again is better not larger: beyond that threads share a heap and
 * wait for each other. */
enum { MEM_SMALL = 1000 };

/* All give memory that the caller frees with free(); none returns NULL. */
void *mem_new(size_t n, size_t size); /* zeroed */
void *mem_grow(void *block, size_t n, size_t size);
char *mem_text(const char *text);
char *mem_text_n(const char *bytes, size_t len);
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *mem_format_list(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* For OWNED: frees what *text points at. */
void mem_text_free(char **text);

/* Route cJSON's allocations through the functions above. Call once, before any thread. */
void mem_adopt_cjson(void);

#endif
