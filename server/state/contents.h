/* What a world has, seen as a config, and how it becomes what another config says.
 * May depend on: shared, config, world. Owner: state. */
#ifndef FAKEWIX_STATE_CONTENTS_H
#define FAKEWIX_STATE_CONTENTS_H

#include <cjson/cJSON.h>

#include "state/world.h"

/* Apps, sites, instances, lifetimes and profile as they are now: a config that passes its own
 * check. Gives a tree. Under the world's lock. */
cJSON *contents_show(const struct world *world);

/* Make a checked config the world's own: what the old one had and the new one lacks goes, what
 * calls added stays, and so do installations, tokens, clock, journal and faults. One transaction.
 * Under the world's lock. */
void contents_reload(struct world *world, const cJSON *config);

#endif
