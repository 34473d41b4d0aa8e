/* Listening sockets are bound here and not by CivetWeb: it cannot bind two families to one free
 * port, says nothing of why a port failed, and takes no unix path beside other addresses. */
#include "http/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/mem.h"
#include "shared/text.h"

enum { BACKLOG = 1024, FREE_PORT_TRIES = 64 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static socklen_t address_len(const union address *address)
{
    if (address->any.sa_family == AF_INET)
        return sizeof(address->v4);
    return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->local);
}

static int address_port(const union address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

static void set_port(union address *address, int port)
{
    in_port_t wire_port = htons((uint16_t)port);
    if (address->any.sa_family == AF_INET6)
        address->v6.sin6_port = wire_port;
    else
        address->v4.sin_port = wire_port;
}

/* A socket that listens on the address, or -1 and errno. Writes back the port that it got. */
static int listen_on(union address *address)
{
    const int on = 1;
    socklen_t len = address_len(address);
    int fd = socket(address->any.sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    /* A client that gives up between poll and accept must not block the accepting thread. */
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (address->any.sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, &address->any, len) != 0 || listen(fd, BACKLOG) != 0 ||
        (address->any.sa_family != AF_UNIX && getsockname(fd, &address->any, &len) != 0)) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static bool fail(struct err *err, const char *address, int reason)
{
    switch (reason) {
    case EADDRINUSE:
        return err_set(err,
                       "cannot listen on %s: another program has that port. Stop it, or choose "
                       "another port; localhost:0 takes any free one, and the ready line says "
                       "which.",
                       address);
    case EACCES:
        return err_set(err,
                       "cannot listen on %s: the system does not allow it. Ports below 1024 need "
                       "privileges; choose a higher one.",
                       address);
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return err_set(err, "cannot listen on %s: this machine has no such address.", address);
    default:
        return err_set(err, "cannot listen on %s: %s.", address, strerror(reason));
    }
}

/* Whether this machine has no IPv6 at all, or no ::1. */
static bool is_missing(int reason)
{
    return reason == EADDRNOTAVAIL || reason == EAFNOSUPPORT || reason == EPROTONOSUPPORT;
}

static union address loopback(int family)
{
    union address address = {.any = {.sa_family = (sa_family_t)family}};
    if (family == AF_INET)
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        address.v6.sin6_addr = in6addr_loopback;
    return address;
}

/* One try at both families on one port. errno tells why not. */
static bool open_pair(int port, struct sockets *ret_sockets)
{
    union address v4 = loopback(AF_INET);
    union address v6 = loopback(AF_INET6);
    set_port(&v4, port);
    int fd4 = listen_on(&v4);
    if (fd4 < 0 && !is_missing(errno))
        return false;
    set_port(&v6, fd4 < 0 ? port : address_port(&v4));
    int fd6 = listen_on(&v6);
    if (fd6 < 0 && (fd4 < 0 || !is_missing(errno))) {
        int reason = errno;
        if (fd4 >= 0)
            close(fd4);
        errno = reason;
        return false;
    }
    *ret_sockets = (struct sockets){0};
    if (fd4 >= 0)
        ret_sockets->fds[ret_sockets->n++] = fd4;
    if (fd6 >= 0)
        ret_sockets->fds[ret_sockets->n++] = fd6;
    ret_sockets->port = address_port(fd4 >= 0 ? &v4 : &v6);
    ret_sockets->url_host = mem_format(fd4 >= 0 ? "127.0.0.1:%d" : "[::1]:%d", ret_sockets->port);
    return true;
}

static bool open_localhost(const char *address, int port, struct sockets *ret_sockets,
                           struct err *err)
{
    /* A port that is free in one family may be taken in the other: ask for the next one. */
    int tries = port == 0 ? FREE_PORT_TRIES : 1;
    for (; tries > 0; tries--)
        if (open_pair(port, ret_sockets))
            return true;
        else if (errno != EADDRINUSE)
            break;
    return fail(err, address, errno);
}

static bool open_literal(const char *address, union address *parsed, struct sockets *ret_sockets,
                         struct err *err)
{
    static const char loopback_net = 127;
    bool v6 = parsed->any.sa_family == AF_INET6;
    int fd = listen_on(parsed);
    if (fd < 0)
        return fail(err, address, errno);
    *ret_sockets = (struct sockets){.fds = {fd}, .n = 1, .port = address_port(parsed)};
    char text[INET6_ADDRSTRLEN];
    if (v6) {
        const struct in6_addr *ip = &parsed->v6.sin6_addr;
        ret_sockets->open = !IN6_IS_ADDR_LOOPBACK(ip);
        inet_ntop(AF_INET6, IN6_IS_ADDR_UNSPECIFIED(ip) ? &in6addr_loopback : ip, text,
                  sizeof(text));
        ret_sockets->url_host = mem_format("[%s]:%d", text, ret_sockets->port);
        return true;
    }
    struct in_addr ip = parsed->v4.sin_addr;
    ret_sockets->open = ntohl(ip.s_addr) >> 24 != (uint32_t)loopback_net;
    if (ip.s_addr == htonl(INADDR_ANY))
        ip.s_addr = htonl(INADDR_LOOPBACK);
    inet_ntop(AF_INET, &ip, text, sizeof(text));
    ret_sockets->url_host = mem_format("%s:%d", text, ret_sockets->port);
    return true;
}

/* Remove a socket file that nobody listens on. False, with a sentence, where somebody does, or
 * where the path is something else. */
static bool clear_path(const char *path, const union address *address, struct err *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return true;
    if (!S_ISSOCK(info.st_mode))
        return err_set(err, "cannot listen on unix:%s: there is a file of that name.", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool is_alive = fd >= 0 && connect(fd, &address->any, sizeof(address->local)) == 0;
    if (fd >= 0)
        close(fd);
    if (is_alive)
        return err_set(err, "cannot listen on unix:%s: another program listens there.", path);
    unlink(path);
    return true;
}

static bool open_unix(const char *path, struct sockets *ret_sockets, struct err *err)
{
    union address address = {.local = {.sun_family = AF_UNIX}};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(address.local.sun_path))
        return err_set(err, "unix:%s is not a socket path: it needs 1 to %zu bytes.", path,
                       sizeof(address.local.sun_path) - 1);
    memcpy(address.local.sun_path, path, len);
    if (!clear_path(path, &address, err))
        return false;
    int fd = listen_on(&address);
    if (fd < 0)
        return err_set(err, "cannot listen on unix:%s: %s.", path, strerror(errno));
    *ret_sockets = (struct sockets){.fds = {fd}, .n = 1, .path = mem_text(path)};
    return true;
}

static bool parse_literal(const char *host, size_t len, union address *ret_address)
{
    OWNED(mem_text_free) char *text = NULL;
    *ret_address = (union address){0};
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        text = mem_text_n(host + 1, len - 2);
        ret_address->any.sa_family = AF_INET6;
        return inet_pton(AF_INET6, text, &ret_address->v6.sin6_addr) == 1;
    }
    text = mem_text_n(host, len);
    ret_address->any.sa_family = AF_INET;
    return inet_pton(AF_INET, text, &ret_address->v4.sin_addr) == 1;
}

bool sockets_are_open(const char *address)
{
    static const uint8_t loopback_net = 127;
    const char *colon = strrchr(address, ':');
    union address parsed;
    if (!colon || !parse_literal(address, (size_t)(colon - address), &parsed))
        return false;
    if (parsed.any.sa_family == AF_INET6)
        return !IN6_IS_ADDR_LOOPBACK(&parsed.v6.sin6_addr);
    return ntohl(parsed.v4.sin_addr.s_addr) >> 24 != loopback_net;
}

bool sockets_open(const char *address, struct sockets *ret_sockets, struct err *err)
{
    if (strncmp(address, "unix:", 5) == 0)
        return open_unix(address + 5, ret_sockets, err);
    const char *colon = strrchr(address, ':');
    int64_t port;
    if (!text_parse_int(colon ? colon + 1 : address, 0, 65535, &port))
        return err_set(err,
                       "\"%s\" is no address: write a port, HOST:PORT or unix:PATH; ports go from "
                       "1 to 65535, and 0 is any free one.",
                       address);
    if (!colon)
        return open_localhost(address, (int)port, ret_sockets, err);
    size_t host_len = (size_t)(colon - address);
    if (host_len == 9 && strncmp(address, "localhost", 9) == 0)
        return open_localhost(address, (int)port, ret_sockets, err);
    union address parsed;
    if (!parse_literal(address, host_len, &parsed))
        return err_set(err,
                       "\"%s\" is no address: the host is localhost, an IPv4 address, or an IPv6 "
                       "address in brackets.",
                       address);
    set_port(&parsed, (int)port);
    return open_literal(address, &parsed, ret_sockets, err);
}

void sockets_done(struct sockets *sockets)
{
    if (sockets->path)
        unlink(sockets->path);
    free(sockets->path);
    free(sockets->url_host);
    *sockets = (struct sockets){0};
}

void sockets_close(struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->n; i++)
        close(sockets->fds[i]);
    sockets_done(sockets);
}
