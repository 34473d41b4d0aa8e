/* The folder of one run: everything it needs, and nothing left of it afterwards.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_FOLDER_H
#define FAKEWIX_RUN_FOLDER_H

#include "shared/err.h"

/* Make one in $TMPDIR, or in /tmp where that has a blank or a colon in its name; caller frees, or
 * NULL and a sentence. */
char *folder_make(struct err *err);

/* The name of a new, empty file of the owner's alone beside it; it is to stay. Caller frees; NULL
 * where there is none. */
char *folder_keepsake(const char *name);

void folder_remove(const char *folder);

#endif
