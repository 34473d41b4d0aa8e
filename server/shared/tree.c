/* The strict door in front of cJSON. Why each check: see tree.h and docs/decisions/0005. */
#include "shared/tree.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

/* Length of the UTF-8 sequence at `s`, or 0 where it is malformed, overlong or a surrogate. */
static size_t sequence_len(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    size_t len = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xED && s[1] > 0x9F;
    bool beyond = s[0] == 0xF4 && s[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : len;
}

/* How far the text is well-formed and without a NUL. */
static size_t sound_len(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;
    while (at < len) {
        size_t step = bytes[at] ? sequence_len(bytes + at, len - at) : 0;
        if (!step)
            break;
        at += step;
    }
    return at;
}

bool tree_text_is_sound(const char *text, size_t len)
{
    return sound_len(text, len) == len;
}

char *tree_sound_text(const char *text, size_t len)
{
    char *copy = mem_text_n(text, len);
    if (tree_text_is_sound(text, len))
        return copy;
    for (size_t i = 0; i < len; i++)
        if (!copy[i] || (unsigned char)copy[i] >= 0x80)
            copy[i] = '?';
    return copy;
}

static size_t digits_len(const char *text, size_t at, size_t len)
{
    size_t n = 0;
    while (at + n < len && text[at + n] >= '0' && text[at + n] <= '9')
        n++;
    return n;
}

/* Length of the number at `at` as RFC 8259 section 6 has it; 0 where it has none such: 01, 1., 1e.
 * cJSON takes whatever strtod does. */
static size_t number_len(const char *text, size_t at, size_t len)
{
    size_t i = at + (text[at] == '-');
    size_t n = digits_len(text, i, len);
    if (!n || (n > 1 && text[i] == '0'))
        return 0;
    i += n;
    if (i < len && text[i] == '.') {
        n = digits_len(text, ++i, len);
        if (!n)
            return 0;
        i += n;
    }
    if (i < len && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < len && (text[i] == '+' || text[i] == '-');
        n = digits_len(text, i, len);
        if (!n)
            return 0;
        i += n;
    }
    return i - at;
}

/* What keeps a text from being JSON, and where; no sentence where nothing does. */
struct flaw {
    const char *what; /* "… at", "… near" */
    size_t at;
};

/* Depth of brackets and the form of numbers outside strings, and whether a string holds a raw
 * control byte or \u0000. Runs before cJSON, whose own recursion is not to be reached by a
 * stranger. */
static struct flaw scan(const char *text, size_t len)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (in_string) {
            if (c < 0x20)
                return (struct flaw){"a control character stands unescaped in a JSON string at", i};
            if (c == '\\') {
                if (len - i > 5 && memcmp(text + i + 1, "u0000", 5) == 0)
                    return (struct flaw){"a JSON string holds a NUL character at", i};
                i++;
            }
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        if (c == '-' || (c >= '0' && c <= '9')) {
            size_t number = number_len(text, i, len);
            if (!number)
                return (struct flaw){"a number that JSON does not have stands at", i};
            i += number - 1;
        }
        if (c == '[' || c == '{')
            depth++;
        if ((c == ']' || c == '}') && depth)
            depth--;
        _Static_assert(TREE_MAX_DEPTH == 64, "the sentence says so");
        if (depth > TREE_MAX_DEPTH)
            return (struct flaw){"the JSON is nested more than 64 deep at", i};
    }
    return (struct flaw){NULL, 0};
}

static size_t skip_space(const char *text, size_t at, size_t len)
{
    while (at < len && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    return at;
}

/* Behind the last byte before `at` that is no white space. */
static size_t trim(const char *text, size_t at)
{
    while (at && strchr(" \t\r\n", text[at - 1]))
        at--;
    return at;
}

/* Where a person would look: not behind the end of the last line, and at a comma rather than at the
 * bracket that it must not stand before. cJSON names the byte, or the next one. */
static size_t place_of(const char *text, size_t len, size_t at)
{
    if (skip_space(text, at, len) == len && trim(text, at))
        at = trim(text, at) - 1;
    for (size_t back = 0; back <= 1 && back <= at; back++) {
        size_t before = trim(text, at - back);
        bool closes = text[at - back] == '}' || text[at - back] == ']';
        if (closes && before && text[before - 1] == ',')
            return before - 1;
    }
    return at;
}

/* "byte 7" of what is one line, as a request's body mostly is; "line 4, column 2" of a file. */
static void refuse(const char *text, size_t len, struct flaw flaw, int *ret_line, struct err *err)
{
    int line = 1;
    size_t column = 1;
    for (size_t i = 0; i < flaw.at; i++) {
        bool is_break = text[i] == '\n';
        line += is_break;
        column = is_break ? 1 : column + (((unsigned char)text[i] & 0xC0) != 0x80);
    }
    if (ret_line)
        *ret_line = line;
    if (line > 1 || memchr(text, '\n', len))
        err_set(err, "%s line %d, column %zu", flaw.what, line, column);
    else
        err_set(err, "%s byte %zu", flaw.what, flaw.at);
}

/* A tree, or what is wrong. */
static cJSON *parse(const char *text, size_t len, struct flaw *ret_flaw)
{
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, len, &end, false);
    size_t at = end ? (size_t)(end - text) : len;
    if (!tree) {
        *ret_flaw = (struct flaw){"the JSON breaks off or is malformed near",
                                  place_of(text, len, at)};
        return NULL;
    }
    at = skip_space(text, at, len);
    if (at == len)
        return tree;
    *ret_flaw = (struct flaw){"something follows the JSON value at", at};
    cJSON_Delete(tree);
    return NULL;
}

cJSON *tree_parse_file(const char *text, size_t len, int *ret_line, struct err *err)
{
    struct flaw flaw = {"the JSON is not valid UTF-8 text at", sound_len(text, len)};
    if (ret_line)
        *ret_line = 1;
    if (flaw.at == len)
        flaw = scan(text, len);
    if (!flaw.what && skip_space(text, 0, len) == len) {
        err_set(err, "JSON was expected and nothing came");
        return NULL;
    }
    cJSON *tree = flaw.what ? NULL : parse(text, len, &flaw);
    if (!tree)
        refuse(text, len, flaw, ret_line, err);
    return tree;
}

cJSON *tree_parse(const char *text, size_t len, struct err *err)
{
    return tree_parse_file(text, len, NULL, err);
}

cJSON *tree_get(const cJSON *object, const char *name)
{
    if (!cJSON_IsObject(object))
        return NULL;
    cJSON *found = NULL;
    for (cJSON *member = object->child; member; member = member->next)
        if (strcmp(member->string, name) == 0)
            found = member;
    return found;
}

const char *tree_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(tree_get(object, name));
}

bool tree_int(const cJSON *object, const char *name, int64_t *ret_value)
{
    const double exact_limit = 9007199254740992.0; /* 2^53 */
    const cJSON *member = tree_get(object, name);
    if (!cJSON_IsNumber(member))
        return false;
    double value = member->valuedouble;
    if (!(fabs(value) <= exact_limit) || value != floor(value))
        return false;
    *ret_value = (int64_t)value;
    return true;
}

bool tree_flag(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *member = tree_get(object, name);
    return cJSON_IsBool(member) ? cJSON_IsTrue(member) : fallback;
}

cJSON *tree_put(cJSON *object, const char *name, cJSON *value)
{
    if (cJSON_IsArray(object))
        cJSON_AddItemToArray(object, value);
    else
        cJSON_AddItemToObject(object, name, value);
    return value;
}

void tree_put_text(cJSON *object, const char *name, const char *text)
{
    tree_put(object, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

/* The text in quotes, escaped where it must be; gives memory of cJSON's. */
static char *quote(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_.|:";
    size_t len = strspn(text, plain);
    if (text[len]) {
        OWNED(tree_free) cJSON *string = cJSON_CreateString(text);
        return tree_print(string);
    }
    char *quoted = mem_grow(NULL, len + 3, 1);
    quoted[0] = quoted[len + 1] = '"';
    memcpy(quoted + 1, text, len);
    quoted[len + 2] = '\0';
    return quoted;
}

void tree_put_plain(cJSON *object, const char *name, const char *text)
{
    tree_set_plain(tree_put(object, name, cJSON_CreateRaw("")), text);
}

void tree_set_plain(cJSON *member, const char *text)
{
    assert(cJSON_IsRaw(member));
    cJSON_free(member->valuestring);
    member->valuestring = quote(text);
}

void tree_put_plain_int(cJSON *object, const char *name, int64_t value)
{
    OWNED(buf_free) struct buf digits = {0};
    text_add_int(&digits, value);
    tree_put(object, name, cJSON_CreateRaw(buf_str(&digits)));
}

void tree_put_int(cJSON *object, const char *name, int64_t value)
{
    tree_put(object, name, cJSON_CreateNumber((double)value));
}

void tree_put_flag(cJSON *object, const char *name, bool value)
{
    tree_put(object, name, cJSON_CreateBool(value));
}

char *tree_print(const cJSON *tree)
{
    /* Most answers fit; without a first size cJSON starts small, copies as it grows, and copies
     * once more at the end. */
    return cJSON_PrintBuffered(tree, MEM_SMALL, false);
}

char *tree_print_pretty(const cJSON *tree)
{
    return cJSON_Print(tree);
}

void tree_free(cJSON **tree)
{
    cJSON_Delete(*tree);
    *tree = NULL;
}
