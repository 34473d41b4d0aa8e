/* A scenario is written by people, so its mistakes are reported like a compiler's. */
#include "scenario/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scenario/place.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

/* Where a person finds the place, with the line of it or of its member. What a variant takes over
 * from the file stands in the file: "variants[0].given.tls" may be "given.tls". Borrowed. */
static const char *find_place(const struct reader *reader, const char *place, const char *member,
                              int *ret_line)
{
    const char *below = strstr(place, "].");
    bool taken_over = strncmp(place, "variants[", 9) == 0 && below &&
                      !place_find(reader->text, place, ret_line) &&
                      place_find(reader->text, below + 2, ret_line);
    place = taken_over ? below + 2 : place;
    OWNED(mem_text_free) char *whole = mem_format("%s%s%s", place, *place ? "." : "", member);
    place_find(reader->text, whole, ret_line);
    return place;
}

static bool fail(const struct reader *reader, const char *place, const char *member,
                 const char *sentence)
{
    int line = 0;
    place = find_place(reader, place, member, &line);
    mistakes_add(reader->mistakes, mem_format("%s:%d: %s%s%s", reader->file, line, place,
                                              *place ? " " : "", sentence));
    return false;
}

bool reader_fail(const struct reader *reader, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    OWNED(mem_text_free) char *text = mem_format_list(format, args);
    va_end(args);
    return fail(reader, place, "", text);
}

bool reader_fail_line(const struct reader *reader, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    OWNED(mem_text_free) char *text = mem_format_list(format, args);
    va_end(args);
    mistakes_add(reader->mistakes, mem_format("%s:%d: %s", reader->file, line, text));
    return false;
}

/* `what "word"; did you mean "another"? rest` */
static void add_unknown(const char *what, const struct near *near, const char *rest,
                        struct buf *out)
{
    buf_format(out, "%s \"%s\"", what, near->given);
    near_add_question(out, near, "");
    buf_format(out, "%s%s%s", near_meant(near) || !*rest ? "" : ";", *rest ? " " : "", rest);
}

bool reader_fail_word(const struct reader *reader, const char *place, const char *what,
                      const struct near *near, const char *rest)
{
    OWNED(buf_free) struct buf text = {0};
    add_unknown(what, near, rest, &text);
    return fail(reader, place, "", buf_str(&text));
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

/* The type of a member in "n:number body", its length with it; NULL where it is not among them. ""
 * is any. */
static const char *type_of(const char *members, const char *name, size_t *ret_len)
{
    while (*members) {
        size_t step = strcspn(members, " ");
        size_t len = strcspn(members, ": ");
        if (len == strlen(name) && strncmp(members, name, len) == 0) {
            *ret_len = step > len ? step - len - 1 : 0;
            return members + len + (step > len);
        }
        members += step + strspn(members + step, " ");
    }
    return NULL;
}

/* "n:number body" as "n body". */
static char *names_of(const char *members)
{
    struct buf out = {0};
    while (*members) {
        buf_text(&out, out.len ? " " : "");
        buf_add(&out, members, strcspn(members, ": "));
        members += strcspn(members, " ");
        members += strspn(members, " ");
    }
    return out.len ? buf_take(&out) : mem_text("none");
}

static bool is_repeated(const cJSON *member)
{
    for (const cJSON *later = member->next; later; later = later->next)
        if (strcmp(later->string, member->string) == 0)
            return true;
    return false;
}

bool reader_knows_keys(const struct reader *reader, const char *place, const cJSON *object,
                       const char *allowed)
{
    OWNED(mem_text_free) char *names = names_of(allowed);
    OWNED(mem_text_free) char *rest = mem_format("known here: %s", names);
    bool sound = true;
    size_t len = 0;
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, object)
    {
        struct near near = {.given = member->string};
        if (is_repeated(member))
            sound = reader_fail(reader, place, "has the key \"%s\" twice", member->string);
        if (type_of(allowed, member->string, &len))
            continue;
        OWNED(mem_text_free) char *words = mem_text(names);
        near_offer_words(&near, words);
        OWNED(buf_free) struct buf text = {0};
        add_unknown("has the unknown key", &near, rest, &text);
        sound = fail(reader, place, member->string, buf_str(&text));
    }
    return sound;
}

static bool is_text_list(const cJSON *value)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, value)
    {
        if (!cJSON_IsString(item))
            return false;
    }
    return cJSON_IsArray(value);
}

/* Whether a text is one of "altered/missing/escaped". */
static bool is_choice(const cJSON *value, const char *choices, size_t len)
{
    const char *word = cJSON_GetStringValue(value);
    OWNED(mem_text_free) char *list = mem_text_n(choices, len);
    for (char *c = list; *c; c++)
        *c = *c == '/' ? ' ' : *c;
    return word && reader_lists(list, word);
}

static bool is_number(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble >= 1 &&
           value->valuedouble == (double)value->valueint;
}

static bool fits_type(const cJSON *value, const char *type, size_t len, const char **ret_sentence)
{
    static const struct {
        const char *name;
        const char *sentence;
    } types[] = {{"number", "a whole number from 1"},
                 {"text", "a text"},
                 {"texts", "a list of texts"},
                 {"flag", "true or false"}};
    bool fits[] = {is_number(value), cJSON_IsString(value), is_text_list(value),
                   cJSON_IsBool(value)};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].name) != len || strncmp(types[i].name, type, len) != 0)
            continue;
        *ret_sentence = types[i].sentence;
        return fits[i];
    }
    *ret_sentence = NULL;
    return is_choice(value, type, len);
}

bool reader_fits_members(const struct reader *reader, const char *place, const cJSON *object,
                         const char *allowed)
{
    bool sound = reader_knows_keys(reader, place, object, allowed);
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, object)
    {
        size_t len = 0;
        const char *sentence = NULL;
        const char *type = type_of(allowed, member->string, &len);
        if (!type || !len || fits_type(member, type, len, &sentence))
            continue;
        OWNED(mem_text_free) char *at = mem_format("%s.%s", place, member->string);
        OWNED(mem_text_free) char *given = tree_print(member);
        int shown = (int)text_len_within(given, 100);
        sound = sentence ? reader_fail(reader, at, "must be %s, not %.*s", sentence, shown, given)
                         : reader_fail(reader, at, "must be one of %.*s, not %.*s", (int)len, type,
                                       shown, given);
    }
    return sound;
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

/* "given.tls", and at the top "tls". */
static char *member_of(const char *place, const char *name)
{
    return mem_format("%s%s%s", place, *place ? "." : "", name);
}

bool reader_number(const struct reader *reader, const char *place, const cJSON *object,
                   const char *name, int64_t min, int64_t fallback, int64_t *ret_number)
{
    int64_t value = fallback;
    if (tree_get(object, name) && (!tree_int(object, name, &value) || value < min)) {
        OWNED(mem_text_free) char *at = member_of(place, name);
        return reader_fail(reader, at, "must be a whole number from %lld on", (long long)min);
    }
    *ret_number = value;
    return true;
}

bool reader_flag(const struct reader *reader, const char *place, const cJSON *object,
                 const char *name, bool fallback, bool *ret_flag)
{
    *ret_flag = tree_flag(object, name, fallback);
    if (!tree_get(object, name) || cJSON_IsBool(tree_get(object, name)))
        return true;
    OWNED(mem_text_free) char *at = member_of(place, name);
    return reader_fail(reader, at, "must be true or false");
}

bool reader_is_array(const struct reader *reader, const char *place, const cJSON *member)
{
    return !member || cJSON_IsArray(member) || reader_fail(reader, place, "must be an array");
}

bool reader_is_object(const struct reader *reader, const char *place, const cJSON *member)
{
    return !member || cJSON_IsObject(member) || reader_fail(reader, place, "must be an object");
}
