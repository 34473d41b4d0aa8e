/* What travels along the request's way: a request value in, a response value out. No sockets, no
 * CivetWeb, no threads.
 * May depend on: shared. Owner: http. */
#ifndef FAKEWIX_HTTP_MESSAGE_H
#define FAKEWIX_HTTP_MESSAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"

/* How a request came in: decides what the control plane asks for (docs/decisions/0008). */
enum entrance {
    ENTRANCE_LOOPBACK, /* a TCP listener on loopback */
    ENTRANCE_PUBLIC,   /* a TCP listener that others can reach */
    ENTRANCE_UNIX,     /* a unix socket */
};

enum { MESSAGE_WORLD_MAX = 32 };

/* How a world's own port treats those who come, before any byte of a request. */
enum door_mood {
    DOOR_SERVES,
    DOOR_REFUSES, /* nobody listens */
    DOOR_SILENT,  /* the connection is taken and nothing comes */
    DOOR_RESETS,  /* it is taken and reset */
};

struct header {
    const char *name;
    const char *value;
};

/* One request; everything in it is borrowed for the length of the call. */
struct ticket; /* what a request brings that has waited; faults/effects.h */

struct request {
    const char *method;           /* as sent: "GET" */
    const char *target;           /* as sent: path and query, still percent-encoded */
    const struct header *headers; /* in the order sent, duplicates kept */
    size_t n_headers;
    const char *body; /* NUL behind the last byte; never NULL */
    size_t body_len;
    enum entrance entrance;
    bool secure;                 /* came over TLS */
    const char *world;           /* the world whose own listener took it, else NULL */
    const struct ticket *ticket; /* of the answer that made it wait; NULL when it is new */
    bool is_leak; /* came in by the door that a redirect leads astray to; no world's own */
    bool is_gone; /* the client left while it waited: nobody is to be answered */
};

/* The first header of that name in any case, or NULL. */
const char *request_header(const struct request *request, const char *name);

/* What the listener does with the bytes besides sending them; all zero sends them at once, with a
 * right length, and keeps the connection. Filled by faults, carried out by http/delivery.c. */
enum cut {
    CUT_NONE,
    CUT_SILENT, /* accept, read, say nothing until the client gives up (or `hold` ends) */
    CUT_RESET,  /* TCP RST */
    CUT_CLOSE,  /* orderly close */
};

struct hold; /* a gate that opens later; faults/hold.h */

struct delivery {
    struct hold *hold; /* wait for it before the first byte; owned, released by response_free */
    void (*release_hold)(struct hold *hold);
    bool (*wait_hold)(struct hold *hold, int64_t slice_ms); /* true once open */
    int64_t delay_ms;                                       /* real ms before the first byte */
    enum cut cut;                                           /* how the connection ends early */
    size_t cut_after;     /* body bytes sent before the cut; SIZE_MAX: after the whole answer */
    bool cut_before_head; /* the cut comes before any byte of the answer */
    size_t drip_bytes;    /* send that many bytes of the body … */
    int64_t drip_ms;      /* … every so many real ms; 0 sends at once */
    size_t stall_after;   /* with stall_ms: pause after that many body bytes */
    int64_t stall_ms;
    int64_t length_offset; /* added to the true Content-Length */
    bool chunked;          /* chunked body, in chunks of chunk_bytes (odd sizes welcome) */
    size_t chunk_bytes;
    bool no_last_chunk;
    bool http10;        /* HTTP/1.0, no length, closed at the end */
    int interim_status; /* 100 or 103: sent before the answer; 0 for none */
    bool endless;       /* repeat the body until the client leaves or endless_max was sent */
    size_t endless_max; /* bytes */
    bool close;         /* Connection: close after a whole answer */
    enum { HEADER_CASE_AS_IS, HEADER_CASE_LOWER, HEADER_CASE_UPPER } header_case;
    const char *garbage; /* static text sent in place of an HTTP answer, or NULL */
};

/* One answer. Zeroed is empty and valid; free with response_free. */
struct response {
    int status;
    struct buf head; /* "Name: value\r\n" each; Date, Content-Length, Connection are not in it */
    struct buf body;
    struct delivery delivery;
    /* When set, the listener keeps asking for more body after `body`: event streams, long polls.
     * Appends to `more`; returns false at the end. Never called under a lock. */
    bool (*stream)(void *context, struct buf *more);
    void (*stream_free)(void *context);
    void *stream_context;
    bool no_body;    /* HEAD: the length is told, the bytes are not sent */
    int64_t date_ms; /* the Date header shows this time; 0 for the real one */
    /* When set, this is no answer yet: wait as `delivery` says (hold, delay), then ask again with
     * the ticket in the request. Owned. */
    struct ticket *ticket;
    void (*free_ticket)(struct ticket *ticket);
    /* Called once, after the last byte was handed to the socket or given up. */
    void (*sent)(void *context);
    void *sent_context;
};

/* Append a header. A name or value with a control byte is left out: nothing a client sent can
 * become a header line of its own. */
void response_header(struct response *response, const char *name, const char *value);
void response_drop_header(struct response *response, const char *name);
/* The first value of that name; caller frees with free(); NULL where there is none. */
char *response_header_value(const struct response *response, const char *name);

/* Set status, content type and body, replacing what was there. `body` is taken and deleted. */
void response_json(struct response *response, int status, cJSON *body);
void response_text(struct response *response, int status, const char *type, const char *text);

void response_free(struct response *response);

/* Split "Name: value\r\n" lines as head has them into a JSON array of [name, value] pairs. */
cJSON *message_headers_json(const char *head, size_t len);

#endif
