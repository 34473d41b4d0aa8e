/* What every API path asks first.
 * May depend on: shared, state, tokens. Owner: routes. */
#ifndef FAKEWIX_ROUTES_API_H
#define FAKEWIX_ROUTES_API_H

#include <stdbool.h>

#include "state/exchange.h"

/* Check the Authorization header: a standing access token of this world.
 *
 * permission  the app must have it; NULL asks for none
 * needs_site  the token must belong to an installation
 * Refuses: API_TOKEN_MISSING, _MALFORMED, _KIND, _EXPIRED, _REVOKED, API_APP_UNINSTALLED,
 * API_NO_SITE, API_PERMISSION_MISSING. Source: api-errors. */
enum refusal api_authenticate(struct exchange *x, const char *permission, bool needs_site);

#endif
