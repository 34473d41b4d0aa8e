/* One scenario, tried: its variants are staged, played and judged.
 * May depend on: everything of the suite but reports. Owner: trial. */
#ifndef FAKEWIX_TRIAL_TRIAL_H
#define FAKEWIX_TRIAL_TRIAL_H

#include "drivers/driver.h"
#include "fake/http.h"
#include "fake/server.h"
#include "scenario/scenario.h"
#include "verdict/result.h"

/* How scenarios are tried; the same for a whole run. Borrowed. */
struct trial_setup {
    const struct server *server;
    const struct driver *driver;
    unsigned offers;     /* what the run offers: the driver's, or what --caps says */
    unsigned sure;       /* what --caps says */
    unsigned flows;      /* mask of those that the client has; 0: all */
    const cJSON *world;  /* what a world must hold, as POST worlds takes it; NULL: anything */
    const char *ca_file; /* the authority that the client is to trust, or NULL */
    bool unmodified;     /* the client's calls to Wix's hosts are led to the fake */
    const char *trace;   /* the folder for wires, "-" to keep them in the results; or NULL */
    const char *preload; /* the library that moves a client's clock; NULL: there is none */
    int64_t timeout_ms;
    int quiet_ms;
    int stop_fd;
};

/* An empty result that carries the scenario's own texts. */
struct result trial_blank(const struct scenario *scenario);

/* Try a scenario. Never fails: what goes wrong with the fake or with us is the verdict ERROR. */
struct result trial_run(const struct trial_setup *setup, struct http *http,
                        const struct scenario *scenario);

#endif
