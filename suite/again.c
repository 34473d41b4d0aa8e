/* One small file between two runs. The run it repeats is this very program with other --only. */
#include "again.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files.h"
#include "shared/mem.h"
#include "shared/tree.h"

/* FNV-1a, 64 bits, of which a few: folders come and go, and what is left of them must not grow. */
static unsigned key_of(const char *text)
{
    enum { FILES = 1024 };
    uint64_t key = 14695981039346656037U;
    for (; *text; text++)
        key = (key ^ (unsigned char)*text) * 1099511628211U;
    return (unsigned)(key % FILES);
}

char *again_file(options_env_fn *env)
{
    const char *cache = env("XDG_CACHE_HOME");
    const char *home = env("HOME");
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof folder) || (!(cache && *cache) && !(home && *home)))
        return NULL;
    bool own = cache && *cache;
    return mem_format("%s%s/fakewix/runs/%u.json", own ? cache : home, own ? "" : "/.cache",
                      key_of(folder));
}

static void make_folders(const char *file)
{
    OWNED(mem_text_free) char *path = mem_text(file);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* How many words from argv[0] on choose scenarios: "--only REF-04", "--quick". 0 where they do not.
 */
static size_t count_choosing(char **argv)
{
    if (strncmp(argv[0], "--only=", 7) == 0 || strcmp(argv[0], "--quick") == 0 ||
        strcmp(argv[0], "--profile=minimal") == 0)
        return 1;
    if (!argv[1])
        return 0;
    bool minimal = strcmp(argv[0], "--profile") == 0 && strcmp(argv[1], "minimal") == 0;
    return minimal || strcmp(argv[0], "--only") == 0 ? 2 : 0;
}

/* argv without what chooses scenarios: they come from what failed, in this run or one before it. */
static cJSON *kept_arguments(char **argv)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; argv[i]; i++) {
        size_t n = count_choosing(&argv[i]);
        if (n) {
            i += n - 1;
            continue;
        }
        cJSON_AddItemToArray(list, cJSON_CreateString(argv[i]));
    }
    return list;
}

static cJSON *read_memory(const char *file)
{
    OWNED(buf_free) struct buf text = {0};
    return file && files_read(file, &text, NULL) ? tree_parse(buf_str(&text), text.len, NULL)
                                                 : NULL;
}

/* Whether an earlier run's open ends are still somebody's to look at: a narrow run of the same
 * client says nothing of what it leaves out. */
static bool goes_on(const cJSON *memory, const struct run *run)
{
    char folder[PATH_MAX];
    const char *of = tree_text(memory, "folder");
    const char *client = tree_text(memory, "client");
    if (run->repeats)
        return true;
    return run->n_left_out && of && getcwd(folder, sizeof folder) && strcmp(of, folder) == 0 &&
           client && strcmp(client, run->client) == 0;
}

static bool was_planned(const struct run *run, const char *id)
{
    for (size_t i = 0; i < run->n_results; i++)
        if (strcmp(run->results[i].id, id) == 0)
            return true;
    return false;
}

char **again_list_left(char *file, const struct run *run, const struct catalogue *catalogue,
                       size_t *ret_n)
{
    OWNED(mem_text_free) char *path = file;
    OWNED(tree_free) cJSON *memory = read_memory(path);
    char **left = NULL;
    *ret_n = 0;
    if (!goes_on(memory, run))
        return NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, tree_get(memory, "failed"))
    {
        if (!cJSON_IsString(item) || was_planned(run, item->valuestring) ||
            !catalogue_find(catalogue, item->valuestring))
            continue;
        left = mem_grow(left, *ret_n + 1, sizeof *left);
        left[(*ret_n)++] = mem_text(item->valuestring);
    }
    return left;
}

void again_remember(char *file, char **argv, const struct run *run)
{
    OWNED(mem_text_free) char *path = file;
    if (!path)
        return;
    OWNED(tree_free) cJSON *memory = cJSON_CreateObject();
    char folder[PATH_MAX];
    tree_put_text(memory, "folder", getcwd(folder, sizeof folder));
    tree_put_text(memory, "client", run->client);
    tree_put(memory, "argv", kept_arguments(argv));
    cJSON *failed = tree_put(memory, "failed", cJSON_CreateArray());
    for (size_t i = 0; i < run->n_results; i++)
        if (run_result_is_open(run, &run->results[i]) || run_result_is_untried(&run->results[i]))
            cJSON_AddItemToArray(failed, cJSON_CreateString(run->results[i].id));
    for (size_t i = 0; i < run->n_left; i++)
        cJSON_AddItemToArray(failed, cJSON_CreateString(run->left[i]));
    OWNED(mem_text_free) char *text = tree_print(memory);
    make_folders(path);
    files_write(path, text, strlen(text), NULL);
}

static bool is_only(const char *argument)
{
    return strcmp(argument, "--only") == 0 || strncmp(argument, "--only=", 7) == 0;
}

/* The remembered arguments, then `more`, then what failed. */
static char **arguments_of(const cJSON *memory, char **more)
{
    const cJSON *argv = tree_get(memory, "argv");
    const cJSON *failed = tree_get(memory, "failed");
    size_t n = 0;
    bool has_only = false;
    char **list = mem_new((size_t)cJSON_GetArraySize(argv) + 1, sizeof *list);
    const cJSON *item;
    cJSON_ArrayForEach(item, argv)
    {
        list[n++] = mem_text(item->valuestring);
    }
    for (; *more; more++) {
        has_only = has_only || is_only(*more);
        list = mem_grow(list, n + 2, sizeof *list);
        list[n++] = mem_text(*more);
    }
    failed = has_only ? NULL : failed;
    cJSON_ArrayForEach(item, failed)
    {
        list = mem_grow(list, n + 3, sizeof *list);
        list[n++] = mem_text("--only");
        list[n++] = mem_text(item->valuestring);
    }
    list[n] = NULL;
    return list;
}

static void arguments_free(char ***argv)
{
    for (char **at = *argv; at && *at; at++)
        free(*at);
    free(*argv);
}

bool again_run(char *file, char **more, struct err *err)
{
    OWNED(mem_text_free) char *path = file;
    OWNED(buf_free) struct buf text = {0};
    char folder[PATH_MAX];
    bool there = path && files_read(path, &text, NULL);
    OWNED(tree_free) cJSON *memory = there ? tree_parse(buf_str(&text), text.len, NULL) : NULL;
    const char *of = tree_text(memory, "folder");
    if (!there || (of && getcwd(folder, sizeof folder) && strcmp(of, folder) != 0))
        return err_set(err,
                       "no run in this folder has tried a client yet (one that does leaves %s); "
                       "say fakewix-conform run --command 'PROGRAM'",
                       path ? path : "a file in $HOME/.cache/fakewix");
    if (!cJSON_GetArraySize(tree_get(memory, "argv")))
        return err_set(err, "%s is not what a run leaves; remove it", path);
    OWNED(arguments_free) char **argv = arguments_of(memory, more);
    bool nothing = !cJSON_GetArraySize(tree_get(memory, "failed"));
    for (char **at = argv; *at && nothing; at++)
        nothing = !is_only(*at);
    if (nothing)
        return true;
    setenv(AGAIN_VARIABLE, "1", 1);
    execvp("/proc/self/exe", argv);
    return err_set(err, "the run cannot be repeated: %s", strerror(errno));
}
