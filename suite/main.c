/* fakewix-conform: the only file of the suite that prints, reads the environment and exits. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "choice.h"
#include "fake/http.h"
#include "host/files.h"
#include "host/orphans.h"
#include "init.h"
#include "judging.h"
#include "options.h"
#include "report/compare.h"
#include "report/console.h"
#include "report/run.h"
#include "routing.h"
#include "scenario/catalogue.h"
#include "scenario/describe.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "trial/crew.h"
#include "trial/known.h"

static const char *look_up(const char *name)
{
    return getenv(name);
}

/* ---- interruption: a signal is one byte in a pipe that every wait looks at ---- */

static int stop_pipe[2] = {-1, -1};
static atomic_bool stopped;

static void *await_signal(void *arg)
{
    sigset_t *signals = arg;
    int number = 0;
    sigwait(signals, &number);
    stopped = true;
    close(stop_pipe[1]); /* the read end is readable for good */
    return NULL;
}

static void watch_signals(void)
{
    static sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    pthread_t thread;
    if (pipe(stop_pipe) != 0)
        return;
    fcntl(stop_pipe[0], F_SETFD,
          FD_CLOEXEC); /* a child that held the write end would keep it open */
    fcntl(stop_pipe[1], F_SETFD, FD_CLOEXEC);
    if (pthread_create(&thread, NULL, await_signal, &signals) == 0)
        pthread_detach(thread);
}

static bool is_stopped(void *context)
{
    (void)context;
    return stopped;
}

/* ---- list and explain ---- */

static void print(FILE *stream, const struct buf *text)
{
    fwrite(buf_str(text), 1, text->len, stream);
    fflush(stream);
}

static void judging_end(struct judging **judging)
{
    judging_free(*judging);
}

/* What is wrong with the user's own scenarios, told before anything is said of them. */
static int check_own(const struct options *options, struct catalogue *catalogue, struct err *err)
{
    struct judging made = {.options = options};
    OWNED(judging_end) struct judging *judging = &made;
    made.setup.server = &made.server;
    int status = judging_check_own(judging, catalogue, look_up, err);
    if (status != RUN_BROKEN)
        return status;
    fprintf(stderr, "fakewix-conform: no fake was asked about your scenarios: %s\n", err->text);
    err_free(err);
    return mistakes_are_none(&catalogue->mistakes, err) ? RUN_OK : RUN_USAGE;
}

static int command_list(const struct options *options, struct catalogue *catalogue, struct err *err)
{
    OWNED(plan_free) struct plan plan = {0};
    int status = check_own(options, catalogue, err);
    if (status != RUN_OK)
        return status;
    if (!judging_choose(options, catalogue, &plan, err))
        return RUN_USAGE;
    OWNED(buf_free) struct buf out = {0};
    if (options_text(options, OPTION_JSON))
        describe_list_json(plan.list, plan.n, &out);
    else
        describe_list(plan.list, plan.n, &out);
    print(stdout, &out);
    return RUN_OK;
}

static int command_explain(const struct options *options, struct catalogue *catalogue,
                           struct err *err)
{
    OWNED(buf_free) struct buf out = {0};
    int status = check_own(options, catalogue, err);
    if (status != RUN_OK)
        return status;
    const struct scenario *scenario = catalogue_find(catalogue, options->operand);
    if (scenario) {
        describe_scenario(scenario, &out);
    } else if (strcmp(options->operand, "language") == 0) {
        describe_language(&out);
    } else {
        catalogue_refuse_name(catalogue, "", options->operand, err);
        return RUN_USAGE;
    }
    print(stdout, &out);
    return RUN_OK;
}

/* ---- run ---- */

struct running {
    struct judging judging;
    const struct catalogue *catalogue;
    struct console console;
    size_t n_planned;
    size_t n_told;
    size_t n_open;   /* so far */
    bool is_rerun;   /* of the last run's open ends */
    int64_t said_ms; /* when the last line was printed */
};

/* With the wires on stdout, each stands under the line of its scenario. */
static bool wants_each(const struct options *options)
{
    const char *trace = options_text(options, OPTION_TRACE);
    return options_text(options, OPTION_VERBOSE) || (trace && strcmp(trace, "-") == 0);
}

static bool wants_colour(const struct options *options)
{
    const char *when = options_text(options, OPTION_COLOUR);
    if (when && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

/* A terminal is told each time, a log now and then: it is to show that the run goes on. */
static bool says_progress(struct running *running)
{
    enum { LOG_MS = 5000 };
    if (running->console.live)
        return true;
    if (running->console.verbose || now_steady_ms() - running->said_ms < LOG_MS)
        return false;
    running->said_ms = now_steady_ms();
    return true;
}

static void tell(void *context, struct result *result)
{
    struct running *running = context;
    bool strict = judging_is_strict(running->judging.options);
    known_apply(&running->judging.known, strict, result);
    if (!result->known)
        known_apply(&running->judging.flaky, strict, result);
    OWNED(buf_free) struct buf line = {0};
    running->n_open +=
        (result->verdict == VERDICT_FAIL || run_result_is_vain(result)) && !result->known;
    if (running->console.verbose && !options_text(running->judging.options, OPTION_QUIET))
        console_add_line(&running->console, result, &line);
    buf_text(&line, result->wire ? result->wire : "");
    running->n_told++;
    if (says_progress(running))
        console_add_progress(&running->console, running->n_told, running->n_planned,
                             running->n_open, &line);
    print(stdout, &line);
}

static const struct {
    enum option option;
    report_fn *write;
} reports[] = {{OPTION_JUNIT, report_junit},
               {OPTION_JSON_FILE, report_json},
               {OPTION_TAP, report_tap},
               {OPTION_HTML, report_html},
               {OPTION_BADGE, report_badge}};

/* Before a minute is spent on what could then not be written. */
static bool can_write_reports(const struct options *options, struct err *err)
{
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        const char *file = options_text(options, reports[i].option);
        FILE *opened = file && strcmp(file, "-") != 0 ? fopen(file, "ae") : NULL;
        if (opened)
            fclose(opened);
        else if (file && strcmp(file, "-") != 0)
            return err_set(err, "%s cannot be written: %s", file, strerror(errno));
    }
    return true;
}

static bool write_reports(const struct options *options, const struct run *run, struct err *err)
{
    bool written = true;
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        const char *file = options_text(options, reports[i].option);
        if (!file)
            continue;
        OWNED(buf_free) struct buf text = {.max = (size_t)256 * 1024 * 1024};
        reports[i].write(run, &text);
        if (strcmp(file, "-") == 0)
            print(stdout, &text);
        else
            written = files_write(file, buf_str(&text), text.len, err) && written;
    }
    return written;
}

/* What a CI that is GitHub's shows beside the job. */
static bool write_for_github(const struct run *run, struct err *err)
{
    const char *summary = getenv("GITHUB_STEP_SUMMARY");
    OWNED(buf_free) struct buf text = {0};
    if (!getenv("GITHUB_ACTIONS"))
        return true;
    report_github(run, &text);
    print(stdout, &text);
    buf_clear(&text);
    report_summary(run, &text);
    return !summary || files_append(summary, buf_str(&text), text.len, err);
}

static bool write_known(const struct options *options, const struct run *run, struct err *err)
{
    const char *file = options_text(options, OPTION_WRITE_KNOWN);
    OWNED(buf_free) struct buf text = {0};
    if (!file)
        return true;
    if (run->interrupted) { /* what was not tried would be excused from then on */
        fprintf(stderr, "fakewix-conform: %s is left as it was: the run was interrupted\n", file);
        return true;
    }
    known_write(run->results, run->n_results, run->strict, &text);
    return files_write(file, buf_str(&text), text.len, err);
}

static char **list_stale(const struct known *known, size_t *ret_n)
{
    char **list = NULL;
    size_t n = 0;
    size_t from = 0;
    for (const struct known_entry *entry; (entry = known_next_stale(known, &from));) {
        list = mem_grow(list, n + 1, sizeof *list);
        list[n++] =
            mem_format("%s:%d: \"%s%s%s\" passes now; remove the line", known->file, entry->line,
                       entry->scenario, entry->check ? ":" : "", entry->check ? entry->check : "");
    }
    *ret_n = n;
    return list;
}

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static int finish(struct running *running, struct run *run, struct err *err)
{
    char **stale = list_stale(&running->judging.known, &run->n_stale);
    run->stale = (const char *const *)stale;
    char **left = again_list_left(again_file(look_up), run, running->catalogue, &run->n_left);
    run->left = (const char *const *)left;
    OWNED(buf_free) struct buf text = {0};
    if (!running->console.verbose && !options_text(running->judging.options, OPTION_QUIET))
        console_add_list(&running->console, run, &text);
    console_add_failures(&running->console, run, &text);
    console_add_summary(&running->console, run, &text);
    print(stdout, &text);
    int status = run_exit_status(run);
    if (!write_reports(running->judging.options, run, err) ||
        !write_known(running->judging.options, run, err) || !write_for_github(run, err))
        status = RUN_BROKEN;
    const struct result *vain = run_find_no_program(run);
    if (vain) /* and the run before, which had something to say, stays in memory */
        err_set(err,
                "--command '%s': %s; name a program of PATH, or one by its path "
                "(./client) that may be run",
                run->client, vain->reason);
    else
        again_remember(again_file(look_up), running->judging.options->argv, run);
    free_list(stale, run->n_stale);
    free_list(left, run->n_left);
    return status;
}

static int try_plan(struct running *running, const struct plan *plan, struct err *err)
{
    int64_t started_ms = now_steady_ms();
    running->said_ms = started_ms;
    running->n_planned = plan->n;
    struct crew_setup crew = {.trial = &running->judging.setup,
                              .plan = plan,
                              .jobs = (int)running->judging.jobs,
                              .told = tell,
                              .context = running,
                              .interrupted = is_stopped};
    struct result *results = crew_run(&crew);
    struct run run = {
        .client = running->judging.choice.client,
        .again = running->judging.again,
        .strict = judging_is_strict(running->judging.options),
        .interrupted = stopped,
        .repeats = running->is_rerun,
        .n_left_out = running->catalogue->n - plan->n,
        .results = results,
        .n_results = plan->n,
        .duration_ms = now_steady_ms() - started_ms,
    };
    int status = finish(running, &run, err);
    for (size_t i = 0; i < plan->n; i++)
        result_free(&results[i]);
    free(results);
    return status;
}

static int command_run(const struct options *options, struct catalogue *catalogue, struct err *err)
{
    OWNED(plan_free) struct plan plan = {0};
    struct running running = {
        .judging.options = options,
        .catalogue = catalogue,
        .console = {.colour = wants_colour(options),
                    .live = isatty(STDOUT_FILENO),
                    .verbose = wants_each(options)},
    };
    OWNED(judging_end) struct judging *judging = &running.judging;
    if (options_text(options, OPTION_UNMODIFIED) && !routing_address(look_up)) {
        routing_enter(options, look_up, err);
        return RUN_BROKEN;
    }
    running.is_rerun = getenv(AGAIN_VARIABLE) != NULL;
    unsetenv(AGAIN_VARIABLE);
    if (!judging_read(judging, look_up, stop_pipe[0], err))
        return RUN_USAGE;
    int status = judging_check_own(judging, catalogue, look_up, err);
    if (status != RUN_OK)
        return status;
    if (!judging_read_known(judging, catalogue, err) ||
        !judging_choose(options, catalogue, &plan, err) || !can_write_reports(options, err))
        return RUN_USAGE;
    if (!plan.n) {
        err_set(err, "nothing is left to try: --quick or --profile leaves out what --only names");
        return RUN_INCOMPLETE;
    }
    if (!judging_start_fake(judging, look_up, err))
        return RUN_BROKEN;
    return try_plan(&running, &plan, err);
}

/* ---- diff and rerun ---- */

static cJSON *read_report(const char *file, struct err *err)
{
    OWNED(buf_free) struct buf text = {0};
    OWNED(err_free) struct err why = {0};
    if (!files_read(file, &text, err))
        return NULL;
    cJSON *report = tree_parse(buf_str(&text), text.len, &why);
    if (!report)
        err_set(err, "%s is not JSON: %s", file, why.text);
    return report;
}

static int command_diff(const struct options *options, struct err *err)
{
    struct side before = {.file = options->operand};
    struct side after = {.file = options->operand_2};
    OWNED(buf_free) struct buf out = {0};
    struct comparison comparison;
    OWNED(tree_free) cJSON *first = read_report(before.file, err);
    OWNED(tree_free) cJSON *second = first ? read_report(after.file, err) : NULL;
    before.report = first;
    after.report = second;
    if (!second || !compare_runs(&before, &after, &out, &comparison, err))
        return RUN_USAGE;
    print(stdout, &out);
    return comparison.worse ? RUN_FAILED : RUN_OK;
}

static int command_rerun(const struct options *options, struct err *err)
{
    if (!again_run(again_file(look_up), options->argv + 2, err))
        return RUN_USAGE;
    puts("nothing failed in the last run of this folder");
    return RUN_OK;
}

static int command_init(const struct options *options, struct err *err)
{
    const struct language *language = init_find(options->operand, err);
    bool write = options_text(options, OPTION_WRITE) != NULL;
    OWNED(buf_free) struct buf out = {0};
    if (!language)
        return RUN_USAGE;
    if (!write)
        buf_text(&out, language->text);
    else if (!init_write(language, options_text(options, OPTION_FORCE) != NULL, &out, err))
        return RUN_USAGE;
    print(stdout, &out);
    return RUN_OK;
}

/* ---- */

static int command(const struct options *options, struct err *err)
{
    OWNED(buf_free) struct buf help = {0};
    OWNED(catalogue_free) struct catalogue catalogue = {0};
    bool needs_catalogue = options->command == COMMAND_RUN || options->command == COMMAND_LIST ||
                           options->command == COMMAND_EXPLAIN;
    if (needs_catalogue &&
        !catalogue_load(options_text(options, OPTION_SCENARIO_DIR), &catalogue, err))
        return RUN_USAGE;
    switch (options->command) {
    case COMMAND_RUN:
        return command_run(options, &catalogue, err);
    case COMMAND_LIST:
        return command_list(options, &catalogue, err);
    case COMMAND_EXPLAIN:
        return command_explain(options, &catalogue, err);
    case COMMAND_DIFF:
        return command_diff(options, err);
    case COMMAND_INIT:
        return command_init(options, err);
    case COMMAND_RERUN:
        return command_rerun(options, err);
    case COMMAND_VERSION:
        printf("fakewix-conform %s\n", FAKEWIX_VERSION);
        return RUN_OK;
    case COMMAND_HELP:
        if (!options_add_help(options->operand, &help, err))
            return RUN_USAGE;
        print(stdout, &help);
        return RUN_OK;
    }
    return RUN_BROKEN;
}

int main(int argc, char **argv)
{
    mem_adopt_cjson();
    http_begin();
    orphans_adopt();
    watch_signals();
    OWNED(err_free) struct err err = {0};
    OWNED(options_free) struct options options = {0};
    int status =
        options_parse(argc, argv, look_up, &options, &err) ? command(&options, &err) : RUN_USAGE;
    if (err.text)
        fprintf(stderr, "fakewix-conform: %s\n", err.text);
    http_end();
    orphans_end(NULL); /* whoever took care not to be known as a client's child */
    return status;
}
