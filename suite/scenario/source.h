/* Whether a scenario's "source" is one that a reader can follow.
 * May depend on: shared, scenario/reader. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_SOURCE_H
#define FAKEWIX_SCENARIO_SOURCE_H

#include "scenario/reader.h"

/* The keys of docs/SOURCES.md, blank-separated; made when the program is built. */
extern const char source_keys[];

/* That each part of "own; RFC 6749 section 5.1" is "own", a section or an appendix of an RFC, a
 * URL, or a key of docs/SOURCES.md. */
bool source_check(const struct reader *reader, const char *place, const char *source);

#endif
