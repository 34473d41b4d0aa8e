/* Checking a journal against what a test expects of it.
 * May depend on: shared, state. Owner: routes. */
#ifndef FAKEWIX_ROUTES_VERIFY_H
#define FAKEWIX_ROUTES_VERIFY_H

#include <cjson/cJSON.h>

#include "shared/err.h"
#include "state/journal.h"

/* Read the members of a query object: route, app_id, instance_id, grant, outcome, fault_id, text,
 * status, since, until, from_ms, to_ms. `also` names further members that may stand beside them.
 * Texts stay borrowed from `object`. False and a sentence where a member is unknown or of the
 * wrong type. */
bool verify_read_query(const cJSON *object, const char *also, struct journal_query *ret_query,
                       struct err *err);

/* Verify {"expect":[{query, "count"|"at_least"|"at_most"}],"order":[{query}],"absent":[{query}]}.
 *
 * returns {"ok":bool,"checks":[{"check","query","expected","seen","ok","seqs","nearest"?}]}, or
 * NULL and a sentence where the question is malformed. "nearest" is the entry that fits best where
 * nothing fits, with the members in which it differs. */
cJSON *verify_journal(const struct journal *journal, const cJSON *question, struct err *err);

#endif
