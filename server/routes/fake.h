/* The whole fake as one value: what every request needs besides the request.
 * May depend on: shared, state. Owner: server. */
#ifndef FAKEWIX_ROUTES_FAKE_H
#define FAKEWIX_ROUTES_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "lint/watch.h"
#include "state/world.h"

struct courier; /* webhooks/courier.h */

/* What the fake may ask of its listener: ports of their own for worlds (http/doors.h says how each
 * behaves). NULL members: there is no listener. */
struct fake_doors {
    void *context;
    struct door *(*open)(void *context, const char *world, struct err *err);
    struct door *(*leak)(void *context, struct err *err);
    void (*close)(struct door *door);
    int (*port)(const struct door *door, bool tls);
    /* What the port for TLS shows: "expired" and the like (http/tls.h). */
    bool (*set_certificate)(struct door *door, const char *kind, int64_t for_ms, struct err *err);
    void (*set_mood)(struct door *door, enum door_mood mood, int64_t for_ms);
};

struct fake {
    struct worlds *worlds;
    struct fake_doors doors;
    struct courier *courier;   /* carries webhooks out; NULL: they stay in the outbox */
    const char *control_token; /* borrowed; NULL: none is asked for on loopback */
    const char *authority;     /* that signed our certificate, PEM; NULL without TLS. Borrowed */
    bool consent_auto;         /* /installer/install redirects at once */
    /* Base URLs, known once it listens, which is when requests may come: hence atomic. Borrowed. */
    const char *_Atomic http_url;
    const char *_Atomic https_url;
    bool lint_off;
    struct lint_totals lint; /* over all worlds, for the summary at exit */
};

#endif
