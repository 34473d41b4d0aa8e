/* The reference tables: every .def as JSON rows, for the command line, the control plane and docs.
 * May depend on: shared, state, grants, faults. Owner: routes. */
#ifndef FAKEWIX_ROUTES_TABLES_H
#define FAKEWIX_ROUTES_TABLES_H

#include <cjson/cJSON.h>

/* "routes", "refusals", "faults", "grants" or "config" as an array of rows; NULL for another name.
 * Gives a tree. */
cJSON *tables_json(const char *name);

/* The same as aligned text; caller frees with free(). */
char *tables_text(const char *name);

#endif
