/* Faults of the protocol: what is answered. */
#include <stdlib.h>
#include <string.h>

#include "faults/effects.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static void add_headers(struct response *response, const cJSON *headers)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, headers) if (cJSON_IsString(member))
    {
        response_drop_header(response, member->string);
        response_header(response, member->string, member->valuestring);
    }
}

/* A body given as text goes out as it is, anything else as JSON. */
static void set_body(struct response *response, const cJSON *body)
{
    if (!body)
        return;
    if (cJSON_IsString(body)) {
        buf_clear(&response->body);
        buf_text(&response->body, body->valuestring);
        return;
    }
    char *text = tree_print(body);
    buf_clear(&response->body);
    buf_text(&response->body, text);
    free(text);
}

void fault_pass(struct exchange *x, const cJSON *action)
{
    (void)x;
    (void)action;
}

/* Retry-After: seconds or any text, or a date so many seconds from now. */
static void add_retry_after(struct exchange *x, const cJSON *action)
{
    const cJSON *value = tree_get(action, "retry_after");
    const cJSON *in_s = tree_get(action, "retry_after_in_s");
    char date[TEXT_HTTP_DATE_LEN + 1];
    if (in_s) {
        int64_t from_ms = x->response->date_ms ? x->response->date_ms : x->real_ms;
        text_format_http_date(from_ms + (int64_t)(in_s->valuedouble * 1000), date);
        response_header(x->response, "Retry-After", date);
        return;
    }
    OWNED(mem_text_free) char *text = value ? tree_print(value) : NULL;
    if (value)
        response_header(x->response, "Retry-After",
                        cJSON_IsString(value) ? value->valuestring : text);
}

void fault_status(struct exchange *x, const cJSON *action)
{
    int64_t status = 500;
    tree_int(action, "status", &status);
    const cJSON *body = tree_get(action, "body");
    const char *type = cJSON_IsString(body) ? "text/plain" : "application/json";
    response_text(x->response, (int)status, type, "");
    if (body)
        set_body(x->response, body);
    else
        buf_text(&x->response->body, "{\"message\":\"\",\"details\":{}}");
    add_retry_after(x, action);
    add_headers(x->response, tree_get(action, "headers"));
}

void fault_refuse(struct exchange *x, const cJSON *action)
{
    const char *name = tree_text(action, "refusal");
    x->refusal = name ? refusal_by_name(name) : REFUSAL_NONE;
}

/* Give the members of `renames` (old name to new) their new names. */
static void rename_members(cJSON *object, const cJSON *renames)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, renames)
    {
        cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(object, member->string);
        if (value && cJSON_IsString(member))
            tree_put(object, member->valuestring, value);
    }
}

static void edit_json(struct response *response, const cJSON *action)
{
    OWNED(tree_free) cJSON *body = tree_parse(buf_str(&response->body), response->body.len, NULL);
    if (!cJSON_IsObject(body))
        return;
    const cJSON *member;
    cJSON_ArrayForEach(member, tree_get(action, "omit")) if (cJSON_IsString(member))
        cJSON_DeleteItemFromObjectCaseSensitive(body, member->valuestring);
    rename_members(body, tree_get(action, "rename"));
    cJSON_ArrayForEach(member, tree_get(action, "set"))
    {
        cJSON_DeleteItemFromObjectCaseSensitive(body, member->string);
        tree_put(body, member->string, cJSON_Duplicate(member, true));
    }
    set_body(response, body);
}

void fault_edit(struct exchange *x, const cJSON *action)
{
    int64_t status;
    edit_json(x->response, action);
    set_body(x->response, tree_get(action, "body"));
    if (tree_int(action, "status", &status))
        x->response->status = (int)status;
    const cJSON *name;
    cJSON_ArrayForEach(name, tree_get(action, "drop_headers")) if (cJSON_IsString(name))
        response_drop_header(x->response, name->valuestring);
    add_headers(x->response, tree_get(action, "headers"));
}
