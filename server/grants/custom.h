/* What the two grants of /oauth/access share: the answer's two fields.
 * May depend on: grant. Owner: grants. */
#ifndef FAKEWIX_GRANTS_CUSTOM_H
#define FAKEWIX_GRANTS_CUSTOM_H

#include "grants/grant.h"

/* Mint a custom-authentication access token for an instance into answer.access_token. */
void custom_put_access_token(struct exchange *x, const struct instance *instance, cJSON *answer);

/* Mint a refresh token into answer.refresh_token; `line` is the one it follows, or NULL. */
void custom_put_refresh_token(struct exchange *x, const struct instance *instance,
                              const struct token *line, cJSON *answer);

#endif
