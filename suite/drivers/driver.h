/* What makes the client move. The judge looks at the wire whatever the driver is; a driver only
 * turns a scenario's steps into something its kind of client understands.
 * May depend on: shared, host, evidence, scenario. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_DRIVER_H
#define FAKEWIX_DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/hand.h"
#include "evidence/performance.h"
#include "evidence/stage.h"
#include "scenario/scenario.h"
#include "shared/err.h"

/* One variant of a scenario, ready to be played. Borrowed. */
struct act {
    const char *scenario; /* its id */
    unsigned needs;       /* mask */
    unsigned sure;        /* mask of what the client can do because its author says so */
    const struct variant *variant;
    struct stage *stage;      /* a driver may arm what it needs to make time pass */
    const char *state_folder; /* kept within the scenario, removed after it */
    struct hand *hand;        /* of the client's clock; NULL where nothing moves it */
    const char *ca_file;      /* the authority to trust, or NULL */
    bool trusts;              /* all usual variables name it, too */
    bool unmodified;          /* the client asks Wix's own hosts, and is led to the fake */
    int64_t timeout_ms;
    int quiet_ms; /* how long to listen to what a client left running */
    int stop_fd;  /* becomes readable when the run is interrupted, or -1 */
};

struct driver {
    const char *name;
    unsigned offers; /* mask of needs */
    bool starts;     /* it starts the client, which can then be given a clock */
    void *context;   /* owned */
    /* Let the client go through the steps. False only where we failed, not the client. */
    bool (*play)(void *context, const struct act *act, struct performance *ret_performance,
                 struct err *err);
    void (*free)(void *context);
};

/* Arm the scenario's faults; from here on the journal is the client's. A driver calls it once the
 * client is where the scenario begins. */
bool act_begin(const struct act *act, struct err *err);

/* Whether the run was interrupted. */
bool act_is_stopped(const struct act *act);

/* Does not accept a half-built one. */
void driver_free(struct driver *driver);

#endif
