/* The switches of profile.def, one value each, per world.
 * May depend on: shared. Owner: state. */
#ifndef FAKEWIX_STATE_PROFILE_H
#define FAKEWIX_STATE_PROFILE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

enum profile_switch {
#define PROFILE(symbol, key, values, sentence) PROFILE_##symbol,
#include "state/profile.def"
#undef PROFILE
    PROFILE_COUNT
};

/* Index into the row's values; zeroed is the default. */
struct profile {
    unsigned char choice[PROFILE_COUNT];
};

struct profile_row {
    const char *key;
    const char *values;
    const char *sentence;
};

const struct profile_row *profile_row(enum profile_switch which);

/* Whether the switch stands at `value`, which must be one of its values. */
bool profile_is(const struct profile *profile, enum profile_switch which, const char *value);

/* The chosen value of a switch whose values begin with a number. */
int profile_number(const struct profile *profile, enum profile_switch which);

/* Take the members of a JSON object over; text, number or boolean. False, with nothing changed and
 * a sentence that names the key and its values, where one is unknown. */
bool profile_read(struct profile *profile, const cJSON *object, struct err *err);

/* Each member that profile_read would refuse, as a sentence and its key, told to `tell`. Returns
 * how many there are. */
typedef void profile_tell_fn(void *context, const char *key, const char *sentence);
size_t profile_check(const cJSON *object, profile_tell_fn *tell, void *context);

/* Gives an object with every switch. */
cJSON *profile_json(const struct profile *profile);

#endif
