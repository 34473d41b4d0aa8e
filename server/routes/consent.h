/* What the installer's pages share: who asks for what, and the two buttons.
 * May depend on: shared, state, page. Owner: routes. */
#ifndef FAKEWIX_ROUTES_CONSENT_H
#define FAKEWIX_ROUTES_CONSENT_H

#include "state/exchange.h"

/* A parameter of the form's body, else of the query. Borrowed; NULL where there is none. */
const char *consent_value(const struct exchange *x, const char *name);

/* Whether the person pressed the button of that name. */
bool consent_decided(const struct exchange *x, const char *decision);

/* The page that names app, site and permissions, with Agree and Decline. `site_id` is "" where the
 * person is still to choose; `choose_only` asks for the site and for nothing else. The form comes
 * back to the same path and query as a POST, so that every parameter returns as it was sent. */
void consent_show(struct exchange *x, const struct app *app, const char *site_id, bool choose_only);

/* The page after Decline. */
void consent_show_declined(struct exchange *x);

/* Read `siteId` into an empty `site_id`. Refuses: INSTALL_SITE_UNKNOWN. */
enum refusal consent_read_site(struct exchange *x, char site_id[static MODEL_ID_MAX + 1]);

/* Fill an empty `site_id` with the first site in config order. Refuses as above: no site. */
enum refusal consent_first_site(struct exchange *x, char site_id[static MODEL_ID_MAX + 1]);

#endif
