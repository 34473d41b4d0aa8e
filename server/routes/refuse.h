/* How a refusal looks on the wire.
 * May depend on: shared, state/exchange. Owner: routes. */
#ifndef FAKEWIX_ROUTES_REFUSE_H
#define FAKEWIX_ROUTES_REFUSE_H

#include "state/exchange.h"

/* Turn x->refusal into the answer, in its row's shape and as the world's profile wants it. */
void refuse_render(struct exchange *x);

/* The error body of a row as JSON; NULL for pages. `detail` may be NULL. Gives a tree. */
cJSON *refuse_body(enum refusal refusal, enum refusal_shape shape, const char *detail);

#endif
