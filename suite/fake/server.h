/* The fake that a run is judged against: a child of ours, or one that is running already.
 * May depend on: shared, host. Owner: fake. */
#ifndef FAKEWIX_FAKE_SERVER_H
#define FAKEWIX_FAKE_SERVER_H

#include <stdbool.h>

#include "host/process.h"
#include "shared/err.h"

struct server {
    char *url;              /* "http://127.0.0.1:8420", owned */
    char *control;          /* "http://127.0.0.1:8420/_fakewix", owned */
    char *token;            /* control token, or NULL; owned */
    char *ca_file;          /* the authority of its certificates; NULL: it has no TLS. Owned */
    char *ca_folder;        /* of our own child, removed with it; owned */
    struct process process; /* none where the fake was there already */
};

/* Use a fake that is running. url is its base, with or without a slash at the end. */
bool server_use(const char *url, const char *token, struct server *ret_server, struct err *err);

/* Start a fake on a free port of the loopback and wait for its ready line. The program is the
 * `fakewix` that lies beside this one, else `fallback` (or NULL): FAKEWIX_BIN. listen: an address
 * to be had, or NULL: then it also has ports for TLS, with an authority of its own. */
bool server_start(const char *fallback, const char *listen, struct server *ret_server,
                  struct err *err);

/* The `fakewix` that lies beside this program, else `fallback` where it can be run; caller frees
 * with free(); NULL where there is none. */
char *server_find_program(const char *fallback);

/* Stop the fake where it is ours, and free. Accepts a zeroed one. */
void server_stop(struct server *server);

#endif
