/* The listener that these tests talk to, and what it answers.
 * May depend on: http/listener, client. Owner: tests. */
#ifndef FAKEWIX_TESTS_LISTENER_SERVED_H
#define FAKEWIX_TESTS_LISTENER_SERVED_H

#include <check.h>

#include "client.h"
#include "http/listener.h"

#define HOST "Host: localhost\r\n"
#define CLOSE "Connection: close\r\n"
#define BODY "0123456789"
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { MAX_BODY = 65536, MAX_HEAD = 8192, REQUEST_MS = 300, IDLE_MS = 400, WORKERS = 40 };

struct fault_case {
    const char *name;
    enum ending ending;
    int64_t at_least_ms;
    const char *head;
    const char *rest;
    struct delivery delivery;
};

extern const struct fault_case served_faults[];
extern const int served_n_faults;

/* Limits as above, and the answers of this file:
 *   /fault/N       BODY, delivered as row N says
 *   /stream/N      N parts; 0 never ends
 *   /big/N         N bytes
 *   /hold          "held", once somebody asked for /open
 *   /silent        nothing
 *   /slow          "late", after 150 ms
 *   /deep          uses 600 KB of stack
 *   /204           no content
 *   /counts        how many of the waiting answers have ended
 * and everything else is told back. */
struct listener_config served_config(const char *const *addresses, size_t n);

/* One listener for a whole test case: unchecked fixture, started in the parent. It listens on
 * localhost, on a unix socket and, with TLS, on localhost again. */
void served_start(void);
void served_stop(void);
int served_port(void);
int served_tls_port(void);
const char *served_socket(void);

/* How many requests have come to a handler so far. */
int served_asked(void);

/* A path that no other run uses; caller frees with free(). */
char *served_temp_path(const char *name);

/* The status in an answer, 0 where there is none. */
int served_status(const struct buf *got);

/* The cases of the other files. */
TCase *listener_fault_cases(void);
TCase *listener_start_cases(void);

#endif
