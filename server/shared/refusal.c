/* refusals.def as data. The names are made from the symbols once per process, at compile time as
 * text and at first use in lower case: two spellings of one fact would drift. */
#include "shared/refusal.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

static struct refusal_row rows[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = {"ok", 200, SHAPE_WIX, "", "", ""},
#define REFUSAL(symbol, status, shape, code, sentence, source)                                     \
    [REFUSAL_##symbol] = {#symbol, status, SHAPE_##shape, code, sentence, source},
#include "shared/refusals.def"
#undef REFUSAL
};

enum { NAME_MAX_LEN = 40 };
static char names[REFUSAL_COUNT][NAME_MAX_LEN];
static pthread_once_t named = PTHREAD_ONCE_INIT;

static void name_rows(void)
{
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        size_t at = 0;
        for (; at < NAME_MAX_LEN - 1 && rows[i].name[at]; at++) {
            char c = rows[i].name[at];
            names[i][at] = c == '_' ? '-' : (char)tolower((unsigned char)c);
        }
        rows[i].name = names[i];
    }
}

const struct refusal_row *refusal_row(enum refusal refusal)
{
    pthread_once(&named, name_rows);
    return &rows[refusal];
}

enum refusal refusal_by_name(const char *name)
{
    for (int i = 1; i < REFUSAL_COUNT; i++)
        if (strcmp(refusal_row((enum refusal)i)->name, name) == 0)
            return (enum refusal)i;
    return REFUSAL_NONE;
}
