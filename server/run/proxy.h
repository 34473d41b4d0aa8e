/* An HTTPS proxy that leads Wix's hosts to the fake; for clients that honour HTTPS_PROXY.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_PROXY_H
#define FAKEWIX_RUN_PROXY_H

#include <stdbool.h>

#include "shared/err.h"

struct proxy {
    int fd; /* listens */
    int port;
    int https_port, http_port; /* of the fake, on loopback */
    bool refuse_others;        /* otherwise other hosts are passed on */
    const char *upstream; /* "http://host:port" to pass others on to; NULL: straight. Borrowed */
};

/* Listen on a free port of loopback. */
bool proxy_open(struct proxy *ret_proxy, struct err *err);

/* Serve until the process ends. */
int proxy_serve(void *proxy);

#endif
