/* GitHub Actions: an annotation for each failure, and the job's summary in Markdown. */
#include <string.h>

#include "report/run.h"
#include "shared/mem.h"

/* A value of a workflow command: percent, line ends, and for properties colons and commas too. */
static void add_value(struct buf *out, const char *text, bool property)
{
    for (; *text; text++) {
        bool special = strchr("%\r\n", *text) || (property && strchr(":,", *text));
        if (special)
            buf_format(out, "%%%02X", (unsigned char)*text);
        else
            buf_char(out, *text);
    }
}

static const char *says(const struct result *result)
{
    const struct check_result *deciding = result_deciding(result);
    return *result->reason ? result->reason : deciding ? deciding->seen : "";
}

void report_github(const struct run *run, struct buf *out)
{
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        const char *kind = NULL;
        if (run_result_fails(run, result))
            kind = "error";
        else if (result->verdict == VERDICT_WARN && !result->known)
            kind = "warning";
        if (!kind)
            continue;
        OWNED(mem_text_free) char *title = mem_format("%s %s", result->code, result->title);
        buf_format(out, "::%s title=", kind);
        add_value(out, title, true);
        buf_text(out, "::");
        add_value(out, says(result), false);
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < run->n_stale; i++) {
        buf_text(out, "::error title=stale known failure::");
        add_value(out, run->stale[i], false);
        buf_char(out, '\n');
    }
}

/* Text in a cell of a Markdown table. */
static void add_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|<>`*_[]\\", *text))
            buf_char(out, '\\');
        buf_char(out, *text == '\n' ? ' ' : *text);
    }
}

void report_summary(const struct run *run, struct buf *out)
{
    struct run_counts counts = run_count(run);
    buf_text(out, "## fakewix-conform\n\n");
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (counts.by_verdict[verdict])
            buf_format(out, "%zu %s · ", counts.by_verdict[verdict],
                       verdict_name((enum verdict)verdict));
    buf_format(out, "%zu known\n\n", counts.known);
    OWNED(buf_free) struct buf remarks = {0};
    run_add_remarks(run, &remarks);
    for (const char *line = buf_str(&remarks); *line; line += strcspn(line, "\n") + 1) {
        OWNED(mem_text_free) char *remark = mem_text_n(line, strcspn(line, "\n"));
        add_cell(out, remark);
        buf_text(out, "\n\n");
    }
    buf_text(out, "| scenario | verdict | seen |\n|---|---|---|\n");
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        if (result->verdict == VERDICT_PASS || result->verdict == VERDICT_NA)
            continue;
        buf_format(out, "| %s ", result->code);
        add_cell(out, result->title);
        buf_format(out, " | %s%s | ", verdict_name(result->verdict),
                   result->known ? " (known)" : "");
        add_cell(out, says(result));
        buf_text(out, " |\n");
    }
}
