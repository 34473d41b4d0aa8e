/* One small request over a plain socket: an HTTP client library would double the start-up of the
 * fake for this one line. */
#include "health.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { LIMIT_S = 5 };

/* A socket whose every call ends within the limit; connecting is a matter of sending. */
static int open_socket(int family)
{
    struct timeval limit = {.tv_sec = LIMIT_S};
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    return fd;
}

/* Connected, or -1 and a sentence that says why not. */
static int reach(int family, const struct sockaddr *address, socklen_t len, const char *where,
                 struct err *err)
{
    int fd = open_socket(family);
    if (fd >= 0 && connect(fd, address, len) == 0)
        return fd;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (reason == ECONNREFUSED || reason == ENOENT)
        err_set(err, "nothing listens at %s; is the fake running there?", where);
    else if (reason == EINPROGRESS || reason == EAGAIN)
        err_set(err, "%s cannot be reached within %d seconds", where, LIMIT_S);
    else
        err_set(err, "%s cannot be reached: %s", where, strerror(reason));
    return -1;
}

static int connect_unix(const char *path, const char *where, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, "%s is too long for the path of a socket", where), -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    return reach(AF_UNIX, (struct sockaddr *)&address, sizeof address, where, err);
}

static bool is_port(const char *text)
{
    int64_t port;
    return text_parse_int(text, 1, 65535, &port);
}

/* "8420", "host:8420" or "[host]:8420"; an address that means everywhere is asked on loopback. */
static int connect_tcp(const char *address, const char *where, struct err *err)
{
    const char *colon = strrchr(address, ':');
    const char *port = colon ? colon + 1 : address;
    size_t len = colon ? (size_t)(colon - address) : 0;
    bool bracketed = len > 2 && address[0] == '[' && address[len - 1] == ']';
    if (!is_port(port) || (address[0] == '[' && !bracketed))
        return err_set(err,
                       "\"%s\" is no address: write a port, HOST:PORT, http://HOST:PORT or "
                       "unix:PATH",
                       where),
               -1;
    OWNED(mem_text_free) char *host = mem_text_n(address + bracketed, len - 2u * bracketed);
    const char *name = strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : *host ? host : "localhost";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int problem = getaddrinfo(name, port, &hints, &found);
    if (problem)
        return err_set(err, "there is no host \"%s\": %s", name, gai_strerror(problem)), -1;
    OWNED(err_free) struct err last = {0};
    int fd = -1;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        err_free(&last);
        fd = reach(at->ai_family, at->ai_addr, at->ai_addrlen, where, &last);
    }
    freeaddrinfo(found);
    if (fd < 0)
        err_set(err, "%s", last.text);
    return fd;
}

static bool ask(int fd, const char *where, struct err *err)
{
    static const char request[] = "GET /_fakewix/health HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: close\r\n\r\n";
    OWNED(buf_free) struct buf answer = {.max = 65536};
    char *room;
    ssize_t n = send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
    while (n > 0 && (room = buf_room(&answer, 4096)) && (n = recv(fd, room, 4096, 0)) > 0)
        buf_grew(&answer, (size_t)n);
    if (!answer.len && n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return err_set(err, "what listens at %s says nothing within %d seconds", where, LIMIT_S);
    /* A fake that wants a control token says 401, and is alive. */
    bool healthy = strncmp(buf_str(&answer), "HTTP/1.1 200", 12) == 0 ||
                   (strncmp(buf_str(&answer), "HTTP/1.1 401", 12) == 0 &&
                    strstr(buf_str(&answer), "control token"));
    return healthy || err_set(err, "what answers at %s is not a fakewix", where);
}

bool health_ask(const char *url, struct err *err)
{
    const char *where = url && *url ? url : "localhost:8420";
    if (strncmp(where, "https://", 8) == 0)
        return err_set(err, "%s: ask at the fake's http address, which its ready line names",
                       where);
    const char *start = strncmp(where, "http://", 7) == 0 ? where + 7 : where;
    OWNED(mem_text_free) char *address = mem_text(start);
    int fd;
    if (strncmp(address, "unix:", 5) == 0) {
        fd = connect_unix(address + 5, where, err);
    } else {
        address[strcspn(address, "/")] = '\0';
        fd = connect_tcp(address, where, err);
    }
    if (fd < 0)
        return false;
    bool healthy = ask(fd, where, err);
    close(fd);
    return healthy;
}
