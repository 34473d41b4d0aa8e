/* See client.h. */
#include "client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "patience.h"

enum { SOON_MS = 2000 };

/* These functions are called by many threads, and Check's ck_assert is for one: it notes each
 * success where others note theirs. */
static void require(bool holds, const char *what)
{
    if (!holds)
        ck_abort_msg("%s", what);
}

static int connect_to(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM, 0);
    require(fd >= 0, "there is no socket");
    require(connect(fd, address, len) == 0, strerror(errno));
    return fd;
}

int client_connect(const char *host, int port)
{
    if (strncmp(host, "unix:", 5) == 0) {
        struct sockaddr_un local = {.sun_family = AF_UNIX};
        require(strlen(host + 5) < sizeof(local.sun_path), "the path is too long");
        memcpy(local.sun_path, host + 5, strlen(host + 5));
        return connect_to((const struct sockaddr *)&local, sizeof(local));
    }
    if (strchr(host, ':')) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        inet_pton(AF_INET6, host, &v6.sin6_addr);
        return connect_to((const struct sockaddr *)&v6, sizeof(v6));
    }
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &v4.sin_addr);
    return connect_to((const struct sockaddr *)&v4, sizeof(v4));
}

void client_send(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* refused half-way: what was answered is still to be read */
        bytes += n;
        len -= (size_t)n;
    }
}

void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* Read what is there; false at the end, which is told. */
static bool read_some(int fd, struct buf *out, int silence_ms, enum ending *ret_ending)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    if (poll(&poller, 1, silence_ms) <= 0) {
        *ret_ending = ENDING_OPEN;
        return false;
    }
    char *room = buf_room(out, 65536);
    require(room, "the answer is too long");
    ssize_t n = recv(fd, room, 65536, 0);
    if (n <= 0) {
        *ret_ending = n == 0 ? ENDING_CLOSE : ENDING_RESET;
        return false;
    }
    buf_grew(out, (size_t)n);
    return true;
}

enum ending client_read(int fd, struct buf *out, int silence_ms)
{
    enum ending ending;
    while (read_some(fd, out, silence_ms, &ending))
        ;
    return ending;
}

bool client_read_to(int fd, struct buf *out, const char *text)
{
    enum ending ending;
    while (!strstr(buf_str(out), text))
        if (!read_some(fd, out, patience(SOON_MS), &ending))
            return false;
    return true;
}

enum ending client_ask(int port, const char *text, struct buf *out)
{
    int fd = client_connect("127.0.0.1", port);
    client_say(fd, text);
    enum ending ending = client_read(fd, out, patience(SOON_MS));
    close(fd);
    return ending;
}
