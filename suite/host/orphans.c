/* Linux: a "child subreaper" gets the orphans of all its descendants. Which of our children we
 * started is known by their numbers; the others are orphans, and their environment says of which
 * client, unless they took care to change it. */
#define _GNU_SOURCE /* memmem */
#include "host/orphans.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"

enum { END_MS = 1000, ENVIRON_MAX = 4 * 1024 * 1024 };

struct pids {
    pid_t *list;
    size_t n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pids ours;
static bool adopting;

void orphans_adopt(void)
{
#ifdef __linux__
    adopting = prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) == 0;
#endif
}

void orphans_lock(void)
{
    pthread_mutex_lock(&lock);
}

void orphans_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static void add_pid(struct pids *pids, pid_t pid)
{
    pids->list = mem_grow(pids->list, pids->n + 1, sizeof *pids->list);
    pids->list[pids->n++] = pid;
}

static bool has_pid(const struct pids *pids, pid_t pid)
{
    for (size_t i = 0; i < pids->n; i++)
        if (pids->list[i] == pid)
            return true;
    return false;
}

static void pids_free(struct pids *pids)
{
    free(pids->list);
    *pids = (struct pids){0};
}

void orphans_know(pid_t pid)
{
    add_pid(&ours, pid);
}

void orphans_forget(pid_t pid)
{
    orphans_lock();
    for (size_t i = 0; i < ours.n; i++) {
        if (ours.list[i] != pid)
            continue;
        ours.list[i] = ours.list[--ours.n];
        break;
    }
    if (!ours.n)
        pids_free(&ours);
    orphans_unlock();
}

static bool read_file(const char *path, struct buf *out)
{
    enum { PIECE = 4096 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *room;
    ssize_t got = -1;
    while (fd >= 0 && (room = buf_room(out, PIECE)) && (got = read(fd, room, PIECE)) > 0)
        buf_grew(out, (size_t)got);
    if (fd >= 0)
        close(fd);
    return got == 0;
}

/* "12 345 …" */
static void add_numbers(struct pids *pids, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " \n");
        OWNED(mem_text_free) char *word = mem_text_n(text, len);
        int64_t pid = 0;
        if (text_parse_int(word, 1, INT32_MAX, &pid))
            add_pid(pids, (pid_t)pid);
        text += len + (text[len] != '\0');
    }
}

/* The kernel keeps the list of children by thread. */
static void find_children(struct pids *ret_pids)
{
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *task; tasks && (task = readdir(tasks));) {
        if (!isdigit((unsigned char)*task->d_name))
            continue;
        OWNED(mem_text_free) char *path = mem_format("/proc/self/task/%s/children", task->d_name);
        OWNED(buf_free) struct buf text = {0};
        if (read_file(path, &text))
            add_numbers(ret_pids, buf_str(&text));
    }
    if (tasks)
        closedir(tasks);
}

static bool is_marked(pid_t pid, const char *mark)
{
    OWNED(mem_text_free) char *path = mem_format("/proc/%lld/environ", (long long)pid);
    OWNED(buf_free) struct buf text = {.max = ENVIRON_MAX};
    return !mark ||
           (read_file(path, &text) && text.len && memmem(text.data, text.len, mark, strlen(mark)));
}

/* A child of ours that ended is nobody's any more once it has been waited for. */
static bool reap(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == pid;
}

/* Under the lock. Those that have ended already are waited for, and not among them. */
static void find_orphans(const char *mark, struct pids *ret_pids)
{
    OWNED(pids_free) struct pids children = {0};
    find_children(&children);
    for (size_t i = 0; i < children.n; i++)
        if (!has_pid(&ours, children.list[i]) && !reap(children.list[i]) &&
            is_marked(children.list[i], mark))
            add_pid(ret_pids, children.list[i]);
}

bool orphans_exist(const char *mark)
{
    if (!adopting)
        return false;
    OWNED(pids_free) struct pids orphans = {0};
    orphans_lock();
    find_orphans(mark, &orphans);
    orphans_unlock();
    return orphans.n > 0;
}

/* Under the lock. One that is dying has no environment to know it by any more, so those we killed
 * are remembered until they are waited for. */
static bool are_dying(const struct pids *killed)
{
    OWNED(pids_free) struct pids children = {0};
    find_children(&children);
    for (size_t i = 0; i < children.n; i++)
        if (has_pid(killed, children.list[i]) && !reap(children.list[i]))
            return true;
    return false;
}

size_t orphans_end(const char *mark)
{
    OWNED(pids_free) struct pids killed = {0};
    int64_t until_ms = now_steady_ms() + END_MS;
    while (adopting) {
        OWNED(pids_free) struct pids orphans = {0};
        orphans_lock();
        find_orphans(mark, &orphans);
        for (size_t i = 0; i < orphans.n; i++) {
            kill(orphans.list[i], SIGKILL);
            if (!has_pid(&killed, orphans.list[i]))
                add_pid(&killed, orphans.list[i]);
        }
        bool over = !orphans.n && !are_dying(&killed);
        orphans_unlock();
        if (over || now_steady_ms() >= until_ms)
            break;
        poll(NULL, 0, 1); /* they are dying; the next look finds them gone */
    }
    return killed.n;
}

void orphans_add_arguments(const char *mark, struct buf *out)
{
    DIR *processes = opendir("/proc");
    for (const struct dirent *process; processes && (process = readdir(processes));) {
        int64_t pid = 0;
        if (!text_parse_int(process->d_name, 1, INT32_MAX, &pid) || !is_marked((pid_t)pid, mark))
            continue;
        OWNED(mem_text_free) char *path = mem_format("/proc/%s/cmdline", process->d_name);
        OWNED(buf_free) struct buf text = {.max = ENVIRON_MAX};
        if (!read_file(path, &text) || !text.len)
            continue;
        for (size_t i = 0; i < text.len; i++)
            buf_char(out, text.data[i] ? text.data[i] : ' ');
        buf_char(out, '\n');
    }
    if (processes)
        closedir(processes);
}
