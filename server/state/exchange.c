/* Reading a request's parameters, once, before anybody decides anything. */
#include "state/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { PARAMS_MAX = 1000 };

/* name=value&… as an object of texts; the last of a doubled name counts, as in JSON bodies. */
static cJSON *parse_form(const char *text, size_t len, bool *ret_sound)
{
    cJSON *object = cJSON_CreateObject();
    const char *end = text + len;
    int n = 0;
    *ret_sound = true;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (!stop)
            stop = end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        const char *name_end = equals ? equals : stop;
        OWNED(buf_free) struct buf name = {0};
        OWNED(buf_free) struct buf value = {0};
        text_add_unescaped(&name, text, (size_t)(name_end - text), true);
        if (equals)
            text_add_unescaped(&value, equals + 1, (size_t)(stop - equals - 1), true);
        if (!tree_text_is_sound(buf_str(&name), name.len) ||
            !tree_text_is_sound(buf_str(&value), value.len) || ++n > PARAMS_MAX)
            *ret_sound = false;
        else if (name.len)
            tree_put_text(object, buf_str(&name), buf_str(&value));
        text = stop + 1;
    }
    return object;
}

static bool type_is(const char *header, const char *type)
{
    size_t len = strlen(type);
    return strncasecmp(header, type, len) == 0 && (!header[len] || strchr("; \t", header[len]));
}

static void parse_json(struct exchange *x)
{
    OWNED(err_free) struct err err = {0};
    x->body = tree_parse(x->request->body, x->request->body_len, &err);
    x->body_kind = x->body ? BODY_JSON : BODY_MALFORMED;
    if (err.text)
        x->body_problem = mem_text(err.text);
}

/* curl's default type for -d is the form type; the public documentation's own examples send JSON
 * under it (token-info, bi-event). What starts with a brace is JSON whatever the type says. */
static bool looks_like_json(const struct request *request)
{
    size_t at = strspn(request->body, " \t\r\n");
    return request->body[at] == '{' || request->body[at] == '[';
}

static void parse_body(struct exchange *x)
{
    const struct request *request = x->request;
    const char *type = request_header(request, "Content-Type");
    if (!request->body_len) {
        x->body_kind = BODY_EMPTY;
        return;
    }
    bool form = !type || !*type || type_is(type, "application/x-www-form-urlencoded");
    bool json = type && type_is(type, "application/json");
    if (json || (form && looks_like_json(request))) {
        parse_json(x);
        return;
    }
    if (!form) {
        x->body_kind = BODY_OTHER_TYPE;
        return;
    }
    bool sound;
    x->body = parse_form(request->body, request->body_len, &sound);
    x->body_kind = sound ? BODY_FORM : BODY_MALFORMED;
    if (!sound)
        x->body_problem = mem_text("the form has parts that are not UTF-8, or too many of them");
}

void exchange_parse(struct exchange *x)
{
    const char *mark = strchr(x->request->target, '?');
    bool sound;
    x->query = parse_form(mark ? mark + 1 : "", mark ? strlen(mark + 1) : 0, &sound);
    parse_body(x);
}

static const cJSON *param(const struct exchange *x, const char *snake, const char *camel)
{
    const cJSON *value = tree_get(x->body, snake);
    if (!value && camel)
        value = tree_get(x->body, camel);
    return value && !cJSON_IsNull(value) ? value : NULL;
}

const char *exchange_param(const struct exchange *x, const char *snake, const char *camel)
{
    return cJSON_GetStringValue(param(x, snake, camel));
}

bool exchange_has_param(const struct exchange *x, const char *snake, const char *camel)
{
    return param(x, snake, camel) != NULL;
}

const char *exchange_query(const struct exchange *x, const char *name)
{
    return tree_text(x->query, name);
}

static void copy_fact(char *ret_fact, size_t max, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    len = len < max ? len : max;
    if (len)
        memcpy(ret_fact, text, len);
    ret_fact[len] = '\0';
}

void exchange_set_app(struct exchange *x, const char *app_id)
{
    copy_fact(x->app_id, MODEL_ID_MAX, app_id);
}

void exchange_set_instance(struct exchange *x, const char *instance_id)
{
    copy_fact(x->instance_id, MODEL_ID_MAX, instance_id);
}

void exchange_set_grant(struct exchange *x, const char *grant)
{
    copy_fact(x->grant, JOURNAL_GRANT_MAX, grant);
}

enum refusal exchange_refuse(struct exchange *x, enum refusal refusal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    free(x->refusal_detail);
    x->refusal_detail = mem_new((size_t)(len < 0 ? 0 : len) + 1, 1);
    vsnprintf(x->refusal_detail, (size_t)(len < 0 ? 0 : len) + 1, format, again);
    va_end(again);
    return refusal;
}

void exchange_done(struct exchange *x)
{
    cJSON_Delete(x->body);
    cJSON_Delete(x->query);
    free(x->body_problem);
    free(x->refusal_detail);
    free(x->path);
    free(x->carried);
    for (size_t i = 0; i < sizeof x->segments / sizeof *x->segments; i++)
        free(x->segments[i]);
}
