/* A whole fake on a port, for tests of what only the wire shows. It runs beside the tests in their
 * one process, which must not fork (CK_NOFORK): a fork has the server's memory, locked or not, but
 * none of its threads.
 * May depend on: harness, client, http/listener. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_SERVED_FAKE_H
#define FAKEWIX_TESTS_SERVED_FAKE_H

#include <cjson/cJSON.h>

#include "client.h"

/* So many threads; the clock stands still. */
void served_fake_start(int workers);
void served_fake_stop(void);
int served_fake_port(void);

/* "POST /x HTTP/1.1…" with Host, Content-Type and Content-Length, 's as "s and $NAMEs as the
 * harness has them; caller frees with free(). `headers` are whole lines, or "". */
char *served_fake_request(const char *line, const char *headers, const char *body);

/* Send it on a connection of its own and read to the end: status and JSON. Caller deletes. */
int served_fake_ask(const char *line, const char *headers, const char *body, cJSON **ret_json);

/* The same where another status fails the test; a text member of the answer, or NULL. */
char *served_fake_get(const char *line, const char *body, int status, const char *member);

/* Keep a value as $NAME for later requests. */
void served_fake_keep(const char *name, const char *value);

#endif
