/* Rules about what Wix sends to an app: webhooks, and the instance of its pages. They are read off
 * the client's answers: an HTTP status where it has a URL, its own word where it has an adapter. */
#include <string.h>

#include "checks/checks.h"
#include "checks/counting.h"
#include "shared/mem.h"

enum { NOT_SAID = -1 };

static bool is_webhook(const struct answer *answer)
{
    return strcmp(answer->step, "webhook") == 0;
}

/* Whether the sender takes the webhook for delivered: anything but 200 comes again. */
static bool is_success(const struct answer *answer)
{
    return answer->status ? answer->status >= 200 && answer->status <= 299 : answer->ok;
}

static bool is_delivered(const struct answer *answer)
{
    return answer->status ? answer->status == 200 : answer->ok;
}

static void add_answer(const struct answer *answer, struct buf *out)
{
    if (answer->status)
        buf_format(out, "answered %d", answer->status);
    else
        buf_text(out, answer->ok ? "said ok" : "refused");
    if (answer->handled != NOT_SAID)
        buf_format(out, ", %s", answer->handled ? "acted upon it" : "did not act upon it");
    if (*answer->text)
        buf_format(out, " (%s)", answer->text);
}

/* Look at every webhook: the first that `breaks` the rule is what was found. */
static void judge_webhooks(const struct evidence *evidence,
                           bool (*breaks)(const struct answer *answer), struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    OWNED(buf_free) struct buf seen = {0};
    finding_undecided(finding, "the client answered no webhook");
    for (size_t i = 0; i < performance->n_answers; i++) {
        const struct answer *answer = &performance->answers[i];
        if (!is_webhook(answer))
            continue;
        buf_clear(&seen);
        add_answer(answer, &seen);
        if (breaks(answer)) {
            finding_broken(finding, NULL, "%s", buf_str(&seen));
            return;
        }
        finding_holds(finding, "%s", buf_str(&seen));
    }
}

static bool is_not_taken(const struct answer *answer)
{
    return !is_delivered(answer) || answer->handled == 0;
}

static bool is_believed(const struct answer *answer)
{
    return is_success(answer) || answer->handled == 1;
}

/* A 4xx is an answer, if a dear one; a 5xx is what a crash looks like behind a web server. Who has
 * no status to give does not say which of the two it was. */
static bool is_broken_by(const struct answer *answer)
{
    return answer->status ? answer->status >= 500 : !answer->ok;
}

void check_webhook_taken(const struct evidence *evidence, const cJSON *params,
                         struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "200, and the event acted upon");
    judge_webhooks(evidence, is_not_taken, finding);
}

void check_webhook_refused(const struct evidence *evidence, const cJSON *params,
                           struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no 2xx, and the event not acted upon");
    judge_webhooks(evidence, is_believed, finding);
}

void check_webhook_survived(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "an answer below 500 to each of them");
    judge_webhooks(evidence, is_broken_by, finding);
}

void check_webhook_in_time(const struct evidence *evidence, const cJSON *params,
                           struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    int64_t max_ms = checks_number(params, "max_ms", 1250);
    int64_t longest_ms = -1;
    buf_format(&finding->expected, "an answer within %lld ms", (long long)max_ms);
    for (size_t i = 0; i < performance->n_answers; i++)
        if (is_webhook(&performance->answers[i]) && performance->answers[i].took_ms > longest_ms)
            longest_ms = performance->answers[i].took_ms;
    if (longest_ms < 0)
        finding_undecided(finding, "the client answered no webhook");
    else if (longest_ms > max_ms)
        finding_broken(finding, NULL, "%lld ms", (long long)longest_ms);
    else
        finding_holds(finding, "within the time");
}

/* From outside a 200 does not tell an event that was acted upon from one that was put aside. */
static void judge_acts(const struct evidence *evidence, int64_t max, struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    int64_t n = 0;
    int64_t acts = 0;
    int64_t silent = 0;
    for (size_t i = 0; i < performance->n_answers; i++) {
        const struct answer *answer = &performance->answers[i];
        bool counts = is_webhook(answer);
        n += counts;
        acts += counts && answer->handled == 1;
        silent += counts && answer->handled == NOT_SAID && is_success(answer);
    }
    buf_format(&finding->expected, "acted upon %lld time%s at most", (long long)max,
               counting_s(max));
    if (!n)
        finding_undecided(finding, "the client answered no webhook");
    else if (acts > max)
        finding_broken(finding, NULL, "acted upon %lld time%s", (long long)acts, counting_s(acts));
    else if (silent > max)
        finding_measured(finding,
                         "taken %lld time%s; whether it acted, only an adapter's \"handled\" tells",
                         (long long)silent, counting_s(silent));
    else
        finding_holds(finding, "acted upon %lld time%s", (long long)acts, counting_s(acts));
}

void check_webhook_handled_once(const struct evidence *evidence, const cJSON *params,
                                struct finding *finding)
{
    judge_acts(evidence, checks_number(params, "max", 1), finding);
}

void check_webhook_not_handled(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    (void)params;
    judge_acts(evidence, 0, finding);
}

/* ---- the signed instance ---- */

/* The n-th answer about an instance, n from 0, or NULL. */
static const struct answer *find_instance(const struct performance *performance, size_t n)
{
    for (size_t i = 0; i < performance->n_answers; i++)
        if (strcmp(performance->answers[i].step, "instance") == 0 && n-- == 0)
            return &performance->answers[i];
    return NULL;
}

/* The page where the browser came to rest with the n-th instance; "" where there is no browser. */
static const char *find_page(const struct performance *performance, size_t n)
{
    const char *page = "";
    size_t opened = 0;
    for (size_t i = 0; i < performance->n_visits; i++) {
        const struct visit *visit = &performance->visits[i];
        opened += visit->kind == VISIT_INSTANCE;
        bool leads_on = visit->kind == VISIT_INSTANCE || visit->kind == VISIT_ONWARD;
        if (opened == n + 1 && leads_on)
            page = visit->url;
    }
    return page;
}

/* Where the paths differ, the one was sent elsewhere: to a page that says no, such as a login. */
static bool is_same_page(const char *a, const char *b)
{
    size_t len = strcspn(a, "?#");
    return len == strcspn(b, "?#") && strncmp(a, b, len) == 0;
}

static void say_answer(const struct answer *answer, struct buf *out)
{
    buf_text(out, "the client ");
    add_answer(answer, out);
}

void check_instance_taken(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    const struct answer *answer = find_instance(&evidence->performance, 0);
    OWNED(buf_free) struct buf seen = {0};
    (void)params;
    buf_text(&finding->expected, "the page is shown");
    if (!answer) {
        finding_undecided(finding, "the client was shown no instance");
        return;
    }
    say_answer(answer, &seen);
    if (is_success(answer))
        finding_holds(finding, "%s", buf_str(&seen));
    else
        finding_broken(finding, NULL, "%s", buf_str(&seen));
}

/* The first instance of the scenario is the bad one; a second is genuine, to compare with. */
void check_instance_refused(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    const struct answer *bad = find_instance(performance, 0);
    const struct answer *good = find_instance(performance, 1);
    OWNED(buf_free) struct buf seen = {0};
    (void)params;
    buf_text(&finding->expected, "an error, or another page than for a genuine instance");
    if (!bad) {
        finding_undecided(finding, "the client was shown no instance");
        return;
    }
    say_answer(bad, &seen);
    bool elsewhere = good && is_success(good) &&
                     !is_same_page(find_page(performance, 0), find_page(performance, 1));
    if (good && !is_success(good) && !is_success(bad))
        finding_undecided(finding, "a genuine instance was refused as well");
    else if (is_success(bad) && !elsewhere)
        finding_broken(finding, NULL, "%s", buf_str(&seen));
    else
        finding_holds(finding, "%s%s", buf_str(&seen), elsewhere ? " from another page" : "");
}
