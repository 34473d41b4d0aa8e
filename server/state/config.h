/* What is installed where, as JSON that a user writes: checked whole, then applied.
 * May depend on: shared, world. Owner: state. */
#ifndef FAKEWIX_STATE_CONFIG_H
#define FAKEWIX_STATE_CONFIG_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"
#include "state/world.h"

struct lifetimes config_default_lifetimes(void);

/* Check a config. Each problem becomes one line in `problems` that names file, key and fix;
 * unknown keys come before missing ones. Returns the number of problems. Lines that start with
 * "warning: " do not count. */
size_t config_check(const cJSON *config, const char *file, struct buf *problems);

/* Read and check a file. NULL, and at least one problem, where it is not a sound config. */
cJSON *config_load(const char *file, struct buf *problems);

/* Put what the config has into a world: apps, sites, instances, lifetimes, profile, settings. What
 * is there is updated, never doubled; an instance keeps its state. The config has been checked.
 * Under the world's lock. */
void config_apply(struct world *world, const cJSON *config);

/* Add the lists of `more` to those of `config` and let its other members rule. */
void config_merge(cJSON *config, const cJSON *more);

/* Every key of the config, as {"path","type","required","help"} rows. */
cJSON *config_table(void);

#endif
