/* JUnit XML, as CI servers read it: a scenario is a test case, its area the class. */
#include <string.h>

#include "report/run.h"
#include "shared/mem.h"

/* Text for XML 1.0: markup escaped, control characters that XML cannot hold replaced. */
static void add_xml(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            buf_text(out, "&amp;");
        else if (c == '<')
            buf_text(out, "&lt;");
        else if (c == '>')
            buf_text(out, "&gt;");
        else if (c == '"')
            buf_text(out, "&quot;");
        else if (c == '\n')
            buf_text(out, "&#10;");
        else if (c < 0x20 && c != '\t')
            buf_text(out, "?");
        else
            buf_char(out, (char)c);
    }
}

static void add_attribute(struct buf *out, const char *name, const char *value)
{
    buf_format(out, " %s=\"", name);
    add_xml(out, value);
    buf_char(out, '"');
}

/* All checks that are not fine, as text. */
static void add_details(const struct result *result, struct buf *out)
{
    for (size_t i = 0; i < result->n_checks; i++) {
        const struct check_result *check = &result->checks[i];
        if (check->verdict <= VERDICT_NA)
            continue;
        OWNED(buf_free) struct buf text = {0};
        buf_format(&text, "%s %s (%s): %s\nexpected: %s\nseen: %s\nsource: %s\n%s",
                   verdict_name(check->verdict), check->id, level_name(check->level),
                   check->requirement, check->expected, check->seen, check->source, check->wire);
        add_xml(out, buf_str(&text));
    }
}

static void add_outcome(const struct run *run, const struct result *result, struct buf *out)
{
    const struct check_result *deciding = result_deciding(result);
    const char *message = *result->reason ? result->reason : deciding ? deciding->seen : "";
    const char *element = NULL;
    if (result->known || result->verdict == VERDICT_NA)
        element = "skipped";
    else if (run_result_fails(run, result))
        element = "failure";
    else if (result->verdict == VERDICT_INCONCLUSIVE || result->verdict == VERDICT_ERROR)
        element = "error";
    else if (result->verdict != VERDICT_WARN)
        return;
    if (!element) {
        buf_text(out, "      <system-out>");
        add_details(result, out);
        buf_text(out, "</system-out>\n");
        return;
    }
    buf_format(out, "      <%s", element);
    OWNED(mem_text_free) char *known = mem_format("known failure: %s", result->known_note);
    add_attribute(out, "message", result->known ? known : message);
    if (strcmp(element, "skipped") == 0) {
        buf_text(out, "/>\n");
        return;
    }
    add_attribute(out, "type",
                  deciding ? level_name(deciding->level) : verdict_name(result->verdict));
    buf_char(out, '>');
    add_details(result, out);
    buf_format(out, "</%s>\n", element);
}

static void add_case(const struct run *run, const struct result *result, struct buf *out)
{
    const char *slash = strrchr(result->id, '/');
    OWNED(mem_text_free)
    char *area = mem_text_n(result->id, slash ? (size_t)(slash - result->id) : 0);
    OWNED(mem_text_free)
    char *name = mem_format("%s %s", result->code, slash ? slash + 1 : result->id);
    buf_text(out, "    <testcase");
    add_attribute(out, "classname", area);
    add_attribute(out, "name", name);
    buf_format(out, " time=\"%lld.%03lld\">\n", (long long)(result->duration_ms / 1000),
               (long long)(result->duration_ms % 1000));
    add_outcome(run, result, out);
    buf_text(out, "    </testcase>\n");
}

void report_junit(const struct run *run, struct buf *out)
{
    size_t failures = run->n_stale;
    size_t errors = 0;
    size_t skipped = 0;
    for (size_t i = 0; i < run->n_results; i++) {
        const struct result *result = &run->results[i];
        failures += run_result_fails(run, result);
        errors += result->verdict == VERDICT_INCONCLUSIVE || result->verdict == VERDICT_ERROR;
        skipped += result->known || result->verdict == VERDICT_NA;
    }
    buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    buf_format(out,
               "  <testsuite name=\"fakewix-conform\" tests=\"%zu\" failures=\"%zu\" "
               "errors=\"%zu\" skipped=\"%zu\" time=\"%lld.%03lld\">\n",
               run->n_results + run->n_stale, failures, errors, skipped,
               (long long)(run->duration_ms / 1000), (long long)(run->duration_ms % 1000));
    for (size_t i = 0; i < run->n_results; i++)
        add_case(run, &run->results[i], out);
    for (size_t i = 0; i < run->n_stale; i++) {
        buf_text(out, "    <testcase classname=\"known-failing\"");
        add_attribute(out, "name", run->stale[i]);
        buf_text(out, ">\n      <failure type=\"stale\"/>\n    </testcase>\n");
    }
    OWNED(buf_free) struct buf remarks = {0};
    run_add_remarks(run, &remarks);
    if (remarks.len) {
        buf_text(out, "    <system-out>");
        add_xml(out, buf_str(&remarks));
        buf_text(out, "</system-out>\n");
    }
    buf_text(out, "  </testsuite>\n</testsuites>\n");
}
