/* What the client did, seen from outside: how it ended and what it said.
 * May depend on: shared. Owner: evidence. */
#ifndef FAKEWIX_EVIDENCE_PERFORMANCE_H
#define FAKEWIX_EVIDENCE_PERFORMANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"

enum client_end {
    CLIENT_OK,          /* says that every call succeeded */
    CLIENT_ERROR,       /* says that a call failed */
    CLIENT_UNSUPPORTED, /* says that it cannot do this */
    CLIENT_CRASHED,     /* ended in a way that the contract does not know */
    CLIENT_TIMED_OUT,
    CLIENT_NOT_STARTED, /* the command itself could not be run */
    CLIENT_STOPPED,     /* we were interrupted */
};

struct performance {
    enum client_end end;
    char *detail; /* "exited with 1", "was killed by signal 11"; owned */
    int64_t n_calls;
    int64_t n_parallel;
    bool persists; /* left something in its state folder */
    bool left_children;
    struct buf out; /* what it printed, bounded */
    struct buf err;
};

void performance_free(struct performance *performance);

#endif
