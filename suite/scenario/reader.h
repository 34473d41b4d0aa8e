/* Reading a user's JSON so that every mistake is a sentence with its place.
 * May depend on: shared, mistakes. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_READER_H
#define FAKEWIX_SCENARIO_READER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "scenario/mistakes.h"
#include "shared/near.h"

struct reader {
    const char *file;          /* borrowed, like the others */
    const char *text;          /* what the file holds, for the lines of places */
    struct mistakes *mistakes; /* reading goes on after one */
};

/* "FILE:LINE: PLACE …": returns false, so that a caller can return it. */
bool reader_fail(const struct reader *reader, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "FILE:LINE: …" of what is no place: the file is not JSON. */
bool reader_fail_line(const struct reader *reader, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* reader_fail for a name that is not known: "… "WORD"; did you mean "X"? REST". `what` begins the
 * sentence, `rest` ends it. */
bool reader_fail_word(const struct reader *reader, const char *place, const char *what,
                      const struct near *near, const char *rest);

/* That every key of `object` is one of the blank-separated `allowed`, and there once. */
bool reader_knows_keys(const struct reader *reader, const char *place, const cJSON *object,
                       const char *allowed);

/* The same where `allowed` says what values there may be: "n:number body state:altered/missing".
 * The types are number, text, texts and flag; anything else is a list of texts. */
bool reader_fits_members(const struct reader *reader, const char *place, const cJSON *object,
                         const char *allowed);

/* A text that must be there and not be empty. Borrowed. */
bool reader_text(const struct reader *reader, const char *place, const cJSON *object,
                 const char *name, const char **ret_text);

/* A whole number from `min` on; `fallback` where it is missing. */
bool reader_number(const struct reader *reader, const char *place, const cJSON *object,
                   const char *name, int64_t min, int64_t fallback, int64_t *ret_number);

/* true or false; `fallback` where it is missing. */
bool reader_flag(const struct reader *reader, const char *place, const cJSON *object,
                 const char *name, bool fallback, bool *ret_flag);

/* That a member, where it is there, is an array (or an object). */
bool reader_is_array(const struct reader *reader, const char *place, const cJSON *member);
bool reader_is_object(const struct reader *reader, const char *place, const cJSON *member);

/* Whether `word` is one of the blank-separated words of `list`. */
bool reader_lists(const char *list, const char *word);

#endif
