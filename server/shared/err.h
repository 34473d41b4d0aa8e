/* What went wrong with the world (a file, a port, a child), as one sentence for a person.
 * May depend on: mem. Owner: shared. */
#ifndef FAKEWIX_SHARED_ERR_H
#define FAKEWIX_SHARED_ERR_H

#include <stdbool.h>

struct err {
    char *text; /* owned; NULL while nothing is wrong */
};

/* Keep a sentence that names what is wrong and how to mend it. The first one stays.
 * Returns false, so that a caller can say `return err_set(err, …)`. `err` may be NULL. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void err_free(struct err *err);

#endif
