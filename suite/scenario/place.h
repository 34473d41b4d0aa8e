/* Where in a JSON text a place such as "given.faults[0].status" is: for people, lines matter.
 * May depend on: C library. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_PLACE_H
#define FAKEWIX_SCENARIO_PLACE_H

#include <stdbool.h>

/* Follow `place` through a JSON text that was parsed before.
 *
 * text      ends with a NUL; borrowed
 * ret_line  the line, from 1, of the deepest part of the place that is there
 *
 * Whether all of it is there. */
bool place_find(const char *text, const char *place, int *ret_line);

#endif
