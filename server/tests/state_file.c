#include "state_file.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/mem.h"

static char folder[] = "/tmp/fakewix-state-XXXXXX";
static char *file; /* NULL: not asked for */

static void remove_all(void)
{
    static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        OWNED(mem_text_free) char *name = mem_format("%s%s", file, beside[i]);
        unlink(name);
    }
    rmdir(folder);
    free(file);
}

const char *state_file_of_test(void)
{
    if (file)
        return file;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    file = mem_format("%s/state", folder);
    atexit(remove_all);
    return file;
}
