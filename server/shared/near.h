/* What somebody may have meant who mistyped a name.
 * May depend on: C library, buf, mem. Owner: shared. */
#ifndef FAKEWIX_SHARED_NEAR_H
#define FAKEWIX_SHARED_NEAR_H

#include <stddef.h>

#include "shared/buf.h"

enum { NEAR_MAX = 3 };

/* The names there are that come nearest to one that is none: begin with {.given = name}, then offer
 * each name there is, once or more often. Everything is borrowed. */
struct near {
    const char *given;
    const char *names[NEAR_MAX]; /* nearest first; of equals the one offered first */
    size_t distances[NEAR_MAX];
    size_t n;
    const char *longer_name; /* the first that begins with what was given, or NULL */
};

/* How many letters are to be typed, left out, changed or swapped with their neighbour to make one
 * of the other; capitals count as small ones. Texts of more than 200 letters are all different. */
size_t near_distance(const char *a, const char *b);

void near_offer(struct near *near, const char *name);

/* The same for each of "one two three"; `words` is cut at its blanks and stays borrowed. */
void near_offer_words(struct near *near, char *words);

/* What was probably meant: a name that differs in at most a third of the letters, or one that
 * begins with what was given (three letters or more). NULL where nothing is that close. */
const char *near_meant(const struct near *near);

/* Append `; did you mean "name"?`, with `prefix` ("--", say) before the name; nothing where nothing
 * is close. */
void near_add_question(struct buf *out, const struct near *near, const char *prefix);

/* Append ` is not known; did you mean "x"? known here: one two three`, where `words` is "one two
 * three": what follows a name that is none of them. */
void near_add_unknown(struct buf *out, const char *name, const char *words);

/* Append `"a", "b", "c"`: the nearest, however far. */
void near_add_list(struct buf *out, const struct near *near);

#endif
