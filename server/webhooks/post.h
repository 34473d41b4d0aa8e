/* One HTTP POST to an app. post.c is the only file that knows libcurl, and loads it when the first
 * letter goes out: a fake that sends none does not pay for it.
 * May depend on: shared, libcurl. Owner: webhooks. */
#ifndef FAKEWIX_WEBHOOKS_POST_H
#define FAKEWIX_WEBHOOKS_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"
#include "shared/buf.h"
#include "shared/err.h"
#include "shared/refusal.h"

enum { POST_HEADERS_MAX = 8, POST_BODY_MAX = 65536 };

/* Where post_send finds libcurl, from the first call on. Zeroed is unloaded. Whoever owns it
 * serialises post_load; sending needs no lock. */
struct post_office {
    struct curl_calls *calls; /* NULL until loaded */
};

/* Load libcurl. False and a sentence where the system has none. */
bool post_load(struct post_office *office, struct err *err);
void post_unload(struct post_office *office);

struct posting {
    const char *url; /* borrowed, as all here */
    struct header headers[POST_HEADERS_MAX];
    size_t n_headers;
    const char *body;
    size_t body_len;
    int64_t limit_ms;        /* real ms for the whole exchange */
    const atomic_bool *stop; /* once true, give up; may be NULL */
};

struct posting_answer {
    int status; /* 0: no whole answer came */
    int64_t took_us;
    enum refusal outcome; /* REFUSAL_NONE for a whole answer, whatever its status */
    struct buf head;      /* "Name: value\r\n" lines */
    struct buf body;      /* its first POST_BODY_MAX bytes */
};

/* Send, and wait for the whole answer. Redirects are not followed, no proxy is asked, certificates
 * are not judged, and nothing goes to an address that others could own: only loopback, private and
 * link-local ones are connected to. Caller frees with posting_answer_free. */
void post_send(const struct post_office *office, const struct posting *posting,
               struct posting_answer *ret_answer);
void posting_answer_free(struct posting_answer *answer);

#endif
