/* The paths of routes.def: their form, whose they are, and which ones a config may answer.
 * May depend on: mem. Owner: routes; a layer of its own below state, whose config asks it. */
#ifndef FAKEWIX_ROUTES_PATHS_H
#define FAKEWIX_ROUTES_PATHS_H

#include <stdbool.h>
#include <stddef.h>

enum service { SERVICE_TOKEN, SERVICE_ACCESS, SERVICE_API, SERVICE_PAGE, SERVICE_CONTROL };

enum { PATHS_MAX_SEGMENTS = 4 };

/* Whether `path` has the pattern's form; what {} and ** match is noted as (start, length). */
bool paths_match(const char *pattern, const char *path, const char *starts[PATHS_MAX_SEGMENTS],
                 size_t lens[PATHS_MAX_SEGMENTS], size_t *ret_n);

/* Which service a path belongs to when no route has it. */
enum service paths_service_of(const char *path);

/* What keeps a config's answer for a method ("*" for any) and a path (* and ? are wild) from ever
 * being given: the name of the route that answers there, or whose place it is. NULL where some
 * request gets it. Not owned. */
const char *paths_in_the_way(const char *method, const char *path);

#endif
