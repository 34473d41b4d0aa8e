/* Sends answers. The usual one is composed in the worker's own buffer and leaves in one write: two
 * writes cost a client 40 ms where it delays its acknowledgements. Everything else here is what
 * faults ask for, and waits by polling the client's socket, so that a client that leaves or a
 * server that stops ends any wait within 50 ms. */
#include "http/delivery.h"

#include <ctype.h>
#include <string.h>

#include "http/engine.h"
#include "http/reason.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"

enum {
    SLICE_MS = 50,
    ONE_WRITE_MAX = 256 * 1024, /* a larger body is not copied behind its head */
    KEEP_OUT_CAP = 512 * 1024,
};

enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_TO_CLOSE, FRAMING_NO_BODY };

/* ---- the head ---- */

static void add_number(struct buf *out, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    buf_add(out, digits + at, sizeof(digits) - at);
}

#define ADD(out, literal) buf_add(out, literal, sizeof(literal) - 1)

static void add_status_line(struct buf *out, int status, bool http10)
{
    if (http10)
        ADD(out, "HTTP/1.0 ");
    else
        ADD(out, "HTTP/1.1 ");
    add_number(out, (size_t)status);
    buf_char(out, ' ');
    buf_text(out, reason_phrase(status));
    ADD(out, "\r\n");
}

static void add_date(struct wire *wire, int64_t date_ms)
{
    int64_t second = (date_ms ? date_ms : now_real_ms()) / 1000;
    if (second != wire->date_s) {
        text_format_http_date(second * 1000, wire->date);
        wire->date_s = second;
    }
    ADD(&wire->out, "Date: ");
    buf_add(&wire->out, wire->date, TEXT_HTTP_DATE_LEN);
    ADD(&wire->out, "\r\n");
}

static void add_connection(struct wire *wire, bool keep_alive)
{
    if (!keep_alive) {
        ADD(&wire->out, "Connection: close\r\n\r\n");
        return;
    }
    ADD(&wire->out, "Connection: keep-alive\r\nKeep-Alive: timeout=");
    add_number(&wire->out, (size_t)wire->keep_alive_s);
    ADD(&wire->out, "\r\n\r\n");
}

static void add_head(struct wire *wire, const struct response *response, enum framing framing,
                     bool keep_alive)
{
    struct buf *out = &wire->out;
    buf_clear(out);
    add_status_line(out, response->status, response->delivery.http10);
    buf_add(out, response->head.data, response->head.len);
    add_date(wire, response->date_ms);
    if (framing == FRAMING_CHUNKED)
        ADD(out, "Transfer-Encoding: chunked\r\n");
    if (framing == FRAMING_LENGTH) {
        int64_t length = (int64_t)response->body.len + response->delivery.length_offset;
        ADD(out, "Content-Length: ");
        add_number(out, length > 0 ? (size_t)length : 0);
        ADD(out, "\r\n");
    }
    add_connection(wire, keep_alive);
}

static void change_names(struct buf *head, bool upper)
{
    char *at = strstr(head->data, "\r\n");
    while (at && at[2] != '\r') {
        for (at += 2; *at != ':'; at++)
            *at = (char)(upper ? toupper((unsigned char)*at) : tolower((unsigned char)*at));
        at = strstr(at, "\r\n");
    }
}

/* ---- waits ---- */

static bool is_over(const struct wire *wire, int since)
{
    return atomic_load_explicit(wire->stop, memory_order_relaxed) >= since;
}

/* Let real time pass, and not a microsecond less; false where the client left or the server had to
 * go. */
static bool wait_ms(struct wire *wire, int64_t ms)
{
    int64_t end_us = now_steady_us() + ms * 1000;
    for (int64_t left = ms; left > 0; left = (end_us - now_steady_us() + 999) / 1000)
        if (is_over(wire, STOP_NOW) ||
            engine_client_left(wire->connection, left < SLICE_MS ? (int)left : SLICE_MS))
            return false;
    return true;
}

static bool wait_hold(struct wire *wire, const struct delivery *delivery)
{
    while (!delivery->wait_hold(delivery->hold, SLICE_MS))
        if (is_over(wire, STOP_SOON) || engine_client_left(wire->connection, 0))
            return false;
    return true;
}

/* Say nothing until the client gives up, or until the hold opens where there is one. */
static void be_silent(struct wire *wire, const struct delivery *delivery)
{
    if (delivery->hold && delivery->wait_hold) {
        wait_hold(wire, delivery);
        return;
    }
    while (!is_over(wire, STOP_SOON) && !engine_client_left(wire->connection, SLICE_MS))
        ;
}

static void cut_off(struct wire *wire, const struct delivery *delivery)
{
    switch (delivery->cut) {
    case CUT_NONE:
        break;
    case CUT_SILENT:
        be_silent(wire, delivery);
        break;
    case CUT_RESET:
        engine_reset(wire->connection);
        break;
    case CUT_CLOSE:
        engine_shut(wire->connection);
        break;
    }
}

/* ---- the body, piece by piece ---- */

struct pour {
    struct wire *wire;
    const struct delivery *delivery;
    enum framing framing;
    size_t sent; /* body bytes */
    bool has_stalled;
    bool is_cut;
};

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How much may go in one piece: up to the next point where something happens. */
static size_t piece_len(const struct pour *pour, size_t left)
{
    const struct delivery *delivery = pour->delivery;
    size_t n = left;
    if (delivery->drip_ms && delivery->drip_bytes)
        n = lesser(n, delivery->drip_bytes);
    if (pour->framing == FRAMING_CHUNKED && delivery->chunk_bytes)
        n = lesser(n, delivery->chunk_bytes);
    if (delivery->stall_ms && !pour->has_stalled && delivery->stall_after > pour->sent)
        n = lesser(n, delivery->stall_after - pour->sent);
    if (delivery->cut && delivery->cut_after > pour->sent)
        n = lesser(n, delivery->cut_after - pour->sent);
    return n;
}

static bool send_piece(struct pour *pour, const char *bytes, size_t len)
{
    struct wire *wire = pour->wire;
    if (pour->framing != FRAMING_CHUNKED)
        return engine_send(wire->connection, bytes, len);
    buf_clear(&wire->out);
    buf_format(&wire->out, "%zx\r\n", len);
    buf_add(&wire->out, bytes, len);
    ADD(&wire->out, "\r\n");
    return engine_send(wire->connection, wire->out.data, wire->out.len);
}

/* What is due at the byte reached. False once nothing more may be sent. */
static bool pass_point(struct pour *pour)
{
    const struct delivery *delivery = pour->delivery;
    if (delivery->stall_ms && !pour->has_stalled && pour->sent >= delivery->stall_after) {
        pour->has_stalled = true;
        if (!wait_ms(pour->wire, delivery->stall_ms))
            return false;
    }
    if (delivery->cut && pour->sent >= delivery->cut_after) {
        cut_off(pour->wire, delivery);
        pour->is_cut = true;
        return false;
    }
    return true;
}

static bool pour_bytes(struct pour *pour, const char *bytes, size_t len)
{
    const struct delivery *delivery = pour->delivery;
    while (len) {
        if (!pass_point(pour))
            return false;
        if (pour->sent && delivery->drip_ms && !wait_ms(pour->wire, delivery->drip_ms))
            return false;
        size_t n = piece_len(pour, len);
        if (!send_piece(pour, bytes, n))
            return false;
        pour->sent += n;
        bytes += n;
        len -= n;
    }
    return true;
}

static bool pour_endless(struct pour *pour, const struct buf *body)
{
    size_t max = pour->delivery->endless_max ? pour->delivery->endless_max : SIZE_MAX;
    while (body->len && pour->sent < max && !is_over(pour->wire, STOP_SOON))
        if (!pour_bytes(pour, body->data, lesser(body->len, max - pour->sent)))
            return false;
    return true;
}

static bool pour_stream(struct pour *pour, struct response *response)
{
    OWNED(buf_free) struct buf more = {0};
    for (bool goes_on = true; goes_on;) {
        buf_clear(&more);
        goes_on = response->stream(response->stream_context, &more);
        if (more.len && !pour_bytes(pour, more.data, more.len))
            return false;
        if (is_over(pour->wire, STOP_SOON))
            return true;
        if (goes_on && engine_client_left(pour->wire->connection, more.len ? 0 : SLICE_MS))
            return false;
    }
    return true;
}

/* ---- one answer ---- */

static bool is_plain(const struct response *response)
{
    const struct delivery *d = &response->delivery;
    return !response->stream && !d->hold && !d->delay_ms && !d->cut && !d->drip_ms &&
           !d->stall_ms && !d->length_offset && !d->chunked && !d->http10 && !d->interim_status &&
           !d->endless && !d->header_case && !d->garbage;
}

static enum framing pick_framing(const struct wire *wire, const struct response *response)
{
    const struct delivery *delivery = &response->delivery;
    int status = response->status;
    if (status == 204 || status == 304 || status < 200)
        return FRAMING_NO_BODY;
    if (delivery->http10)
        return FRAMING_TO_CLOSE;
    if (delivery->chunked)
        return FRAMING_CHUNKED;
    if (!response->stream && !delivery->endless)
        return FRAMING_LENGTH;
    return wire->client_http10 ? FRAMING_TO_CLOSE : FRAMING_CHUNKED;
}

static bool send_plain(struct wire *wire, const struct response *response)
{
    enum framing framing = pick_framing(wire, response);
    bool keep = wire->keep_alive && !response->delivery.close && !is_over(wire, STOP_SOON);
    bool has_body = framing == FRAMING_LENGTH && !wire->is_head && !response->no_body;
    struct buf *out = &wire->out;
    add_head(wire, response, framing, keep);
    if (has_body && response->body.len <= ONE_WRITE_MAX)
        buf_add(out, response->body.data, response->body.len);
    bool sent = engine_send(wire->connection, out->data, out->len);
    if (sent && has_body && response->body.len > ONE_WRITE_MAX)
        sent = engine_send(wire->connection, response->body.data, response->body.len);
    return sent && keep;
}

static bool wait_before(struct wire *wire, const struct delivery *delivery)
{
    if (delivery->hold && delivery->wait_hold && delivery->cut != CUT_SILENT &&
        !wait_hold(wire, delivery))
        return false;
    return !delivery->delay_ms || wait_ms(wire, delivery->delay_ms);
}

bool delivery_wait(struct wire *wire, const struct response *response)
{
    return wait_before(wire, &response->delivery);
}

/* Everything in front of the answer. False where no answer follows. */
static bool send_prelude(struct wire *wire, const struct delivery *delivery)
{
    if (!wait_before(wire, delivery))
        return false;
    if (delivery->cut && delivery->cut_before_head) {
        cut_off(wire, delivery);
        return false;
    }
    if (delivery->garbage) {
        engine_send(wire->connection, delivery->garbage, strlen(delivery->garbage));
        return false;
    }
    if (delivery->interim_status) {
        buf_clear(&wire->out);
        add_status_line(&wire->out, delivery->interim_status, false);
        ADD(&wire->out, "\r\n");
        return engine_send(wire->connection, wire->out.data, wire->out.len);
    }
    return true;
}

static bool send_body(struct pour *pour, struct response *response)
{
    const struct delivery *delivery = pour->delivery;
    bool whole = delivery->endless ? pour_endless(pour, &response->body)
                                   : pour_bytes(pour, response->body.data, response->body.len);
    if (whole && response->stream)
        whole = pour_stream(pour, response);
    /* A cut, or a stall, at the very end of the body comes here, before a last chunk. */
    if (!whole || (pour->sent && !pass_point(pour)))
        return false;
    if (pour->framing == FRAMING_CHUNKED && !delivery->no_last_chunk)
        return engine_send(pour->wire->connection, "0\r\n\r\n", 5);
    return true;
}

static bool send_faulty(struct wire *wire, struct response *response)
{
    const struct delivery *delivery = &response->delivery;
    enum framing framing = pick_framing(wire, response);
    struct pour pour = {.wire = wire, .delivery = delivery, .framing = framing};
    if (!send_prelude(wire, delivery))
        return false;
    /* What the head announces: a connection that is to be cut looks like one that stays. */
    bool announce = wire->keep_alive && !delivery->close && framing != FRAMING_TO_CLOSE &&
                    !is_over(wire, STOP_SOON);
    add_head(wire, response, framing, announce);
    if (delivery->header_case)
        change_names(&wire->out, delivery->header_case == HEADER_CASE_UPPER);
    if (!engine_send(wire->connection, wire->out.data, wire->out.len))
        return false;
    bool whole = true;
    if (framing != FRAMING_NO_BODY && !wire->is_head && !response->no_body)
        whole = send_body(&pour, response);
    if (delivery->cut && !pour.is_cut)
        cut_off(wire, delivery);
    return whole && announce && !delivery->cut && !delivery->length_offset &&
           !(delivery->no_last_chunk && framing == FRAMING_CHUNKED);
}

bool delivery_send(struct wire *wire, struct response *response)
{
    bool stays = is_plain(response) ? send_plain(wire, response) : send_faulty(wire, response);
    if (response->sent)
        response->sent(response->sent_context);
    return stays;
}

void delivery_trim(struct wire *wire)
{
    if (wire->out.cap > KEEP_OUT_CAP)
        buf_free(&wire->out);
}
