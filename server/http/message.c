/* Request and response values. Why they know nothing of CivetWeb: docs/ARCHITECTURE.md. */
#include "http/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/tree.h"

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static bool has_control_byte(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return true;
    return false;
}

void response_header(struct response *response, const char *name, const char *value)
{
    if (has_control_byte(name) || has_control_byte(value))
        return;
    buf_text(&response->head, name);
    buf_add(&response->head, ": ", 2);
    buf_text(&response->head, value);
    buf_add(&response->head, "\r\n", 2);
}

/* The line of that name in header lines, or NULL; *ret_len with its line end. */
static const char *find_line(const char *head, const char *name, size_t *ret_len)
{
    size_t name_len = strlen(name);
    while (*head) {
        const char *end = strstr(head, "\r\n");
        size_t len = end ? (size_t)(end - head) + 2 : strlen(head);
        if (len > name_len && head[name_len] == ':' && strncasecmp(head, name, name_len) == 0) {
            *ret_len = len;
            return head;
        }
        head += len;
    }
    return NULL;
}

void response_drop_header(struct response *response, const char *name)
{
    size_t len;
    const char *line;
    while (response->head.len && (line = find_line(response->head.data, name, &len))) {
        size_t at = (size_t)(line - response->head.data);
        memmove(response->head.data + at, line + len, response->head.len - at - len + 1);
        response->head.len -= len;
    }
}

char *response_header_value(const struct response *response, const char *name)
{
    size_t len;
    const char *line = find_line(buf_str(&response->head), name, &len);
    if (!line)
        return NULL;
    size_t skip = strlen(name) + 2;
    return mem_text_n(line + skip, len - skip - 2);
}

void response_text(struct response *response, int status, const char *type, const char *text)
{
    response->status = status;
    response_drop_header(response, "Content-Type");
    if (type)
        response_header(response, "Content-Type", type);
    buf_clear(&response->body);
    buf_text(&response->body, text);
}

void response_json(struct response *response, int status, cJSON *body)
{
    response_text(response, status, "application/json", "");
    buf_give(&response->body, tree_print(body));
    cJSON_Delete(body);
}

void response_free(struct response *response)
{
    if (response->delivery.hold && response->delivery.release_hold)
        response->delivery.release_hold(response->delivery.hold);
    if (response->ticket)
        response->free_ticket(response->ticket);
    if (response->stream_free)
        response->stream_free(response->stream_context);
    buf_free(&response->head);
    buf_free(&response->body);
    *response = (struct response){0};
}

cJSON *message_headers_json(const char *head, size_t len)
{
    cJSON *list = cJSON_CreateArray();
    const char *end = head + len;
    while (head < end) {
        const char *line_end = memchr(head, '\r', (size_t)(end - head));
        if (!line_end)
            line_end = end;
        const char *colon = memchr(head, ':', (size_t)(line_end - head));
        if (colon) {
            const char *value = colon + 1 < line_end && colon[1] == ' ' ? colon + 2 : colon + 1;
            char *name_text = tree_sound_text(head, (size_t)(colon - head));
            char *value_text = tree_sound_text(value, (size_t)(line_end - value));
            cJSON *pair = cJSON_CreateArray();
            cJSON_AddItemToArray(pair, cJSON_CreateString(name_text));
            cJSON_AddItemToArray(pair, cJSON_CreateString(value_text));
            cJSON_AddItemToArray(list, pair);
            free(name_text);
            free(value_text);
        }
        head = line_end + 2;
    }
    return list;
}
