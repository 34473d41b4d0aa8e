/* fakewix-conform: the only file of the suite that prints, reads the environment and exits. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "again.h"
#include "choice.h"
#include "fake/http.h"
#include "fake/server.h"
#include "host/files.h"
#include "host/orphans.h"
#include "init.h"
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

enum { QUIET_MS = 150, PERCENT = 100 };

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

static bool has_profile(const struct options *options, const char *name)
{
    const char *profile = options_text(options, OPTION_PROFILE);
    return profile && strcmp(profile, name) == 0;
}

static bool is_strict(const struct options *options)
{
    return options_text(options, OPTION_STRICT) || has_profile(options, "strict");
}

static bool choose_plan(const struct options *options, const struct catalogue *catalogue,
                        struct plan *ret_plan, struct err *err)
{
    const struct option_values *only = &options->values[OPTION_ONLY];
    const char *profile = options_text(options, OPTION_PROFILE);
    if (profile && !has_profile(options, "minimal") && !has_profile(options, "strict") &&
        !has_profile(options, "default"))
        return err_set(err, "--profile takes minimal, default or strict, not \"%s\"", profile);
    if (!plan_make(catalogue, only->list, only->n, ret_plan, err))
        return false;
    if (options_text(options, OPTION_QUICK))
        plan_make_quick(ret_plan);
    if (has_profile(options, "minimal"))
        plan_make_minimal(ret_plan);
    return true;
}

static int command_list(const struct options *options, const struct catalogue *catalogue,
                        struct err *err)
{
    OWNED(plan_free) struct plan plan = {0};
    if (!choose_plan(options, catalogue, &plan, err))
        return RUN_USAGE;
    OWNED(buf_free) struct buf out = {0};
    if (options_text(options, OPTION_JSON))
        describe_list_json(plan.list, plan.n, &out);
    else
        describe_list(plan.list, plan.n, &out);
    print(stdout, &out);
    return RUN_OK;
}

static int command_explain(const struct options *options, const struct catalogue *catalogue,
                           struct err *err)
{
    OWNED(buf_free) struct buf out = {0};
    const struct scenario *scenario = catalogue_find(catalogue, options->operand);
    if (scenario) {
        describe_scenario(scenario, &out);
    } else if (strcmp(options->operand, "language") == 0) {
        describe_language(&out);
    } else {
        err_set(err, "there is no scenario \"%s\"; `fakewix-conform list` shows them all",
                options->operand);
        return RUN_USAGE;
    }
    print(stdout, &out);
    return RUN_OK;
}

/* ---- run ---- */

struct running {
    const struct options *options;
    struct known known;
    struct known flaky;
    struct console console;
    size_t n_planned;
    size_t n_told;
    struct server server;
    struct choice choice;
    struct trial_setup setup;
    int64_t jobs;
    char *again;
    char *preload;
};

static void running_free(struct running *running)
{
    known_free(&running->known);
    known_free(&running->flaky);
    server_stop(&running->server);
    choice_free(&running->choice);
    free(running->again);
    free(running->preload);
}

static void tell(void *context, struct result *result)
{
    struct running *running = context;
    bool strict = is_strict(running->options);
    known_apply(&running->known, strict, result);
    if (!result->known)
        known_apply(&running->flaky, strict, result);
    OWNED(buf_free) struct buf line = {0};
    if (!options_text(running->options, OPTION_QUIET))
        console_add_line(&running->console, result, &line);
    buf_text(&line, result->wire ? result->wire : "");
    console_add_progress(&running->console, ++running->n_told, running->n_planned, &line);
    print(stdout, &line);
}

/* The command line that repeats this run; --only is added per scenario. */
static char *make_again(const struct options *options)
{
    static const enum option kept[] = {OPTION_LISTEN,  OPTION_UNMODIFIED, OPTION_ROUTE,
                                       OPTION_FLOWS,   OPTION_SERVER,     OPTION_CONTROL_TOKEN,
                                       OPTION_TIMEOUT, OPTION_CAPS,       OPTION_SCENARIO_DIR};
    struct buf line = {0};
    buf_text(&line, "fakewix-conform run");
    choice_add_again(options, &line);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        options_add_again(options, kept[i], &line);
    return buf_take(&line);
}

static bool read_caps(const char *text, unsigned *ret_offers, struct err *err)
{
    unsigned offers = 0;
    while (*text) {
        size_t len = strcspn(text, ",");
        OWNED(mem_text_free) char *name = mem_text_n(text, len);
        enum need need = NEED_COUNT;
        if (!need_by_name(name, &need))
            return err_set(err, "--caps has the unknown word \"%s\"; docs/SCENARIOS.md lists them",
                           name);
        offers |= NEED_MASK(need);
        text += len + (text[len] == ',');
    }
    *ret_offers = offers;
    return true;
}

static bool wants_colour(const struct options *options)
{
    const char *when = options_text(options, OPTION_COLOUR);
    if (when && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

static bool read_flows(const char *text, unsigned *ret_flows, struct err *err)
{
    unsigned flows = 0;
    while (*text) {
        size_t len = strcspn(text, ",");
        OWNED(mem_text_free) char *name = mem_text_n(text, len);
        enum flow flow = FLOW_COUNT;
        if (!flow_by_name(name, &flow))
            return err_set(err, "--flows takes client_credentials, legacy and install, not \"%s\"",
                           name);
        flows |= FLOW_MASK(flow);
        text += len + (text[len] == ',');
    }
    *ret_flows = flows;
    return true;
}

/* The library that moves a program's clock, where it was installed with this one; caller frees with
 * free(); NULL where it was not. */
static char *find_preload(void)
{
    OWNED(mem_text_free) char *folder = files_program_folder();
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (!slash)
        return NULL;
    *slash = '\0';
    char *library = mem_format("%s/lib/libfakewix-preload.so", folder);
    if (access(library, R_OK) == 0)
        return library;
    free(library);
    return NULL;
}

static bool read_run_options(struct running *running, const struct catalogue *catalogue,
                             struct err *err)
{
    const struct options *options = running->options;
    const char *known = options_text(options, OPTION_KNOWN_FAILING);
    const char *flaky = options_text(options, OPTION_KNOWN_FLAKY);
    const char *caps = options_text(options, OPTION_CAPS);
    int64_t timeout_s = 0;
    int64_t scale = 0;
    if (!options_number(options, OPTION_JOBS, 1, CREW_MAX_JOBS, 1, &running->jobs, err) ||
        !options_number(options, OPTION_TIMEOUT, 1, 86400, 60, &timeout_s, err) ||
        !options_number(options, OPTION_TIME_SCALE, 0, 100000, PERCENT, &scale, err) ||
        (known && !known_read(known, catalogue, &running->known, err)) ||
        (flaky && !known_read(flaky, catalogue, &running->flaky, err)))
        return false;
    const char *url = options_text(options, OPTION_SERVER);
    if (options_text(options, OPTION_UNMODIFIED) && !url)
        url = routing_address(look_up);
    const char *token = options_text(options, OPTION_CONTROL_TOKEN);
    if (url && !server_use(url, token, &running->server, err))
        return false;
    if (!choice_make(options, timeout_s * 1000, stop_pipe[0], &running->choice, err))
        return false;
    if (running->choice.alone && running->jobs > 1)
        return err_set(err, "a running app is one client for all scenarios: --jobs must be 1");
    const char *trace = options_text(options, OPTION_TRACE);
    if (trace && strcmp(trace, "-") != 0 && mkdir(trace, 0777) != 0 && errno != EEXIST)
        return err_set(err, "--trace %s: that folder cannot be made: %s", trace, strerror(errno));
    const char *flows = options_text(options, OPTION_FLOWS);
    running->console.colour = wants_colour(options);
    running->console.live = isatty(STDOUT_FILENO);
    running->again = make_again(options);
    running->preload = find_preload();
    if (running->preload && running->choice.driver.starts)
        running->choice.driver.offers |= NEED_MASK(NEED_BIT_CLOCK);
    running->flaky.flaky = true;
    running->setup = (struct trial_setup){
        .server = &running->server,
        .driver = &running->choice.driver,
        .offers = running->choice.driver.offers,
        .flows = running->choice.alone ? FLOW_MASK(FLOW_LEGACY) | FLOW_MASK(FLOW_INSTALL)
                                       : FLOW_MASK(FLOW_COUNT) - 1,
        .world = running->choice.world,
        .ca_file = routing_address(look_up) ? look_up("FAKEWIX_CA") : NULL,
        .unmodified = options_text(options, OPTION_UNMODIFIED) != NULL,
        .trace = options_text(options, OPTION_TRACE),
        .preload = running->preload,
        .timeout_ms = timeout_s * 1000,
        .quiet_ms = (int)(QUIET_MS * scale / PERCENT),
        .stop_fd = stop_pipe[0],
    };
    if ((caps && !read_caps(caps, &running->setup.offers, err)) ||
        (flows && !read_flows(flows, &running->setup.flows, err)))
        return false;
    running->setup.sure = caps ? running->setup.offers : 0;
    return true;
}

static bool write_reports(const struct options *options, const struct run *run, struct err *err)
{
    static const struct {
        enum option option;
        report_fn *write;
    } reports[] = {{OPTION_JUNIT, report_junit},
                   {OPTION_JSON_FILE, report_json},
                   {OPTION_TAP, report_tap},
                   {OPTION_HTML, report_html},
                   {OPTION_BADGE, report_badge}};
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

static int finish(struct running *running, struct run *run, struct err *err)
{
    char **stale = list_stale(&running->known, &run->n_stale);
    run->stale = (const char *const *)stale;
    OWNED(buf_free) struct buf text = {0};
    console_add_failures(&running->console, run, &text);
    console_add_summary(&running->console, run, &text);
    print(stdout, &text);
    int status = run_exit_status(run);
    if (!write_reports(running->options, run, err) || !write_known(running->options, run, err) ||
        !write_for_github(run, err))
        status = RUN_BROKEN;
    again_remember(again_file(look_up), running->options->argv, run);
    for (size_t i = 0; i < run->n_stale; i++)
        free(stale[i]);
    free(stale);
    return status;
}

static int try_plan(struct running *running, const struct plan *plan, struct err *err)
{
    int64_t started_ms = now_steady_ms();
    running->n_planned = plan->n;
    struct crew_setup crew = {.trial = &running->setup,
                              .plan = plan,
                              .jobs = (int)running->jobs,
                              .told = tell,
                              .context = running,
                              .interrupted = is_stopped};
    struct result *results = crew_run(&crew);
    struct run run = {
        .client = running->choice.client,
        .again = running->again,
        .strict = is_strict(running->options),
        .interrupted = stopped,
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

static int command_run(const struct options *options, const struct catalogue *catalogue,
                       struct err *err)
{
    OWNED(plan_free) struct plan plan = {0};
    OWNED(running_free) struct running running = {.options = options};
    if (options_text(options, OPTION_UNMODIFIED) && !routing_address(look_up)) {
        routing_enter(options, look_up, err);
        return RUN_BROKEN;
    }
    if (!read_run_options(&running, catalogue, err) || !choose_plan(options, catalogue, &plan, err))
        return RUN_USAGE;
    if (!running.server.url &&
        !server_start(getenv("FAKEWIX_BIN"), options_text(options, OPTION_LISTEN), &running.server,
                      err))
        return RUN_BROKEN;
    return try_plan(&running, &plan, err);
}

/* ---- diff and rerun ---- */

static cJSON *read_report(const char *file, struct err *err)
{
    OWNED(buf_free) struct buf text = {0};
    return files_read(file, &text, err) ? tree_parse(buf_str(&text), text.len, err) : NULL;
}

static int command_diff(const struct options *options, struct err *err)
{
    OWNED(tree_free) cJSON *before = read_report(options->operand, err);
    OWNED(tree_free) cJSON *after = before ? read_report(options->operand_2, err) : NULL;
    OWNED(buf_free) struct buf out = {0};
    struct comparison comparison;
    if (!after || !compare_runs(before, after, &out, &comparison, err))
        return RUN_USAGE;
    buf_format(&out, "%zu better, %zu worse, %zu otherwise different, %zu the same\n",
               comparison.better, comparison.worse, comparison.other, comparison.same);
    print(stdout, &out);
    return comparison.worse ? RUN_FAILED : RUN_OK;
}

static int command_rerun(struct err *err)
{
    if (!again_run(again_file(look_up), err))
        return RUN_USAGE;
    puts("nothing failed in the last run");
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
        return command_rerun(err);
    case COMMAND_VERSION:
        printf("fakewix-conform %s\n", FAKEWIX_VERSION);
        return RUN_OK;
    case COMMAND_HELP:
        options_add_help(&help);
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
