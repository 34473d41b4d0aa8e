/* Ports that belong to one world: where a connection can be refused, reset or left in silence
 * before any byte of a request tells whose it is. One thread accepts on all of them and hands what
 * is to be served to the listener's workers. May depend on: shared, sockets, listener. Owner: http.
 */
#ifndef FAKEWIX_HTTP_DOORS_H
#define FAKEWIX_HTTP_DOORS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"
#include "http/tls.h"
#include "shared/err.h"

struct doors;
struct door;
struct listener;

/* Called from the accepting thread, with no lock held: a connection came that is not served. */
typedef void doors_noticed_fn(void *context, const char *world, enum door_mood mood);

/* Caller frees with doors_free. Made before the listener, which looks worlds up in it. */
struct doors *doors_new(doors_noticed_fn *noticed, void *context);
/* Before the listener is stopped: no door accepts any more. */
void doors_stop(struct doors *doors);
void doors_free(struct doors *doors);

/* Who serves what comes; `tls` also opens a port for TLS at each door. */
void doors_attach(struct doors *doors, struct listener *listener, bool tls);

/* Open a door for a world. NULL and a sentence; caller frees with doors_close. */
struct door *doors_open(struct doors *doors, const char *world, struct err *err);
void doors_close(struct door *door);
/* The one that records what leaks, opened when first asked for. Borrowed; NULL and a sentence. */
struct door *doors_leak(struct doors *doors, struct err *err);

/* The port, 0 where there is none. */
int doors_port(const struct door *door, bool tls);

/* What its port for TLS shows from now on: for so many real milliseconds, and then again what it
 * showed before; 0: until told otherwise. And what a connection to a port
 * is shown (TLS_GOOD: it is no door's); those that meet TLS_SWAPPED are counted. */
void doors_set_tls(struct door *door, enum tls_kind kind, int64_t for_ms);
struct tls_choice doors_tls(struct doors *doors, int port);

/* How the door treats those who come, for so many real milliseconds; 0: until told otherwise. What
 * was kept in silence is closed when the mood ends. */
void doors_set_mood(struct door *door, enum door_mood mood, int64_t for_ms);

/* Whose door a connection came in by: writes the world's name, "" for the one of leaks. False where
 * the port is not a door's. Any thread. */
bool doors_find(struct doors *doors, int port, char ret_world[static MESSAGE_WORLD_MAX + 1]);

#endif
