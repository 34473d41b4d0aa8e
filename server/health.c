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

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* "host:port" or "[host]:port"; an address that means everywhere is asked on loopback. */
static int connect_tcp(const char *address)
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        return -1;
    bool bracket = address[0] == '[';
    OWNED(mem_text_free)
    char *host = mem_text_n(address + bracket, (size_t)(colon - address) - 2u * bracket);
    const char *name = strcmp(host, "0.0.0.0") == 0 || !*host ? "127.0.0.1" : host;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
        return -1;
    int fd = -1;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static bool ask(int fd)
{
    static const char request[] = "GET /_fakewix/health HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: close\r\n\r\n";
    struct timeval limit = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        return false;
    OWNED(buf_free) struct buf answer = {.max = 65536};
    char *room;
    ssize_t n;
    while ((room = buf_room(&answer, 4096)) && (n = recv(fd, room, 4096, 0)) > 0)
        buf_grew(&answer, (size_t)n);
    /* A fake that wants a control token says 401, and is alive. */
    return strncmp(buf_str(&answer), "HTTP/1.1 200", 12) == 0 ||
           (strncmp(buf_str(&answer), "HTTP/1.1 401", 12) == 0 &&
            strstr(buf_str(&answer), "control token"));
}

bool health_ask(const char *url, struct err *err)
{
    const char *where = url && *url ? url : "localhost:8420";
    if (strncmp(where, "http://", 7) == 0)
        where += 7;
    OWNED(mem_text_free) char *address = mem_text(where);
    int fd;
    if (strncmp(address, "unix:", 5) == 0) {
        fd = connect_unix(address + 5);
    } else {
        address[strcspn(address, "/")] = '\0';
        fd = connect_tcp(address);
    }
    if (fd < 0)
        return err_set(err, "nothing answers at %s: %s; is the fake running?", where,
                       strerror(errno));
    bool healthy = ask(fd);
    close(fd);
    return healthy || err_set(err, "what answers at %s is not a fakewix", where);
}
