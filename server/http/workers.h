/* The listener's threads: each serves one connection at a time, and all of them together make room
 * for those who come. May depend on: shared, http/message, CivetWeb. Owner: http. */
#ifndef FAKEWIX_HTTP_WORKERS_H
#define FAKEWIX_HTTP_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

struct listener_config;
struct mg_connection;
struct workers;

/* Whether the listening port is one that others than this machine can reach. */
typedef bool is_open_port_fn(const void *context, int port);

/* config->workers of them, idle. `config` and `context` are borrowed; caller frees with
 * workers_free, once CivetWeb's threads are gone. */
struct workers *workers_new(const struct listener_config *config, is_open_port_fn *is_open_port,
                            const void *context);
void workers_free(struct workers *workers);

/* The next worker that has no thread yet, for a thread of CivetWeb's to know itself by. */
void *workers_seat(struct workers *workers);

/* A connection was accepted and will be theirs: gives up an idle one where none is free. And one
 * that was expected and does not come. */
void workers_expect(struct workers *workers);
void workers_forget(struct workers *workers);

/* Give up the connection that has been idle longest, if there is one. */
void workers_make_room(struct workers *workers);

/* CivetWeb's callbacks; the calling thread has a seat. */
int workers_on_request(struct mg_connection *connection);
int workers_on_error(struct mg_connection *connection, int status, const char *text);
int workers_on_open(const struct mg_connection *connection, void **ret_data);
void workers_on_close(const struct mg_connection *connection);

/* The stop, in order: nothing new is begun; idle connections are closed; what is being answered is
 * waited for, false where that took longer; and what is left is cut off. */
void workers_begin_stop(struct workers *workers);
void workers_shut_idle(struct workers *workers);
bool workers_wait_until_idle(struct workers *workers, int64_t wait_ms);
void workers_shut_all(struct workers *workers);

#endif
