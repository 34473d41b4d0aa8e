/* The closed set of predicates over the evidence. A predicate looks and says what it found; what
 * that means (FAIL or WARN) is the scenario's level, and is decided elsewhere.
 * May depend on: shared, fake/wire, evidence. Owner: checks. */
#ifndef FAKEWIX_CHECKS_CHECKS_H
#define FAKEWIX_CHECKS_CHECKS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "evidence/evidence.h"
#include "shared/buf.h"
#include "shared/err.h"

enum finding_kind {
    FINDING_HOLDS,
    FINDING_BROKEN,
    FINDING_UNDECIDED, /* what the rule is about did not happen */
    FINDING_MEASURED,  /* `seen` is a value, for INFO */
    FINDING_ELSEWHERE, /* the client does not do what the scenario is about, and need not */
};

struct finding {
    enum finding_kind kind;
    struct buf expected; /* owned */
    struct buf seen;     /* owned */
    int64_t seq;         /* the exchange that shows it; -1 where what is wrong is an absence */
};

/* params: the scenario's members for this check, or NULL; borrowed. */
typedef void check_fn(const struct evidence *evidence, const cJSON *params,
                      struct finding *finding);

#define CHECK(symbol, params, requirement, hint, source) check_fn check_##symbol;
#include "checks/checks.def"
#undef CHECK

struct check {
    const char *name; /* "token-requests" */
    check_fn *fn;
    const char *params;
    const char *requirement;
    const char *hint;
    const char *source;
};

/* All rows, in the order of checks.def. */
const struct check *checks_all(size_t *ret_n);

/* The row of that name, or NULL. */
const struct check *checks_find(const char *name);

/* For predicates: a whole number of `params`, or `fallback`. */
int64_t checks_number(const cJSON *params, const char *name, int64_t fallback);

/* For predicates: say what was found. The sentence goes to `seen`. */
void finding_holds(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_measured(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_undecided(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_elsewhere(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* culprit: the exchange that breaks the rule; NULL where it is an absence. */
void finding_broken(struct finding *finding, const struct exchange *culprit, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

void finding_free(struct finding *finding);

#endif
