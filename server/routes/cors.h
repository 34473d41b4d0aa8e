/* What browsers ask before and after a call from another origin.
 * May depend on: shared, state/exchange. Owner: routes. */
#ifndef FAKEWIX_ROUTES_CORS_H
#define FAKEWIX_ROUTES_CORS_H

#include "routes/router.h"

/* Add the headers that let a page read the answer, where the request names an origin and the
 * service is one that browsers call: /oauth2 and the API. */
void cors_note(struct exchange *x, enum service service);

#endif
