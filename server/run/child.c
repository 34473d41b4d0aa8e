/* Between fork and exec nothing but system calls. */
#define _DEFAULT_SOURCE /* syscall */

#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/mem.h"

extern char **environ;

enum { NOT_FOUND = 127, NOT_RUNNABLE = 126, BY_SIGNAL = 128 };

static const int handed_on[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

void child_block_signals(struct child_signals *ret_signals)
{
    sigemptyset(&ret_signals->waited);
    sigaddset(&ret_signals->waited, SIGCHLD);
    for (size_t i = 0; i < sizeof handed_on / sizeof *handed_on; i++)
        sigaddset(&ret_signals->waited, handed_on[i]);
    signal(SIGCHLD, SIG_DFL); /* a parent may have left it ignored, which takes away statuses */
    sigprocmask(SIG_BLOCK, &ret_signals->waited, &ret_signals->before);
}

/* ---- helpers ---- */

/* Keep the one capability over exec: without it a user's own network has no low ports for what he
 * runs in it. Where it is not ours to keep, nothing changes. */
static void keep_low_ports(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    if (syscall(SYS_capget, &head, data) != 0)
        return;
    data[0].inheritable |= data[0].permitted & 1u << CAP_NET_BIND_SERVICE;
    if (syscall(SYS_capset, &head, data) == 0)
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
}

/* In the child: go when the parent goes, even where it is already gone. */
static void become_helper(const struct child_signals *signals, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(NOT_RUNNABLE);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

pid_t child_start_helper(const struct child_signals *signals, char *const argv[], bool low_ports,
                         int *ret_out, struct err *err)
{
    int ends[2];
    pid_t parent = getpid();
    if (pipe(ends) != 0)
        return err_set(err, "no pipe: %s", strerror(errno)), -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) {
        become_helper(signals, parent);
        if (low_ports)
            keep_low_ports();
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing >= 0)
            dup2(nothing, STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(NOT_RUNNABLE);
    }
    close(ends[1]);
    if (pid > 0) {
        *ret_out = ends[0];
        return pid;
    }
    close(ends[0]);
    return err_set(err, "cannot fork: %s", strerror(errno)), -1;
}

pid_t child_fork_helper(const struct child_signals *signals, int (*work)(void *context),
                        void *context, struct err *err)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become_helper(signals, parent);
        _exit(work(context));
    }
    return pid < 0 ? err_set(err, "cannot fork: %s", strerror(errno)), -1 : pid;
}

int child_stop(pid_t pid)
{
    int status = 0;
    kill(pid, SIGTERM);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
}

/* ---- the command ---- */

/* A copy of our environment with `variables` in place; caller frees the list, not the texts that
 * are ours. `made` owns the new ones. */
static char **compose_environment(const struct variables *variables, char ***ret_made)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **list = mem_new(n + variables->n + 1, sizeof *list);
    char **made = mem_new(variables->n + 1, sizeof *made);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(environ[i], "=");
        bool is_replaced = false;
        for (size_t k = 0; k < variables->n && !is_replaced; k++)
            is_replaced = strlen(variables->items[k].name) == len &&
                          strncmp(variables->items[k].name, environ[i], len) == 0;
        if (!is_replaced)
            list[kept++] = environ[i];
    }
    for (size_t k = 0; k < variables->n; k++)
        list[kept++] = made[k] =
            mem_format("%s=%s", variables->items[k].name, variables->items[k].value);
    *ret_made = made;
    return list;
}

static pid_t start_command(const struct child_signals *signals, char *const argv[], char **list,
                           int report)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
    environ = list;
    execvp(argv[0], argv);
    int reason = errno;
    ssize_t n = write(report, &reason, sizeof reason);
    (void)n;
    _exit(reason == ENOENT ? NOT_FOUND : NOT_RUNNABLE);
}

/* Wait for one signal and pass it on, unless the terminal sent it: then the command, which is in
 * our process group, has it already. */
static void hand_on(const struct child_signals *signals, pid_t pid)
{
    siginfo_t info;
    int which = sigwaitinfo(&signals->waited, &info);
    if (which > 0 && which != SIGCHLD && info.si_code != SI_KERNEL)
        kill(pid, which);
}

int child_run(const struct child_signals *signals, char *const argv[],
              const struct variables *variables, struct err *err)
{
    int report[2];
    int reason;
    char **made;
    if (pipe(report) != 0)
        return err_set(err, "no pipe: %s", strerror(errno)), NOT_RUNNABLE;
    fcntl(report[0], F_SETFD, FD_CLOEXEC);
    fcntl(report[1], F_SETFD, FD_CLOEXEC);
    char **list = compose_environment(variables, &made);
    pid_t pid = start_command(signals, argv, list, report[1]);
    close(report[1]);
    for (size_t i = 0; i < variables->n; i++)
        free(made[i]);
    free(made);
    free(list);
    /* The pipe closes by itself where the command starts. */
    if (pid < 0)
        err_set(err, "cannot fork: %s", strerror(errno));
    else if (read(report[0], &reason, sizeof reason) == (ssize_t)sizeof reason)
        err_set(err, "%s cannot be run: %s", argv[0], strerror(reason));
    close(report[0]);
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0)
        hand_on(signals, pid);
    if (pid < 0)
        return NOT_RUNNABLE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
}
