/* A whole fake that listens: worlds, webhooks and listener as one thing. What the program and the
 * embedded library have in common.
 * May depend on: app, http, defaults. Owner: server. */
#ifndef FAKEWIX_EMBED_HOST_H
#define FAKEWIX_EMBED_HOST_H

#include <cjson/cJSON.h>

#include "app.h"
#include "http/listener.h"
#include "http/tls.h"
#include "shared/err.h"
#include "state/world.h"

struct host {
    struct fake fake;
    struct listener *listener;
    struct doors *doors;
};

struct host_config {
    struct worlds_options worlds;
    struct listener_config listener; /* `answer` and `context` are filled in */
    const cJSON *config; /* checked: the default world's content; NULL: what the state file kept, or
                          * the built-in one. Borrowed */
    const char *control_token; /* borrowed; lives as long as the host */
    struct tls *tls;           /* where the listener has TLS; borrowed, as long */
    bool consent_auto;
    bool lint_off;
};

/* Open the worlds, fill the default one and listen. NULL and a sentence; caller frees with
 * host_stop and host_free. */
struct host *host_start(const struct host_config *config, struct err *err);

/* Stop taking connections and finish what is being answered within `grace_ms`. */
void host_stop(struct host *host, int grace_ms);
void host_free(struct host *host);

/* "2030-01-01T00:00:00Z", with a ! behind it to freeze the clock there; NULL is now, running. */
bool host_read_clock(const char *text, struct timeline *ret_time, struct err *err);

/* How many requests may be held at once with so many threads: some stay free, or nobody could ask
 * the fake to let go. */
int host_max_holds(int workers);

/* The built-in config of the default world; caller deletes. */
cJSON *host_default_config(void);

#endif
