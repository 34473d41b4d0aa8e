/* Faults that answer in place of the handler, or over its answer. */
#include <stdlib.h>
#include <string.h>

#include "faults/body.h"
#include "faults/effects.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

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
        body_set(x->response, body);
    else
        buf_text(&x->response->body, "{\"message\":\"\",\"details\":{}}");
    add_retry_after(x, action);
    body_add_headers(x->response, tree_get(action, "headers"));
}

void fault_refuse(struct exchange *x, const cJSON *action)
{
    const char *name = tree_text(action, "refusal");
    x->refusal = name ? refusal_by_name(name) : REFUSAL_NONE;
}

/* An error that quotes what was sent, as careless servers do. */
void fault_echo(struct exchange *x, const cJSON *action)
{
    int64_t status = 400;
    tree_int(action, "status", &status);
    const char *credentials = request_header(x->request, "Authorization");
    OWNED(mem_text_free)
    char *sentence =
        mem_format("Cannot process %s %s: Authorization: %s, body: %s", x->request->method,
                   x->request->target, credentials ? credentials : "none", x->request->body);
    cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "error", "invalid_request");
    tree_put_text(body, "error_description", sentence);
    response_json(x->response, (int)status, body);
}

/* The other one of this machine's two names: a client may care for the host and not for the port.
 */
static const char *other_host(const struct exchange *x)
{
    const char *host = request_header(x->request, "Host");
    return host && strncmp(host, "127.", 4) == 0 ? "localhost" : "127.0.0.1";
}

/* Lead the client astray: to a given URL, or to the port that records what leaks. */
void fault_redirect(struct exchange *x, const cJSON *action)
{
    int64_t status = 307;
    const char *to = tree_text(action, "to");
    const char *host = tree_text(action, "host");
    const char *scheme = tree_text(action, "scheme");
    bool tls = scheme && strcmp(scheme, "https") == 0;
    const char *query = strchr(x->request->target, '?');
    tree_int(action, "status", &status);
    OWNED(mem_text_free)
    char *leak =
        mem_format("%s://%s:%d/leak/%s%s%s", tls ? "https" : "http", host ? host : other_host(x),
                   x->world->leak_ports[tls], x->world->id, x->path, query ? query : "");
    response_text(x->response, (int)status, "text/html; charset=utf-8", "");
    response_header(x->response, "Location", to && strcmp(to, "leak") != 0 ? to : leak);
}

/* Faults of connections do nothing to a request: the port does it (http/doors.c). */
void fault_refuse_connections(struct exchange *x, const cJSON *action)
{
    (void)x;
    (void)action;
}

void fault_accept_silence(struct exchange *x, const cJSON *action)
{
    (void)x;
    (void)action;
}

void fault_reset_connections(struct exchange *x, const cJSON *action)
{
    (void)x;
    (void)action;
}

void fault_bad_certificate(struct exchange *x, const cJSON *action)
{
    (void)x;
    (void)action;
}
