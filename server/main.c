/* argv → options → world → listen. The only file that prints and exits. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "embed/host.h"
#include "health.h"
#include "help.h"
#include "http/listener.h"
#include "http/sockets.h"
#include "http/tls.h"
#include "options.h"
#include "routes/tables.h"
#include "run/launch.h"
#include "run/trust.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "starter.h"
#include "state/config.h"
#include "state/contents.h"

enum { EXIT_USAGE = 2, STOP_GRACE_MS = 2000 };

static void say(const char *sentence)
{
    fprintf(stderr, "fakewix: %s\n", sentence);
}

static int fail(const char *sentence)
{
    say(sentence);
    return EXIT_USAGE;
}

/* The config files added up; NULL and a sentence where one is not sound, NULL where there is none.
 */
static cJSON *read_configs(const struct text_list *files, struct err *err)
{
    OWNED(buf_free) struct buf problems = {0};
    if (!files->n)
        return NULL;
    cJSON *whole = config_load((const char *const *)files->items, files->n, &problems);
    if (!whole) {
        const char *first = buf_str(&problems);
        size_t len = strcspn(first, "\n");
        bool more = strstr(first + len, "\n") && first[len + 1];
        err_set(err, "%.*s%s", (int)len, first,
                more ? " (and more: `fakewix validate` says all)" : "");
        return NULL;
    }
    fputs(buf_str(&problems), stderr); /* warnings */
    return whole;
}

/* SIGHUP: the config files anew. Where one is not sound the old content stays. */
static void reload(struct worlds *worlds, const struct options *options)
{
    OWNED(err_free) struct err err = {0};
    if (!options->config.n) {
        say("SIGHUP: there is no --config file to read again");
        return;
    }
    OWNED(tree_free) cJSON *config = read_configs(&options->config, &err);
    if (!config) {
        OWNED(mem_text_free)
        char *sentence = mem_format("SIGHUP: %s; the old config stays", err.text);
        say(sentence);
        return;
    }
    struct world *world = worlds_find(worlds, "default");
    pthread_mutex_lock(&world->lock);
    contents_reload(world, config);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
    say("SIGHUP: the config was read again");
}

/* {"ready":true,"http":…}: one line, on stdout and in the port file. */
static bool announce(const struct listener *listener, const struct options *options,
                     const char *ca_file, struct err *err)
{
    const char *http = listener_url(listener, false);
    const char *https = listener_url(listener, true);
    OWNED(tree_free) cJSON *ready = cJSON_CreateObject();
    tree_put_flag(ready, "ready", true);
    tree_put_text(ready, "http", http);
    tree_put_text(ready, "https", https);
    OWNED(mem_text_free) char *control = mem_format("%s/_fakewix", http ? http : https);
    tree_put_text(ready, "control", control);
    tree_put_text(ready, "ca", ca_file);
    tree_put_int(ready, "pid", getpid());
    OWNED(mem_text_free) char *line = tree_print(ready);
    if (options->port_file) {
        FILE *out = fopen(options->port_file, "w");
        bool written = out && fprintf(out, "%s\n", line) > 0;
        if (out)
            written = fclose(out) == 0 && written;
        if (!written)
            return err_set(err, "--port-file %s cannot be written: %s", options->port_file,
                           strerror(errno));
    }
    printf("%s\n", line);
    fflush(stdout);
    return true;
}

/* What a person pastes into a shell: the default world's app and a call that works. */
static void print_block(struct worlds *worlds, const char *url, bool is_open)
{
    struct world *world = worlds_find(worlds, "default");
    size_t n_apps, n_instances;
    struct app *apps = store_list_apps(world->store, world->id, &n_apps);
    struct instance *instances = store_list_instances(world->store, world->id, &n_instances);
    if (n_apps && n_instances && strncmp(url, "http", 4) == 0) {
        fprintf(stderr,
                "\n  app id       %s\n  app secret   %s\n  instance id  %s\n\n"
                "  curl %s/oauth2/token -H 'Content-Type: application/json' -d '{\n"
                "    \"grant_type\":\"client_credentials\",\n    \"client_id\":\"%s\",\n"
                "    \"client_secret\":\"%s\",\n    \"instance_id\":\"%s\"}'\n\n",
                apps[0].app_id, apps[0].secret, instances[0].instance_id, url, apps[0].app_id,
                apps[0].secret, instances[0].instance_id);
        if (is_open)
            fprintf(stderr, "  In a browser: %s/_fakewix/ ", url);
        fputs("  Stop with Ctrl-C.\n\n", stderr);
    }
    for (size_t i = 0; i < n_apps; i++)
        app_free(&apps[i]);
    free(apps);
    free(instances);
    world_release(world);
}

/* SIGTERM, SIGINT and SIGHUP are blocked before any thread starts, and waited for here. */
static void block_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
    sigaddset(ret_set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret_set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk, with a sentence */
}

/* Connections, and the ports of worlds, each take a file: as many as the system lets us have. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool check_safety(const struct options *options, struct err *err)
{
    for (size_t i = 0; i < options->listen.n + options->tls_listen.n; i++) {
        const char *address = i < options->listen.n
                                  ? options->listen.items[i]
                                  : options->tls_listen.items[i - options->listen.n];
        if (sockets_are_open(address) && !options->control_token)
            return err_set(err,
                           "--listen %s can be reached by others; say --control-token TOKEN with "
                           "it, or listen on localhost",
                           address);
    }
    return true;
}

static struct tls *open_tls(const struct options *options, struct err *err)
{
    OWNED(mem_text_free) char *dir = options_ca_dir(options);
    struct tls_config config = {
        .dir = dir,
        .ca_cert = options->ca_cert,
        .ca_key = options->ca_key,
        .more_names = options->tls_name.items,
        .n_more_names = options->tls_name.n,
    };
    if (!dir && !config.ca_cert) {
        err_set(err, "there is no home to keep a certificate authority in; say --ca-dir DIR");
        return NULL;
    }
    return tls_open(&config, err);
}

/* What the always-on checks found, on stderr. Returns how many rules that count were broken. */
static int report_lint(struct lint_totals *totals)
{
    int broken = 0;
    for (int i = 0; i < LINT_COUNT; i++) {
        const struct lint_row *row = lint_row((enum lint_rule)i);
        long count = atomic_load(&totals->counts[i]);
        if (!count || row->level == LINT_INFO)
            continue;
        if (!broken++)
            fputs("fakewix: lint: what clients did wrong (while the fake runs, GET /_fakewix/lint "
                  "says in which exchanges)\n",
                  stderr);
        fprintf(stderr, "  %-6s %s: %s (%ld times; %s)\n",
                row->level == LINT_MUST ? "MUST" : "SHOULD", row->name, row->sentence, count,
                row->source);
    }
    return broken;
}

/* The certificates to show: NULL, without a sentence, where nothing listens over TLS. */
static void *find_tls_context(const struct options *options, struct tls *tls, struct err *err)
{
    enum tls_kind kind = TLS_GOOD;
    if (options->tls_bad && !tls_kind_parse(options->tls_bad, &kind)) {
        OWNED(buf_free) struct buf question = {0};
        struct near near = {.given = options->tls_bad};
        for (int i = TLS_GOOD + 1; i < TLS_KINDS; i++)
            near_offer(&near, tls_kind_name((enum tls_kind)i));
        near_add_question(&question, &near, "");
        err_set(err, "--tls-bad %s is not known%s%s `fakewix serve --help` lists the kinds",
                options->tls_bad, buf_str(&question), question.len ? "" : ";");
        return NULL;
    }
    return tls ? tls_context(tls, kind) : NULL;
}

static struct host_config host_config_of(const struct options *options, struct timeline time)
{
    return (struct host_config){
        .worlds = {.state_file = options->state,
                   .seed = options->seeded ? (uint64_t)options->seed : rng_machine_seed(),
                   .seeded = options->seeded,
                   .time = time,
                   .clock_dir = options->clock_dir,
                   .max_worlds = (int)options->max_worlds,
                   .max_holds = options->max_holds ? (int)options->max_holds
                                                   : host_max_holds((int)options->workers),
                   .journal_max = (size_t)options->journal_max,
                   .journal_max_bytes = (size_t)options->journal_bytes,
                   .journal_sum_bytes = (size_t)options->journal_total},
        .listener = {.addresses = options->listen.items,
                     .n_addresses = options->listen.n,
                     .tls_addresses = options->tls_listen.items,
                     .n_tls_addresses = options->tls_listen.n,
                     .workers = (int)options->workers,
                     .max_body = (size_t)options->max_body,
                     .max_head = 32768,
                     .idle_ms = (int)options->idle_ms,
                     .request_ms = (int)options->request_ms},
        .control_token = options->control_token,
        .consent_auto = strcmp(options->consent, "auto") == 0,
        .lint_off = strcmp(options->lint, "off") == 0,
    };
}

/* Until a signal says to end. */
static void wait_for_the_end(struct host *host, const struct options *options,
                             const sigset_t *signals)
{
    const char *http = host->fake.http_url;
    const char *https = host->fake.https_url;
    int which;
    if (!options->quiet)
        print_block(host->fake.worlds, http ? http : https, !options->control_token);
    while (sigwait(signals, &which) == 0 && which == SIGHUP)
        reload(host->fake.worlds, options);
}

/* Listen, say so, answer until a signal comes. */
static int run_host(const struct host_config *config, const struct options *options,
                    const char *ca_file, const sigset_t *signals, struct err *err)
{
    struct host *host = host_start(config, err);
    if (!host)
        return EXIT_USAGE;
    if (!announce(host->listener, options, ca_file, err)) {
        host_stop(host, 0);
        host_free(host);
        return EXIT_USAGE;
    }
    wait_for_the_end(host, options, signals);
    host_stop(host, STOP_GRACE_MS);
    bool broken = report_lint(&host->fake.lint) && strcmp(options->lint, "fail") == 0;
    host_free(host);
    return broken ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int serve(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    struct options options;
    struct timeline time;
    if (!options_parse(argc, argv, &(struct options_caller){.command = "serve"}, &options, &err) ||
        !check_safety(&options, &err))
        return fail(err.text);
    if (!host_read_clock(options.clock, &time, &err)) {
        OWNED(mem_text_free) char *sentence = mem_format("--%s", err.text);
        return fail(sentence);
    }
    sigset_t signals;
    raise_file_limit();
    block_signals(&signals); /* before anything that an early signal should not interrupt */
    struct host_config config = host_config_of(&options, time);
    OWNED(tree_free) cJSON *content = read_configs(&options.config, &err);
    struct tls *tls = options.tls_listen.n && !err.text ? open_tls(&options, &err) : NULL;
    config.config = content;
    config.tls = tls;
    config.listener.tls_context = find_tls_context(&options, tls, &err);
    int status = EXIT_USAGE;
    if (options.stop_with_stdin && !starter_watch())
        err_set(&err, "--stop-with-stdin needs a thread that this machine does not give");
    if (!err.text)
        status = run_host(&config, &options, tls ? tls_ca_file(tls) : NULL, &signals, &err);
    if (err.text)
        fail(err.text);
    tls_close(tls);
    return status;
}

/* Make the authority where there is none, and say how to trust it: eval "$(fakewix ca)". */
static int print_ca(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    OWNED(variables_free) struct variables variables = {0};
    OWNED(buf_free) struct buf text = {0};
    OWNED(buf_free) struct buf notes = {0};
    struct options options;
    bool named = argc == 2 && strcmp(argv[0], "--dir") == 0;
    if (!options_parse(named ? 0 : argc, argv, &(struct options_caller){.command = "ca"}, &options,
                       &err))
        return fail(err.text);
    if (named)
        options.ca_dir = argv[1];
    OWNED(mem_text_free) char *dir = options_ca_dir(&options);
    struct tls *tls = dir ? open_tls(&options, &err) : NULL;
    if (!dir)
        return fail("there is no home to keep a certificate authority in; say --dir DIR");
    if (!tls)
        return fail(err.text);
    bool done = trust_prepare(dir, tls_ca_file(tls), &variables, &notes, &err);
    if (done)
        trust_explain(&text, tls_ca_file(tls), &variables);
    tls_close(tls);
    if (!done)
        return fail(err.text);
    fputs(buf_str(&notes), stderr);
    fputs(buf_str(&text), stdout);
    return EXIT_SUCCESS;
}

static void tell(const char *line)
{
    fprintf(stderr, "fakewix run: %s\n", line);
}

static int run_command(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    OWNED(launch_free) struct launch launch = {0};
    const struct options_caller caller = {"run", launch_option_names()};
    struct options options;
    int status;
    if (!launch_parse(argc, argv, &launch, &err) ||
        !options_parse(launch.n_serve, launch.serve, &caller, &options, &err))
        return fail(err.text);
    launch.control_token = options.control_token;
    launch.lint_fails = strcmp(options.lint, "fail") == 0;
    launch.has_authority = options.ca_cert || options.ca_dir;
    launch.tell = tell;
    return launch_run(&launch, &status, &err) ? status : fail(err.text);
}

static int print_tables(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    const char *name = argc ? argv[0] : "";
    bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    OWNED(tree_free) cJSON *table = tables_json(name);
    if (!argc || (argc > 1 && !as_json) || argc > 2) {
        help_usage("tables", &err);
        return fail(err.text);
    }
    if (!table) {
        OWNED(buf_free) struct buf sentence = {0};
        buf_format(&sentence, "the table %s", name);
        tables_add_unknown(&sentence, name);
        return fail(buf_str(&sentence));
    }
    OWNED(mem_text_free) char *text = as_json ? tree_print_pretty(table) : tables_text(name);
    puts(text);
    return EXIT_SUCCESS;
}

static int validate(int argc, char **argv)
{
    OWNED(buf_free) struct buf problems = {0};
    OWNED(err_free) struct err err = {0};
    if (!argc && !help_usage("validate", &err))
        return fail(err.text);
    OWNED(tree_free)
    cJSON *config = config_load((const char *const *)argv, (size_t)argc, &problems);
    fputs(buf_str(&problems), stderr);
    return config ? EXIT_SUCCESS : EXIT_USAGE;
}

static int print_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("fakewix " FAKEWIX_VERSION);
    return EXIT_SUCCESS;
}

static int check_health(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    if (argc > 1 && !help_usage("health", &err))
        return fail(err.text);
    if (health_ask(argc ? argv[0] : getenv("FAKEWIX_LISTEN"), &err))
        return EXIT_SUCCESS;
    say(err.text);
    return EXIT_FAILURE;
}

static int help(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    OWNED(buf_free) struct buf text = {0};
    if (argc > 1 && !help_usage("help", &err))
        return fail(err.text);
    if (!argc)
        help_overview(&text);
    else if (!help_command(&text, argv[0]) && !help_refuse(argv[0], &err))
        return fail(err.text);
    fputs(buf_str(&text), stdout);
    return EXIT_SUCCESS;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, run, options, arguments, summary, details) {name, run},
#include "commands.def"
#undef COMMAND
};

enum { LARGE_BLOCK = 64 * 1024 };

/* What one thread keeps in the journal another one frees. Where threads have arenas of their own,
 * as is glibc's way, that leaves holes: memory doubles within ten minutes of load, without a leak.
 * Four are as fast. Large bodies make the largest holes, so they are kept elsewhere and given back
 * at once; glibc would do so from 128 KiB on, and from more and more the more of them it sees. */
static void share_memory(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
#endif
}

/* Whether the user asks for help, before what he hands on behind two dashes. */
static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    OWNED(err_free) struct err err = {0};
    share_memory();
    mem_adopt_cjson();
    bool named = argc > 1 && argv[1][0] != '-';
    if (wants_help(argc, argv))
        return help(named, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return print_version(0, NULL);
    if (!named)
        return serve(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 2, argv + 2);
    help_refuse(argv[1], &err);
    return fail(err.text);
}
