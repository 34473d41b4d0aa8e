/* What every API path asks first.
 * May depend on: shared, state, tokens. Owner: routes. */
#ifndef FAKEWIX_ROUTES_API_H
#define FAKEWIX_ROUTES_API_H

#include <stdbool.h>

#include "state/exchange.h"

/* What a path wants of its caller; all zero wants a good token and nothing else. */
struct api_need {
    const char *permission; /* the app, or the API key, must have it; NULL for none */
    bool site;              /* the token belongs to a site */
    bool app; /* it belongs to an app's installation, and is no visitor's or member's */
};

/* Who calls; ids are "" where there is none. */
struct caller {
    char app_id[MODEL_ID_MAX + 1];
    char instance_id[MODEL_ID_MAX + 1];
    char site_id[MODEL_ID_MAX + 1];
};

/* Check the Authorization header: a standing access token of this world, or an API key together
 * with a wix-site-id header.
 *
 * ret_caller  written on REFUSAL_NONE only; may be NULL
 * Refuses: API_TOKEN_MISSING, _MALFORMED, _KIND, _EXPIRED, _REVOKED, API_APP_UNINSTALLED,
 * API_KEY_UNKNOWN, API_SITE_FORBIDDEN, API_NO_SITE, API_IDENTITY, API_RATE_LIMIT,
 * API_PERMISSION_MISSING. Source: api-errors */
enum refusal api_authenticate(struct exchange *x, const struct api_need *need,
                              struct caller *ret_caller);

#endif
