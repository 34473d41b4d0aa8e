/* Children that may be hostile: they may hang, fork, flood their output or close it. What we rely
 * on is only that a process can be killed and waited for, which a thread per child does: its end is
 * then a readable descriptor like everything else we wait for. */
#define _GNU_SOURCE /* pipe2: a descriptor must not leak into a sibling that starts meanwhile */
#include "host/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/orphans.h"
#include "shared/mem.h"
#include "shared/now.h"

extern char **environ;

/* What is left until `deadline_ms`, never below 0: a poll timeout. */
static int ms_until(int64_t deadline_ms)
{
    int64_t left = deadline_ms - now_steady_ms();
    if (left < 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

/* ---- environment ---- */

static void env_push(struct process_env *env, char *pair)
{
    env->list = mem_grow(env->list, env->n + 2, sizeof *env->list);
    env->list[env->n++] = pair;
    env->list[env->n] = NULL;
}

void process_env_inherit(struct process_env *env)
{
    for (char **pair = environ; *pair; pair++)
        env_push(env, mem_text(*pair));
}

void process_env_unset_prefix(struct process_env *env, const char *prefix)
{
    size_t len = strlen(prefix);
    size_t kept = 0;
    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->list[i], prefix, len) == 0)
            free(env->list[i]);
        else
            env->list[kept++] = env->list[i];
    }
    env->n = kept;
    if (env->list)
        env->list[kept] = NULL;
}

void process_env_unset(struct process_env *env, const char *name)
{
    OWNED(mem_text_free) char *prefix = mem_format("%s=", name);
    process_env_unset_prefix(env, prefix);
}

const char *process_env_get(const struct process_env *env, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env->n; i++)
        if (strncmp(env->list[i], name, len) == 0 && env->list[i][len] == '=')
            return env->list[i] + len + 1;
    return NULL;
}

void process_env_set(struct process_env *env, const char *name, const char *value)
{
    process_env_unset(env, name);
    env_push(env, mem_format("%s=%s", name, value));
}

void process_env_free(struct process_env *env)
{
    for (size_t i = 0; i < env->n; i++)
        free(env->list[i]);
    free(env->list);
    *env = (struct process_env){0};
}

/* ---- starting ---- */

/* Shared by the child's owner and the thread that waits for it; the last to leave frees it. */
struct waiter {
    pid_t pid;
    int write_end;
    atomic_int status;
    atomic_long max_rss_kb;
    atomic_long rss_floor_kb;
    atomic_int users;
};

static void waiter_leave(struct waiter *waiter)
{
    if (atomic_fetch_sub(&waiter->users, 1) == 1)
        free(waiter);
}

static void *wait_for_child(void *arg)
{
    struct waiter *waiter = arg;
    int status = 0;
    struct rusage usage = {0};
    struct rusage ours = {0};
    while (wait4(waiter->pid, &status, 0, &usage) < 0 && errno == EINTR)
        continue;
    getrusage(RUSAGE_SELF, &ours); /* a peak only grows: it was no larger when the child began */
    waiter->status = status;
    waiter->max_rss_kb = usage.ru_maxrss;
    waiter->rss_floor_kb = ours.ru_maxrss;
    close(waiter->write_end); /* the owner's read end sees the end of the pipe */
    waiter_leave(waiter);
    return NULL;
}

struct pipes {
    int in[2];
    int out[2];
    int err[2];
    int ended[2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void pipes_close(struct pipes *pipes)
{
    int *all[] = {pipes->in, pipes->out, pipes->err, pipes->ended};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        close_fd(&all[i][0]);
        close_fd(&all[i][1]);
    }
}

static bool pipes_open(const struct process_spec *spec, struct pipes *pipes)
{
    bool ok = pipe2(pipes->out, O_CLOEXEC) == 0 && pipe2(pipes->ended, O_CLOEXEC) == 0;
    ok = ok && (spec->pass_err || pipe2(pipes->err, O_CLOEXEC) == 0);
    return ok && (!spec->feed || pipe2(pipes->in, O_CLOEXEC) == 0);
}

/* The child gets a clean start: a group of its own, no blocked signals, default handlers. */
static int spawn(const struct process_spec *spec, const struct pipes *pipes, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    if (spec->feed)
        posix_spawn_file_actions_adddup2(&files, pipes->in[0], 0);
    else
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, pipes->out[1], 1);
    if (!spec->pass_err)
        posix_spawn_file_actions_adddup2(&files, pipes->err[1], 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    char **argv = NULL;
    for (size_t n = 0; n == 0 || spec->argv[n - 1]; n++) {
        argv = mem_grow(argv, n + 1, sizeof *argv);
        argv[n] = spec->argv[n] ? mem_text(spec->argv[n]) : NULL;
    }
    assert(argv[0]);
    orphans_lock();
    int failed = posix_spawn(ret_pid, argv[0], &files, &attributes, argv, spec->env->list);
    if (!failed)
        orphans_know(*ret_pid);
    orphans_unlock();
    for (size_t n = 0; argv[n]; n++)
        free(argv[n]);
    free(argv);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static int take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static bool watch(struct process *process, struct pipes *pipes)
{
    struct waiter *waiter = mem_new(1, sizeof *waiter);
    *waiter = (struct waiter){.pid = process->pid, .write_end = pipes->ended[1], .users = 2};
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_child, waiter) != 0) {
        free(waiter);
        return false;
    }
    pthread_detach(thread);
    take(&pipes->ended[1]);
    process->waiter = waiter;
    return true;
}

bool process_start(const struct process_spec *spec, struct process *ret_process, struct err *err)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    if (!pipes_open(spec, &pipes)) {
        int why = errno;
        pipes_close(&pipes);
        return err_set(err, "no pipe to %s could be opened: %s", spec->argv[0], strerror(why));
    }
    struct process process = {.said.text.max = PROCESS_OUTPUT_MAX,
                              .complained.text.max = PROCESS_OUTPUT_MAX,
                              .unread.max = spec->talk ? PROCESS_LINE_MAX : 1};
    int failed = spawn(spec, &pipes, &process.pid);
    if (failed) {
        pipes_close(&pipes);
        return err_set(err, "%s could not be started: %s", spec->argv[0], strerror(failed));
    }
    if (!watch(&process, &pipes)) {
        kill(-process.pid, SIGKILL);
        waitpid(process.pid, NULL, 0);
        orphans_forget(process.pid);
        pipes_close(&pipes);
        return err_set(err, "no thread could be made to wait for %s", spec->argv[0]);
    }
    process.in = take(&pipes.in[1]);
    process.out = take(&pipes.out[0]);
    process.err = take(&pipes.err[0]);
    process.ended = take(&pipes.ended[0]);
    process.mark = spec->mark ? mem_text(spec->mark) : NULL;
    pipes_close(&pipes);
    *ret_process = process;
    return true;
}

/* ---- gathering ---- */

static void keep(struct process_caught *caught, const char *bytes, size_t len)
{
    size_t room = PROCESS_OUTPUT_MAX - caught->text.len;
    buf_add(&caught->text, bytes, len < room ? len : room);
    caught->n_bytes += len;
}

/* Read once; closes the descriptor at its end. lines: where a reader of lines finds it, or NULL. */
static void gather_once(int *fd, struct process_caught *caught, struct buf *lines)
{
    char chunk[65536];
    ssize_t got = read(*fd, chunk, sizeof chunk);
    if (got > 0) {
        keep(caught, chunk, (size_t)got);
        if (lines)
            buf_add(lines, chunk, (size_t)got);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close_fd(fd);
    }
}

/* What is in the pipe now, up to a bound: a flooding grandchild must not hold us. */
static void gather_rest(int *fd, struct process_caught *caught, struct buf *lines)
{
    if (*fd < 0)
        return;
    fcntl(*fd, F_SETFL, O_NONBLOCK);
    for (int round = 0; round < 64 && *fd >= 0; round++) {
        struct pollfd ready = {.fd = *fd, .events = POLLIN};
        if (poll(&ready, 1, 0) <= 0)
            return;
        gather_once(fd, caught, lines);
    }
}

/* Gives the status as wait told it, and what is known of the memory. */
static int release(struct process *process, struct process_result *result)
{
    struct waiter *waiter = process->waiter;
    struct pollfd gone = {.fd = process->ended, .events = POLLIN};
    while (poll(&gone, 1, -1) < 0 && errno == EINTR)
        continue;
    int status = waiter->status;
    result->max_rss_kb = waiter->max_rss_kb;
    result->rss_floor_kb = waiter->rss_floor_kb;
    waiter_leave(waiter);
    orphans_forget(process->pid);
    close_fd(&process->in);
    close_fd(&process->out);
    close_fd(&process->err);
    close_fd(&process->ended);
    free(process->mark);
    buf_free(&process->unread);
    *process = (struct process){.in = -1, .out = -1, .err = -1, .ended = -1};
    return status;
}

enum heard { HEARD_NOTHING, HEARD_SOMETHING, HEARD_END, HEARD_STOP };

/* Wait for one thing and take in what was said. HEARD_NOTHING: the time is over. */
static enum heard hear(struct process *process, int64_t deadline_ms, int stop_fd)
{
    struct pollfd fds[] = {{.fd = process->ended, .events = POLLIN},
                           {.fd = process->out, .events = POLLIN},
                           {.fd = process->err, .events = POLLIN},
                           {.fd = stop_fd, .events = POLLIN}};
    int ready = poll(fds, 4, ms_until(deadline_ms));
    if (ready < 0)
        return errno == EINTR ? HEARD_SOMETHING : HEARD_STOP;
    if (fds[1].revents)
        gather_once(&process->out, &process->said,
                    process->unread.max > 1 ? &process->unread : NULL);
    if (fds[2].revents)
        gather_once(&process->err, &process->complained, NULL);
    if (fds[0].revents)
        return HEARD_END;
    if (fds[3].revents)
        return HEARD_STOP;
    return ms_until(deadline_ms) == 0 ? HEARD_NOTHING : HEARD_SOMETHING;
}

bool process_listen(struct process *process, int64_t until_ms, int stop_fd)
{
    enum heard heard = HEARD_SOMETHING;
    while (heard == HEARD_SOMETHING)
        heard = hear(process, until_ms, stop_fd);
    return heard == HEARD_END;
}

static enum process_end wait_for_end(struct process *process, int64_t deadline_ms, int stop_fd)
{
    for (;;) {
        switch (hear(process, deadline_ms, stop_fd)) {
        case HEARD_END:
            return PROCESS_EXITED;
        case HEARD_STOP:
            return PROCESS_STOPPED;
        case HEARD_NOTHING:
            return PROCESS_TIMED_OUT;
        case HEARD_SOMETHING:
            break;
        }
    }
}

/* Whether somebody of its group is left, or somebody who left the group. */
static bool has_left_some(const struct process *process)
{
    return kill(-process->pid, 0) == 0 || (process->mark && orphans_exist(process->mark));
}

/* Whoever is left may still be talking: listen for a moment before it is ended. */
static void listen_on(struct process *process, int quiet_ms)
{
    int64_t until_ms = now_steady_ms() + quiet_ms;
    while (ms_until(until_ms) > 0 && has_left_some(process)) {
        struct pollfd fds[] = {{.fd = process->out, .events = POLLIN},
                               {.fd = process->err, .events = POLLIN}};
        if (poll(fds, 2, ms_until(until_ms)) <= 0)
            continue;
        if (fds[0].revents)
            gather_once(&process->out, &process->said, NULL);
        if (fds[1].revents)
            gather_once(&process->err, &process->complained, NULL);
    }
}

void process_kill(const struct process *process)
{
    if (process->pid > 0)
        kill(-process->pid, SIGKILL);
}

void process_finish(struct process *process, int64_t deadline_ms, int quiet_ms, int stop_fd,
                    struct process_result *ret_result)
{
    struct process_result result = {.end = wait_for_end(process, deadline_ms, stop_fd)};
    result.left_children = result.end == PROCESS_EXITED && has_left_some(process);
    if (result.left_children)
        listen_on(process, quiet_ms);
    process_kill(process);
    gather_rest(&process->out, &process->said, NULL);
    gather_rest(&process->err, &process->complained, NULL);
    result.out = process->said;
    result.err = process->complained;
    OWNED(mem_text_free) char *mark = process->mark;
    process->mark = NULL;
    int status = release(process, &result);
    if (mark)
        orphans_end(mark);
    if (result.end == PROCESS_EXITED && WIFSIGNALED(status))
        result.end = PROCESS_SIGNALLED;
    result.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    *ret_result = result;
}

/* Give the first whole line of `unread`, if there is one. */
static bool take_line(struct buf *unread, struct buf *line)
{
    const char *end = unread->len ? memchr(unread->data, '\n', unread->len) : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - unread->data);
    buf_add(line, unread->data, len);
    OWNED(buf_free) struct buf rest = {.max = unread->max};
    buf_add(&rest, end + 1, unread->len - len - 1);
    struct buf empty = *unread;
    *unread = rest;
    rest = empty;
    return true;
}

bool process_read_line(struct process *process, int64_t deadline_ms, int stop_fd, struct buf *line)
{
    for (;;) {
        if (take_line(&process->unread, line))
            return !line->overflown;
        if (process->out < 0 || process->unread.overflown)
            return false;
        switch (hear(process, deadline_ms, stop_fd)) {
        case HEARD_END:
            gather_rest(&process->out, &process->said, &process->unread);
            return take_line(&process->unread, line) && !line->overflown;
        case HEARD_NOTHING:
        case HEARD_STOP:
            return take_line(&process->unread, line) && !line->overflown;
        case HEARD_SOMETHING:
            break;
        }
    }
}

bool process_write(struct process *process, const char *text, int64_t deadline_ms)
{
    size_t left = strlen(text);
    if (process->in < 0)
        return false;
    fcntl(process->in, F_SETFL, O_NONBLOCK);
    while (left) {
        struct pollfd ready = {.fd = process->in, .events = POLLOUT};
        int n = poll(&ready, 1, ms_until(deadline_ms));
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        ssize_t wrote = n > 0 ? write(process->in, text, left) : 0;
        if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (wrote > 0) {
            text += wrote;
            left -= (size_t)wrote;
        }
    }
    return true;
}

void process_close_stdin(struct process *process)
{
    close_fd(&process->in);
}

void process_stop(struct process *process, int grace_ms)
{
    if (!process->waiter)
        return;
    kill(process->pid, SIGTERM);
    struct process_result result = {0};
    process_finish(process, now_steady_ms() + grace_ms, 0, -1, &result);
    process_result_free(&result);
}

void process_result_free(struct process_result *result)
{
    buf_free(&result->out.text);
    buf_free(&result->err.text);
    *result = (struct process_result){0};
}
