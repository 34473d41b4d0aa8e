/* The launcher's children: the fake beside it, and the command in its place.
 * The launcher has one thread, so that it may fork and enter namespaces.
 * May depend on: shared, run/variables. Owner: run. */
#ifndef FAKEWIX_RUN_CHILD_H
#define FAKEWIX_RUN_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "run/variables.h"
#include "shared/err.h"

/* Signals are blocked while children run: they are waited for, and handed on. */
struct child_signals {
    sigset_t before; /* what the command gets back */
    sigset_t waited;
};

void child_block_signals(struct child_signals *ret_signals);

/* Start a helper of ours that goes when this process goes, however that is: in a process group of
 * its own, so that Ctrl-C does not reach it, its stdin empty.
 *
 * argv      ends in NULL; argv[0] is a path
 * low_ports may bind ports below 1024 of a network that is ours (run/namespace)
 * ret_out   read end of its stdout; caller closes */
pid_t child_start_helper(const struct child_signals *signals, char *const argv[], bool low_ports,
                         int *ret_out, struct err *err);

/* The same without a program: `work` runs in the child, whose status is what it returns. */
pid_t child_fork_helper(const struct child_signals *signals, int (*work)(void *context),
                        void *context, struct err *err);

/* Run the command with `variables` set, handing on signals, until it ends. Returns its exit
 * status, 128 and the signal's number where one ended it, 127 or 126 where it could not start. */
int child_run(const struct child_signals *signals, char *const argv[],
              const struct variables *variables, struct err *err);

/* Ask a helper to go, and wait until it is gone. Returns its exit status. */
int child_stop(pid_t pid);

#endif
