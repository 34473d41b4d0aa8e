/* `fakewix-conform diff`: reads what report_json wrote. */
#include "report/compare.h"

#include <string.h>

#include "shared/tree.h"
#include "verdict/verdict.h"

static bool check_report(const struct side *side, struct err *err)
{
    int64_t schema;
    if (!tree_int(side->report, "schema", &schema) ||
        !cJSON_IsArray(tree_get(side->report, "scenarios")))
        return err_set(err, "%s is no report of `fakewix-conform run --json`", side->file);
    if (schema != 1)
        return err_set(err, "%s has schema %lld; this program knows 1", side->file,
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

/* "only in a.json: REF-01 REF-02": what the other run was not asked for. */
static size_t tell_only(const struct side *side, const struct side *other, struct buf *out)
{
    size_t n = 0;
    const cJSON *scenario;
    cJSON_ArrayForEach(scenario, tree_get(side->report, "scenarios"))
    {
        const char *code = tree_text(scenario, "code");
        if (find(other->report, tree_text(scenario, "id")))
            continue;
        if (!n++)
            buf_format(out, "only in %s:", side->file);
        buf_format(out, " %s", code ? code : "?");
    }
    buf_text(out, n ? "\n" : "");
    return n;
}

bool compare_runs(const struct side *before, const struct side *after, struct buf *out,
                  struct comparison *ret_comparison, struct err *err)
{
    struct comparison comparison = {0};
    if (!check_report(before, err) || !check_report(after, err))
        return false;
    const cJSON *scenario;
    cJSON_ArrayForEach(scenario, tree_get(after->report, "scenarios"))
    {
        const cJSON *was = find(before->report, tree_text(scenario, "id"));
        if (was)
            compare_one(was, scenario, out, &comparison);
    }
    comparison.only_before = tell_only(before, after, out);
    comparison.only_after = tell_only(after, before, out);
    buf_format(out, "%zu better, %zu worse, %zu otherwise different, %zu the same",
               comparison.better, comparison.worse, comparison.other, comparison.same);
    if (comparison.only_before + comparison.only_after)
        buf_format(out, "; %zu only before, %zu only after", comparison.only_before,
                   comparison.only_after);
    buf_char(out, '\n');
    *ret_comparison = comparison;
    return true;
}
