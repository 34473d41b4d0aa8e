/* Two runs side by side: what became better, what worse.
 * May depend on: shared. Owner: report. */
#ifndef FAKEWIX_REPORT_COMPARE_H
#define FAKEWIX_REPORT_COMPARE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"
#include "shared/err.h"

/* A report of --json and the file it came from. Borrowed. */
struct side {
    const char *file;
    const cJSON *report;
};

struct comparison {
    size_t better, worse, other, same;
    size_t only_before, only_after; /* scenarios that one of them alone has */
};

/* Compare two reports: a line for each scenario whose verdict differs, one for those that only one
 * of them has, and the totals. False and a sentence where one is no such report. */
bool compare_runs(const struct side *before, const struct side *after, struct buf *out,
                  struct comparison *ret_comparison, struct err *err);

#endif
