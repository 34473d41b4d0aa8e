/* Known failures: a file of what a client is known to get wrong, so that a build is red only for
 * what is new, and for an entry that is true no more.
 * May depend on: shared, host, verdict, scenario. Owner: trial. */
#ifndef FAKEWIX_TRIAL_KNOWN_H
#define FAKEWIX_TRIAL_KNOWN_H

#include "scenario/catalogue.h"
#include "verdict/result.h"

struct known_entry {
    char *scenario; /* pattern for id or code */
    char *check;    /* pattern for a check's id, or NULL */
    char *note;
    int line;
    bool failed; /* covered a failure in this run */
    bool passed; /* fits something that passed in this run */
};

struct known {
    char *file;
    bool flaky; /* an entry may also pass: none is ever stale */
    struct known_entry *entries;
    size_t n;
};

/* Read a file of lines "scenario[:check]  # reason". A pattern that fits no scenario, or no
 * check of those it fits, is an error.
 */
bool known_read(const char *file, const struct catalogue *catalogue, struct known *ret_known,
                struct err *err);

/* The same from text. */
bool known_parse(const char *file, const char *text, const struct catalogue *catalogue,
                 struct known *ret_known, struct err *err);

/* Mark a result known where all of its failing checks are covered. strict: WARN counts as failing.
 * Not for several threads at once. */
void known_apply(struct known *known, bool strict, struct result *result);

/* What failed and is not covered yet, as lines of such a file. */
void known_write(const struct result *results, size_t n, bool strict, struct buf *out);

/* The first entry from number `from` on that fits only what passes now, or NULL. Borrowed. */
const struct known_entry *known_next_stale(const struct known *known, size_t *from);

void known_free(struct known *known);

#endif
