/* What the two grants of /oauth/access share: reading what is sent, and the fields they answer.
 * May depend on: grant. Owner: grants. */
#ifndef FAKEWIX_GRANTS_CUSTOM_H
#define FAKEWIX_GRANTS_CUSTOM_H

#include "grants/grant.h"

/* What each trouble with a code or a refresh token is refused as. */
struct custom_refusals {
    enum refusal unknown; /* nothing that this world has issued for that purpose */
    enum refusal app_mismatch;
    enum refusal expired;
    enum refusal revoked;
    enum refusal uninstalled;
};

/* Read the code or refresh token that was sent and see whether this app may use it now; `text` may
 * be NULL. Whatever is refused, the store stays as it was. */
enum refusal custom_read(struct exchange *x, const struct app *app, enum token_kind kind,
                         const char *text, const struct custom_refusals *refusals,
                         struct token *ret_token);

/* Mint a custom-authentication access token for an instance into answer.access_token. */
void custom_put_access_token(struct exchange *x, const struct instance *instance, cJSON *answer);

/* Mint a refresh token into answer.refresh_token; `line` is the one it follows, or NULL. */
void custom_put_refresh_token(struct exchange *x, const struct instance *instance,
                              const struct token *line, cJSON *answer);

#endif
