/* A child program in a process group of its own, its output caught and bounded.
 * Safe in a program with threads: children are made with posix_spawn and inherit no descriptor
 * but the three they are given.
 * May depend on: shared. Owner: host. */
#ifndef FAKEWIX_HOST_PROCESS_H
#define FAKEWIX_HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/buf.h"
#include "shared/err.h"

enum { PROCESS_OUTPUT_MAX = 1024 * 1024 };

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
};

struct process_spec {
    const char *const *argv; /* argv[0] is the path */
    const struct process_env *env;
    bool feed;     /* keep a pipe to its stdin; otherwise it reads /dev/null */
    bool pass_err; /* its stderr is ours; otherwise it is caught */
};

bool process_start(const struct process_spec *spec, struct process *ret_process, struct err *err);

enum process_end { PROCESS_EXITED, PROCESS_SIGNALLED, PROCESS_TIMED_OUT, PROCESS_STOPPED };

struct process_result {
    enum process_end end;
    int status; /* exit status or signal number */
    bool left_children;
    struct process_caught out;
    struct process_caught err;
};

/* Gather output until the child ends, `deadline_ms` passes, or `stop_fd` (or -1) becomes readable;
 * then end its whole process group and release `process`. A grandchild that keeps the pipes open
 * does not keep us: where the child leaves some behind they have `quiet_ms` to say more. */
void process_finish(struct process *process, int64_t deadline_ms, int quiet_ms, int stop_fd,
                    struct process_result *ret_result);

/* Read one line of its stdout, without the line end, appended to `line`. False when the child
 * ended, closed its stdout, said more than `line` takes, or `deadline_ms` passed. */
bool process_read_line(struct process *process, int64_t deadline_ms, struct buf *line);

/* Ask the child to go (SIGTERM), wait at most `grace_ms`, then make it go. Releases `process`. */
void process_stop(struct process *process, int grace_ms);

void process_result_free(struct process_result *result);

#endif
