/* Who is asking, and in which world: read from a request before anything is decided.
 * May depend on: shared, state, tokens. Owner: routes. */
#ifndef FAKEWIX_ROUTES_FACTS_H
#define FAKEWIX_ROUTES_FACTS_H

#include "routes/router.h"

/* Note app, instance, grant and the carried token in the exchange. Needs no world. */
void facts_note(struct exchange *x, enum service service);

/* The access token of an Authorization header, raw or behind "Bearer "; NULL where there is none.
 * Borrowed. */
const char *facts_bearer(const struct exchange *x);

#endif
