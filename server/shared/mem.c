/* The one home of malloc. Running out of memory is not an answer a fake could give, so it is the
 * end of the process, with a sentence. */
#include "shared/mem.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *block)
{
    if (block)
        return block;
    fputs("fakewix: out of memory\n", stderr);
    abort();
}

static size_t product(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        or_die(NULL);
    size_t bytes = n * size;
    return bytes ? bytes : 1;
}

void *mem_new(size_t n, size_t size)
{
    product(n, size);
    return or_die(calloc(n ? n : 1, size ? size : 1));
}

void *mem_grow(void *block, size_t n, size_t size)
{
    return or_die(realloc(block, product(n, size)));
}

char *mem_text(const char *text)
{
    return mem_text_n(text, strlen(text));
}

char *mem_text_n(const char *bytes, size_t len)
{
    char *copy = mem_grow(NULL, len + 1, 1);
    if (len)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

char *mem_format_list(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = mem_grow(NULL, len < 0 ? 1 : (size_t)len + 1, 1);
    text[0] = '\0';
    if (len > 0)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

char *mem_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = mem_format_list(format, args);
    va_end(args);
    return text;
}

void mem_text_free(char **text)
{
    free(*text);
    *text = NULL;
}

static void *cjson_alloc(size_t size)
{
    return mem_grow(NULL, size, 1);
}

void mem_adopt_cjson(void)
{
    cJSON_Hooks hooks = {.malloc_fn = cjson_alloc, .free_fn = free};
    cJSON_InitHooks(&hooks);
}
