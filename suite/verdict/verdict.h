/* What the judge may say, and what a rule weighs.
 * May depend on: shared. Owner: verdict. */
#ifndef FAKEWIX_VERDICT_VERDICT_H
#define FAKEWIX_VERDICT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

/* From good to bad: the worst check is the scenario's verdict. */
enum verdict {
    VERDICT_PASS,
    VERDICT_INFO,         /* a measured value; never counts */
    VERDICT_NA,           /* the run does not offer what the scenario needs */
    VERDICT_WARN,         /* a SHOULD is broken */
    VERDICT_INCONCLUSIVE, /* the situation the scenario is about did not come up */
    VERDICT_FAIL,         /* a MUST is broken */
    VERDICT_ERROR,        /* the judge or the fake broke its own rules */
    VERDICT_COUNT
};

enum level {
    LEVEL_MUST,      /* the text of an RFC or of Wix says so */
    LEVEL_MUST_OURS, /* "MUST*": no text says so, but wrong answers or lost credentials follow */
    LEVEL_SHOULD,
    LEVEL_INFO,
};

/* "PASS", "INFO", "N/A", … */
const char *verdict_name(enum verdict verdict);

/* The key in a report's summary: "pass", "info", "na", … */
const char *verdict_key(enum verdict verdict);

/* "MUST", "MUST*", … */
const char *level_name(enum level level);
bool level_by_name(const char *name, enum level *ret_level);

/* What a broken rule of that level means. */
enum verdict verdict_of_broken(enum level level);

/* The worse of two verdicts. N/A yields to every other: a variant that did not apply says nothing
 * about those that did. */
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
