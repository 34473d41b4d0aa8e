/* Looking at an exchange with the eyes of the lint rules.
 * May depend on: shared, state, tokens, lint. Owner: lint. */
#ifndef FAKEWIX_LINT_WATCH_H
#define FAKEWIX_LINT_WATCH_H

#include <stdatomic.h>

#include "lint/lint.h"
#include "state/exchange.h"

/* How often each rule was broken since the start, over all worlds; kept when a world goes. */
struct lint_totals {
    atomic_long counts[LINT_COUNT];
};

/* What kind of path the exchange was about. */
enum watch_place { WATCH_TOKEN_ENDPOINT, WATCH_API, WATCH_PAGE };

/* Check an answered exchange that the journal has as `seq`. Under the world's lock. */
void watch_exchange(struct exchange *x, enum watch_place place, int64_t seq,
                    struct lint_totals *totals);

#endif
