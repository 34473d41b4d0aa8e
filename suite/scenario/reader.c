/* A scenario is written by people, so its mistakes are reported like a compiler's. */
#include "scenario/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

bool reader_fail(const struct reader *reader, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    OWNED(mem_text_free) char *text = mem_new((size_t)(len < 0 ? 0 : len) + 1, 1);
    vsnprintf(text, (size_t)(len < 0 ? 0 : len) + 1, format, again);
    va_end(again);
    return err_set(reader->err, "%s: %s%s%s", reader->file, place, *place ? " " : "", text);
}

bool reader_lists(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (*list) {
        size_t step = strcspn(list, " ");
        if (step == len && len && strncmp(list, word, len) == 0)
            return true;
        list += step + strspn(list + step, " ");
    }
    return false;
}

bool reader_knows_keys(const struct reader *reader, const char *place, const cJSON *object,
                       const char *allowed)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, object)
    {
        if (!reader_lists(allowed, member->string))
            return reader_fail(reader, place, "has the unknown key \"%s\"; known here: %s",
                               member->string, *allowed ? allowed : "none");
        for (const cJSON *later = member->next; later; later = later->next)
            if (strcmp(later->string, member->string) == 0)
                return reader_fail(reader, place, "has the key \"%s\" twice", member->string);
    }
    return true;
}

bool reader_text(const struct reader *reader, const char *place, const cJSON *object,
                 const char *name, const char **ret_text)
{
    const char *text = tree_text(object, name);
    if (!text || !*text)
        return reader_fail(reader, place, "needs \"%s\", a text that is not empty", name);
    *ret_text = text;
    return true;
}

bool reader_number(const struct reader *reader, const char *place, const cJSON *object,
                   const char *name, int64_t min, int64_t fallback, int64_t *ret_number)
{
    int64_t value = fallback;
    if (tree_get(object, name) && (!tree_int(object, name, &value) || value < min))
        return reader_fail(reader, place, "has a \"%s\" that is not a whole number from %lld on",
                           name, (long long)min);
    *ret_number = value;
    return true;
}

bool reader_is_array(const struct reader *reader, const char *place, const cJSON *member)
{
    return !member || cJSON_IsArray(member) || reader_fail(reader, place, "must be an array");
}

bool reader_is_object(const struct reader *reader, const char *place, const cJSON *member)
{
    return !member || cJSON_IsObject(member) || reader_fail(reader, place, "must be an object");
}
