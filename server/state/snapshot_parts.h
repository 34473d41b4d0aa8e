/* What loading and checking a snapshot have in common: only the two snapshot files include this.
 * May depend on: model. Owner: state. */
#ifndef FAKEWIX_STATE_SNAPSHOT_PARTS_H
#define FAKEWIX_STATE_SNAPSHOT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/model.h"

/* "ACTIVE" …; false where `name` is NULL or none of them. */
bool snapshot_find_state(const char *name, enum install_state *ret_state);

/* n words of 16 hexadecimal digits each, in lower case; false where `text` is NULL or no such. */
bool snapshot_read_hex(const char *text, uint64_t *ret_words, size_t n);

#endif
