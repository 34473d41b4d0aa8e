/* `fakewix-conform diff`: reads what report_json wrote. */
#include "report/compare.h"

#include <string.h>

#include "shared/tree.h"
#include "verdict/verdict.h"

static bool check_report(const cJSON *report, const char *which, struct err *err)
{
    int64_t schema;
    if (!tree_int(report, "schema", &schema) || !cJSON_IsArray(tree_get(report, "scenarios")))
        return err_set(err, "the %s file is no report of `fakewix-conform run --json`", which);
    if (schema != 1)
        return err_set(err, "the %s file has schema %lld; this program knows 1", which,
                       (long long)schema);
    return true;
}

static const cJSON *find(const cJSON *report, const char *id)
{
    const cJSON *scenario;
    cJSON_ArrayForEach(scenario, tree_get(report, "scenarios"))
    {
        const char *other = tree_text(scenario, "id");
        if (id && other && strcmp(id, other) == 0)
            return scenario;
    }
    return NULL;
}

static enum verdict verdict_of(const cJSON *scenario)
{
    const char *name = tree_text(scenario, "verdict");
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (name && strcmp(name, verdict_name((enum verdict)verdict)) == 0)
            return (enum verdict)verdict;
    return VERDICT_ERROR;
}

static void add_line(struct buf *out, const char *sign, const cJSON *scenario, const char *from,
                     const char *to)
{
    const char *code = tree_text(scenario, "code");
    const char *id = tree_text(scenario, "id");
    buf_format(out, "%s %-7s %-45s %s -> %s\n", sign, code ? code : "", id ? id : "", from, to);
}

static void compare_one(const cJSON *was, const cJSON *is, struct buf *out,
                        struct comparison *comparison)
{
    enum verdict before = verdict_of(was);
    enum verdict after = verdict_of(is);
    if (before == after) {
        comparison->same++;
        return;
    }
    bool worse = after > before;
    bool counts = before != VERDICT_NA && after != VERDICT_NA;
    if (!counts)
        comparison->other++;
    else if (worse)
        comparison->worse++;
    else
        comparison->better++;
    add_line(out, !counts ? "~" : worse ? "-" : "+", is, verdict_name(before), verdict_name(after));
}

bool compare_runs(const cJSON *before, const cJSON *after, struct buf *out,
                  struct comparison *ret_comparison, struct err *err)
{
    struct comparison comparison = {0};
    if (!check_report(before, "first", err) || !check_report(after, "second", err))
        return false;
    const cJSON *scenario;
    cJSON_ArrayForEach(scenario, tree_get(after, "scenarios"))
    {
        const cJSON *was = find(before, tree_text(scenario, "id"));
        if (was) {
            compare_one(was, scenario, out, &comparison);
            continue;
        }
        comparison.other++;
        add_line(out, "~", scenario, "not there", verdict_name(verdict_of(scenario)));
    }
    cJSON_ArrayForEach(scenario, tree_get(before, "scenarios"))
    {
        if (find(after, tree_text(scenario, "id")))
            continue;
        comparison.other++;
        add_line(out, "~", scenario, verdict_name(verdict_of(scenario)), "not there");
    }
    *ret_comparison = comparison;
    return true;
}
