/* A parser that stops at the first mistake makes a person run it once for each. */
#include "scenario/mistakes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"

void mistakes_add(struct mistakes *mistakes, char *sentence)
{
    for (size_t i = 0; i < mistakes->n; i++) {
        if (strcmp(mistakes->list[i], sentence) != 0)
            continue;
        free(sentence);
        return;
    }
    mistakes->list = mem_grow(mistakes->list, mistakes->n + 1, sizeof *mistakes->list);
    mistakes->list[mistakes->n++] = sentence;
}

/* By file and line: numbers in them count as numbers. */
static int by_place(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;
    while (*left && *left == *right)
        left++, right++;
    bool numbers = isdigit((unsigned char)*left) || isdigit((unsigned char)*right);
    size_t digits_left = strspn(left, "0123456789");
    size_t digits_right = strspn(right, "0123456789");
    if (numbers && digits_left != digits_right)
        return digits_left < digits_right ? -1 : 1;
    return (unsigned char)*left - (unsigned char)*right;
}

bool mistakes_are_none(struct mistakes *mistakes, struct err *err)
{
    OWNED(buf_free) struct buf text = {0};
    if (mistakes->n)
        qsort(mistakes->list, mistakes->n, sizeof *mistakes->list, by_place);
    if (!mistakes->n)
        return true;
    if (mistakes->n == 1)
        return err_set(err, "%s", mistakes->list[0]);
    buf_format(&text, "%zu mistakes in scenarios:", mistakes->n);
    for (size_t i = 0; i < mistakes->n; i++)
        buf_format(&text, "\n  %s", mistakes->list[i]);
    return err_set(err, "%s", buf_str(&text));
}

void mistakes_free(struct mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->n; i++)
        free(mistakes->list[i]);
    free(mistakes->list);
    *mistakes = (struct mistakes){0};
}
