/* Whether a pattern of route names can fit any request at all: a mistyped one would wait for ever.
 * May depend on: shared, router. Owner: routes. */
#ifndef FAKEWIX_ROUTES_REACH_H
#define FAKEWIX_ROUTES_REACH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "shared/err.h"

/* Whether some request of Wix's plane has a name that fits `pattern` (with * and ?): a row of the
 * table, or any API path, since answers for those may come from a config. */
bool reach_fits(const char *pattern);

/* The same for the service and every route that a fault's rule names,
 * {"on":{"service","route","after","until"},"do":…}; false and a sentence with what there is. */
bool reach_check_rule(const cJSON *rule, struct err *err);

#endif
