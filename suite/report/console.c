/* A failure block answers the questions a client's author has, in the order they come up: what is
 * wrong, what was to happen, what did, where on the wire, says who, what to do, how to see it
 * again. */
#include "report/console.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

static const struct {
    const char *mark;
    const char *colour;
} looks[VERDICT_COUNT] = {
    [VERDICT_PASS] = {"pass", "\033[32m"},
    [VERDICT_INFO] = {"info", "\033[36m"},
    [VERDICT_NA] = {"n/a", "\033[2m"},
    [VERDICT_WARN] = {"WARN", "\033[33m"},
    [VERDICT_INCONCLUSIVE] = {"????", "\033[35m"},
    [VERDICT_FAIL] = {"FAIL", "\033[31m"},
    [VERDICT_ERROR] = {"ERROR", "\033[41m"},
};

static void free_order(size_t **list)
{
    free(*list);
}

static void add_mark(const struct console *console, enum verdict verdict, const char *text,
                     struct buf *out)
{
    buf_format(out, "%s%-5s%s", console->colour ? looks[verdict].colour : "", text,
               console->colour ? "\033[0m" : "");
}

void console_add_line(const struct console *console, const struct result *result, struct buf *out)
{
    const struct check_result *deciding = result_deciding(result);
    if (console->live)
        buf_text(out, "\r\033[K");
    add_mark(console, result->verdict, result->known ? "known" : looks[result->verdict].mark, out);
    buf_format(out, " %-7s %-44s %5lld ms", result->code, result->id,
               (long long)result->duration_ms);
    if (result->known)
        buf_format(out, "  %s", result->known_note);
    else if (*result->reason)
        buf_format(out, "  %.*s", (int)strcspn(result->reason, "\n"), result->reason);
    else if (result->verdict == VERDICT_INFO && deciding)
        buf_format(out, "  %s", deciding->seen);
    buf_char(out, '\n');
}

void console_add_progress(const struct console *console, size_t done, size_t all, size_t open,
                          struct buf *out)
{
    buf_text(out, console->live ? "\r\033[K" : "");
    if (done == all)
        return;
    buf_format(out, "%zu of %zu", done, all);
    if (open)
        buf_format(out, ", %zu to look at", open);
    buf_text(out, console->live ? "" : "\n");
}

void console_add_list(const struct console *console, const struct run *run, struct buf *out)
{
    enum { FEW = 3 };
    OWNED(free_order) size_t *order = run_order(run);
    struct run_counts counts = run_count(run);
    size_t n_na = counts.by_verdict[VERDICT_NA];
    bool fold_na = n_na > FEW && n_na < run->n_results;
    size_t untried = 0;
    bool no_program = run_find_no_program(run) != NULL;
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[order[i]];
        bool cut_off = (run->interrupted || no_program) && run_result_is_untried(result);
        untried += cut_off;
        if (!cut_off && !(fold_na && result->verdict == VERDICT_NA))
            console_add_line(console, result, out);
    }
    if (fold_na) {
        add_mark(console, VERDICT_NA, looks[VERDICT_NA].mark, out);
        buf_format(out,
                   " %zu scenarios do not apply to this client or its driver; --verbose lists "
                   "them with the reasons\n",
                   n_na);
    }
    if (untried)
        buf_format(out, "%zu scenario%s not tried, because %s\n", untried,
                   untried == 1 ? " was" : "s were",
                   no_program ? "the command could not be run" : "the run was interrupted");
}

/* A text of several lines goes on below its beginning. */
static void add_field(struct buf *out, const char *name, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        buf_format(out, "    %-9s %.*s\n", name, (int)len, text);
        text += len + (text[len] == '\n');
        name = "";
    }
}

/* Lines of an excerpt, indented; the marked one stands out by its own mark. */
static void add_wire(struct buf *out, const char *wire)
{
    if (!*wire)
        return;
    buf_text(out, "    wire\n");
    while (*wire) {
        size_t len = strcspn(wire, "\n");
        buf_text(out, "    ");
        buf_add(out, wire, len);
        buf_char(out, '\n');
        wire += len + (wire[len] == '\n');
    }
}

static void add_check(const struct console *console, const struct check_result *check,
                      bool with_wire, struct buf *out)
{
    buf_text(out, "  ");
    add_mark(console, check->verdict, looks[check->verdict].mark, out);
    buf_format(out, " %s (%s)\n", check->id, level_name(check->level));
    add_field(out, "rule", check->requirement);
    add_field(out, "expected", check->expected);
    add_field(out, "seen", check->seen);
    add_field(out, "source", check->source);
    add_field(out, "hint", check->hint);
    if (check->level == LEVEL_MUST_OURS && check->verdict == VERDICT_FAIL)
        add_field(out, "note",
                  "MUST* is our own rule: no text demands it, but wrong answers or "
                  "lost credentials follow");
    if (with_wire)
        add_wire(out, check->wire);
}

static void add_failure(const struct console *console, const struct run *run,
                        const struct result *result, struct buf *out)
{
    buf_char(out, '\n');
    add_mark(console, result->verdict, looks[result->verdict].mark, out);
    buf_format(out, " %s %s: %s\n", result->code, result->id, result->title);
    add_field(out, "why", result->why);
    if (result->verdict == VERDICT_ERROR)
        add_field(out, "error", result->reason);
    bool marked = result_points_at_wire(result);
    bool wire_shown = false;
    enum verdict last = VERDICT_PASS;
    for (size_t i = 0; i < result->n_checks; i++) {
        const struct check_result *check = &result->checks[i];
        bool echo = check->verdict == VERDICT_INCONCLUSIVE && last == VERDICT_INCONCLUSIVE;
        if (check->verdict <= VERDICT_NA || echo)
            continue;
        last = check->verdict;
        bool with_wire = marked ? check_points_at_wire(check) : !wire_shown;
        add_check(console, check, with_wire, out);
        wire_shown = wire_shown || with_wire;
    }
    buf_format(out, "    again     %s --only %s\n", run->again, result->code);
}

void console_add_failures(const struct console *console, const struct run *run, struct buf *out)
{
    OWNED(free_order) size_t *order = run_order(run);
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[order[i]];
        bool shown = result->verdict == VERDICT_WARN || run_result_is_open(run, result);
        if (shown && !result->known)
            add_failure(console, run, result, out);
    }
    for (size_t i = 0; i < run->n_stale; i++)
        buf_format(out, "\nstale %s\n", run->stale[i]);
}

/* "failed        REF-02 API-10", those of which `fits` says so. */
static void add_codes(const struct run *run, const char *title,
                      bool (*fits)(const struct run *, const struct result *), struct buf *out)
{
    bool begun = false;
    for (size_t i = 0; i < run->n_results; i++) {
        if (!fits(run, &run->results[i]))
            continue;
        if (begun)
            buf_char(out, ' ');
        else
            buf_format(out, "%-13s ", title);
        buf_text(out, run->results[i].code);
        begun = true;
    }
    buf_text(out, begun ? "\n" : "");
}

static bool is_vain(const struct run *run, const struct result *result)
{
    (void)run;
    return run_result_is_vain(result);
}

static bool is_broken(const struct run *run, const struct result *result)
{
    (void)run;
    return result->verdict == VERDICT_ERROR;
}

/* How to try again what is not settled. What was not tried is named by number: it may be all of the
 * catalogue. */
static void add_again(const struct run *run, struct buf *out)
{
    OWNED(buf_free) struct buf again = {0};
    size_t untried = run->n_left + run_count_untried(run);
    run_add_again(run, &again);
    if (run->n_left)
        buf_format(out, "%-13s %zu of what the run before left to try\n", "not tried", run->n_left);
    if (again.len)
        buf_format(out, "%-13s %s\n%-13s or, here: fakewix-conform rerun", "again", buf_str(&again),
                   "");
    else if (untried)
        buf_format(out, "%-13s here: fakewix-conform rerun", "again");
    if (untried)
        buf_format(out, " (%s%zu that %s not tried)", again.len ? "with the " : "the ", untried,
                   untried == 1 ? "was" : "were");
    buf_text(out, again.len || untried ? "\n" : "");
}

void console_add_summary(const struct console *console, const struct run *run, struct buf *out)
{
    (void)console;
    struct run_counts counts = run_count(run);
    const char *separator = "\n";
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        bool always = verdict == VERDICT_PASS || verdict == VERDICT_FAIL;
        if (!counts.by_verdict[verdict] && !always)
            continue;
        buf_format(out, "%s%zu %s", separator, counts.by_verdict[verdict],
                   verdict_key((enum verdict)verdict));
        separator = ", ";
    }
    if (counts.known)
        buf_format(out, ", %zu known", counts.known);
    if (counts.stale)
        buf_format(out, ", %zu stale", counts.stale);
    buf_format(out, " in %lld.%03lld s: %s\n", (long long)(run->duration_ms / 1000),
               (long long)(run->duration_ms % 1000), run_meaning(run_exit_status(run)));
    add_codes(run, "broke", is_broken, out);
    add_codes(run, "failed", run_result_fails, out);
    add_codes(run, "inconclusive", is_vain, out);
    if (!run_find_no_program(run)) /* another command is needed first */
        add_again(run, out);
    if (run->n_left_out)
        buf_format(out, "%-13s %zu of %zu scenarios; all: %s\n", "left out", run->n_left_out,
                   run->n_results + run->n_left_out, run->again);
}
