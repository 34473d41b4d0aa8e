/* A child program in a process group of its own, its output caught and bounded.
 * Safe in a program with threads: children are made with posix_spawn and inherit no descriptor
 * but the three they are given.
 * May depend on: shared, host/orphans. Owner: host. */
#ifndef FAKEWIX_HOST_PROCESS_H
#define FAKEWIX_HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/buf.h"
#include "shared/err.h"

enum { PROCESS_OUTPUT_MAX = 1024 * 1024, PROCESS_LINE_MAX = 4 * 1024 * 1024 };

/* A new environment: what this process has, then NAME=value pairs that replace or add. */
struct process_env {
    char **list; /* owned, ends in NULL */
    size_t n;
};

void process_env_inherit(struct process_env *env);
void process_env_set(struct process_env *env, const char *name, const char *value);
void process_env_unset(struct process_env *env, const char *name);
/* The value, or NULL. Borrowed until the next change. */
const char *process_env_get(const struct process_env *env, const char *name);
/* Drop every variable whose name starts so. */
void process_env_unset_prefix(struct process_env *env, const char *prefix);
void process_env_free(struct process_env *env);

struct process_caught {
    struct buf text;  /* the first PROCESS_OUTPUT_MAX bytes */
    uint64_t n_bytes; /* all that came */
};

/* A running child. Zeroed is none. */
struct process {
    pid_t pid;
    int in;  /* write end of its stdin, -1 when closed or /dev/null */
    int out; /* read ends, -1 when closed */
    int err;
    int ended; /* becomes readable when the child has ended */
    void *waiter;
    char *mark; /* owned, or NULL */
    struct process_caught said;
    struct process_caught complained;
    struct buf unread; /* of its stdout: what process_read_line has not given yet */
};

struct process_spec {
    const char *const *argv; /* argv[0] is the path */
    const struct process_env *env;
    const char *mark; /* a "NAME=value" of that environment by which a runaway child is known again,
                       * or NULL */
    bool feed;        /* keep a pipe to its stdin; otherwise it reads /dev/null */
    bool talk;        /* its stdout is read line by line */
    bool pass_err;    /* its stderr is ours; otherwise it is caught */
};

bool process_start(const struct process_spec *spec, struct process *ret_process, struct err *err);

enum process_end { PROCESS_EXITED, PROCESS_SIGNALLED, PROCESS_TIMED_OUT, PROCESS_STOPPED };

struct process_result {
    enum process_end end;
    int status; /* exit status or signal number */
    bool left_children;
    int64_t max_rss_kb;   /* the most memory that it, or a child it waited for, had at a time */
    int64_t rss_floor_kb; /* our own most: exec keeps the peak of who started it, so that up to here
                           * max_rss_kb is only a bound */
    struct process_caught out;
    struct process_caught err;
};

/* Gather output until the child ends, `deadline_ms` passes, or `stop_fd` (or -1) becomes readable;
 * then end its whole process group, whoever of it made a session of its own, and release `process`.
 * A grandchild that keeps the pipes open does not keep us: where the child leaves some behind they
 * have `quiet_ms` to say more. */
void process_finish(struct process *process, int64_t deadline_ms, int quiet_ms, int stop_fd,
                    struct process_result *ret_result);

/* Gather output until the child has ended (true), `until_ms` passes, or `stop_fd` (or -1) becomes
 * readable. */
bool process_listen(struct process *process, int64_t until_ms, int stop_fd);

/* Read one line of its stdout, without the line end, appended to `line`; what it writes to stderr
 * meanwhile is gathered. For a process started with `talk`. False when the child closed its stdout,
 * said more than `line` takes, `deadline_ms` passed, or `stop_fd` (or -1) became readable. */
bool process_read_line(struct process *process, int64_t deadline_ms, int stop_fd, struct buf *line);

/* Write to its stdin. False where it does not read, until `deadline_ms`, or has gone. */
bool process_write(struct process *process, const char *text, int64_t deadline_ms);
void process_close_stdin(struct process *process);

/* End its whole group now; process_finish then says PROCESS_SIGNALLED. */
void process_kill(const struct process *process);

/* Ask the child to go (SIGTERM), wait at most `grace_ms`, then make it go. Releases `process`. */
void process_stop(struct process *process, int grace_ms);

void process_result_free(struct process_result *result);

#endif
