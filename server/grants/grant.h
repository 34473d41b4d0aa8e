/* The grants of the two token services. A grant is one file that ends in one descriptor.
 * May depend on: shared, state, tokens. Owner: grants. */
#ifndef FAKEWIX_GRANTS_GRANT_H
#define FAKEWIX_GRANTS_GRANT_H

#include <cjson/cJSON.h>

#include "shared/refusal.h"
#include "state/exchange.h"
#include "tokens/token.h"

/* A parameter in its two spellings; the old service knows the second by profile only. */
struct grant_field {
    const char *snake;
    const char *camel;
};

struct grant {
    const char *name;             /* grant_type on the wire */
    struct grant_field fields[6]; /* required besides grant_type; ends with a NULL */
    const char *summary;          /* for the reference table */
    /* Answer into `answer`, an empty object, or refuse and leave the store as it was.
     * Every required field is there and a text. Under the world's lock. */
    enum refusal (*run)(struct exchange *x, cJSON *answer);
};

/* The grants of /oauth2/token and of /oauth/access; each list ends with a NULL. */
extern const struct grant *const grants_oauth[];
extern const struct grant *const grants_custom[];

extern const struct grant grant_anonymous;
extern const struct grant grant_authorized_client;
extern const struct grant grant_client_credentials;
extern const struct grant grant_device_code;
extern const struct grant grant_oauth_code;
extern const struct grant grant_oauth_refresh;
extern const struct grant grant_strip_bound_session;
extern const struct grant grant_custom_code;
extern const struct grant grant_custom_refresh;

/* Authenticate the app of a token request by client_id and client_secret.
 *
 * ret_app  written on REFUSAL_NONE only; caller frees with app_free
 * Refuses: *_CLIENT_UNKNOWN, *_SECRET_WRONG, *_CLIENT_UNAUTHORIZED of the service asked. */
enum refusal grant_oauth_client(struct exchange *x, struct app *ret_app);
enum refusal grant_custom_client(struct exchange *x, struct app *ret_app);

/* An app or an instance by its id, compared as the profile says. */
bool grant_find_app(struct exchange *x, const char *app_id, struct app *ret_app);
bool grant_find_instance(struct exchange *x, const char *id, struct instance *ret_instance);

/* Spend a code. False where it was spent before and the profile does not let it pass; then the
 * profile may have its tokens revoked as well (RFC 6749 section 4.1.2). */
bool grant_spend_code(struct exchange *x, const struct token *code);

/* Whether a rotation retired this refresh token. With reuse detection its whole line dies. */
bool grant_is_retired(struct exchange *x, const struct token *token);

/* Install an app on a site, or give the installation that is there.
 *
 * A new one begins as "Setup Incomplete". One that was uninstalled keeps its instance id and gets
 * a new generation, so that tokens of the old one stay dead (pick-7). */
struct instance install_app(struct world *world, const char *app_id, const char *site_id);

/* Uninstall: tokens and refresh tokens are dead from here on, the instance id stays known, and the
 * app is told by webhook. An instance that is uninstalled already stays as it is. */
void install_remove(struct world *world, struct instance *instance);

/* The App URL as Wix calls it when an installation starts: with an opaque token that is good for
 * ten minutes and one installation. NULL where the app has no app_url; caller frees. */
char *install_app_url(struct world *world, int64_t now_ms, const struct app *app,
                      const char *site_id);

/* Where the browser goes after consent: code, state, instanceId, in this order. `state` may be
 * NULL. Caller frees. */
char *install_callback_url(const char *redirect_url, const char *code, const char *state,
                           const char *instance_id);

/* Mint an authorization code for an installation; the text is appended to `out`. */
void install_mint_code(struct world *world, int64_t now_ms, const struct instance *instance,
                       struct buf *out);

#endif
