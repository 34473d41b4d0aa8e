/* A world as one JSON value: saved, checked and loaded whole. What was seen (journal, findings) is
 * not in it; tokens are not either, since they carry what they mean.
 * May depend on: shared, contents, world, faults/armed. Owner: state. */
#ifndef FAKEWIX_STATE_SNAPSHOT_H
#define FAKEWIX_STATE_SNAPSHOT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "shared/buf.h"
#include "state/world.h"

enum { SNAPSHOT_SCHEMA = 1 };

/* {"schema","world","config","start","installations","clock","marks","first_serial","next_serial",
 * "aliases","chance","kill_on_reuse","lifetime_rules","faults"}: docs/CONTROL-API.md says what each
 * is. Gives a tree. Under the world's lock. */
cJSON *snapshot_save(struct world *world);

/* Each problem becomes one line in `problems` that names the member and the fix, unknown members
 * first. Returns the number of problems. */
size_t snapshot_check(const cJSON *snapshot, struct buf *problems);

/* Make the world what the checked snapshot says, in one transaction: as if the fake that saved it
 * had been stopped and started again here. Loaded into a world of another name, the tokens that
 * name the old one are this one's as well. Under the world's lock. */
void snapshot_load(struct world *world, const cJSON *snapshot);

#endif
