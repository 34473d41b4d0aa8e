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

/* The text without commas that stand before a closing brace or bracket. Gives. */
static char *without_trailing_commas(const char *text, size_t len, size_t *ret_len)
{
    char *out = mem_text_n(text, len);
    size_t kept = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        size_t next = i + 1 + strspn(text + i + 1, " \t\r\n");
        bool trailing = !quoted && text[i] == ',' && (text[next] == '}' || text[next] == ']');
        if (!trailing)
            out[kept++] = text[i];
        if (quoted && text[i] == '\\' && i + 1 < len)
            out[kept++] = text[++i];
    }
    out[kept] = '\0';
    *ret_len = kept;
    return out;
}

static void parse_leniently(struct exchange *x)
{
    size_t len;
    OWNED(mem_text_free)
    char *text = without_trailing_commas(x->request->body, x->request->body_len, &len);
    if (len != x->request->body_len)
        x->lenient = tree_parse(text, len, NULL);
}

void exchange_settle(struct exchange *x)
{
    if (!x->lenient || !profile_is(&x->world->profile, PROFILE_TRAILING_COMMAS, "accept"))
        return;
    x->body = x->lenient;
    x->lenient = NULL;
    x->body_kind = BODY_JSON;
}

static void parse_json(struct exchange *x)
{
    OWNED(err_free) struct err err = {0};
    x->body = tree_parse(x->request->body, x->request->body_len, &err);
    x->body_kind = x->body ? BODY_JSON : BODY_MALFORMED;
    if (x->body)
        return;
    x->body_problem = mem_text(err.text);
    parse_leniently(x);
}

/* curl's default type for -d is the form type; the public documentation's own examples send JSON
 * under it (token-info, bi-event). What starts with a brace is JSON whatever the type says. */
static bool looks_like_json(const struct request *request)
{
    size_t at = strspn(request->body, " \t\r\n");
    return request->body[at] == '{' || request->body[at] == '[';
}

/* Whether a type names another charset than UTF-8, which is the only one taken. */
static bool has_other_charset(const char *type)
{
    static const char name[] = "charset=";
    for (const char *at = strchr(type, ';'); at; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, name, sizeof name - 1) != 0)
            continue;
        at += sizeof name - 1;
        at += *at == '"';
        size_t len = strcspn(at, "\"; \t");
        return !(len == 5 && strncasecmp(at, "utf-8", 5) == 0) &&
               !(len == 4 && strncasecmp(at, "utf8", 4) == 0);
    }
    return false;
}

/* fetch() sends text as text/plain where its caller names no type, and Wix's own command line does
 * so on /oauth2/token (account-cli). */
static bool takes_plain(const struct exchange *x)
{
    return x->path && strncmp(x->path, "/oauth2/", 8) == 0;
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
    bool plain = type && type_is(type, "text/plain") && takes_plain(x);
    if (type && (json || form || plain) && has_other_charset(type)) {
        x->body_kind = BODY_OTHER_TYPE;
        return;
    }
    if (json || ((form || plain) && looks_like_json(request))) {
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
    /* Sentences that come a line each end in a line end, which is not part of the last. */
    if (len > 0 && x->refusal_detail[len - 1] == '\n')
        x->refusal_detail[len - 1] = '\0';
    return refusal;
}

void exchange_answer(struct exchange *x, int status, cJSON *answer)
{
    cJSON_Delete(x->answer);
    x->answer = answer;
    x->answer_status = status;
}

void exchange_done(struct exchange *x)
{
    cJSON_Delete(x->body);
    cJSON_Delete(x->query);
    cJSON_Delete(x->lenient);
    free(x->body_problem);
    free(x->refusal_detail);
    free(x->path);
    free(x->place);
    free(x->carried);
    free(x->drafts);
    cJSON_Delete(x->answer);
    for (size_t i = 0; i < sizeof x->segments / sizeof *x->segments; i++)
        free(x->segments[i]);
}
