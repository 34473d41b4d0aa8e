/* nftw is the one walker that goes bottom up, and is XSI's. */
#define _XOPEN_SOURCE 700

#include "run/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"

static const char *place(void)
{
    const char *named = getenv("TMPDIR");
    return named && *named == '/' ? named : "/tmp";
}

/* LD_PRELOAD, JAVA_TOOL_OPTIONS and lists of folders end a name at a blank or a colon. */
static const char *plain_place(void)
{
    return strpbrk(place(), " :\t\n") ? "/tmp" : place();
}

char *folder_make(struct err *err)
{
    OWNED(mem_text_free) char *folder = mem_format("%s/fakewix-run-XXXXXX", plain_place());
    /* What is in it is no secret but the authority's key, and the command may change its user. */
    if (!mkdtemp(folder) || chmod(folder, 0755) != 0) {
        err_set(err, "no folder can be made in %s: %s; TMPDIR names another place", plain_place(),
                strerror(errno));
        return NULL;
    }
    return mem_text(folder);
}

char *folder_keepsake(const char *name)
{
    OWNED(mem_text_free) char *path = mem_format("%s/%s-XXXXXX", place(), name);
    int fd = mkstemp(path);
    if (fd < 0)
        return NULL;
    close(fd);
    char *final = mem_format("%s.json", path);
    if (rename(path, final) == 0)
        return final;
    unlink(path);
    free(final);
    return NULL;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    remove(path);
    return 0;
}

void folder_remove(const char *folder)
{
    enum { DESCRIPTORS = 8 };
    nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
