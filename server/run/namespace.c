/* The hosts file is bound over the system's, and the fake listens on the very ports that clients
 * use, so that nothing about a client matters: a static program finds the fake as any other.
 *
 * A user's own network is entered only where the machine's has no low ports for him, because it
 * has no way out. */
#define _GNU_SOURCE /* unshare, and the flags of namespaces */

#include "run/namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/hosts.h"
#include "run/variables.h"
#include "shared/mem.h"

enum { ADDRESS_TRIES = 64 };

/* ---- the namespaces ---- */

static bool write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    bool written = out && fputs(text, out) >= 0;
    return out && fclose(out) == 0 && written;
}

/* Inside, we are who we are outside, and nobody else is anybody. */
static bool keep_ids(uid_t uid, gid_t gid)
{
    OWNED(mem_text_free) char *uids = mem_format("%u %u 1\n", uid, uid);
    OWNED(mem_text_free) char *gids = mem_format("%u %u 1\n", gid, gid);
    return write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", uids) &&
           write_text("/proc/self/gid_map", gids);
}

static bool enter_mounts(struct err *err)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    /* Who may do without a user namespace keeps all his rights. */
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return err_set(err, "this machine does not allow user namespaces (%s)",
                           strerror(errno));
        if (!keep_ids(uid, gid))
            return err_set(err, "the user cannot be mapped into a namespace (%s)", strerror(errno));
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return err_set(err, "mounts cannot be made private (%s)", strerror(errno));
    return true;
}

static bool bring_loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return is_up;
}

/* ---- the address ---- */

static bool can_bind(const char *address, int port)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &place.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&place, sizeof place) == 0;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return bound;
}

/* 127.87.x.y that no other run has; false with errno. */
static bool choose_address(struct namespace *space)
{
    unsigned number = (unsigned)getpid();
    for (int i = 0; i < ADDRESS_TRIES; i++, number += 251) {
        snprintf(space->address, sizeof space->address, "127.87.%u.%u", number >> 8 & 0xff,
                 number & 0xff);
        if (can_bind(space->address, 443) && can_bind(space->address, 80))
            return true;
        if (errno != EADDRINUSE)
            return false;
    }
    return false;
}

static bool find_network(struct namespace *space, struct err *err)
{
    if (choose_address(space))
        return true;
    if (unshare(CLONE_NEWNET) != 0 || !bring_loopback_up() || !choose_address(space))
        return err_set(err, "there is no way to ports 80 and 443 for this user (%s)",
                       strerror(errno));
    space->is_cut_off = true;
    return true;
}

/* ---- the hosts file ---- */

/* Ours before the machine's. The IPv6 line is the same address in another form: without it a
 * look-up for IPv6 alone would go on to ask the network. */
static bool show_hosts(const char *dir, const struct namespace *space, struct err *err)
{
    OWNED(buf_free) struct buf hosts = {0};
    OWNED(mem_text_free) char *file = mem_format("%s/hosts", dir);
    buf_format(&hosts, "%s ", space->address);
    hosts_add_all(&hosts, ' ');
    buf_format(&hosts, "\n::ffff:%s ", space->address);
    hosts_add_all(&hosts, ' ');
    buf_char(&hosts, '\n');
    files_read("/etc/hosts", &hosts);
    if (!files_write(file, &hosts, err))
        return false;
    if (mount(file, "/etc/hosts", NULL, MS_BIND, NULL) == 0)
        return true;
    return err_set(err, "/etc/hosts cannot be covered (%s)", strerror(errno));
}

bool namespace_enter(const char *dir, struct namespace *ret_space, struct err *err)
{
    struct namespace space = {.is_cut_off = false};
    if (!enter_mounts(err) || !find_network(&space, err) || !show_hosts(dir, &space, err))
        return false;
    *ret_space = space;
    return true;
}

bool namespace_try(const char *dir, struct err *err)
{
    int ends[2];
    char reason[512] = "";
    if (pipe(ends) != 0)
        return err_set(err, "no pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        struct err problem = {0};
        struct namespace space;
        const char *text = namespace_enter(dir, &space, &problem) ? "+" : problem.text;
        ssize_t n = write(ends[1], text, strlen(text));
        _exit(n < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    close(ends[1]);
    ssize_t n = pid < 0 ? -1 : read(ends[0], reason, sizeof reason - 1);
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return (n == 1 && *reason == '+') || err_set(err, "%s", n > 0 ? reason : "it failed early");
}

void namespace_show_bundle(const char *file)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], F_OK) == 0)
            mount(file, places[i], NULL, MS_BIND, NULL);
}
