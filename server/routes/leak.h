/* The other origin: what a client carries along when it follows a redirect there.
 * May depend on: shared, state. Owner: routes. */
#ifndef FAKEWIX_ROUTES_LEAK_H
#define FAKEWIX_ROUTES_LEAK_H

#include "http/message.h"
#include "routes/fake.h"

/* Answer a request at the port of leaks as if all were well, and note it in the journal of the
 * world that its path names (/leak/WORLD/…), with the route "LEAK". */
void leak_handle(struct fake *fake, const struct request *request, struct response *response);

#endif
