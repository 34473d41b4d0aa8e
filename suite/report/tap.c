/* TAP 14: a line for each scenario, a YAML block under each that is not fine. */
#include <string.h>

#include "report/run.h"
#include "shared/mem.h"

/* A description ends at a # that is not escaped. */
static void add_description(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\')
            buf_char(out, '\\');
        buf_char(out, *text == '\n' ? ' ' : *text);
    }
}

/* A text as a double-quoted YAML scalar. */
static void add_scalar(struct buf *out, const char *name, const char *text)
{
    buf_format(out, "  %s: \"", name);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_format(out, "\\%c", c);
        else if (c == '\n')
            buf_text(out, "\\n");
        else if (c < 0x20)
            buf_format(out, "\\x%02x", c);
        else
            buf_char(out, (char)c);
    }
    buf_text(out, "\"\n");
}

static bool is_ok(const struct run *run, const struct result *result)
{
    return !run_result_fails(run, result) && !result->known &&
           result->verdict != VERDICT_INCONCLUSIVE && result->verdict != VERDICT_ERROR;
}

static void add_block(const struct result *result, struct buf *out)
{
    const struct check_result *deciding = result_deciding(result);
    buf_text(out, "  ---\n");
    add_scalar(out, "verdict", verdict_name(result->verdict));
    if (*result->reason)
        add_scalar(out, "reason", result->reason);
    if (deciding) {
        add_scalar(out, "requirement", deciding->requirement);
        add_scalar(out, "expected", deciding->expected);
        add_scalar(out, "seen", deciding->seen);
        add_scalar(out, "source", deciding->source);
        add_scalar(out, "wire", deciding->wire);
    }
    buf_text(out, "  ...\n");
}

static void add_line(const struct run *run, size_t number, const struct result *result,
                     struct buf *out)
{
    bool ok = is_ok(run, result);
    buf_format(out, "%s %zu - %s ", ok ? "ok" : "not ok", number, result->code);
    add_description(out, result->id);
    if (result->known) {
        buf_text(out, " # TODO ");
        add_description(out, result->known_note);
    } else if (result->verdict == VERDICT_NA) {
        buf_text(out, " # SKIP ");
        add_description(out, result->reason);
    }
    buf_char(out, '\n');
    if (!ok || result->verdict == VERDICT_WARN)
        add_block(result, out);
}

void report_tap(const struct run *run, struct buf *out)
{
    buf_format(out, "TAP version 14\n1..%zu\n", run->n_results + run->n_stale);
    for (size_t i = 0; i < run->n_results; i++)
        add_line(run, i + 1, &run->results[i], out);
    for (size_t i = 0; i < run->n_stale; i++) {
        buf_format(out, "not ok %zu - ", run->n_results + i + 1);
        add_description(out, run->stale[i]);
        buf_char(out, '\n');
    }
    OWNED(buf_free) struct buf remarks = {0};
    run_add_remarks(run, &remarks);
    for (const char *line = buf_str(&remarks); *line; line += strcspn(line, "\n") + 1)
        buf_format(out, "# %.*s\n", (int)strcspn(line, "\n"), line);
    if (run->interrupted)
        buf_text(out, "Bail out! interrupted\n");
}
