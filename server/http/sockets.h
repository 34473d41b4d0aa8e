/* Addresses a person writes, as sockets that listen.
 * May depend on: shared. Owner: http. */
#ifndef FAKEWIX_HTTP_SOCKETS_H
#define FAKEWIX_HTTP_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

/* What one address became: "localhost:N" is two sockets on one port. */
struct sockets {
    int fds[2];
    size_t n;
    int port;       /* 0 for a unix socket */
    char *url_host; /* "127.0.0.1:8420", "[::1]:8420"; owned, NULL for a unix socket */
    char *path;     /* of the unix socket; owned, else NULL */
    bool open;      /* reachable from beyond loopback */
};

/* Bind and listen.
 *
 * address  "localhost:N" or "N" (IPv4 and, where the machine has it, IPv6, on one port),
 *          "127.0.0.1:N", "[::1]:N", "0.0.0.0:N", "unix:PATH"; port 0 is any free port
 * returns  false, and a sentence that names the address and the fix
 *
 * A unix socket's file that nobody listens on is replaced. */
bool sockets_open(const char *address, struct sockets *ret_sockets, struct err *err);

/* Whether the address, before it is opened, is one that others can reach: a literal beyond
 * loopback. What is no address at all is not. */
bool sockets_are_open(const char *address);

/* Release the texts, and remove the unix socket's file. The sockets themselves are the engine's. */
void sockets_done(struct sockets *sockets);

/* Close the sockets as well: for a start that failed half-way. */
void sockets_close(struct sockets *sockets);

#endif
