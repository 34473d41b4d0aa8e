/* Files and folders. The only place of the suite that touches the file system, so that a path that
 * cannot be read is always one sentence with the path in it. */
#define _XOPEN_SOURCE 700 /* nftw, for removing a folder with what is in it */
#include "host/files.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"

enum { MAX_DEPTH = 8, MAX_OPEN = 16 };

static void close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

bool files_read(const char *path, struct buf *out, struct err *err)
{
    OWNED(close_file) FILE *file = fopen(path, "rbe");
    if (!file)
        return err_set(err, "%s cannot be read: %s", path, strerror(errno));
    char chunk[16384];
    size_t total = 0;
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0; total += got) {
        if (total + got > FILES_MAX_BYTES)
            return err_set(err, "%s is larger than 1 MiB", path);
        buf_add(out, chunk, got);
    }
    if (ferror(file))
        return err_set(err, "%s cannot be read: %s", path, strerror(errno));
    return true;
}

static bool put(const char *path, const char *mode, const char *bytes, size_t len, struct err *err)
{
    FILE *file = fopen(path, mode);
    if (!file)
        return err_set(err, "%s cannot be written: %s", path, strerror(errno));
    bool written = fwrite(bytes, 1, len, file) == len;
    bool closed = fclose(file) == 0;
    if (!written || !closed)
        return err_set(err, "%s cannot be written: %s", path, strerror(errno));
    return true;
}

bool files_write(const char *path, const char *bytes, size_t len, struct err *err)
{
    return put(path, "wbe", bytes, len, err);
}

bool files_append(const char *path, const char *bytes, size_t len, struct err *err)
{
    return put(path, "abe", bytes, len, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    char **list;
    size_t n;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->list[i]);
    free(names->list);
}

/* The names in a folder, sorted, so that two machines walk it in the same order. */
static bool names_read(const char *folder, struct names *names, struct err *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return err_set(err, "the folder %s cannot be read: %s", folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        names->list = mem_grow(names->list, names->n + 1, sizeof *names->list);
        names->list[names->n++] = mem_text(entry->d_name);
    }
    closedir(dir);
    if (names->n)
        qsort(names->list, names->n, sizeof *names->list, by_name);
    return true;
}

struct walk {
    const char *root;
    files_visit_fn *visit;
    void *context;
    struct err *err;
};

static bool walk_folder(const struct walk *walk, const char *folder, int depth)
{
    if (depth > MAX_DEPTH)
        return err_set(walk->err, "the folder %s is nested more than %d deep", folder, MAX_DEPTH);
    OWNED(names_free) struct names names = {0};
    if (!names_read(folder, &names, walk->err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        OWNED(mem_text_free) char *path = mem_format("%s/%s", folder, names.list[i]);
        struct stat about;
        if (stat(path, &about) != 0)
            return err_set(walk->err, "%s cannot be read: %s", path, strerror(errno));
        if (S_ISDIR(about.st_mode) && !walk_folder(walk, path, depth + 1))
            return false;
        const char *below = path + strlen(walk->root) + 1;
        if (S_ISREG(about.st_mode) && !walk->visit(walk->context, path, below, walk->err))
            return false;
    }
    return true;
}

bool files_walk(const char *folder, files_visit_fn *visit, void *context, struct err *err)
{
    struct walk walk = {.root = folder, .visit = visit, .context = context, .err = err};
    return walk_folder(&walk, folder, 0);
}

char *files_make_folder(struct err *err)
{
    char *path = mem_text("/tmp/fakewix-conform-XXXXXX");
    if (mkdtemp(path))
        return path;
    err_set(err, "no temporary folder could be made in /tmp: %s", strerror(errno));
    free(path);
    return NULL;
}

bool files_folder_holds_something(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    bool something = false;
    for (struct dirent *entry; !something && (entry = readdir(dir));)
        something = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return something;
}

/* nftw's callback: ends the walk at a file that others than its owner may read. */
static int stop_at_shown(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)path;
    (void)place;
    return kind == FTW_F && (about->st_mode & S_IROTH);
}

bool files_folder_shows_something(const char *path)
{
    return nftw(path, stop_at_shown, MAX_OPEN, FTW_PHYS) == 1;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

static bool spoil(void *context, const char *path, const char *below, struct err *err)
{
    struct stat about;
    (void)context;
    (void)below;
    if (stat(path, &about) != 0 || truncate(path, about.st_size / 2) != 0)
        return err_set(err, "%s cannot be cut: %s", path, strerror(errno));
    return true;
}

bool files_spoil_folder(const char *path, struct err *err)
{
    return files_walk(path, spoil, NULL, err);
}

void files_remove_folder(const char *path)
{
    nftw(path, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS);
}

char *files_program_folder(void)
{
    enum { PATH_LIMIT = 4096 };
    OWNED(mem_text_free) char *path = mem_new(PATH_LIMIT, 1);
    ssize_t len = readlink("/proc/self/exe", path, PATH_LIMIT - 1);
    if (len <= 0)
        return NULL;
    char *slash = strrchr(path, '/');
    return slash ? mem_text_n(path, (size_t)(slash - path)) : NULL;
}

bool files_can_run(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}
