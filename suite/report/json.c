/* For programs. The shape, docs/reference/report.schema.json, is extended and never renamed. */
#include <stdlib.h>

#include "report/run.h"
#include "shared/mem.h"
#include "shared/tree.h"

static void put_check(cJSON *list, const struct check_result *check)
{
    cJSON *object = tree_put(list, NULL, cJSON_CreateObject());
    tree_put_text(object, "id", check->id);
    tree_put_text(object, "verdict", verdict_name(check->verdict));
    tree_put_text(object, "level", level_name(check->level));
    tree_put_text(object, "requirement", check->requirement);
    tree_put_text(object, "expected", check->expected);
    tree_put_text(object, "seen", check->seen);
    tree_put_text(object, "source", check->source);
    if (*check->wire)
        tree_put_text(object, "wire", check->wire);
}

static void put_result(cJSON *list, const struct result *result)
{
    cJSON *object = tree_put(list, NULL, cJSON_CreateObject());
    tree_put_text(object, "id", result->id);
    tree_put_text(object, "code", result->code);
    tree_put_text(object, "title", result->title);
    tree_put_text(object, "level", level_name(result->level));
    tree_put_text(object, "verdict", verdict_name(result->verdict));
    tree_put_text(object, "reason", result->reason);
    tree_put_flag(object, "known", result->known);
    tree_put_int(object, "duration_ms", result->duration_ms);
    cJSON *checks = tree_put(object, "checks", cJSON_CreateArray());
    for (size_t i = 0; i < result->n_checks; i++)
        put_check(checks, &result->checks[i]);
}

void report_json(const struct run *run, struct buf *out)
{
    struct run_counts counts = run_count(run);
    cJSON *root = cJSON_CreateObject();
    tree_put_int(root, "schema", 1);
    tree_put_text(root, "tool", "fakewix-conform " FAKEWIX_VERSION);
    tree_put_text(root, "client", run->client);
    tree_put_flag(root, "strict", run->strict);
    tree_put_flag(root, "interrupted", run->interrupted);
    tree_put_int(root, "duration_ms", run->duration_ms);
    tree_put_int(root, "not_tried", (int64_t)(run_count_untried(run) + run->n_left));
    tree_put_int(root, "left_out", (int64_t)run->n_left_out);
    cJSON *summary = tree_put(root, "summary", cJSON_CreateObject());
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        tree_put_int(summary, verdict_key((enum verdict)verdict),
                     (int64_t)counts.by_verdict[verdict]);
    tree_put_int(summary, "known", (int64_t)counts.known);
    tree_put_int(summary, "stale", (int64_t)counts.stale);
    cJSON *scenarios = tree_put(root, "scenarios", cJSON_CreateArray());
    for (size_t i = 0; i < run->n_results; i++)
        put_result(scenarios, &run->results[i]);
    OWNED(buf_free) struct buf remarks = {0};
    run_add_remarks(run, &remarks);
    if (remarks.len)
        tree_put_text(root, "remarks", buf_str(&remarks));
    char *text = tree_print_pretty(root);
    buf_text(out, text);
    buf_char(out, '\n');
    free(text);
    cJSON_Delete(root);
}
