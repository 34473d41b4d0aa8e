/* The judge as a browser: one request at a time, cookies kept, redirects told and not followed, so
 * that what the scenario is about can happen between two of them.
 * May depend on: shared, libcurl, evidence/performance. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_BROWSER_H
#define FAKEWIX_DRIVERS_BROWSER_H

#include <stdint.h>

#include "evidence/performance.h"
#include "shared/buf.h"

struct browser;

/* number: 1, 2, …: whose cookies these are. Gives a browser; caller frees with browser_close. */
struct browser *browser_open(int number);
void browser_close(struct browser *browser);

struct browser_request {
    enum visit_kind kind;
    const char *method; /* NULL: GET */
    const char *url;
    const char *type; /* of the body, or NULL */
    const char *body; /* or NULL */
    int64_t timeout_ms;
};

/* Send a request and note it as a visit. page: the answer's body is appended, or NULL. Gives the
 * visit, borrowed until the next one is noted. */
const struct visit *browser_visit(struct browser *browser, const struct browser_request *request,
                                  struct performance *performance, struct buf *page);

#endif
