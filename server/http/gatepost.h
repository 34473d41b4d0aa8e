/* One port of loopback that stays ours whether anybody listens on it or not.
 * May depend on: nothing. Owner: http. */
#ifndef FAKEWIX_HTTP_GATEPOST_H
#define FAKEWIX_HTTP_GATEPOST_H

#include <stdbool.h>
#include <stdint.h>

enum { GATEPOST_FAMILIES = 2 };

/* In IPv4 and, where the machine has it, in IPv6. Begin with GATEPOST_NONE. */
struct gatepost {
    int port; /* 0: not kept */
    bool tls;
    int kept[GATEPOST_FAMILIES];      /* bound, not listening; -1 where the family is missing */
    int listening[GATEPOST_FAMILIES]; /* -1 while connections are refused */
};

extern const struct gatepost GATEPOST_NONE;

/* Keep a free port's number in both families. False and errno; what was kept until then goes with
 * gatepost_drop. */
bool gatepost_keep(struct gatepost *post);

/* Listen in each family that is kept; what comes is told to `poll_fd` (epoll) under `number`.
 * Does nothing where it listens already. False where a family could not, errno says why. */
bool gatepost_listen(struct gatepost *post, int poll_fd, uint64_t number);

/* Refuse connections from now on, and keep the number. */
void gatepost_refuse(struct gatepost *post);

/* Let the number go as well. */
void gatepost_drop(struct gatepost *post);

/* Whether an error (errno) means that there are no descriptors left. */
bool gatepost_is_starving(int error);

#endif
