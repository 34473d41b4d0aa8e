/* The HTML pages that a browser sees during an installation: plain, no script needed, everything
 * that comes from outside escaped. May depend on: shared, http/message. Owner: routes. */
#ifndef FAKEWIX_ROUTES_PAGE_H
#define FAKEWIX_ROUTES_PAGE_H

#include "http/message.h"

/* A page with one sentence, what it means for the person (HTML of our own), and a note for the
 * developer, which may be NULL. */
void page_error(struct response *response, int status, const char *sentence, const char *lead,
                const char *note);

/* Send the browser on. The URL goes out as it is: percent-encode what comes from outside. */
void page_redirect(struct response *response, const char *url);

/* Start and end a page; between them append escaped HTML to response->body. */
void page_begin(struct response *response, int status, const char *title);
void page_end(struct response *response);

/* An app's badge: the first letter of its name. */
void page_put_badge(struct buf *body, const char *name);

#endif
