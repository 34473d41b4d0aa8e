/* A report prints the source of a rule under each failure. One that leads nowhere is worse than
 * none: it looks as if somebody had looked it up. */
#include "scenario/source.h"

#include <ctype.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

/* Behind the digits that `at` begins with; NULL where it begins with none. */
static const char *skip_digits(const char *at)
{
    size_t len = strspn(at, "0123456789");
    return len ? at + len : NULL;
}

/* "4.1.2.1", "A.11", "B": numbers, the first of which may be a letter. */
static bool is_number(const char *at)
{
    at = isupper((unsigned char)*at) ? at + 1 : skip_digits(at);
    while (at && *at == '.')
        at = skip_digits(at + 1);
    return at && !*at;
}

/* "RFC 6749 section 5.1", "RFC 6749 appendix B" */
static bool is_rfc(const char *part)
{
    static const char *const kinds[] = {" section ", " appendix "};
    const char *at = strncmp(part, "RFC ", 4) == 0 ? skip_digits(part + 4) : NULL;
    for (size_t i = 0; at && i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(at, kinds[i], strlen(kinds[i])) == 0)
            return is_number(at + strlen(kinds[i]));
    return false;
}

static bool is_url(const char *part)
{
    return text_matches("https://?*", part) || text_matches("http://?*", part);
}

static bool check_part(const struct reader *reader, const char *place, const char *part)
{
    if (is_rfc(part) || is_url(part) || strcmp(part, "own") == 0 || reader_lists(source_keys, part))
        return true;
    struct near near = {.given = part};
    OWNED(mem_text_free) char *words = mem_text(source_keys);
    near_offer_words(&near, words);
    return reader_fail_word(reader, place, "is not understood at", &near,
                            "it takes \"own\", \"RFC 6749 section 5.1\", a URL or a key of "
                            "docs/SOURCES.md, separated by \";\"");
}

bool source_check(const struct reader *reader, const char *place, const char *source)
{
    bool sound = true;
    for (const char *at = source;;) {
        size_t len = strcspn(at, ";");
        size_t blank = strspn(at, " ");
        size_t past = len;
        blank = blank < len ? blank : len;
        while (past > blank && at[past - 1] == ' ')
            past--;
        OWNED(mem_text_free) char *part = mem_text_n(at + blank, past - blank);
        sound = check_part(reader, place, part) && sound;
        if (!at[len])
            return sound;
        at += len + 1;
    }
}
