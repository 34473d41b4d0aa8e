/* CONNECT and nothing else: a thread for each tunnel, which ends with it. What is inside a tunnel
 * is TLS, and not the proxy's to read. */
#include "run/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "run/hosts.h"
#include "shared/buf.h"
#include "shared/mem.h"

enum { TUNNELS_MAX = 512, HEAD_MAX = 16384, HEAD_WAIT_S = 30, PIECE = 16384, BACKLOG = 256 };

struct tunnel {
    const struct proxy *proxy;
    atomic_int *n_open;
    int client;
};

bool proxy_open(struct proxy *ret_proxy, struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        if (fd >= 0)
            close(fd);
        return err_set(err, "the proxy cannot listen: %s", strerror(errno));
    }
    ret_proxy->fd = fd;
    ret_proxy->port = ntohs(address.sin_port);
    return true;
}

/* ---- to the other end ---- */

/* `place` is "host:port" or "[address]:port". */
static int dial(const char *place)
{
    const char *colon = strrchr(place, ':');
    if (!colon)
        return -1;
    bool bracket = *place == '[' && colon > place + 1;
    OWNED(mem_text_free)
    char *host = mem_text_n(place + bracket, (size_t)(colon - place) - 2u * bracket);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd = -1;
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static int dial_loopback(int port)
{
    OWNED(mem_text_free) char *place = mem_format("127.0.0.1:%d", port);
    return dial(place);
}

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* The proxy before us, as the user's variable has it: "http://host:port/". */
static int dial_upstream(const char *url)
{
    const char *rest = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    OWNED(mem_text_free) char *place = mem_text_n(rest, strcspn(rest, "/"));
    return dial(place);
}

/* ---- one tunnel ---- */

/* Up to the blank line; what may follow it is left in the socket. */
static bool read_head(int fd, struct buf *head)
{
    struct timeval limit = {.tv_sec = HEAD_WAIT_S};
    char c;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (!head->overflown && recv(fd, &c, 1, 0) == 1) {
        buf_char(head, c);
        if (head->len >= 4 && strcmp(head->data + head->len - 4, "\r\n\r\n") == 0) {
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0}, sizeof limit);
            return true;
        }
    }
    return false;
}

/* One direction of the relay; false at its end. */
static bool move_bytes(int from, int to)
{
    char piece[PIECE];
    ssize_t n = recv(from, piece, sizeof piece, 0);
    for (ssize_t done = 0, sent; done < n; done += sent)
        if ((sent = send(to, piece + done, (size_t)(n - done), MSG_NOSIGNAL)) <= 0)
            return false;
    if (n <= 0)
        shutdown(to, SHUT_WR);
    return n > 0;
}

static void relay(int a, int b)
{
    struct pollfd ends[] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    while ((ends[0].fd >= 0 || ends[1].fd >= 0) && poll(ends, 2, -1) > 0) {
        if (ends[0].revents && !move_bytes(a, b))
            ends[0].fd = -1;
        if (ends[1].revents && !move_bytes(b, a))
            ends[1].fd = -1;
    }
}

/* A socket to where the client wants to go, with the answer that is due given; -1 where there is
 * none. */
static int connect_through(const struct tunnel *tunnel, const struct buf *head, const char *place)
{
    const struct proxy *proxy = tunnel->proxy;
    const char *colon = strrchr(place, ':');
    bool is_wix = colon && hosts_is_wix(place, (size_t)(colon - place));
    int fd = -1;
    if (!is_wix && proxy->refuse_others) {
        say(tunnel->client, "HTTP/1.1 403 Only hosts of Wix\r\nContent-Length: 0\r\n\r\n");
        return -1;
    }
    if (!is_wix && proxy->upstream) {
        fd = dial_upstream(proxy->upstream);
        if (fd >= 0 && send(fd, head->data, head->len, MSG_NOSIGNAL) == (ssize_t)head->len)
            return fd; /* which answers by itself */
    } else {
        fd = !is_wix                         ? dial(place)
             : strcmp(colon + 1, "443") == 0 ? dial_loopback(proxy->https_port)
             : strcmp(colon + 1, "80") == 0  ? dial_loopback(proxy->http_port)
                                             : -1;
        if (fd >= 0 && say(tunnel->client, "HTTP/1.1 200 Connected\r\n\r\n"))
            return fd;
    }
    say(tunnel->client, "HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n");
    if (fd >= 0)
        close(fd);
    return -1;
}

static void *serve_tunnel(void *context)
{
    struct tunnel *tunnel = context;
    OWNED(buf_free) struct buf head = {.max = HEAD_MAX};
    static const char method[] = "CONNECT ";
    if (read_head(tunnel->client, &head)) {
        if (strncmp(head.data, method, strlen(method)) == 0) {
            const char *target = head.data + strlen(method);
            OWNED(mem_text_free) char *place = mem_text_n(target, strcspn(target, " \r\n"));
            int other = connect_through(tunnel, &head, place);
            if (other >= 0) {
                relay(tunnel->client, other);
                close(other);
            }
        } else {
            say(tunnel->client, "HTTP/1.1 405 CONNECT alone\r\nAllow: CONNECT\r\n"
                                "Content-Length: 0\r\n\r\n");
        }
    }
    close(tunnel->client);
    atomic_fetch_sub(tunnel->n_open, 1);
    free(tunnel);
    return NULL;
}

int proxy_serve(void *context)
{
    const struct proxy *proxy = context;
    static atomic_int n_open;
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept(proxy->fd, NULL, NULL);
        if (client < 0)
            continue;
        struct tunnel *tunnel = mem_new(1, sizeof *tunnel);
        *tunnel = (struct tunnel){.proxy = proxy, .n_open = &n_open, .client = client};
        pthread_t thread;
        if (atomic_fetch_add(&n_open, 1) < TUNNELS_MAX &&
            pthread_create(&thread, NULL, serve_tunnel, tunnel) == 0) {
            pthread_detach(thread);
            continue;
        }
        atomic_fetch_sub(&n_open, 1);
        close(client);
        free(tunnel);
    }
}
