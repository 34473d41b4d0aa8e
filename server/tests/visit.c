/* See visit.h. */
#include "visit.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

char *visit_location(const struct answer *answer)
{
    struct response shown = {.head = answer->head};
    return response_header_value(&shown, "Location");
}

char *visit_param(const char *url, const char *name)
{
    OWNED(mem_text_free) char *mark = mem_format("%s=", name);
    for (const char *at = strchr(url, '?'); at; at = strchr(at, '&')) {
        at++;
        if (strncmp(at, mark, strlen(mark)) != 0)
            continue;
        at += strlen(mark);
        struct buf value = {0};
        text_add_unescaped(&value, at, strcspn(at, "&"), false);
        return buf_take(&value);
    }
    return NULL;
}
