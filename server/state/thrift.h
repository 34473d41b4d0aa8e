/* Keeps what the journals of all worlds hold together within its bound.
 * May depend on: world. Owner: state. */
#ifndef FAKEWIX_STATE_THRIFT_H
#define FAKEWIX_STATE_THRIFT_H

#include "state/world.h"

/* Where they hold more than they may, those that hold most give up their oldest entries, down to
 * one common level, so that a world that is used little loses nothing to a busy one. Nobody else
 * waits meanwhile, except for a world that is just trimmed. Call without any world's lock. */
void thrift_trim(struct worlds *worlds);

/* The level to which sizes must be cut so that `total` holds them all; SIZE_MAX where it does as
 * they are. Sorts `sizes`. */
size_t thrift_level(size_t *sizes, size_t n, size_t total);

#endif
