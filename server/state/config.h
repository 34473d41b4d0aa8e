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

/* Check a config, or a part of one: an installation's app and site may be in another file where the
 * list is left out. Each problem becomes one line in `problems` that names file, key and fix;
 * unknown keys come before missing ones. Returns the number of problems. Lines that start with
 * "warning: " do not count. */
size_t config_check(const cJSON *config, const char *file, struct buf *problems);

/* Check a config that is a world's whole content: a list that is left out is empty. */
size_t config_check_whole(const cJSON *config, const char *file, struct buf *problems);

/* Read files, check each and all together, and add them up. NULL, and at least one problem, where
 * they are not a sound config; warnings either way. */
cJSON *config_load(const char *const *files, size_t n, struct buf *problems);

/* Put what the config has into a world: apps, sites, instances, lifetimes, profile, settings. What
 * is there is updated, never doubled; an instance keeps its state. The config has been checked.
 * Under the world's lock. */
void config_apply(struct world *world, const cJSON *config);

/* Add the lists of `more` to those of `config` and let its other members rule. */
void config_merge(cJSON *config, const cJSON *more);

/* Every key of the config, as {"path","type","required","help"} rows. */
cJSON *config_table(void);

#endif
