/* One page without a server: the totals, a matrix of all scenarios, and for each that is not fine
 * the rule, what was expected and seen side by side, and the wire. No script, no outside resource;
 * light and dark as the reader's system has it, and narrow screens. */
#include <string.h>

#include "report/run.h"
#include "shared/mem.h"
#include "shared/text.h"

static const char style[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1d2733;--soft:#5d6b79;"
    "--line:#dfe4ea;--pass:#1a7f4b;--info:#2f6fb5;--warn:#a86500;--fail:#c02b2b;--open:#7d4bb5;"
    "--na:#7a8794}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14181d;--card:#1d232a;--ink:#e6ebf0;"
    "--soft:#9aa7b4;--line:#323b45;--pass:#4cc38a;--info:#6fb1f5;--warn:#e0a34a;--fail:#f07178;"
    "--open:#c39bf0;--na:#8b97a3}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}main{max-width:66rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .6rem}"
    ".soft{color:var(--soft)}.totals{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}"
    ".total{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:.5rem .9rem;min-width:5.5rem}.total b{display:block;font-size:1.5rem}"
    ".matrix{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.4rem}"
    ".cell{display:flex;gap:.5rem;align-items:baseline;background:var(--card);padding:.35rem .6rem;"
    "border:1px solid var(--line);border-left:4px solid currentColor;border-radius:6px;"
    "text-decoration:none}.cell span{color:var(--ink);overflow-wrap:anywhere}"
    ".cell b{white-space:nowrap}.PASS{color:var(--pass)}.INFO{color:var(--info)}"
    ".WARN{color:var(--warn)}.INCONCLUSIVE{color:var(--open)}"
    ".FAIL,.ERROR{color:var(--fail)}.NA{color:var(--na)}"
    "article{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:1rem 1.2rem;margin:.8rem 0}article h3{margin:0 0 .3rem;font-size:1.05rem}"
    ".sides{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin:.6rem 0}"
    "@media(max-width:40rem){.sides{grid-template-columns:1fr}}"
    ".sides div{border:1px solid var(--line);border-radius:8px;padding:.5rem .7rem}"
    ".sides small,dt{color:var(--soft);font-size:.8rem}"
    "pre{overflow-x:auto;background:var(--bg);border:1px solid var(--line);border-radius:8px;"
    "padding:.6rem .8rem;font:12.5px/1.5 ui-monospace,monospace}"
    "summary{cursor:pointer;color:var(--soft)}";

static const char *css_class(enum verdict verdict)
{
    return verdict == VERDICT_NA ? "NA" : verdict_name(verdict);
}

static void add_totals(const struct run *run, struct buf *out)
{
    struct run_counts counts = run_count(run);
    buf_text(out, "<div class=\"totals\">");
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (!counts.by_verdict[verdict])
            continue;
        buf_format(out, "<div class=\"total %s\"><b>%zu</b>%s</div>",
                   css_class((enum verdict)verdict), counts.by_verdict[verdict],
                   verdict_name((enum verdict)verdict));
    }
    if (counts.known)
        buf_format(out, "<div class=\"total\"><b>%zu</b>known</div>", counts.known);
    buf_text(out, "</div>");
}

static void add_matrix(const struct run *run, struct buf *out)
{
    const char *area = "";
    size_t area_len = 0;
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        size_t len = strcspn(result->id, "/");
        if (len != area_len || strncmp(area, result->id, len) != 0) {
            buf_format(out, "%s<h2>%.*s</h2><div class=\"matrix\">", area_len ? "</div>" : "",
                       (int)len, result->id);
            area = result->id;
            area_len = len;
        }
        buf_format(out, "<a class=\"cell %s\" href=\"#%s\" title=\"%s\"><b>%s</b><span>",
                   css_class(result->verdict), result->code, verdict_name(result->verdict),
                   result->code);
        text_add_html(out, result->title);
        buf_text(out, "</span></a>");
    }
    buf_text(out, area_len ? "</div>" : "");
}

static void add_check(const struct check_result *check, struct buf *out)
{
    buf_format(out, "<p><b class=\"%s\">%s</b> <span class=\"soft\">%s</span><br>",
               css_class(check->verdict), verdict_name(check->verdict), level_name(check->level));
    text_add_html(out, check->requirement);
    buf_text(out, " <code class=\"soft\">");
    text_add_html(out, check->id);
    buf_text(out, "</code></p><div class=\"sides\"><div><small>expected</small><br>");
    text_add_html(out, check->expected);
    buf_text(out, "</div><div><small>seen</small><br>");
    text_add_html(out, check->seen);
    buf_text(out, "</div></div><p class=\"soft\">");
    text_add_html(out, check->source);
    if (*check->hint) {
        buf_text(out, "<br>");
        text_add_html(out, check->hint);
    }
    buf_text(out, "</p>");
    if (*check->wire) {
        buf_text(out, "<pre>");
        text_add_html(out, check->wire);
        buf_text(out, "</pre>");
    }
}

static bool is_interesting(const struct check_result *check)
{
    return check->verdict == VERDICT_INFO || check->verdict > VERDICT_NA;
}

static void add_article(const struct run *run, const struct result *result, struct buf *out)
{
    buf_format(out, "<article id=\"%s\"><h3><span class=\"%s\">%s</span> %s ", result->code,
               css_class(result->verdict), verdict_name(result->verdict), result->code);
    text_add_html(out, result->title);
    buf_format(out, "</h3><p class=\"soft\">%lld ms · ", (long long)result->duration_ms);
    text_add_html(out, result->why);
    buf_text(out, "</p>");
    if (result->known) {
        buf_text(out, "<p>Known failure: ");
        text_add_html(out, result->known_note);
        buf_text(out, "</p>");
    }
    if (*result->reason) {
        buf_text(out, "<p>");
        text_add_html(out, result->reason);
        buf_text(out, "</p>");
    }
    size_t quiet = 0;
    for (size_t i = 0; i < result->n_checks; i++) {
        if (is_interesting(&result->checks[i]))
            add_check(&result->checks[i], out);
        else
            quiet++;
    }
    if (quiet) {
        buf_format(out, "<details><summary>%zu checks held</summary><ul>", quiet);
        for (size_t i = 0; i < result->n_checks; i++) {
            if (is_interesting(&result->checks[i]))
                continue;
            buf_text(out, "<li>");
            text_add_html(out, result->checks[i].requirement);
            buf_text(out, "</li>");
        }
        buf_text(out, "</ul></details>");
    }
    if (run_result_fails(run, result)) {
        buf_text(out, "<pre>");
        text_add_html(out, run->again);
        buf_format(out, " --only %s</pre>", result->code);
    }
    buf_text(out, "</article>");
}

static void add_articles(const struct run *run, bool passed, const char *title, struct buf *out)
{
    bool begun = false;
    for (size_t i = 0; i < run->n_results; i++) {
        if ((run->results[i].verdict == VERDICT_PASS) != passed)
            continue;
        if (!begun)
            buf_format(out, "<h2>%s</h2>", title);
        begun = true;
        add_article(run, &run->results[i], out);
    }
}

void report_html(const struct run *run, struct buf *out)
{
    buf_text(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
                  "name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                  "<title>fakewix-conform</title><style>");
    buf_text(out, style);
    buf_text(out, "</style></head><body><main><h1>How the client did</h1><p class=\"soft\">");
    text_add_html(out, run->client);
    buf_format(out, "<br>%zu tried in %lld.%03lld s, fakewix-conform %s%s%s</p>", run->n_results,
               (long long)(run->duration_ms / 1000), (long long)(run->duration_ms % 1000),
               FAKEWIX_VERSION, run->strict ? ", strict" : "",
               run->interrupted ? ", interrupted" : "");
    add_totals(run, out);
    for (size_t i = 0; i < run->n_stale; i++) {
        buf_text(out, "<p class=\"FAIL\">");
        text_add_html(out, run->stale[i]);
        buf_text(out, "</p>");
    }
    add_matrix(run, out);
    add_articles(run, false, "What to look at", out);
    add_articles(run, true, "What held", out);
    buf_text(out, "</main></body></html>\n");
}
