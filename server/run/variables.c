/* Kept as a list and set in the child alone: the launcher's own environment stays as it is. */
#include "run/variables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/mem.h"

void variables_put(struct variables *variables, const char *name, const char *value)
{
    for (size_t i = 0; i < variables->n; i++) {
        if (strcmp(variables->items[i].name, name) == 0) {
            free(variables->items[i].value);
            variables->items[i].value = mem_text(value);
            return;
        }
    }
    variables->items = mem_grow(variables->items, variables->n + 1, sizeof(*variables->items));
    variables->items[variables->n++] =
        (struct variable){.name = mem_text(name), .value = mem_text(value)};
}

const char *variables_get(const struct variables *variables, const char *name)
{
    for (size_t i = 0; i < variables->n; i++)
        if (strcmp(variables->items[i].name, name) == 0)
            return variables->items[i].value;
    return getenv(name);
}

void variables_free(struct variables *variables)
{
    for (size_t i = 0; i < variables->n; i++) {
        free(variables->items[i].name);
        free(variables->items[i].value);
    }
    free(variables->items);
    *variables = (struct variables){0};
}

bool files_read(const char *path, struct buf *ret_bytes)
{
    enum { PIECE = 65536 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *room;
    ssize_t n = -1;
    while (fd >= 0 && (room = buf_room(ret_bytes, PIECE)) && (n = read(fd, room, PIECE)) > 0)
        buf_grew(ret_bytes, (size_t)n);
    if (fd >= 0)
        close(fd);
    return n == 0;
}

bool files_write(const char *path, const struct buf *bytes, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t done = 0;
    ssize_t n = 0;
    while (fd >= 0 && done < bytes->len &&
           (n = write(fd, bytes->data + done, bytes->len - done)) > 0)
        done += (size_t)n;
    if (fd >= 0 && close(fd) == 0 && done == bytes->len)
        return true;
    return err_set(err, "%s cannot be written: %s", path, strerror(errno));
}
