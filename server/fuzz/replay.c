/* Plays the files of a corpus through a fuzz target, as a test: every crash that was ever found
 * has a file there. Usage: fuzz_NAME DIRECTORY… */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shared/buf.h"
#include "shared/mem.h"

static void play(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return;
    OWNED(buf_free) struct buf bytes = {0};
    char *room;
    size_t n;
    while ((room = buf_room(&bytes, 4096)) && (n = fread(room, 1, 4096, in)) > 0)
        buf_grew(&bytes, n);
    fclose(in);
    /* A copy of the exact size, so that a read past the end is seen by the sanitizers. */
    uint8_t *exact = mem_new(bytes.len, 1);
    if (bytes.len)
        memcpy(exact, bytes.data, bytes.len);
    LLVMFuzzerTestOneInput(exact, bytes.len);
    free(exact);
}

static int play_all(const char *directory)
{
    DIR *files = opendir(directory);
    int n = 0;
    if (!files)
        return 0;
    struct dirent *file;
    while ((file = readdir(files))) {
        if (file->d_name[0] == '.')
            continue;
        OWNED(mem_text_free) char *path = mem_format("%s/%s", directory, file->d_name);
        play(path);
        n++;
    }
    closedir(files);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += play_all(argv[i]);
    fprintf(stderr, "%d files played\n", n);
    return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
