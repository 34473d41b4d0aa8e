/* Reading a user's JSON so that every mistake is a sentence with its place.
 * May depend on: shared. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_READER_H
#define FAKEWIX_SCENARIO_READER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"

struct reader {
    const char *file; /* borrowed */
    struct err *err;  /* borrowed */
};

/* "FILE: PLACE …": returns false, so that a caller can return it. */
bool reader_fail(const struct reader *reader, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* That every key of `object` is one of the blank-separated `allowed`. */
bool reader_knows_keys(const struct reader *reader, const char *place, const cJSON *object,
                       const char *allowed);

/* A text that must be there and not be empty. Borrowed. */
bool reader_text(const struct reader *reader, const char *place, const cJSON *object,
                 const char *name, const char **ret_text);

/* A whole number from `min` on; `fallback` where it is missing. */
bool reader_number(const struct reader *reader, const char *place, const cJSON *object,
                   const char *name, int64_t min, int64_t fallback, int64_t *ret_number);

/* That a member, where it is there, is an array (or an object). */
bool reader_is_array(const struct reader *reader, const char *place, const cJSON *member);
bool reader_is_object(const struct reader *reader, const char *place, const cJSON *member);

/* Whether `word` is one of the blank-separated words of `list`. */
bool reader_lists(const char *list, const char *word);

#endif
