/* A file of its own, replaced as a whole: whoever is killed while he writes leaves the old one.
 * Only its owner may read it. */
#include "reference/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reference/token.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { STORE_MAX = 256 * 1024 };

static char *path_of(const struct client *client, const char *name)
{
    return mem_format("%s/%s", client->state_folder, name);
}

static bool read_whole(const char *path, struct buf *out)
{
    enum { PIECE = 4096 };
    FILE *file = fopen(path, "re");
    char *room;
    size_t got = 1;
    while (file && got && (room = buf_room(out, PIECE))) {
        got = fread(room, 1, PIECE, file);
        buf_grew(out, got);
    }
    if (file)
        fclose(file);
    return file != NULL;
}

static void take(const cJSON *kept, const char *name, char **text)
{
    const char *value = tree_text(kept, name);
    if (value && *value)
        token_replace(text, value);
}

void store_load(struct client *client)
{
    if (!client->state_folder)
        return;
    OWNED(mem_text_free) char *path = path_of(client, client->store_name);
    OWNED(buf_free) struct buf text = {.max = STORE_MAX};
    if (!read_whole(path, &text))
        return;
    OWNED(tree_free) cJSON *kept = tree_parse(buf_str(&text), text.len, NULL);
    if (!cJSON_IsObject(kept)) {
        fprintf(stderr, "%s cannot be read and is left alone\n", path);
        return;
    }
    take(kept, "instance_id", &client->instance_id);
    take(kept, "refresh_token", &client->refresh_token);
    take(kept, "access_token", &client->access_token);
    tree_int(kept, "expires_ms", &client->expires_ms);
}

static bool write_whole(const char *path, const char *text, mode_t mode)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool written = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    if (fd >= 0)
        close(fd);
    return written;
}

void store_save(const struct client *client)
{
    if (!client->state_folder)
        return;
    OWNED(tree_free) cJSON *kept = cJSON_CreateObject();
    tree_put_text(kept, "instance_id", client->instance_id);
    tree_put_text(kept, "refresh_token", client->refresh_token);
    tree_put_text(kept, "access_token", client->access_token);
    tree_put_int(kept, "expires_ms", client->expires_ms);
    OWNED(mem_text_free) char *text = tree_print(kept);
    OWNED(mem_text_free) char *path = path_of(client, client->store_name);
    OWNED(mem_text_free) char *next = mem_format("%s.%lld", path, (long long)getpid());
    mode_t mode = S_IRUSR | S_IWUSR;
    if (client->bug == BUG_store_readable)
        mode |= S_IRGRP | S_IROTH;
    if (!write_whole(next, text, mode) || rename(next, path) != 0)
        fprintf(stderr, "%s cannot be written\n", path);
}

int store_lock(const struct client *client)
{
    if (!client->state_folder)
        return -1;
    OWNED(mem_text_free) char *path = path_of(client, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd >= 0)
        fcntl(fd, F_SETLKW, &whole);
    return fd;
}

void store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}
