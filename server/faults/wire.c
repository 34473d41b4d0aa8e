/* Faults of the wire: the answer is right, but it does not travel well. Only says how; the
 * listener does it (http/delivery.c), after every lock is free. */
#include <stdint.h>
#include <string.h>

#include "faults/effects.h"
#include "shared/tree.h"

static int64_t int_or(const cJSON *action, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    tree_int(action, name, &value);
    return value < 0 ? fallback : value;
}

void fault_truncate(struct exchange *x, const cJSON *action)
{
    size_t bytes = (size_t)int_or(action, "bytes", 0);
    struct response *response = x->response;
    if (tree_flag(action, "right_length", false)) {
        if (bytes < response->body.len) {
            response->body.data[bytes] = '\0';
            response->body.len = bytes;
        }
        return;
    }
    response->delivery.cut = CUT_CLOSE;
    response->delivery.cut_after = bytes;
}

void fault_drip(struct exchange *x, const cJSON *action)
{
    x->response->delivery.drip_bytes = (size_t)int_or(action, "bytes", 1);
    x->response->delivery.drip_ms = int_or(action, "ms", 1000);
}

void fault_stall(struct exchange *x, const cJSON *action)
{
    x->response->delivery.stall_after = (size_t)int_or(action, "after_bytes", 0);
    x->response->delivery.stall_ms = int_or(action, "ms", 0);
}

void fault_length(struct exchange *x, const cJSON *action)
{
    x->response->delivery.length_offset = (int64_t)tree_get(action, "offset")->valuedouble;
}

void fault_endless(struct exchange *x, const cJSON *action)
{
    x->response->delivery.endless = true;
    x->response->delivery.endless_max = (size_t)int_or(action, "max_bytes", 64 * 1024 * 1024);
}

void fault_chunked(struct exchange *x, const cJSON *action)
{
    x->response->delivery.chunked = true;
    x->response->delivery.chunk_bytes = (size_t)int_or(action, "bytes", 7);
    x->response->delivery.no_last_chunk = tree_flag(action, "no_last_chunk", false);
}

void fault_http10(struct exchange *x, const cJSON *action)
{
    (void)action;
    x->response->delivery.http10 = true;
}

void fault_interim(struct exchange *x, const cJSON *action)
{
    x->response->delivery.interim_status = (int)int_or(action, "status", 103);
}

void fault_header_case(struct exchange *x, const cJSON *action)
{
    const char *name = tree_text(action, "case");
    x->response->delivery.header_case =
        name && strcmp(name, "upper") == 0 ? HEADER_CASE_UPPER : HEADER_CASE_LOWER;
}

void fault_garbage(struct exchange *x, const cJSON *action)
{
    (void)action;
    x->response->delivery.garbage = "\x15\x03\x01 this is not HTTP\r\n\r\n";
}
