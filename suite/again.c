/* One small file between two runs. The run it repeats is this very program with other --only. */
#include "again.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files.h"
#include "shared/mem.h"
#include "shared/tree.h"

char *again_file(options_env_fn *env)
{
    const char *cache = env("XDG_CACHE_HOME");
    const char *home = env("HOME");
    if (cache && *cache)
        return mem_format("%s/fakewix/last-run.json", cache);
    return home && *home ? mem_format("%s/.cache/fakewix/last-run.json", home) : NULL;
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

/* argv without --only and its values: they come from what failed. */
static cJSON *kept_arguments(char **argv)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; argv[i]; i++) {
        if (strncmp(argv[i], "--only=", 7) == 0)
            continue;
        if (strcmp(argv[i], "--only") == 0 && argv[i + 1]) {
            i++;
            continue;
        }
        cJSON_AddItemToArray(list, cJSON_CreateString(argv[i]));
    }
    return list;
}

void again_remember(char *file, char **argv, const struct run *run)
{
    OWNED(mem_text_free) char *path = file;
    if (!path)
        return;
    OWNED(tree_free) cJSON *memory = cJSON_CreateObject();
    tree_put(memory, "argv", kept_arguments(argv));
    cJSON *failed = tree_put(memory, "failed", cJSON_CreateArray());
    for (size_t i = 0; i < run->n_results; i++)
        if (run_result_fails(run, &run->results[i]))
            cJSON_AddItemToArray(failed, cJSON_CreateString(run->results[i].id));
    OWNED(mem_text_free) char *text = tree_print(memory);
    make_folders(path);
    files_write(path, text, strlen(text), NULL);
}

static char **arguments_of(const cJSON *memory)
{
    const cJSON *argv = tree_get(memory, "argv");
    const cJSON *failed = tree_get(memory, "failed");
    size_t n = 0;
    char **list =
        mem_new((size_t)cJSON_GetArraySize(argv) + 2 * (size_t)cJSON_GetArraySize(failed) + 1,
                sizeof *list);
    const cJSON *item;
    cJSON_ArrayForEach(item, argv) list[n++] = mem_text(item->valuestring);
    cJSON_ArrayForEach(item, failed)
    {
        list[n++] = mem_text("--only");
        list[n++] = mem_text(item->valuestring);
    }
    return list;
}

bool again_run(char *file, struct err *err)
{
    OWNED(mem_text_free) char *path = file;
    OWNED(buf_free) struct buf text = {0};
    if (!path || !files_read(path, &text, NULL))
        return err_set(err, "there was no run yet; say fakewix-conform run --command 'PROGRAM'");
    OWNED(tree_free) cJSON *memory = tree_parse(buf_str(&text), text.len, err);
    if (!memory || !cJSON_GetArraySize(tree_get(memory, "argv")))
        return err_set(err, "%s is not what a run leaves; remove it", path);
    if (!cJSON_GetArraySize(tree_get(memory, "failed")))
        return true;
    char **argv = arguments_of(memory);
    execvp("/proc/self/exe", argv);
    return err_set(err, "the run cannot be repeated: %s", strerror(errno));
}
