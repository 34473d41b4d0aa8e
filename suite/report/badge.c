/* A shields endpoint: https://shields.io/badges/endpoint-badge reads it. */
#include <stdlib.h>

#include "report/run.h"
#include "shared/mem.h"
#include "shared/tree.h"

void report_badge(const struct run *run, struct buf *out)
{
    struct run_counts counts = run_count(run);
    int status = run_exit_status(run);
    OWNED(tree_free) cJSON *badge = cJSON_CreateObject();
    OWNED(mem_text_free)
    char *message =
        status == RUN_OK ? mem_format("%zu passed", counts.by_verdict[VERDICT_PASS])
        : status == RUN_FAILED
            ? mem_format("%zu of %zu failed", counts.by_verdict[VERDICT_FAIL], run->n_results)
            : mem_text("incomplete");
    tree_put_int(badge, "schemaVersion", 1);
    tree_put_text(badge, "label", "Wix OAuth");
    tree_put_text(badge, "message", message);
    tree_put_text(badge, "color",
                  status == RUN_OK       ? "brightgreen"
                  : status == RUN_FAILED ? "red"
                                         : "yellow");
    OWNED(mem_text_free) char *text = tree_print(badge);
    buf_text(out, text);
    buf_char(out, '\n');
}
