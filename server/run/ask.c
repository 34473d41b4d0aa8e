/* HTTP/1.0 on purpose: the answer comes in one piece and ends with the connection. */
#include "run/ask.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/mem.h"

enum { ANSWER_MAX = 512 * 1024 * 1024 };

static bool send_all(int fd, const struct buf *bytes)
{
    size_t done = 0;
    ssize_t n;
    while (done < bytes->len &&
           (n = send(fd, bytes->data + done, bytes->len - done, MSG_NOSIGNAL)) > 0)
        done += (size_t)n;
    return done == bytes->len;
}

static bool receive_all(int fd, struct buf *ret_bytes)
{
    enum { PIECE = 65536 };
    char *room;
    ssize_t n = -1;
    while ((room = buf_room(ret_bytes, PIECE)) && (n = recv(fd, room, PIECE, 0)) > 0)
        buf_grew(ret_bytes, (size_t)n);
    return n == 0;
}

static bool exchange(int port, const struct buf *request, struct buf *ret_answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool done = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                send_all(fd, request) && receive_all(fd, ret_answer);
    close(fd);
    return done;
}

bool ask_text(const struct ask *ask, const char *method, const char *path, const char *body,
              struct buf *ret_body)
{
    OWNED(buf_free) struct buf request = {0};
    OWNED(buf_free) struct buf answer = {.max = ANSWER_MAX};
    buf_format(&request, "%s %s HTTP/1.0\r\nHost: localhost\r\n", method, path);
    if (ask->control_token)
        buf_format(&request, "Authorization: Bearer %s\r\n", ask->control_token);
    if (body)
        buf_format(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                   strlen(body));
    buf_format(&request, "\r\n%s", body ? body : "");
    if (!exchange(ask->port, &request, &answer))
        return false;
    const char *text = buf_str(&answer);
    const char *end = strstr(text, "\r\n\r\n");
    if (strncmp(text, "HTTP/1.", 7) != 0 || strncmp(text + 8, " 2", 2) != 0 || !end)
        return false;
    buf_add(ret_body, end + 4, answer.len - (size_t)(end + 4 - text));
    return true;
}

cJSON *ask_tree(const struct ask *ask, const char *method, const char *path, const cJSON *body)
{
    OWNED(buf_free) struct buf answer = {.max = ANSWER_MAX};
    OWNED(mem_text_free) char *text = body ? tree_print(body) : NULL;
    if (!ask_text(ask, method, path, text, &answer))
        return NULL;
    return tree_parse(buf_str(&answer), answer.len, NULL);
}
