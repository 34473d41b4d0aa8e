/* What somebody may have meant who mistyped a name.
 * May depend on: C library. Owner: shared. */
#ifndef FAKEWIX_SHARED_NEAR_H
#define FAKEWIX_SHARED_NEAR_H

#include <stddef.h>

/* How many letters differ, roughly: what is between the same beginning and the same end. */
size_t near_distance(const char *a, const char *b);

#endif
