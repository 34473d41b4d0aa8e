/* What Wix tells an app's page about who looks at it: the JSON inside the `instance` parameter.
 * seal.h signs it. May depend on: shared, state/model. Owner: tokens. */
#ifndef FAKEWIX_TOKENS_APP_INSTANCE_H
#define FAKEWIX_TOKENS_APP_INSTANCE_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "state/model.h"

/* The payload as the site's owner gets it, valid for four hours. Gives a tree.
 * Source: signed-instance */
cJSON *app_instance_payload(const struct instance *instance, int64_t now_ms);

#endif
