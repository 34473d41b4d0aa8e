/* One page without a server: the verdict and what is open, then for each scenario that is not fine
 * the rule, what was expected and seen side by side, and the wire. No script, no outside resource;
 * light and dark as the reader's system has it, and narrow screens. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "report/run.h"
#include "shared/mem.h"
#include "shared/text.h"

static const char style[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1d2733;--soft:#56636f;"
    "--line:#dfe4ea;--pass:#1a7f4b;--info:#2f6fb5;--warn:#925700;--fail:#c02b2b;--open:#7d4bb5;"
    "--na:#6a7681;--mark:#fdecec}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14181d;--card:#1d232a;--ink:#e6ebf0;"
    "--soft:#9aa7b4;--line:#323b45;--pass:#4cc38a;--info:#6fb1f5;--warn:#e0a34a;--fail:#f07178;"
    "--open:#c39bf0;--na:#8b97a3;--mark:#45272b}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}main{max-width:66rem;margin:0 auto;padding:1.5rem}"
    "@media(max-width:40rem){main{padding:1rem .8rem}}"
    "h1{font-size:1.6rem;line-height:1.2;margin:0}h2{font-size:1.15rem;margin:2rem 0 .6rem}"
    "h3{margin:0 0 .3rem;font-size:1.05rem}p{margin:.4rem 0;overflow-wrap:anywhere}"
    ".soft{color:var(--soft)}code,pre{font:12.5px/1.5 ui-monospace,monospace}"
    ".banner,article{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:1rem 1.2rem;margin:.8rem 0}"
    ".banner{border-left:6px solid currentColor;padding:1.2rem}"
    ".banner>*:not(h1){color:var(--ink)}.banner .soft{color:var(--soft)}"
    ".totals{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;margin:.7rem 0}"
    ".totals b{font-size:1.25rem}"
    ".chips{display:flex;flex-wrap:wrap;gap:.3rem}"
    ".chip{border:1px solid currentColor;border-radius:6px;padding:0 .45rem;font-size:.85rem;"
    "text-decoration:none;white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".chip:hover{background:var(--line)}.chip.FAIL,.chip.ERROR{background:var(--fail);"
    "border-color:var(--fail);color:var(--card)}.chip.NA{border-style:dotted}"
    ".areas{display:grid;grid-template-columns:max-content 1fr;gap:.45rem 1rem;"
    "align-items:baseline}@media(max-width:40rem){.areas{grid-template-columns:1fr;gap:.2rem}"
    ".areas .chips{margin-bottom:.5rem}}"
    ".PASS{color:var(--pass)}.INFO{color:var(--info)}.WARN{color:var(--warn)}"
    ".INCONCLUSIVE{color:var(--open)}.FAIL,.ERROR{color:var(--fail)}.NA{color:var(--na)}"
    ".check{border-top:1px solid var(--line);margin-top:.8rem;padding-top:.5rem}"
    ".sides{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin:.6rem 0}"
    "@media(max-width:40rem){.sides{grid-template-columns:1fr;gap:.4rem}}"
    ".sides div{border:1px solid var(--line);border-radius:8px;padding:.4rem .7rem;"
    "white-space:pre-line;overflow-wrap:anywhere}.sides small{color:var(--soft);display:block}"
    "pre{overflow-x:auto;background:var(--bg);border:1px solid var(--line);border-radius:8px;"
    "padding:.6rem .8rem;margin:.6rem 0}pre.say{white-space:pre-wrap;overflow-wrap:anywhere}"
    "pre span,pre mark{display:block;width:max-content;min-width:100%}"
    "pre mark{background:var(--mark);color:inherit}"
    "@media(max-width:40rem){pre span,pre mark{width:auto;white-space:pre-wrap;"
    "overflow-wrap:anywhere;padding-left:2em;text-indent:-2em}}"
    "summary{cursor:pointer}details>ul{margin:.5rem 0}"
    ".rows{list-style:none;padding:0;margin:0}.rows li{display:grid;"
    "grid-template-columns:4.5rem 1fr;gap:0 .6rem;padding:.3rem 0;"
    "border-top:1px solid var(--line)}.rows li:first-child{border-top:0}"
    ".rows span,.rows b{overflow-wrap:anywhere}.rows .soft{grid-column:2}"
    ":target{outline:2px solid var(--info);outline-offset:2px}";

static const char *css_class(enum verdict verdict)
{
    return verdict == VERDICT_NA ? "NA" : verdict_name(verdict);
}

static void add_totals(const struct run *run, struct buf *out)
{
    struct run_counts counts = run_count(run);
    buf_text(out, "<div class=\"totals\">");
    for (int verdict = VERDICT_COUNT - 1; verdict >= 0; verdict--) {
        if (!counts.by_verdict[verdict])
            continue;
        buf_format(out, "<span class=\"%s\"><b>%zu</b> %s</span>", css_class((enum verdict)verdict),
                   counts.by_verdict[verdict], verdict_name((enum verdict)verdict));
    }
    if (counts.known)
        buf_format(out, "<span class=\"soft\"><b>%zu</b> known</span>", counts.known);
    buf_text(out, "</div>");
}

static void add_chip(const struct result *result, struct buf *out)
{
    const char *verdict = result->known ? "known" : verdict_name(result->verdict);
    buf_format(out, "<a class=\"chip %s\" href=\"#%s\" title=\"%s: ",
               result->known ? "NA" : css_class(result->verdict), result->code, verdict);
    text_add_html(out, result->title);
    buf_format(out, "\">%s</a>", result->code);
}

/* What is open, and how to try it again. */
static void add_open(const struct run *run, const size_t *order, struct buf *out)
{
    OWNED(buf_free) struct buf again = {0};
    run_add_again(run, &again);
    if (!again.len)
        return;
    buf_text(out, "<div class=\"chips\">");
    for (size_t i = 0; i < run->n_results; i++)
        if (run_result_is_open(run, &run->results[order[i]]))
            add_chip(&run->results[order[i]], out);
    buf_text(out, "</div><p class=\"soft\">To try these again:</p><pre class=\"say\">");
    text_add_html(out, buf_str(&again));
    buf_text(out, "</pre>");
}

/* The colour of the whole. */
static const char *class_of_run(int status)
{
    return status == RUN_OK ? "PASS" : status == RUN_INCOMPLETE ? "INCONCLUSIVE" : "FAIL";
}

/* "not conformant" as "Not conformant". */
static void add_heading(int status, struct buf *out)
{
    const char *meaning = run_meaning(status);
    buf_char(out, (char)toupper((unsigned char)*meaning));
    text_add_html(out, meaning + 1);
}

static void add_banner(const struct run *run, const size_t *order, struct buf *out)
{
    int status = run_exit_status(run);
    buf_format(out, "<section class=\"banner %s\"><h1>", class_of_run(status));
    add_heading(status, out);
    buf_text(out, "</h1><p><code>");
    text_add_html(out, run->client);
    buf_format(out,
               "</code></p><p class=\"soft\">%zu scenario%s in %lld.%03lld s, fakewix-conform "
               "%s%s%s</p>",
               run->n_results, run->n_results == 1 ? "" : "s", (long long)(run->duration_ms / 1000),
               (long long)(run->duration_ms % 1000), FAKEWIX_VERSION, run->strict ? ", strict" : "",
               run->interrupted ? ", interrupted" : "");
    add_totals(run, out);
    add_open(run, order, out);
    OWNED(buf_free) struct buf remarks = {0};
    run_add_remarks(run, &remarks);
    if (remarks.len) {
        buf_text(out, "<pre class=\"say\">");
        text_add_html(out, buf_str(&remarks));
        buf_text(out, "</pre>");
    }
    for (size_t i = 0; i < run->n_stale; i++) {
        buf_text(out, "<p><b class=\"FAIL\">stale</b> ");
        text_add_html(out, run->stale[i]);
        buf_text(out, "</p>");
    }
    buf_text(out, "</section>");
}

/* Every scenario as a chip, a row for each area. */
static void add_areas(const struct run *run, struct buf *out)
{
    const char *area = "";
    size_t area_len = 0;
    buf_text(out, "<h2>All scenarios</h2><div class=\"areas\">");
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        size_t len = strcspn(result->id, "/");
        if (len != area_len || strncmp(area, result->id, len) != 0) {
            buf_text(out, area_len ? "</div><span>" : "<span>");
            OWNED(mem_text_free) char *name = mem_text_n(result->id, len);
            text_add_html(out, name);
            buf_text(out, "</span><div class=\"chips\">");
            area = result->id;
            area_len = len;
        }
        add_chip(result, out);
    }
    buf_text(out, area_len ? "</div></div>" : "</div>");
}

/* The wire, with the line that shows it marked. */
static void add_wire(const char *wire, struct buf *out)
{
    buf_text(out, "<pre>");
    while (*wire) {
        size_t len = strcspn(wire, "\n");
        OWNED(mem_text_free) char *line = mem_text_n(wire, len);
        buf_text(out, *line == '>' ? "<mark>" : "<span>");
        text_add_html(out, line);
        buf_text(out, *line == '>' ? "</mark>" : "</span>");
        wire += len + (wire[len] == '\n');
    }
    buf_text(out, "</pre>");
}

static void add_check(const struct check_result *check, bool with_wire, struct buf *out)
{
    buf_format(out,
               "<div class=\"check\"><p><b class=\"%s\">%s</b> <span class=\"soft\">%s</span> ",
               css_class(check->verdict), verdict_name(check->verdict), level_name(check->level));
    text_add_html(out, check->requirement);
    buf_text(out, " <code class=\"soft\">");
    text_add_html(out, check->id);
    buf_text(out, "</code></p><div class=\"sides\"><div><small>expected</small>");
    text_add_html(out, check->expected);
    buf_text(out, "</div><div><small>seen</small>");
    text_add_html(out, check->seen);
    buf_text(out, "</div></div>");
    if (*check->hint) {
        buf_text(out, "<p>");
        text_add_html(out, check->hint);
        buf_text(out, "</p>");
    }
    buf_text(out, "<p class=\"soft\">source: ");
    text_add_html(out, check->source);
    if (check->level == LEVEL_MUST_OURS)
        buf_text(out, " (MUST* is our own rule: no text demands it, but wrong answers or lost "
                      "credentials follow)");
    buf_text(out, "</p>");
    if (with_wire && *check->wire)
        add_wire(check->wire, out);
    buf_text(out, "</div>");
}

static bool is_quiet(const struct result *result, size_t i)
{
    return result->checks[i].verdict <= VERDICT_NA;
}

/* Whether a check only says again that the situation did not come up. */
static bool is_echo(const struct result *result, size_t i)
{
    return i && result->checks[i].verdict == VERDICT_INCONCLUSIVE &&
           result->checks[i - 1].verdict == VERDICT_INCONCLUSIVE;
}

/* Those that fit, each as the rule alone, folded. */
static void add_folded(const struct result *result, const char *title,
                       bool (*fits)(const struct result *, size_t), struct buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < result->n_checks; i++)
        n += fits(result, i);
    if (!n)
        return;
    buf_format(out, "<details class=\"soft\"><summary>%zu %s %s</summary><ul>", n,
               n == 1 ? "check" : "checks", title);
    for (size_t i = 0; i < result->n_checks; i++) {
        if (!fits(result, i))
            continue;
        buf_text(out, "<li>");
        text_add_html(out, result->checks[i].requirement);
        buf_text(out, "</li>");
    }
    buf_text(out, "</ul></details>");
}

static void add_article(const struct run *run, const struct result *result, struct buf *out)
{
    buf_format(out, "<article id=\"%s\"><h3><span class=\"%s\">%s</span> %s ", result->code,
               css_class(result->verdict), verdict_name(result->verdict), result->code);
    text_add_html(out, result->title);
    buf_text(out, "</h3><p class=\"soft\">Why it matters: ");
    text_add_html(out, result->why);
    buf_text(out, "</p>");
    if (result->known) {
        buf_text(out, "<p>Known failure: ");
        text_add_html(out, result->known_note);
        buf_text(out, "</p>");
    }
    if (result->verdict == VERDICT_ERROR) {
        buf_text(out, "<p>");
        text_add_html(out, result->reason);
        buf_text(out, "</p>");
    }
    bool wire_shown = false;
    for (size_t i = 0; i < result->n_checks; i++) {
        if (is_quiet(result, i) || is_echo(result, i))
            continue;
        bool with_wire =
            result_points_at_wire(result) ? check_points_at_wire(&result->checks[i]) : !wire_shown;
        add_check(&result->checks[i], with_wire, out);
        wire_shown = wire_shown || with_wire;
    }
    add_folded(result, "more could not be judged", is_echo, out);
    add_folded(result, "held", is_quiet, out);
    buf_text(out, "<pre class=\"say\">");
    text_add_html(out, run->again);
    buf_format(out, " --only %s</pre></article>", result->code);
}

/* What is told of each result: with all there is to it, or in a row. */
enum part { PART_LOOK_AT, PART_UNTRIED, PART_MEASURED, PART_HELD, PART_NA, PART_COUNT };

static enum part part_of(const struct result *result)
{
    if (result->verdict == VERDICT_NA)
        return PART_NA;
    if (result->verdict == VERDICT_PASS)
        return PART_HELD;
    if (result->verdict == VERDICT_INFO)
        return PART_MEASURED;
    return result->verdict == VERDICT_INCONCLUSIVE && !result->ran ? PART_UNTRIED : PART_LOOK_AT;
}

static void add_row(const struct result *result, struct buf *out)
{
    const struct check_result *deciding = result_deciding(result);
    const char *remark = result->reason;
    if (result->verdict == VERDICT_INFO && deciding)
        remark = deciding->seen;
    buf_format(out, "<li id=\"%s\"><b class=\"%s\">%s</b><span>", result->code,
               css_class(result->verdict), result->code);
    text_add_html(out, result->title);
    buf_text(out, "</span>");
    if (*remark) {
        buf_text(out, "<span class=\"soft\">");
        text_add_html(out, remark);
        buf_text(out, "</span>");
    }
    buf_text(out, "</li>");
}

static void add_part(const struct run *run, const size_t *order, enum part part, struct buf *out)
{
    static const struct {
        const char *title;
        bool folded;
    } parts[PART_COUNT] = {[PART_LOOK_AT] = {"What to look at", false},
                           [PART_UNTRIED] = {"Not tried", false},
                           [PART_MEASURED] = {"Measured, not judged", false},
                           [PART_HELD] = {"What held", true},
                           [PART_NA] = {"Does not apply to this client or its driver", true}};
    size_t n = 0;
    for (size_t i = 0; i < run->n_results; i++)
        n += part_of(&run->results[i]) == part;
    if (!n)
        return;
    buf_format(out, "<h2>%s</h2>", parts[part].title);
    if (part != PART_LOOK_AT)
        buf_format(out, "<article>%s", parts[part].folded ? "<details><summary>" : "");
    if (parts[part].folded)
        buf_format(out, "%zu scenario%s</summary>", n, n == 1 ? "" : "s");
    buf_text(out, part == PART_LOOK_AT ? "" : "<ul class=\"rows\">");
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[order[i]];
        if (part_of(result) != part)
            continue;
        if (part == PART_LOOK_AT)
            add_article(run, result, out);
        else
            add_row(result, out);
    }
    if (part != PART_LOOK_AT)
        buf_format(out, "</ul>%s</article>", parts[part].folded ? "</details>" : "");
}

static void free_order(size_t **order)
{
    free(*order);
}

void report_html(const struct run *run, struct buf *out)
{
    OWNED(free_order) size_t *order = run_order(run);
    buf_text(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
                  "name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    add_heading(run_exit_status(run), out);
    buf_text(out, " · fakewix-conform</title><style>");
    buf_text(out, style);
    buf_text(out, "</style></head><body><main>");
    add_banner(run, order, out);
    for (int part = 0; part < PART_COUNT; part++) {
        if (part == PART_MEASURED)
            add_areas(run, out);
        add_part(run, order, (enum part)part, out);
    }
    buf_text(out, "</main></body></html>\n");
}
