/* Journal entries, decoded once: a check asks for a field, not for JSON inside JSON. */
#include "fake/wire.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static const struct {
    const char *path;
    enum exchange_kind kind;
} kinds[] = {
    {"/oauth2/token", EXCHANGE_TOKEN},      {"/oauth2/token/", EXCHANGE_TOKEN},
    {"/oauth/access", EXCHANGE_TOKEN},      {"/oauth/access/", EXCHANGE_TOKEN},
    {"/oauth/access.json", EXCHANGE_TOKEN}, {"/oauth2/token-info", EXCHANGE_TOKEN_INFO},
    {"/installer/*", EXCHANGE_INSTALLER},   {"/app-installer", EXCHANGE_INSTALLER},
};

static enum exchange_kind kind_of(const char *path)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_matches(kinds[i].path, path))
            return kinds[i].kind;
    return EXCHANGE_API;
}

/* "a=1&b=2" as {"a":"1","b":"2"}. */
static cJSON *read_form(const char *body)
{
    cJSON *fields = cJSON_CreateObject();
    while (*body) {
        size_t len = strcspn(body, "&");
        const char *equals = memchr(body, '=', len);
        size_t name_len = equals ? (size_t)(equals - body) : len;
        OWNED(buf_free) struct buf name = {0};
        OWNED(buf_free) struct buf value = {0};
        text_add_unescaped(&name, body, name_len, true);
        if (equals)
            text_add_unescaped(&value, equals + 1, len - name_len - 1, true);
        if (name.len)
            tree_put_text(fields, buf_str(&name), buf_str(&value));
        body += len + (body[len] == '&');
    }
    return fields;
}

static cJSON *read_fields(const char *body, const char *type)
{
    if (!*body)
        return NULL;
    cJSON *tree = tree_parse(body, strlen(body), NULL);
    if (cJSON_IsObject(tree))
        return tree;
    cJSON_Delete(tree);
    bool form = type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
    return form ? read_form(body) : NULL;
}

static char *copy_text(const cJSON *object, const char *name)
{
    const char *text = tree_text(object, name);
    return mem_text(text ? text : "");
}

/* "Bearer abc" and "abc" both as "abc": Wix takes either. */
static char *token_of(const char *authorization)
{
    if (!authorization)
        return NULL;
    if (strncasecmp(authorization, "Bearer", 6) == 0 &&
        (authorization[6] == ' ' || !authorization[6]))
        authorization += 6;
    return mem_text(authorization + strspn(authorization, " "));
}

static void free_exchange(struct exchange *exchange)
{
    free(exchange->method);
    free(exchange->target);
    free(exchange->path);
    free(exchange->instance_id);
    free(exchange->outcome);
    free(exchange->fault_id);
    free(exchange->token);
    free(exchange->body);
    cJSON_Delete(exchange->headers);
    cJSON_Delete(exchange->fields);
    cJSON_Delete(exchange->answer);
}

void wire_free(struct wire *wire)
{
    for (size_t i = 0; i < wire->n; i++)
        free_exchange(&wire->list[i]);
    free(wire->list);
    *wire = (struct wire){0};
}

void wire_drop(struct wire *wire, size_t i)
{
    free_exchange(&wire->list[i]);
    wire->n--;
    for (; i < wire->n; i++)
        wire->list[i] = wire->list[i + 1];
}

static bool read_exchange(const cJSON *entry, const char *prefix, struct exchange *exchange,
                          struct err *err)
{
    int64_t status = 0;
    const char *target = tree_text(entry, "target");
    if (!target || !tree_text(entry, "method") || !tree_int(entry, "seq", &exchange->seq) ||
        !tree_int(entry, "at_ms", &exchange->at_ms) ||
        !tree_int(entry, "real_ms", &exchange->real_ms) || !tree_int(entry, "status", &status))
        return err_set(err, "an entry of the fake's journal lacks seq, method, target, at_ms, "
                            "real_ms or status");
    if (strncmp(target, prefix, strlen(prefix)) == 0)
        target += strlen(prefix);
    const cJSON *request = tree_get(entry, "request");
    const char *answer = tree_text(tree_get(entry, "response"), "body");
    const char *fault = tree_text(entry, "fault_id");
    const char *route = tree_text(entry, "route");
    exchange->status = (int)status;
    exchange->method = copy_text(entry, "method");
    int64_t took_us = 0;
    tree_int(entry, "took_us", &took_us);
    exchange->took_ms = took_us / 1000;
    exchange->target = mem_text(target);
    exchange->path = mem_text_n(target, strcspn(target, "?"));
    exchange->kind =
        text_matches("WEBHOOK *", route ? route : "") ? EXCHANGE_WEBHOOK : kind_of(exchange->path);
    exchange->instance_id = copy_text(entry, "instance_id");
    exchange->outcome = copy_text(entry, "outcome");
    exchange->fault_id = fault && *fault ? mem_text(fault) : NULL;
    exchange->headers = cJSON_Duplicate(tree_get(request, "headers"), true);
    exchange->body = copy_text(request, "body");
    exchange->fields = read_fields(exchange->body, exchange_header(exchange, "Content-Type"));
    exchange->token = token_of(exchange_header(exchange, "Authorization"));
    exchange->answer = answer ? tree_parse(answer, strlen(answer), NULL) : NULL;
    return true;
}

bool wire_read(const cJSON *journal, const char *prefix, struct wire *ret_wire, struct err *err)
{
    const cJSON *entries = tree_get(journal, "entries");
    struct wire wire = {0};
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, entries)
    {
        wire.list = mem_grow(wire.list, wire.n + 1, sizeof *wire.list);
        wire.list[wire.n] = (struct exchange){0};
        if (!read_exchange(entry, prefix, &wire.list[wire.n++], err)) {
            wire_free(&wire);
            return false;
        }
    }
    *ret_wire = wire;
    return true;
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, exchange->headers)
    {
        const char *key = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        if (key && strcasecmp(key, name) == 0)
            return cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
    }
    return NULL;
}

/* "client_id" as "clientId". */
static char *camel(const char *snake)
{
    char *text = mem_text(snake);
    size_t to = 0;
    for (size_t from = 0; snake[from]; from++) {
        bool joint = snake[from] == '_' && snake[from + 1];
        text[to++] = joint ? (char)toupper((unsigned char)snake[++from]) : snake[from];
    }
    text[to] = '\0';
    return text;
}

const char *exchange_field(const struct exchange *exchange, const char *snake_name)
{
    const char *value = tree_text(exchange->fields, snake_name);
    if (value)
        return value;
    OWNED(mem_text_free) char *other = camel(snake_name);
    return tree_text(exchange->fields, other);
}

/* "1|world|…" of the claim "fakewix" (docs/decisions/0006). */
static char *world_of_claims(const char *part, size_t len)
{
    OWNED(buf_free) struct buf text = {0};
    if (!text_decode_base64url(&text, part, len, false))
        return NULL;
    OWNED(tree_free) cJSON *claims = tree_parse(buf_str(&text), text.len, NULL);
    const char *facts = tree_text(claims, "fakewix");
    const char *world = facts ? strchr(facts, '|') : NULL;
    return world ? mem_text_n(world + 1, strcspn(world + 1, "|")) : NULL;
}

char *wire_token_world(const char *token)
{
    for (const char *part = token; *part;) {
        size_t len = strcspn(part, ".");
        char *world = world_of_claims(part, len);
        if (world)
            return world;
        part += len + (part[len] == '.');
    }
    return NULL;
}

bool exchange_asks_for_token(const struct exchange *exchange)
{
    return exchange->kind == EXCHANGE_TOKEN && strcmp(exchange->method, "POST") == 0;
}

bool exchange_is_ok(const struct exchange *exchange)
{
    return exchange->status >= 200 && exchange->status <= 299;
}

const char *exchange_answer(const struct exchange *exchange, const char *name)
{
    const char *text = tree_text(exchange->answer, name);
    return text && *text ? text : NULL;
}
