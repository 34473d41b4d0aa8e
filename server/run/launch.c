/* The order of things: a folder, the way to the fake, the fake, what the command needs to know,
 * the command, and then all of it away again. */
#include "run/launch.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/folder.h"
#include "run/launch_parts.h"
#include "shared/mem.h"

void launch_tell(const struct run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED(mem_text_free) char *line = mem_format_list(format, arguments);
    va_end(arguments);
    run->launch->tell(line);
}

/* ---- arguments ---- */

static const char *const route_names[] = {
    [ROUTE_FIRST_FIT] = "first-fit", [ROUTE_PRELOAD] = "preload", [ROUTE_NAMESPACE] = "namespace",
    [ROUTE_PROXY] = "proxy",         [ROUTE_NONE] = "none",
};

static bool parse_route(const char *text, enum launch_route *ret_route, struct err *err)
{
    for (size_t i = ROUTE_PRELOAD; i <= ROUTE_NONE; i++) {
        if (text && strcmp(route_names[i], text) == 0) {
            *ret_route = (enum launch_route)i;
            return true;
        }
    }
    return err_set(err, "--route takes preload, namespace, proxy or none");
}

/* One option of the launcher's own; how many words it takes, 0 where it is not one, -1 where it
 * is wrong. */
static int parse_own(struct launch *launch, char **argv, struct err *err)
{
    if (strcmp(argv[0], "--follow-clock") == 0) {
        launch->follow_clock = true;
        return 1;
    }
    if (strcmp(argv[0], "--quiet") == 0) {
        launch->quiet = true;
        return 1;
    }
    if (strcmp(argv[0], "--route") == 0)
        return parse_route(argv[1], &launch->route, err) ? 2 : -1;
    if (strncmp(argv[0], "--route=", 8) == 0)
        return parse_route(argv[0] + 8, &launch->route, err) ? 1 : -1;
    if (strncmp(argv[0], "--proxy-others", 14) != 0)
        return 0;
    const char *value = argv[0][14] == '=' ? argv[0] + 15 : argv[1];
    if (!value || (strcmp(value, "pass") != 0 && strcmp(value, "refuse") != 0))
        return err_set(err, "--proxy-others takes pass or refuse"), -1;
    launch->refuse_others = *value == 'r';
    return argv[0][14] == '=' ? 1 : 2;
}

const char *const *launch_option_names(void)
{
    static const char *const names[] = {"route", "follow-clock", "proxy-others", NULL};
    return names;
}

bool launch_parse(int argc, char **argv, struct launch *ret_launch, struct err *err)
{
    struct launch launch = {.serve = mem_new((size_t)argc + 1, sizeof(char *))};
    int i = 0;
    while (i < argc && strcmp(argv[i], "--") != 0) {
        int words = parse_own(&launch, argv + i, err);
        if (words == 0)
            launch.serve[launch.n_serve++] = argv[i];
        if (words < 0) {
            launch_free(&launch);
            return false;
        }
        i += words ? words : 1;
    }
    if (i + 1 >= argc) {
        launch_free(&launch);
        return err_set(err, "say what to run behind two dashes: fakewix run -- npm test");
    }
    if (launch.refuse_others && launch.route != ROUTE_FIRST_FIT && launch.route != ROUTE_PROXY) {
        err_set(err, "--proxy-others refuse goes with --route proxy, not with --route %s",
                route_names[launch.route]);
        launch_free(&launch);
        return false;
    }
    launch.command = argv + i + 1;
    *ret_launch = launch;
    return true;
}

void launch_free(struct launch *launch)
{
    free(launch->serve);
    *launch = (struct launch){0};
}

/* ---- the end ---- */

/* The journal as long as there is a fake to ask; `is_there` says whether it answered. */
struct journal_copy {
    struct buf text;
    bool is_there;
};

static struct journal_copy fetch_journal(const struct run *run)
{
    struct journal_copy copy = {.text = {.max = SIZE_MAX / 4}};
    copy.is_there = ask_text(&run->ask, "GET", "/_fakewix/journal", NULL, &copy.text);
    return copy;
}

/* Told last, behind what the fake says at its own end. */
static void keep_journal(const struct run *run, const struct journal_copy *copy, int status)
{
    if (!copy->is_there) {
        launch_tell(run, "the command ended with status %d, and the fake is gone", status);
        return;
    }
    OWNED(tree_free) cJSON *tree = tree_parse(buf_str(&copy->text), copy->text.len, NULL);
    int n = cJSON_GetArraySize(tree_get(tree, "entries"));
    if (n == 0) {
        launch_tell(run, "the command ended with status %d; no request of it reached the fake",
                    status);
        return;
    }
    OWNED(mem_text_free) char *file = folder_keepsake("fakewix-journal");
    if (file && files_write(file, &copy->text, NULL))
        launch_tell(run, "the command ended with status %d; the journal, %d exchange%s, is in %s",
                    status, n, n == 1 ? "" : "s", file);
}

static void run_free(struct run *run)
{
    cJSON_Delete(run->ready);
    variables_free(&run->variables);
    if (run->folder)
        folder_remove(run->folder);
    free(run->folder);
    free(run->library);
}

bool launch_run(const struct launch *launch, int *ret_status, struct err *err)
{
    OWNED(run_free) struct run run = {.launch = launch};
    OWNED(err_free) struct err no_command = {0};
    int status = 0;
    run.folder = folder_make(err);
    if (!run.folder || !launch_take_route(&run, err))
        return false;
    child_block_signals(&run.signals);
    bool ran = launch_start_fake(&run, err) && launch_prepare_command(&run, err);
    if (ran)
        status = child_run(&run.signals, launch->command, &run.variables, &no_command);
    if (no_command.text)
        launch_tell(&run, "%s", no_command.text);
    bool may_keep =
        ran && !launch->quiet && !no_command.text && (status || launch->lint_fails);
    struct journal_copy journal = may_keep ? fetch_journal(&run) : (struct journal_copy){0};
    if (run.proxy_pid > 0)
        child_stop(run.proxy_pid);
    int fake_status = run.fake_pid > 0 ? child_stop(run.fake_pid) : 0;
    if (may_keep && (status || fake_status))
        keep_journal(&run, &journal, status);
    buf_free(&journal.text);
    *ret_status = status ? status : fake_status;
    return ran;
}
