/* What Wix sends to an app by itself, and why the app may believe it: webhooks are signed with
 * Wix's key, the instance of a page with the app's secret. May depend on: shared, OpenSSL. Owner:
 * reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_POST_H
#define FAKEWIX_CLIENTS_REFERENCE_POST_H

#include "reference/client.h"

/* Take a webhook, the body as it came. False where it is not Wix's. ret_handled: it was acted upon,
 * and not before. */
bool post_take_webhook(struct client *client, const char *body, bool *ret_handled);

/* Take the instance parameter of a page that is for the site's owner. */
bool post_take_instance(const struct client *client, const char *instance);

#endif
