#include "state_file.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/mem.h"

static char *folder; /* NULL: there is none */
static char *file;

static void remove_last(void)
{
    static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; folder && i < sizeof beside / sizeof *beside; i++) {
        OWNED(mem_text_free) char *name = mem_format("%s%s", file, beside[i]);
        unlink(name);
    }
    if (folder)
        rmdir(folder);
    free(folder);
    free(file);
    folder = file = NULL;
}

const char *state_file_new(void)
{
    static bool is_registered;
    remove_last(); /* of the test before, where tests share a process */
    if (!is_registered)
        is_registered = atexit(remove_last) == 0;
    folder = mem_text("/tmp/fakewix-state-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    file = mem_format("%s/state", folder);
    return file;
}
