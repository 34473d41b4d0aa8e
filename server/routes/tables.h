/* The reference tables: every .def as JSON rows, for the command line, the control plane and docs.
 * May depend on: shared, state, grants, faults. Owner: routes. */
#ifndef FAKEWIX_ROUTES_TABLES_H
#define FAKEWIX_ROUTES_TABLES_H

#include <cjson/cJSON.h>

#include "shared/buf.h"

/* The table of that name as an array of rows; NULL for a name that is none. Gives a tree. */
cJSON *tables_json(const char *name);

/* Append ` is not known; …` with the names there are, for one that is none. */
void tables_add_unknown(struct buf *out, const char *name);

/* The same as aligned text; caller frees with free(). */
char *tables_text(const char *name);

#endif
