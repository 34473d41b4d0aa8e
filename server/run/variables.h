/* A list of environment variables to be, and the small files behind some of them.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_VARIABLES_H
#define FAKEWIX_RUN_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"
#include "shared/err.h"

struct variable {
    char *name; /* owned, as is the value */
    char *value;
};

struct variables {
    struct variable *items; /* owned */
    size_t n;
};

/* Add one, or replace it. */
void variables_put(struct variables *variables, const char *name, const char *value);
/* Its value, or what our own environment has, or NULL. Borrowed. */
const char *variables_get(const struct variables *variables, const char *name);
void variables_free(struct variables *variables);

/* Append a whole file; false where it cannot be read or is longer than `ret_bytes` may be. */
bool files_read(const char *path, struct buf *ret_bytes);

/* Write a whole file, readable for all. */
bool files_write(const char *path, const struct buf *bytes, struct err *err);

#endif
