/* HTTP/1.1 as far as a test needs it: a request line, headers, a body with a length; the answer
 * ends the connection. */
#include "reference/server.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "shared/mem.h"
#include "shared/text.h"

enum { REQUEST_MAX = 1024 * 1024, BACKLOG = 64, RECEIVE_S = 10 };

struct connection {
    int fd;
    web_handler *handle;
    void *context;
};

bool web_path_is(const char *target, const char *path)
{
    size_t len = strcspn(target, "?");
    return len == strlen(path) && strncmp(target, path, len) == 0;
}

char *web_param(const char *target, const char *name)
{
    const char *query = strchr(target, '?');
    size_t name_len = strlen(name);
    for (const char *pair = query ? query + 1 : ""; *pair && *pair != '#';) {
        size_t len = strcspn(pair, "&#");
        if (len > name_len && pair[name_len] == '=' && strncmp(pair, name, name_len) == 0) {
            struct buf value = {0};
            text_add_unescaped(&value, pair + name_len + 1, len - name_len - 1, true);
            return value.len ? buf_take(&value) : mem_text("");
        }
        pair += len + (pair[len] == '&');
    }
    return NULL;
}

/* A header's value, caller frees with free(); NULL where it is missing. */
static char *find_header(const char *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        const char *at = line + 2;
        if (strncasecmp(at, name, len) != 0 || at[len] != ':')
            continue;
        at += len + 1;
        at += strspn(at, " ");
        return mem_text_n(at, strcspn(at, "\r\n"));
    }
    return NULL;
}

/* Read until `len` bytes are there, or the head is whole where `len` is 0. */
static bool receive(int fd, struct buf *text, size_t len)
{
    enum { PIECE = 8192 };
    while (len ? text->len < len : !text->len || !strstr(text->data, "\r\n\r\n")) {
        char *room = buf_room(text, PIECE);
        ssize_t got = room ? recv(fd, room, PIECE, 0) : 0;
        if (got <= 0)
            return false;
        buf_grew(text, (size_t)got);
    }
    return true;
}

static void send_all(int fd, const struct buf *bytes)
{
    for (size_t done = 0; done < bytes->len;) {
        ssize_t sent = send(fd, bytes->data + done, bytes->len - done, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        done += (size_t)sent;
    }
}

static void answer_request(const struct connection *connection, const char *head, const char *body)
{
    OWNED(mem_text_free) char *method = mem_text_n(head, strcspn(head, " "));
    const char *rest = head + strlen(method) + (head[strlen(method)] == ' ');
    OWNED(mem_text_free) char *target = mem_text_n(rest, strcspn(rest, " \r"));
    OWNED(mem_text_free) char *cookie = find_header(head, "Cookie");
    struct web_request request = {method, target, cookie ? cookie : "", body};
    struct web_answer answer = {.status = 404};
    connection->handle(connection->context, &request, &answer);
    OWNED(buf_free) struct buf bytes = {0};
    buf_format(&bytes, "HTTP/1.1 %d OK\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
               answer.status, answer.body.len, buf_str(&answer.headers));
    buf_add(&bytes, buf_str(&answer.body), answer.body.len);
    send_all(connection->fd, &bytes);
    buf_free(&answer.headers);
    buf_free(&answer.body);
}

static void *serve(void *arg)
{
    struct connection *connection = arg;
    OWNED(buf_free) struct buf text = {.max = REQUEST_MAX};
    if (receive(connection->fd, &text, 0)) {
        size_t head_len = (size_t)(strstr(text.data, "\r\n\r\n") + 4 - text.data);
        OWNED(mem_text_free) char *head = mem_text_n(text.data, head_len);
        OWNED(mem_text_free) char *length = find_header(head, "Content-Length");
        int64_t body_len = 0;
        if (length)
            text_parse_int(length, 0, REQUEST_MAX, &body_len);
        if (receive(connection->fd, &text, head_len + (size_t)body_len)) {
            OWNED(mem_text_free)
            char *body = mem_text_n(text.data + head_len, (size_t)body_len);
            answer_request(connection, head, body);
        }
    }
    close(connection->fd);
    free(connection);
    return NULL;
}

static int open_port(int port, int *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

bool server_run(int *port, web_handler *handle, void *context)
{
    int fd = open_port(*port, port);
    if (fd < 0)
        return false;
    signal(SIGPIPE, SIG_IGN);
    printf("http://127.0.0.1:%d/\n", *port);
    fflush(stdout);
    for (;;) {
        int accepted = accept(fd, NULL, NULL);
        if (accepted < 0)
            continue;
        struct timeval limit = {.tv_sec = RECEIVE_S};
        setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        struct connection *connection = mem_new(1, sizeof *connection);
        *connection = (struct connection){accepted, handle, context};
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, connection) == 0) {
            pthread_detach(thread);
            continue;
        }
        close(accepted);
        free(connection);
    }
}
