/* Enough of HTML for the pages of an installer: tags, attributes, character references. Not a
 * parser of what people write; a page that hides its form from this one hides it from scripts
 * anyway. */
#include "drivers/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/text.h"

struct tag {
    const char *name; /* borrowed from the page */
    size_t name_len;
    const char *attributes;
    const char *end; /* behind the ">" */
};

/* The next tag at or behind `at`; comments are passed over. */
static bool next_tag(const char *at, struct tag *ret_tag)
{
    while ((at = strchr(at, '<'))) {
        if (strncmp(at, "<!--", 4) == 0) {
            const char *close = strstr(at, "-->");
            if (!close)
                return false;
            at = close + 3;
            continue;
        }
        const char *name = at + 1;
        size_t len = strcspn(name, " \t\r\n>");
        const char *p = name + len;
        char quote = 0;
        for (; *p && (quote || *p != '>'); p++)
            if (quote ? *p == quote : *p == '"' || *p == '\'')
                quote = quote ? 0 : *p;
        if (!*p)
            return false;
        *ret_tag = (struct tag){name, len, name + len, p + 1};
        return true;
    }
    return false;
}

static bool tag_is(const struct tag *tag, const char *name)
{
    return tag->name_len == strlen(name) && strncasecmp(tag->name, name, tag->name_len) == 0;
}

static const struct {
    const char *reference;
    char c;
} references[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

static char *decode(const char *text, size_t len)
{
    struct buf out = {0};
    for (size_t i = 0; i < len;) {
        size_t used = 0;
        for (size_t r = 0; r < sizeof references / sizeof *references && !used; r++) {
            size_t size = strlen(references[r].reference);
            if (size <= len - i && strncmp(text + i, references[r].reference, size) == 0) {
                buf_char(&out, references[r].c);
                used = size;
            }
        }
        if (!used)
            buf_char(&out, text[i]);
        i += used ? used : 1;
    }
    return out.len ? buf_take(&out) : mem_text("");
}

/* An attribute's value, "" where it stands without one; caller frees with free(); NULL: not there.
 */
static char *attribute(const struct tag *tag, const char *name)
{
    const char *p = tag->attributes;
    while (p < tag->end) {
        p += strspn(p, " \t\r\n/");
        size_t len = strcspn(p, " \t\r\n=>/");
        bool found = len == strlen(name) && strncasecmp(p, name, len) == 0;
        if (!len && *p != '=')
            return NULL;
        p += len;
        const char *value = p;
        size_t value_len = 0;
        if (*p == '=') {
            char quote = p[1] == '"' || p[1] == '\'' ? p[1] : 0;
            value = p + 1 + (quote ? 1 : 0);
            const char *end = quote ? strchr(value, quote) : value + strcspn(value, " \t\r\n>");
            value_len = end ? (size_t)(end - value) : 0;
            p = value + value_len + (quote ? 1 : 0);
        }
        if (found)
            return decode(value, value_len);
    }
    return NULL;
}

static void add_field(struct form *form, const char *name, const char *value)
{
    if (form->body.len)
        buf_char(&form->body, '&');
    text_add_escaped(&form->body, name);
    buf_char(&form->body, '=');
    text_add_escaped(&form->body, value ? value : "");
}

/* What a field sends by itself: everything but buttons, and boxes that are not checked. */
static bool is_sent(const struct tag *tag)
{
    OWNED(mem_text_free) char *type = attribute(tag, "type");
    OWNED(mem_text_free) char *checked = attribute(tag, "checked");
    bool box = type && (strcasecmp(type, "radio") == 0 || strcasecmp(type, "checkbox") == 0);
    bool button = type && (strcasecmp(type, "submit") == 0 || strcasecmp(type, "button") == 0);
    return !button && (!box || checked);
}

/* Take one tag of the form. True where it is the button that is pressed. */
static bool take_field(const struct tag *tag, const char *button, const char *value,
                       struct form *form)
{
    bool is_button = tag_is(tag, "button");
    if (!is_button && !tag_is(tag, "input"))
        return false;
    OWNED(mem_text_free) char *name = attribute(tag, "name");
    OWNED(mem_text_free) char *own = attribute(tag, "value");
    if (!name)
        return false;
    bool pressed = strcmp(name, button) == 0 && own && strcmp(own, value) == 0;
    if (pressed || (!is_button && is_sent(tag)))
        add_field(form, name, own);
    return pressed;
}

bool form_fill(const char *html, const char *button, const char *value, struct form *ret_form)
{
    struct tag tag;
    while (next_tag(html, &tag) && !tag_is(&tag, "form"))
        html = tag.end;
    if (!next_tag(html, &tag))
        return false;
    char *action = attribute(&tag, "action");
    char *method = attribute(&tag, "method");
    struct form form = {.action = action ? action : mem_text(""),
                        .method = method ? method : mem_text("get")};
    bool pressed = false;
    for (html = tag.end; next_tag(html, &tag) && !tag_is(&tag, "/form"); html = tag.end)
        pressed = take_field(&tag, button, value, &form) || pressed;
    if (!pressed) {
        form_free(&form);
        return false;
    }
    *ret_form = form;
    return true;
}

void form_free(struct form *form)
{
    free(form->action);
    free(form->method);
    buf_free(&form->body);
    *form = (struct form){0};
}
