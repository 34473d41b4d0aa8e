/* The fake is this very program, as `fakewix serve` on free ports, with the options that stood
 * before the two dashes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/launch_parts.h"
#include "shared/mem.h"
#include "shared/text.h"

static bool read_line(int fd, struct buf *ret_line)
{
    char c;
    while (read(fd, &c, 1) == 1) {
        if (c == '\n')
            return true;
        buf_char(ret_line, c);
    }
    return false;
}

static int port_of(const char *url)
{
    int64_t port = 0;
    const char *colon = url ? strrchr(url, ':') : NULL;
    return colon && text_parse_int(colon + 1, 1, 65535, &port) ? (int)port : 0;
}

enum { FAKE_WORDS_MAX = 20 };

/* The list is the caller's to free, and so are the two texts. */
static char **compose_fake(const struct run *run, char *self, char *plain, char *secure,
                           char *authority, char *clocks)
{
    static char words[][16] = {"serve",    "--quiet",     "--listen",   "--tls-listen",
                               "--ca-dir", "--clock-dir", "localhost:0"};
    enum { SERVE, QUIET, LISTEN, TLS_LISTEN, CA_DIR, CLOCK_DIR, ANY_PORT };
    const struct launch *launch = run->launch;
    char **argv = mem_new((size_t)launch->n_serve + FAKE_WORDS_MAX, sizeof *argv);
    size_t n = 0;
    argv[n++] = self;
    argv[n++] = words[SERVE];
    argv[n++] = words[QUIET];
    argv[n++] = words[LISTEN];
    argv[n++] = words[ANY_PORT];
    argv[n++] = words[TLS_LISTEN];
    argv[n++] = words[ANY_PORT];
    if (run->route == ROUTE_NAMESPACE) {
        argv[n++] = words[LISTEN];
        argv[n++] = plain;
        argv[n++] = words[TLS_LISTEN];
        argv[n++] = secure;
    }
    if (!launch->has_authority) {
        argv[n++] = words[CA_DIR];
        argv[n++] = authority;
    }
    if (launch->follow_clock) {
        argv[n++] = words[CLOCK_DIR];
        argv[n++] = clocks;
    }
    memcpy(argv + n, launch->serve, (size_t)launch->n_serve * sizeof *argv);
    return argv;
}

bool launch_start_fake(struct run *run, struct err *err)
{
    static char self[] = "/proc/self/exe";
    OWNED(mem_text_free) char *plain = mem_format("%s:80", run->space.address);
    OWNED(mem_text_free) char *secure = mem_format("%s:443", run->space.address);
    OWNED(mem_text_free) char *authority = mem_format("%s/authority", run->folder);
    OWNED(mem_text_free) char *clocks = mem_format("%s/clocks", run->folder);
    OWNED(buf_free) struct buf line = {0};
    int out;
    if (run->launch->follow_clock && mkdir(clocks, 0755) != 0)
        return err_set(err, "%s cannot be made: %s", clocks, strerror(errno));
    char **argv = compose_fake(run, self, plain, secure, authority, clocks);
    run->fake_pid = child_start_helper(&run->signals, argv, run->space.is_cut_off, &out, err);
    free(argv);
    if (run->fake_pid < 0)
        return false;
    bool is_ready = read_line(out, &line);
    close(out);
    run->ready = is_ready ? tree_parse(buf_str(&line), line.len, err) : NULL;
    run->ask.port = port_of(tree_text(run->ready, "http"));
    run->ask.control_token = run->launch->control_token;
    run->https_port = port_of(tree_text(run->ready, "https"));
    return run->ready || err_set(err, "the fake did not start");
}
