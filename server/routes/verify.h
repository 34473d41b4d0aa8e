/* Checking a journal against what a test expects of it.
 * May depend on: shared, state. Owner: routes. */
#ifndef FAKEWIX_ROUTES_VERIFY_H
#define FAKEWIX_ROUTES_VERIFY_H

#include <cjson/cJSON.h>

#include "shared/err.h"
#include "state/world.h"

/* Verify {"expect":[{query, "count"|"at_least"|"at_most"}],"order":[{query}],"absent":[{query}]}.
 *
 * returns
 * {"ok":bool,"checks":[{"check","query","expected","seen","ok","seqs","nearest"?,"warning"?,
 * "nearest_routes"?}]}, or
 * NULL and a sentence where the question is malformed. "nearest" is the entry that fits best where
 * nothing fits, with the members in which it differs. */
cJSON *verify_journal(const struct world *world, const cJSON *question, struct err *err);

#endif
