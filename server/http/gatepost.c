/* A socket that is bound and does not listen holds its port's number: connections are refused, and
 * no other program moves in. */
#include "http/gatepost.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, FREE_PORT_TRIES = 64 };

const struct gatepost GATEPOST_NONE = {.kept = {-1, -1}, .listening = {-1, -1}};

static socklen_t loopback(int family, int port, struct sockaddr_storage *ret_address)
{
    *ret_address = (struct sockaddr_storage){0};
    if (family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    v6->sin6_addr = in6addr_loopback;
    return sizeof *v6;
}

/* A socket bound to the port on loopback; -1 and errno. */
static int bind_to(int family, int port)
{
    const int on = 1;
    struct sockaddr_storage address;
    socklen_t len = loopback(family, port, &address);
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address, len) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

bool gatepost_is_starving(int error)
{
    return error == EMFILE || error == ENFILE;
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &len) == 0 ? ntohs(address.sin_port) : 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool gatepost_keep(struct gatepost *post)
{
    for (int tries = 0; tries < FREE_PORT_TRIES; tries++) {
        post->kept[0] = bind_to(AF_INET, 0);
        if (post->kept[0] < 0)
            return false;
        post->port = port_of(post->kept[0]);
        post->kept[1] = bind_to(AF_INET6, post->port);
        if (post->kept[1] >= 0 || (errno != EADDRINUSE && !gatepost_is_starving(errno)))
            return true;
        if (gatepost_is_starving(errno))
            return false; /* what is kept goes with the door */
        close_fd(&post->kept[0]);
    }
    return false;
}

void gatepost_refuse(struct gatepost *post)
{
    for (int i = 0; i < GATEPOST_FAMILIES; i++)
        close_fd(&post->listening[i]);
}

bool gatepost_listen(struct gatepost *post, int poll_fd, uint64_t number)
{
    static const int families[GATEPOST_FAMILIES] = {AF_INET, AF_INET6};
    for (int i = 0; i < GATEPOST_FAMILIES; i++) {
        if (post->kept[i] < 0 || post->listening[i] >= 0)
            continue;
        int fd = bind_to(families[i], post->port);
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
        if (fd < 0 || listen(fd, BACKLOG) != 0 ||
            epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
            close_fd(&fd);
            return false;
        }
        post->listening[i] = fd;
    }
    return true;
}

void gatepost_drop(struct gatepost *post)
{
    gatepost_refuse(post);
    for (int i = 0; i < GATEPOST_FAMILIES; i++)
        close_fd(&post->kept[i]);
}
