/* One connection at a time, one request per connection: all that a webhook needs. */
#include "receiver.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { REQUESTS_MAX = 256, STATUSES_MAX = 32 };

struct receiver {
    int fd;
    char *url;
    pthread_t thread;
    pthread_mutex_t lock; /* over what came */
    char *requests[REQUESTS_MAX];
    size_t n;
    int statuses[STATUSES_MAX];
    size_t n_statuses;
};

/* The length of head and body together, once the head is whole; else 0. */
static size_t whole_len(const struct buf *text)
{
    const char *end = strstr(buf_str(text), "\r\n\r\n");
    if (!end)
        return 0;
    int64_t len = 0;
    for (const char *line = text->data; line < end; line = strstr(line, "\r\n") + 2)
        if (strncasecmp(line, "Content-Length:", 15) == 0) {
            OWNED(mem_text_free)
            char *digits = mem_text_n(line + 16, strcspn(line + 16, "\r"));
            text_parse_int(digits, 0, 1 << 20, &len);
        }
    return (size_t)(end - text->data) + 4 + (size_t)len;
}

static char *read_request(int fd)
{
    OWNED(buf_free) struct buf text = {0};
    for (;;) {
        char *room = buf_room(&text, 4096);
        ssize_t n = recv(fd, room, 4096, 0);
        if (n <= 0)
            return NULL;
        buf_grew(&text, (size_t)n);
        size_t whole = whole_len(&text);
        if (whole && text.len >= whole)
            return buf_take(&text);
    }
}

static int keep(struct receiver *receiver, char *request)
{
    pthread_mutex_lock(&receiver->lock);
    size_t at = receiver->n;
    if (at < REQUESTS_MAX)
        receiver->requests[receiver->n++] = request;
    else
        free(request);
    int status = 200;
    if (receiver->n_statuses)
        status = receiver->statuses[at < receiver->n_statuses ? at : receiver->n_statuses - 1];
    pthread_mutex_unlock(&receiver->lock);
    return status;
}

static void serve(struct receiver *receiver, int fd)
{
    char *request = read_request(fd);
    if (!request)
        return;
    int status = keep(receiver, request);
    if (status == RECEIVER_SILENT) {
        char byte;
        while (recv(fd, &byte, 1, 0) > 0)
            continue;
        return;
    }
    OWNED(mem_text_free)
    char *answer = mem_format("HTTP/1.1 %d Said\r\nX-Receiver: yes\r\nContent-Length: 5\r\n"
                              "Location: /elsewhere\r\n"
                              "Connection: close\r\n\r\nheard",
                              status);
    send(fd, answer, strlen(answer), MSG_NOSIGNAL);
}

static void *run(void *context)
{
    struct receiver *receiver = context;
    int fd;
    while ((fd = accept(receiver->fd, NULL, NULL)) >= 0) {
        serve(receiver, fd);
        close(fd);
    }
    return NULL;
}

struct receiver *receiver_new(const int *statuses)
{
    struct receiver *receiver = mem_new(1, sizeof *receiver);
    for (size_t i = 0; statuses && statuses[i] && i < STATUSES_MAX; i++)
        receiver->statuses[receiver->n_statuses++] = statuses[i];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    receiver->fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(receiver->fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(receiver->fd, 64), 0);
    ck_assert_int_eq(getsockname(receiver->fd, (struct sockaddr *)&address, &len), 0);
    receiver->url = mem_format("http://127.0.0.1:%d/hook", ntohs(address.sin_port));
    pthread_mutex_init(&receiver->lock, NULL);
    ck_assert_int_eq(pthread_create(&receiver->thread, NULL, run, receiver), 0);
    return receiver;
}

void receiver_free(struct receiver *receiver)
{
    if (!receiver)
        return;
    shutdown(receiver->fd, SHUT_RDWR);
    pthread_join(receiver->thread, NULL);
    close(receiver->fd);
    for (size_t i = 0; i < receiver->n; i++)
        free(receiver->requests[i]);
    free(receiver->url);
    pthread_mutex_destroy(&receiver->lock);
    free(receiver);
}

const char *receiver_url(const struct receiver *receiver)
{
    return receiver->url;
}

size_t receiver_count(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    size_t n = receiver->n;
    pthread_mutex_unlock(&receiver->lock);
    return n;
}

const char *receiver_request(struct receiver *receiver, size_t i)
{
    ck_assert_uint_lt(i, receiver_count(receiver));
    return receiver->requests[i];
}

const char *receiver_body(struct receiver *receiver, size_t i)
{
    return strstr(receiver_request(receiver, i), "\r\n\r\n") + 4;
}
