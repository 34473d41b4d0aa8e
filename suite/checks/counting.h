/* Counting exchanges, as several predicates do.
 * May depend on: fake/wire, evidence, checks. Owner: checks. */
#ifndef FAKEWIX_CHECKS_COUNTING_H
#define FAKEWIX_CHECKS_COUNTING_H

#include "checks/checks.h"

typedef bool counting_fn(const struct exchange *exchange);

bool counting_is_api(const struct exchange *exchange);
bool counting_is_api_ok(const struct exchange *exchange);
bool counting_is_api_401(const struct exchange *exchange);

/* How many of the exchanges from number `from` on. */
int64_t counting_from(const struct wire *wire, size_t from, counting_fn *is);

/* The number of the first such exchange from number `from` on, or wire->n. */
size_t counting_first(const struct wire *wire, size_t from, counting_fn *is);

/* The n-th such exchange, n from 1; NULL where there are fewer. */
const struct exchange *counting_nth(const struct wire *wire, counting_fn *is, int64_t n);

/* The ending of a noun of which there are so many: "1 call", "2 calls". */
const char *counting_s(int64_t n);

/* Judge a number by "min" and "max" of params: fills the finding, whose sentences speak of `noun`,
 * "token request". */
void counting_judge(const struct wire *wire, counting_fn *is, const cJSON *params, const char *noun,
                    struct finding *finding);

#endif
