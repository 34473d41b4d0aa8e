/* Two runs side by side: what became better, what worse.
 * May depend on: shared. Owner: report. */
#ifndef FAKEWIX_REPORT_COMPARE_H
#define FAKEWIX_REPORT_COMPARE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"
#include "shared/err.h"

struct comparison {
    size_t better, worse, other, same;
};

/* Compare two reports of --json: a line for each scenario whose verdict differs or that only one of
 * them has. False and a sentence where one is no such report. */
bool compare_runs(const cJSON *before, const cJSON *after, struct buf *out,
                  struct comparison *ret_comparison, struct err *err);

#endif
