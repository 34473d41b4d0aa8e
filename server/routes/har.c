/* HAR wants every member there, and sizes of -1 where they are not known. */
#include "routes/har.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/reason.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

/* The pairs of a message as [{"name","value"}]. */
static cJSON *named_pairs(const cJSON *headers)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *pair;
    cJSON_ArrayForEach(pair, headers)
    {
        cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
        tree_put_text(row, "name", cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)));
        tree_put_text(row, "value", cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1)));
    }
    return list;
}

static const char *header_of(const cJSON *message, const char *name, const char *fallback)
{
    const cJSON *pair;
    cJSON_ArrayForEach(
        pair, tree_get(message,
                       "headers")) if (strcasecmp(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)),
                                                  name) ==
                                       0) return cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
    return fallback;
}

static cJSON *query_pairs(const char *target)
{
    cJSON *list = cJSON_CreateArray();
    const char *at = strchr(target, '?');
    for (at = at ? at + 1 : ""; *at;) {
        size_t len = strcspn(at, "&");
        size_t name_len = strcspn(at, "=&");
        OWNED(buf_free) struct buf name = {0};
        OWNED(buf_free) struct buf value = {0};
        text_add_unescaped(&name, at, name_len, true);
        if (name_len < len)
            text_add_unescaped(&value, at + name_len + 1, len - name_len - 1, true);
        if (tree_text_is_sound(buf_str(&name), name.len) &&
            tree_text_is_sound(buf_str(&value), value.len)) {
            cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
            tree_put_text(row, "name", buf_str(&name));
            tree_put_text(row, "value", buf_str(&value));
        }
        at += len + (at[len] == '&');
    }
    return list;
}

static const char *body_of(const cJSON *message)
{
    const char *body = tree_text(message, "body");
    return body ? body : "";
}

static int digit_of(char hex)
{
    return hex <= '9' ? hex - '0' : hex - 'a' + 10;
}

/* Hexadecimal digits as base64 with its padding (RFC 4648 section 4), as HAR has what is no text.
 */
static void add_base64(struct buf *out, const char *hex)
{
    size_t len = strlen(hex) / 2;
    char *bytes = mem_new(len + 1, 1);
    out->max = 2 * len + 4;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(digit_of(hex[2 * i]) * 16 + digit_of(hex[2 * i + 1]));
    text_add_base64url(out, bytes, len);
    free(bytes);
    for (char *c = out->data; c && *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    while (out->len % 4)
        buf_char(out, '=');
}

/* The body's text into `object`; what is no text as base64, which `mark` says. Gives its length. */
static size_t put_body(cJSON *object, const cJSON *message, const char *mark)
{
    const char *hex = tree_text(message, "body_hex");
    OWNED(buf_free) struct buf encoded = {0};
    if (!hex) {
        tree_put_text(object, "text", body_of(message));
        return strlen(body_of(message));
    }
    add_base64(&encoded, hex);
    tree_put_text(object, "text", buf_str(&encoded));
    tree_put_text(object, mark, "base64");
    return strlen(hex) / 2;
}

static cJSON *har_request(const cJSON *entry)
{
    const cJSON *from = tree_get(entry, "request");
    bool has_body = *body_of(from) || tree_get(from, "body_hex");
    size_t body_len = 0;
    cJSON *request = cJSON_CreateObject();
    tree_put_text(request, "method", tree_text(entry, "method"));
    OWNED(mem_text_free)
    char *url =
        mem_format("http://%s%s", header_of(from, "Host", "localhost"), tree_text(entry, "target"));
    tree_put_text(request, "url", url);
    tree_put_text(request, "httpVersion", "HTTP/1.1");
    tree_put(request, "cookies", cJSON_CreateArray());
    tree_put(request, "headers", named_pairs(tree_get(from, "headers")));
    tree_put(request, "queryString", query_pairs(tree_text(entry, "target")));
    tree_put_int(request, "headersSize", -1);
    if (has_body) {
        cJSON *post = tree_put(request, "postData", cJSON_CreateObject());
        tree_put_text(post, "mimeType", header_of(from, "Content-Type", ""));
        tree_put(post, "params", cJSON_CreateArray());
        body_len = put_body(post, from, "comment"); /* HAR has no encoding here */
    }
    tree_put_int(request, "bodySize", (int64_t)body_len);
    return request;
}

static cJSON *har_response(const cJSON *entry)
{
    const cJSON *from = tree_get(entry, "response");
    int64_t status = 0;
    tree_int(entry, "status", &status);
    cJSON *response = cJSON_CreateObject();
    tree_put_int(response, "status", status);
    tree_put_text(response, "statusText", reason_phrase((int)status));
    tree_put_text(response, "httpVersion", "HTTP/1.1");
    tree_put(response, "cookies", cJSON_CreateArray());
    tree_put(response, "headers", named_pairs(tree_get(from, "headers")));
    cJSON *content = tree_put(response, "content", cJSON_CreateObject());
    int64_t body_len = (int64_t)put_body(content, from, "encoding");
    tree_put_int(content, "size", body_len);
    tree_put_text(content, "mimeType", header_of(from, "Content-Type", ""));
    tree_put_text(response, "redirectURL", header_of(from, "Location", ""));
    tree_put_int(response, "headersSize", -1);
    tree_put_int(response, "bodySize", body_len);
    return response;
}

/* What developer tools sort by; without it Chromium takes everything for a script. */
static const char *kind_of(const cJSON *entry)
{
    const char *type = header_of(tree_get(entry, "response"), "Content-Type", "");
    return strncmp(type, "text/html", 9) == 0 ? "document" : "fetch";
}

static cJSON *har_entry(const cJSON *from)
{
    static const char *const extras[] = {"seq",   "world",   "at_ms",    "route",
                                         "grant", "outcome", "fault_id", "request_id"};
    int64_t real_ms = 0, took_us = 0;
    tree_int(from, "real_ms", &real_ms);
    tree_int(from, "took_us", &took_us);
    char started[TEXT_ISO_LEN + 1];
    text_format_iso(real_ms - took_us / 1000, started);
    cJSON *entry = cJSON_CreateObject();
    tree_put_text(entry, "startedDateTime", started);
    tree_put(entry, "time", cJSON_CreateNumber((double)took_us / 1000));
    tree_put(entry, "request", har_request(from));
    tree_put(entry, "response", har_response(from));
    tree_put(entry, "cache", cJSON_CreateObject());
    tree_put_text(entry, "_resourceType", kind_of(from));
    cJSON *timings = tree_put(entry, "timings", cJSON_CreateObject());
    tree_put_int(timings, "send", 0);
    tree_put(timings, "wait", cJSON_CreateNumber((double)took_us / 1000));
    tree_put_int(timings, "receive", 0);
    cJSON *ours = tree_put(entry, "_fakewix", cJSON_CreateObject());
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
        tree_put(ours, extras[i], cJSON_Duplicate(tree_get(from, extras[i]), true));
    return entry;
}

cJSON *har_from_entries(const cJSON *entries)
{
    cJSON *har = cJSON_CreateObject();
    cJSON *log = tree_put(har, "log", cJSON_CreateObject());
    tree_put_text(log, "version", "1.2");
    cJSON *creator = tree_put(log, "creator", cJSON_CreateObject());
    tree_put_text(creator, "name", "fakewix");
    tree_put_text(creator, "version", FAKEWIX_VERSION);
    cJSON *list = tree_put(log, "entries", cJSON_CreateArray());
    const cJSON *entry;
    cJSON_ArrayForEach(entry, entries) cJSON_AddItemToArray(list, har_entry(entry));
    return har;
}
