/* The journal as an HTTP Archive 1.2, for developer tools.
 * May depend on: shared. Owner: routes. */
#ifndef FAKEWIX_ROUTES_HAR_H
#define FAKEWIX_ROUTES_HAR_H

#include <cjson/cJSON.h>

/* Turn entries as journal_json gives them into {"log":{…}}. What HAR has no place for (world,
 * outcome, fault, virtual time) is in each entry's "_fakewix". Gives a tree.
 * Source: HAR 1.2 (har-spec). */
cJSON *har_from_entries(const cJSON *entries);

#endif
