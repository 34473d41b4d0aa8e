/* A file of its own, replaced as a whole: whoever is killed while he writes leaves the old one.
 * Only its owner may read it. */
#include "reference/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

/* Only with a bug: what a store that cannot be read does to a client. */
static void spoil_client(struct client *client, const char *text)
{
    static const char start[] = "\"refresh_token\":\"";
    const char *at = strstr(text, start);
    if (client->bug == BUG_store_written_in_place)
        client->gave_up = true;
    if (client->bug != BUG_torn_store_believed)
        return;
    const char *value = at ? at + sizeof start - 1 : text;
    OWNED(mem_text_free) char *cut = mem_text_n(value, strcspn(value, "\""));
    token_replace(&client->refresh_token, cut);
    token_replace(&client->access_token, cut);
    client->expires_ms = INT64_MAX;
}

void store_load(struct client *client)
{
    if (!client->state_folder || client->bug == BUG_store_never_read)
        return;
    OWNED(mem_text_free) char *path = path_of(client, client->store_name);
    OWNED(buf_free) struct buf text = {.max = STORE_MAX};
    if (!read_whole(path, &text))
        return;
    OWNED(tree_free) cJSON *kept = tree_parse(buf_str(&text), text.len, NULL);
    if (!cJSON_IsObject(kept)) {
        fprintf(stderr, "%s cannot be read and is left alone\n", path);
        spoil_client(client, buf_str(&text));
        return;
    }
    bool starts = !client->access_token;
    take(kept, "instance_id", &client->instance_id);
    take(kept, "refresh_token", &client->refresh_token);
    take(kept, "access_token", &client->access_token);
    tree_int(kept, "expires_ms", &client->expires_ms);
    client->dies_ms = client->expires_ms;
    tree_int(kept, "dies_ms", &client->dies_ms);
    int64_t left_ms = 0;
    if (starts && client->bug == BUG_time_left_stored && tree_int(kept, "left_ms", &left_ms))
        client->expires_ms = client->dies_ms = client_now_ms(client) + left_ms;
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

/* Only with a bug: the old store is overwritten, piece by piece. */
static void write_in_place(const char *path, const char *text)
{
    enum { A_WHILE_NS = 40 * 1000000 };
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return;
    fwrite(text, 1, strlen(text) / 2, file);
    fflush(file);
    nanosleep(&(struct timespec){.tv_nsec = A_WHILE_NS}, NULL);
    fputs(text + strlen(text) / 2, file);
    fclose(file);
}

void store_keep(const struct client *client)
{
    if (client->bug != BUG_store_written_at_end)
        store_save(client);
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
    tree_put_int(kept, "dies_ms", client->dies_ms);
    if (client->bug == BUG_time_left_stored)
        tree_put_int(kept, "left_ms", client->expires_ms - client_now_ms(client));
    OWNED(mem_text_free) char *text = tree_print(kept);
    OWNED(mem_text_free) char *path = path_of(client, client->store_name);
    OWNED(mem_text_free) char *next = mem_format("%s.%lld", path, (long long)getpid());
    mode_t mode = S_IRUSR | S_IWUSR;
    if (client->bug == BUG_store_readable)
        mode |= S_IRGRP | S_IROTH;
    if (client->bug == BUG_store_written_in_place) {
        write_in_place(path, text);
        return;
    }
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
