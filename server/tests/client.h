/* A client that sends bytes as they are and tells how the connection ended: what a library would
 * mend or hide is what these tests are about. Each function may be called by any thread.
 * May depend on: shared. Owner: tests. */
#ifndef FAKEWIX_TESTS_CLIENT_H
#define FAKEWIX_TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"

enum ending {
    ENDING_OPEN,  /* nothing more came for a while */
    ENDING_CLOSE, /* orderly: FIN */
    ENDING_RESET, /* TCP RST */
};

/* A connection to "127.0.0.1", "::1" or "unix:PATH"; fails the test where there is none. */
int client_connect(const char *host, int port);
void client_send(int fd, const char *bytes, size_t len);
void client_say(int fd, const char *text);

/* Read until the connection ends or is silent for `silence_ms`; appends to `out`. */
enum ending client_read(int fd, struct buf *out, int silence_ms);

/* Read until `out` holds `text`; false where the connection ended or 2 s passed before (times
 * patience.h). */
bool client_read_to(int fd, struct buf *out, const char *text);

/* Connect to 127.0.0.1, say it, read to the end, close. */
enum ending client_ask(int port, const char *text, struct buf *out);

#endif
