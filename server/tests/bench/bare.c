/* The yardstick of scripts/bench: CivetWeb with the listener's settings, and a handler that writes
 * one fixed answer and does nothing else. What the fake adds to it is ours.
 *
 * usage: bench_bare FILE [PORT]    FILE is the whole answer, head and body; prints the port */
#include <civetweb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"

struct answer {
    char *bytes;
    size_t len;
};

static int write_answer(struct mg_connection *connection)
{
    const struct answer *answer = mg_get_user_data(mg_get_context(connection));
    char body[4096];
    while (mg_read(connection, body, sizeof body) > 0)
        ;
    mg_write(connection, answer->bytes, answer->len);
    return 200;
}

int main(int argc, char **argv)
{
    enum { ANSWER_MAX = 65536 };
    FILE *in = argc >= 2 ? fopen(argv[1], "rb") : NULL;
    if (!in)
        return EXIT_FAILURE;
    struct answer answer = {.bytes = mem_new(ANSWER_MAX, 1)};
    answer.len = fread(answer.bytes, 1, ANSWER_MAX, in);
    fclose(in);
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%s", argc > 2 ? argv[2] : "0");
    const char *options[] = {
        "listening_ports",          address, "num_threads", "64", "enable_keep_alive", "yes",
        "keep_alive_timeout_ms",    "75000", "tcp_nodelay", "1",  "decode_url",        "no",
        "enable_auth_domain_check", "no",    NULL};
    const struct mg_callbacks callbacks = {.begin_request = write_answer};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    struct mg_context *context = mg_start(&callbacks, &answer, options);
    struct mg_server_port port;
    if (!context || mg_get_server_ports(context, 1, &port) != 1)
        return EXIT_FAILURE;
    printf("%d\n", port.port);
    fflush(stdout);
    int which;
    sigwait(&signals, &which);
    _Exit(EXIT_SUCCESS);
}
