/* Secrets out of journal entries, for those who show them to others.
 * May depend on: shared. Owner: routes. */
#ifndef FAKEWIX_ROUTES_REDACT_H
#define FAKEWIX_ROUTES_REDACT_H

#include <cjson/cJSON.h>

/* Replace every secret in an entry as journal_entry_json made it (headers, target, bodies)
 * by "redacted-" and eight digits that are the same for the same secret, so that reuse stays
 * visible. */
void redact_entry(cJSON *entry);

#endif
