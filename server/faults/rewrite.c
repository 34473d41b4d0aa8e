/* Faults that rewrite a body: its members, its characters, its coding. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "faults/body.h"
#include "faults/effects.h"
#include "shared/mem.h"
#include "shared/tree.h"

void fault_pass(struct exchange *x, const cJSON *action)
{
    (void)x;
    (void)action;
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

/* Takes `value`, in place of what was there. */
static void set_member(cJSON *object, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    tree_put(object, name, value);
}

enum { NEST_MAX = 10000 };

/* {"a":{"a":…{}…}}, so many deep. */
static cJSON *nested(const cJSON *depth)
{
    OWNED(buf_free) struct buf out = {0};
    int n = cJSON_IsNumber(depth) && depth->valuedouble > 0 && depth->valuedouble < NEST_MAX
                ? depth->valueint
                : 1;
    for (int i = 1; i < n; i++)
        buf_text(&out, "{\"a\":");
    buf_text(&out, "{}");
    for (int i = 1; i < n; i++)
        buf_char(&out, '}');
    return cJSON_CreateRaw(buf_str(&out));
}

static void edit_json(struct response *response, const cJSON *action)
{
    OWNED(tree_free) cJSON *body = tree_parse(buf_str(&response->body), response->body.len, NULL);
    if (!cJSON_IsObject(body))
        return;
    const cJSON *member;
    cJSON_ArrayForEach(member, tree_get(action, "omit"))
        cJSON_DeleteItemFromObjectCaseSensitive(body, member->valuestring);
    rename_members(body, tree_get(action, "rename"));
    cJSON_ArrayForEach(member, tree_get(action, "set"))
        set_member(body, member->string, cJSON_Duplicate(member, true));
    cJSON_ArrayForEach(member, tree_get(action, "raw")) if (cJSON_IsString(member))
        set_member(body, member->string, cJSON_CreateRaw(member->valuestring));
    cJSON_ArrayForEach(member, tree_get(action, "nest"))
        set_member(body, member->string, nested(member));
    cJSON_ArrayForEach(member, tree_get(action, "duplicate"))
        tree_put(body, member->string, cJSON_Duplicate(member, true));
    body_set(response, body);
}

static void add_ends(struct buf *body, const char *prefix, const char *suffix)
{
    struct buf whole = {0};
    buf_text(&whole, prefix ? prefix : "");
    buf_add(&whole, body->data, body->len);
    buf_text(&whole, suffix ? suffix : "");
    buf_free(body);
    *body = whole;
}

void fault_edit(struct exchange *x, const cJSON *action)
{
    int64_t status;
    edit_json(x->response, action);
    body_set(x->response, tree_get(action, "body"));
    if (tree_get(action, "prefix") || tree_get(action, "suffix"))
        add_ends(&x->response->body, tree_text(action, "prefix"), tree_text(action, "suffix"));
    if (tree_int(action, "status", &status))
        x->response->status = (int)status;
    const cJSON *name;
    cJSON_ArrayForEach(name, tree_get(action, "drop_headers"))
        response_drop_header(x->response, name->valuestring);
    body_add_headers(x->response, tree_get(action, "headers"));
}

/* Write every plain character within a JSON text's strings as \u00xx. */
void fault_escapes(struct exchange *x, const cJSON *action)
{
    (void)action;
    struct buf out = {0};
    const struct buf *body = &x->response->body;
    bool inside = false;
    for (size_t i = 0; i < body->len; i++) {
        char c = body->data[i];
        if (inside && c == '\\' && i + 1 < body->len) {
            buf_add(&out, body->data + i++, 2);
        } else if (c == '"') {
            inside = !inside;
            buf_char(&out, c);
        } else if (inside && (unsigned char)c < 0x80) {
            buf_format(&out, "\\u%04x", (unsigned)c);
        } else {
            buf_char(&out, c);
        }
    }
    buf_free(&x->response->body);
    x->response->body = out;
}

void fault_date(struct exchange *x, const cJSON *action)
{
    int64_t from_ms = x->response->date_ms ? x->response->date_ms : x->real_ms;
    double to_ms = (double)from_ms + tree_get(action, "offset_s")->valuedouble * 1000;
    bool fits = to_ms >= 1000 && to_ms < (double)TIMELINE_MAX_MS;
    x->response->date_ms = fits ? (int64_t)to_ms : from_ms;
}

/* ---- gzip, without compressing (RFC 1951 section 3.2.4: stored blocks) ---- */

static uint32_t crc32_of(const struct buf *bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes->len; i++) {
        crc ^= (unsigned char)bytes->data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

static void add_le(struct buf *out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(out, (char)(unsigned char)(value >> 8 * i));
}

void fault_gzip(struct exchange *x, const cJSON *action)
{
    enum { BLOCK_MAX = 65535 };
    static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
    const char *asked = request_header(x->request, "Accept-Encoding");
    if (!tree_flag(action, "always", false) && !(asked && strstr(asked, "gzip")))
        return;
    struct buf out = {0};
    const struct buf *body = &x->response->body;
    buf_add(&out, head, sizeof head - 1);
    for (size_t at = 0; at == 0 || at < body->len;) {
        size_t n = body->len - at < BLOCK_MAX ? body->len - at : BLOCK_MAX;
        buf_char(&out, at + n == body->len);
        add_le(&out, (uint32_t)n, 2);
        add_le(&out, (uint32_t)~n, 2);
        buf_add(&out, body->data + at, n);
        at += n ? n : 1;
    }
    add_le(&out, crc32_of(body), 4);
    add_le(&out, (uint32_t)body->len, 4);
    buf_free(&x->response->body);
    x->response->body = out;
    response_header(x->response, "Content-Encoding", "gzip");
    response_header(x->response, "Vary", "Accept-Encoding");
}
