/* cJSON forgets where a value stood. The text is known to be sound, so that following a path
 * through it takes little: the end of a string, the end of a bracket, and counting. */
#include "scenario/place.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blank(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* From the opening quote to behind the closing one. */
static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static const char *skip_value(const char *at)
{
    if (*at == '"')
        return skip_string(at);
    if (*at != '{' && *at != '[')
        return at + strcspn(at, ",]} \t\r\n");
    int depth = 0;
    do {
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at = *at == '"' ? skip_string(at) : at + 1;
    } while (*at && depth);
    return at;
}

/* Behind the comma that follows a value; NULL where none does. */
static const char *next_one(const char *at)
{
    at = skip_blank(at);
    return *at == ',' ? skip_blank(at + 1) : NULL;
}

/* The value of a member, and its key; NULL where there is no such. */
static const char *find_member(const char *at, const char *name, size_t len, const char **ret_key)
{
    if (*at != '{')
        return NULL;
    for (at = skip_blank(at + 1); at && *at == '"';) {
        const char *key = at;
        const char *past = skip_string(at);
        at = skip_blank(past);
        if (*at != ':')
            return NULL;
        at = skip_blank(at + 1);
        *ret_key = key;
        if ((size_t)(past - key) == len + 2 && strncmp(key + 1, name, len) == 0)
            return at;
        at = next_one(skip_value(at));
    }
    return NULL;
}

static const char *find_item(const char *at, long index)
{
    if (*at != '[')
        return NULL;
    at = skip_blank(at + 1);
    while (at && *at && *at != ']') {
        if (index-- == 0)
            return at;
        at = next_one(skip_value(at));
    }
    return NULL;
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

bool place_find(const char *text, const char *place, int *ret_line)
{
    const char *value = skip_blank(text);
    const char *shown = value;
    *ret_line = line_of(text, shown);
    while (*place) {
        const char *found;
        if (*place == '[') {
            char *past = NULL;
            found = find_item(value, strtol(place + 1, &past, 10));
            place = past + (*past == ']');
            shown = found ? found : shown;
        } else {
            const char *key = NULL;
            place += *place == '.';
            size_t len = strcspn(place, ".[");
            found = find_member(value, place, len, &key);
            place += len;
            shown = found ? key : shown;
        }
        *ret_line = line_of(text, shown);
        if (!found)
            return false;
        value = found;
    }
    return true;
}
