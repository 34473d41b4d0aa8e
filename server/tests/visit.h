/* Where a browser is sent: the Location of an answer, and what its query carries.
 * May depend on: harness. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_VISIT_H
#define FAKEWIX_TESTS_VISIT_H

#include "harness.h"

/* The Location header; caller frees with free(). NULL where there is none. */
char *visit_location(const struct answer *answer);

/* The decoded value of a query parameter of a URL; caller frees with free(). NULL where there is
 * none. */
char *visit_param(const char *url, const char *name);

#endif
