/* The phrase behind a status code. May depend on: nothing. Owner: http. */
#ifndef FAKEWIX_HTTP_REASON_H
#define FAKEWIX_HTTP_REASON_H

/* "Not Found" for 404; "" for a code without a registered phrase. Source: RFC 9110 section 15. */
const char *reason_phrase(int status);

#endif
