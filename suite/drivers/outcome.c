/* The exit statuses that the contract gives a meaning; 126 and 127 are the shell's own. */
#include "drivers/outcome.h"

#include <signal.h>
#include <string.h>

#include "shared/mem.h"

static const struct {
    int status;
    enum client_end end;
    const char *sentence;
} statuses[] = {
    {0, CLIENT_OK, "said that all calls succeeded (exit 0)"},
    {1, CLIENT_ERROR, "reported an error (exit 1)"},
    {77, CLIENT_UNSUPPORTED, "said that it does not support this (exit 77)"},
    {126, CLIENT_NOT_STARTED, "was not run: the shell may not run that (exit 126)"},
    {127, CLIENT_NOT_STARTED, "was not run: the shell finds no such program (exit 127)"},
};

/* The signals that end a program which did nothing of the kind itself, by the names of signal.h. */
static const struct {
    int signal;
    const char *name;
} signals[] = {
    {SIGABRT, "SIGABRT"}, {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
    {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"}, {SIGSYS, "SIGSYS"},   {SIGKILL, "SIGKILL"},
    {SIGTERM, "SIGTERM"}, {SIGPIPE, "SIGPIPE"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
    {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGALRM, "SIGALRM"},
};

/* A shell says of a program that a signal ended: 128 and its number. */
enum { SHELL_SIGNALLED = 128 };

/* "crashed: it was killed by signal 6, SIGABRT (Aborted)"; caller frees with free(). */
static char *describe_crash(int signal, const char *told)
{
    const char *name = "";
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (signals[i].signal == signal)
            name = signals[i].name;
    return mem_format("crashed: it was killed by signal %d%s%s (%s)%s", signal, *name ? ", " : "",
                      name, strsignal(signal), told);
}

static void note_exit(int status, struct performance *performance)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status != status)
            continue;
        performance_note(performance, statuses[i].end, mem_text(statuses[i].sentence));
        performance->no_program = statuses[i].end == CLIENT_NOT_STARTED;
        return;
    }
    if (status > SHELL_SIGNALLED && status - SHELL_SIGNALLED <= SIGRTMAX) {
        OWNED(mem_text_free) char *told = mem_format(", as its exit status %d says", status);
        performance_note(performance, CLIENT_CRASHED,
                         describe_crash(status - SHELL_SIGNALLED, told));
        return;
    }
    performance_note(performance, CLIENT_CRASHED,
                     mem_format("exited with %d, which the contract does not know", status));
}

void outcome_note(const struct act *act, const struct process_result *result,
                  struct performance *performance)
{
    switch (result->end) {
    case PROCESS_EXITED:
        note_exit(result->status, performance);
        return;
    case PROCESS_SIGNALLED:
        performance_note(performance, CLIENT_CRASHED, describe_crash(result->status, ""));
        return;
    case PROCESS_TIMED_OUT:
        performance_note(performance, CLIENT_TIMED_OUT,
                         mem_format("gave no answer within %lld s and was ended",
                                    (long long)(act->timeout_ms / 1000)));
        return;
    case PROCESS_STOPPED:
        performance_note(performance, CLIENT_STOPPED,
                         mem_text("was ended because the run was interrupted"));
        return;
    }
}

static void add_bounded(struct buf *out, const struct buf *text)
{
    size_t room = PROCESS_OUTPUT_MAX - out->len;
    buf_add(out, text->data, text->len < room ? text->len : room);
}

void outcome_add_output(struct performance *performance, const struct process_result *result)
{
    add_bounded(&performance->out, &result->out.text);
    add_bounded(&performance->err, &result->err.text);
    if (result->max_rss_kb > performance->max_rss_kb)
        performance->max_rss_kb = result->max_rss_kb;
    if (result->rss_floor_kb > performance->rss_floor_kb)
        performance->rss_floor_kb = result->rss_floor_kb;
}
