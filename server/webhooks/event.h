/* What happened, as an event for an app's webhook: made under the world's lock, sent later.
 * May depend on: shared, state. Owner: webhooks; the known types are in event.def. */
#ifndef FAKEWIX_WEBHOOKS_EVENT_H
#define FAKEWIX_WEBHOOKS_EVENT_H

#include <cjson/cJSON.h>

#include "state/world.h"

/* An event to be. Texts and trees are borrowed; NULL takes the default. */
struct event_wish {
    const char *type;
    const char *app_id; /* required */
    const char *instance_id;
    const char *site_id;
    const cJSON *data;     /* an object, or a text that stands for itself */
    const cJSON *identity; /* an object, or null for none */
    const cJSON *account;  /* an object */
    const char *url;       /* default: the app's webhook_url */
    const char *sign;      /* default: "good" */
    bool no_retry;
};

/* Put an event into the world's outbox, due at once. Returns it, borrowed; NULL where the app has
 * no webhook_url, or the outbox is full. Under the world's lock. */
struct event *event_send(struct world *world, const struct event_wish *wish);

/* App Instance Installed and Removed, if the app takes webhooks. Under the world's lock. */
void event_installed(struct world *world, const struct instance *instance);
void event_removed(struct world *world, const struct instance *instance);

/* Every known type, as {"event_type","data","summary"} rows. */
cJSON *event_table(void);

#endif
