/* Glue between a client and the judge, to begin with: a whole program for each language.
 * May depend on: shared, host. Owner: main. */
#ifndef FAKEWIX_SUITE_INIT_H
#define FAKEWIX_SUITE_INIT_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/err.h"

struct language {
    const char *name;
    const char *file;
    const char *text; /* the program */
    const char *build;
    const char *command;
};

/* The language of that name; NULL and a sentence that lists them all. */
const struct language *init_find(const char *name, struct err *err);

/* Write the program into the current folder, under its own name, and append to `out` how to go on.
 * False and a sentence where there is such a file already, unless `force`. */
bool init_write(const struct language *language, bool force, struct buf *out, struct err *err);

#endif
