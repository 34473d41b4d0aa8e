/* What is wrong with scenario files, all of it: a person mends them in one go.
 * May depend on: shared. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_MISTAKES_H
#define FAKEWIX_SCENARIO_MISTAKES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

/* Sentences, each with its file and place, in the order they were found. Zeroed is none. */
struct mistakes {
    char **list; /* owned */
    size_t n;
};

/* Takes `sentence`. One that is there already is dropped: variants share parts of a file. */
void mistakes_add(struct mistakes *mistakes, char *sentence);

/* True where there is none; else false, and all of them in `err`, by file and line. */
bool mistakes_are_none(struct mistakes *mistakes, struct err *err);

void mistakes_free(struct mistakes *mistakes);

#endif
