/* Any bytes on a connection, read by the listener as it reads a client's: request line, target,
 * headers, lengths, chunks, one request behind the other. Each answer is whole, and the connection
 * ends when the client has said all. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "http/listener.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { ANSWERS_MAX = 1 << 20 };

/* What the intake let through is sound. */
static void answer(void *context, const struct request *request, struct response *response)
{
    (void)context;
    assert(*request->method && *request->target);
    assert(*request->target == '/' || strcmp(request->target, "*") == 0);
    assert(strlen(request->body) <= request->body_len);
    for (size_t i = 0; i < request->n_headers; i++) {
        assert(*request->headers[i].name);
        assert(!strpbrk(request->headers[i].name, " \t\r\n:"));
        assert(!strpbrk(request->headers[i].value, "\r\n"));
    }
    response_text(response, 200, "text/plain", request->target);
}

static char address[64];

static void remove_socket(void)
{
    unlink(address + strlen("unix:"));
}

/* On a socket of the file system: ports that wait for their connection's last words run out. */
static struct listener *start(void)
{
    static const char *const addresses = address;
    const struct listener_config config = {.addresses = &addresses,
                                           .n_addresses = 1,
                                           .workers = 2,
                                           .max_body = 65536,
                                           .max_head = 16384,
                                           .idle_ms = 1000,
                                           .request_ms = 1000,
                                           .answer = answer};
    mem_adopt_cjson();
    snprintf(address, sizeof address, "unix:/tmp/fakewix-fuzz-%ld", (long)getpid());
    struct listener *listener = listener_start(&config, NULL);
    if (!listener)
        abort();
    atexit(remove_socket);
    return listener;
}

static int dial(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, address + strlen("unix:"), sizeof address - strlen("unix:"));
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
        abort();
    return fd;
}

/* All that comes back; the listener may have closed before it had read all. */
static void converse(int fd, const uint8_t *data, size_t size, struct buf *ret_answers)
{
    while (size) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        data += n;
        size -= (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    char *room;
    while ((room = buf_room(ret_answers, 4096))) {
        ssize_t n = recv(fd, room, 4096, 0);
        if (n <= 0)
            break;
        buf_grew(ret_answers, (size_t)n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct listener *listener; /* lives as long as the process */
    if (!listener)
        listener = start();
    if (size > 40000)
        return 0;
    OWNED(buf_free) struct buf answers = {.max = ANSWERS_MAX};
    int fd = dial();
    converse(fd, data, size, &answers);
    close(fd);
    const char *text = buf_str(&answers);
    assert(!*text || strncmp(text, "HTTP/1.1 ", 9) == 0);
    assert(!*text || strstr(text, "\r\n\r\n"));
    return 0;
}
