/* An app that takes POSTs, for tests of what the fake sends: one thread on a loopback port.
 * May depend on: shared, POSIX sockets. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_RECEIVER_H
#define FAKEWIX_TESTS_RECEIVER_H

#include <stddef.h>

struct receiver;

/* Never answer: the connection stays open until the sender gives up. */
enum { RECEIVER_SILENT = -1 };

/* Listen. Each request gets the next of the statuses (0 ends the list), and from then on the last
 * one again; without any it is 200. Caller frees with receiver_free. */
struct receiver *receiver_new(const int *statuses);
void receiver_free(struct receiver *receiver);

/* http://127.0.0.1:PORT/hook; borrowed. */
const char *receiver_url(const struct receiver *receiver);

/* What came so far. Requests are whole (head, blank line, body) and borrowed until receiver_free;
 * i counts from 0. A request is there before its answer is sent. */
size_t receiver_count(struct receiver *receiver);
const char *receiver_request(struct receiver *receiver, size_t i);
const char *receiver_body(struct receiver *receiver, size_t i);

#endif
