/* JSON trees: cJSON with the strictness it lacks.
 * cJSON alone takes trailing garbage, raw control bytes, NULs, numbers such as 01 and bad UTF-8,
 * looks names up without regard to case, and answers a doubled key with its first value.
 * May depend on: mem, err, text, cJSON. Owner: shared. */
#ifndef FAKEWIX_SHARED_TREE_H
#define FAKEWIX_SHARED_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

enum { TREE_MAX_DEPTH = 64 };

/* Parse a whole text as one JSON value.
 *
 * text, len  the bytes; borrowed. Valid UTF-8, no NUL, nesting of at most TREE_MAX_DEPTH,
 *            nothing but white space behind the value
 * returns    the tree, caller frees with cJSON_Delete; or NULL and a sentence in `err` */
cJSON *tree_parse(const char *text, size_t len, struct err *err);

/* The same; ret_line (may be NULL) is the line, from 1, that is to blame. */
cJSON *tree_parse_file(const char *text, size_t len, int *ret_line, struct err *err);

/* The member of that name, case and all, or NULL. Of a doubled key the last one counts, as in
 * JavaScript and on the JVM (RFC 8259 section 4 leaves it open). Borrowed. */
cJSON *tree_get(const cJSON *object, const char *name);

/* A member's text, or NULL where it is missing or not a string. Borrowed. */
const char *tree_text(const cJSON *object, const char *name);

/* A member's whole number; false where it is missing, no number, not whole or beyond 2^53. */
bool tree_int(const cJSON *object, const char *name, int64_t *ret_value);

/* A member's boolean, or `fallback` where it is missing or of another type. */
bool tree_flag(const cJSON *object, const char *name, bool fallback);

/* Add a member; a NULL text becomes null. tree_put_int is exact below 10^15,
 * past which cJSON prints an exponent. */
void tree_put_text(cJSON *object, const char *name, const char *text);
/* The same for a long text that is likely to need no escapes, such as a token: it is printed as it
 * is. For trees that are only printed: the member is not found again by tree_text. */
void tree_put_plain(cJSON *object, const char *name, const char *text);
/* Give a member that tree_put_plain could have put another text. */
void tree_set_plain(cJSON *member, const char *text);
/* A whole number for such trees: cJSON prints a number as a fraction, reads it back and compares.
 */
void tree_put_plain_int(cJSON *object, const char *name, int64_t value);
void tree_put_int(cJSON *object, const char *name, int64_t value);
void tree_put_flag(cJSON *object, const char *name, bool value);
/* Takes `value`, and returns it for further filling. */
cJSON *tree_put(cJSON *object, const char *name, cJSON *value);

/* The compact text of a tree; caller frees with free(). */
char *tree_print(const cJSON *tree);
char *tree_print_pretty(const cJSON *tree);

/* For OWNED: deletes the tree that *tree points at. */
void tree_free(cJSON **tree);

/* True for well-formed UTF-8 without a NUL byte. */
bool tree_text_is_sound(const char *text, size_t len);

/* A stranger's text as JSON may hold it: where it is not sound, each byte that is not ASCII is a
 * question mark. Caller frees with free(). */
char *tree_sound_text(const char *text, size_t len);

#endif
