/* See near.h. */
#include "shared/near.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "shared/mem.h"

enum { LETTERS_MAX = 200, PREFIX_MIN = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The distance of optimal string alignment. Three rows of its table are enough: `now[j]` is how far
 * the first i letters of a are from the first j of b. */
size_t near_distance(const char *a, const char *b)
{
    size_t len_a = strlen(a), len_b = strlen(b);
    size_t rows[3][LETTERS_MAX + 1];
    if (len_a > LETTERS_MAX || len_b > LETTERS_MAX)
        return len_a > len_b ? len_a : len_b;
    for (size_t j = 0; j <= len_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i - 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            bool same = is_same(a[i - 1], b[j - 1]);
            now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                now[j] = least(now[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

static bool begins_with(const char *name, const char *given, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_same(name[i], given[i]))
            return false;
    return true;
}

void near_offer(struct near *near, const char *name)
{
    size_t distance = near_distance(near->given, name);
    size_t at = near->n, len = strlen(near->given);
    if (!near->longer_name && len >= PREFIX_MIN && begins_with(name, near->given, len))
        near->longer_name = name;
    for (size_t i = 0; i < near->n; i++)
        if (strcmp(near->names[i], name) == 0)
            return;
    while (at && near->distances[at - 1] > distance)
        at--;
    if (at == NEAR_MAX)
        return;
    near->n = least(near->n + 1, NEAR_MAX);
    for (size_t i = near->n - 1; i > at; i--) {
        near->names[i] = near->names[i - 1];
        near->distances[i] = near->distances[i - 1];
    }
    near->names[at] = name;
    near->distances[at] = distance;
}

void near_offer_words(struct near *near, char *words)
{
    while (*words) {
        size_t len = strcspn(words, " ");
        char *next = words + len + (words[len] == ' ');
        words[len] = '\0';
        if (len)
            near_offer(near, words);
        words = next;
    }
}

const char *near_meant(const struct near *near)
{
    size_t len = strlen(near->given);
    if (near->n && near->distances[0] < len && near->distances[0] <= (len < 6 ? 1 : len / 3))
        return near->names[0];
    return near->longer_name;
}

void near_add_question(struct buf *out, const struct near *near, const char *prefix)
{
    const char *meant = near_meant(near);
    if (meant)
        buf_format(out, "; did you mean \"%s%s\"?", prefix, meant);
}

void near_add_unknown(struct buf *out, const char *name, const char *words)
{
    struct near near = {.given = name};
    OWNED(mem_text_free) char *cut = mem_text(words);
    near_offer_words(&near, cut);
    buf_text(out, " is not known");
    near_add_question(out, &near, "");
    size_t start = strspn(words, " "), len = strlen(words);
    while (len > start && words[len - 1] == ' ')
        len--;
    buf_format(out, "%s known here: %.*s", near_meant(&near) ? "" : ";", (int)(len - start),
               words + start);
}

void near_add_list(struct buf *out, const struct near *near)
{
    for (size_t i = 0; i < near->n; i++)
        buf_format(out, "%s\"%s\"", i ? ", " : "", near->names[i]);
}
