/* Whether a pattern of route names can fit any request at all: a mistyped one would wait for ever.
 * May depend on: shared, router, state, webhooks. Owner: routes. */
#ifndef FAKEWIX_ROUTES_REACH_H
#define FAKEWIX_ROUTES_REACH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "shared/err.h"
#include "state/world.h"

/* Whether some request of Wix's plane has a name that fits `pattern` (with * and ?): a row of the
 * table, or any API path, since answers for those may come from a config. */
bool reach_fits(const char *pattern);

/* The same for the service and every route that a fault's rule names,
 * {"on":{"service","route","after","until"},"do":…}; false and a sentence with what there is. */
bool reach_check_rule(const cJSON *rule, struct err *err);

/* A rule that has hit nothing may be mistyped where any path is allowed. Add "warning" and
 * "nearest_routes" to `rule`, as `GET /faults` shows it, where it names a route that is no row of
 * the table and no answer of the world's config. */
void reach_note_rule(cJSON *rule, const struct world *world);

/* Whether the journal can ever hold an entry of such a route; false and a sentence with the nearest
 * there are where it cannot, as with the control plane, which is not journalled. */
bool reach_check_query(const char *pattern, const struct world *world, struct err *err);

/* Whether an outcome's pattern fits any that there is; a sentence with what was meant where not.
 * NULL is fine here and below. */
bool reach_check_outcome(const char *pattern, struct err *err);

/* The same for a grant, which clients name as they like: false where it is nearly one of ours.
 * `where` names it in the sentence. */
bool reach_check_grant(const char *pattern, const char *where, struct err *err);

/* The same as reach_note_rule for a query of the journal that nothing fits. A known path with
 * another method is as good as known: that nobody uses it so is something to ask. */
void reach_note_query(cJSON *check, const char *pattern, const struct world *world);

#endif
