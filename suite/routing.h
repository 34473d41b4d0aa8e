/* --unmodified: the judge itself becomes the command of `fakewix run`, so that its clients inherit
 * the way to the fake.
 * May depend on: options, host. Owner: main. */
#ifndef FAKEWIX_SUITE_ROUTING_H
#define FAKEWIX_SUITE_ROUTING_H

#include "options.h"
#include "shared/err.h"

/* The fake's address where we are inside already, else NULL. Borrowed. */
const char *routing_address(options_env_fn *env);

/* Go inside: this program is replaced by `fakewix run`, which starts it anew. Returns only where
 * that fails, with a sentence. */
void routing_enter(const struct options *options, options_env_fn *env, struct err *err);

#endif
