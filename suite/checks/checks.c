/* checks.def as data, and the words a predicate reports with. */
#include "checks/checks.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

static struct check rows[] = {
#define CHECK(symbol, params, requirement, hint, source)                                           \
    {#symbol, check_##symbol, params, requirement, hint, source},
#include "checks/checks.def"
#undef CHECK
};

enum { N_ROWS = sizeof rows / sizeof *rows, NAME_MAX_LEN = 40 };
static char names[N_ROWS][NAME_MAX_LEN];
static pthread_once_t named = PTHREAD_ONCE_INIT;

static void name_rows(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        for (size_t at = 0; at < NAME_MAX_LEN - 1 && rows[i].name[at]; at++) {
            char c = rows[i].name[at];
            names[i][at] = c == '_' ? '-' : c;
        }
        rows[i].name = names[i];
    }
}

const struct check *checks_all(size_t *ret_n)
{
    pthread_once(&named, name_rows);
    *ret_n = N_ROWS;
    return rows;
}

const struct check *checks_find(const char *name)
{
    size_t n = 0;
    const struct check *all = checks_all(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    return NULL;
}

int64_t checks_number(const cJSON *params, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    tree_int(params, name, &value);
    return value;
}

static void say(struct finding *finding, enum finding_kind kind, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void say(struct finding *finding, enum finding_kind kind, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    OWNED(mem_text_free) char *text = mem_new((size_t)(len < 0 ? 0 : len) + 1, 1);
    vsnprintf(text, (size_t)(len < 0 ? 0 : len) + 1, format, args);
    finding->kind = kind;
    if (!finding->expected.len)
        buf_text(&finding->expected, "any: this is measured, not judged");
    buf_clear(&finding->seen);
    buf_text(&finding->seen, text);
}

void finding_holds(struct finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(finding, FINDING_HOLDS, format, args);
    va_end(args);
}

void finding_measured(struct finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(finding, FINDING_MEASURED, format, args);
    va_end(args);
}

void finding_undecided(struct finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(finding, FINDING_UNDECIDED, format, args);
    va_end(args);
}

void finding_elsewhere(struct finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(finding, FINDING_ELSEWHERE, format, args);
    va_end(args);
}

void finding_broken(struct finding *finding, const struct exchange *culprit, const char *format,
                    ...)
{
    va_list args;
    va_start(args, format);
    say(finding, FINDING_BROKEN, format, args);
    va_end(args);
    finding->seq = culprit ? culprit->seq : -1;
}

void finding_free(struct finding *finding)
{
    buf_free(&finding->expected);
    buf_free(&finding->seen);
}
