/* One sentence on its way up to main, which is the only one to print it. */
#include "shared/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"

bool err_set(struct err *err, const char *format, ...)
{
    if (!err || err->text)
        return false;
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    err->text = mem_new((size_t)(len < 0 ? 0 : len) + 1, 1);
    vsnprintf(err->text, (size_t)(len < 0 ? 0 : len) + 1, format, again);
    va_end(again);
    return false;
}

void err_free(struct err *err)
{
    free(err->text);
    err->text = NULL;
}
