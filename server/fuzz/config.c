/* Any bytes as a config: either the check finds a problem, or it can be applied to a world. */
#include <stdlib.h>

#include "fuzz.h"
#include "live.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct live *fake; /* lives as long as the process */
    if (!fake)
        fake = live_new();
    OWNED(tree_free) cJSON *config = tree_parse((const char *)data, size, NULL);
    if (!config)
        return 0;
    OWNED(buf_free) struct buf problems = {0};
    if (config_check(config, "fuzz.json", &problems))
        return 0;
    struct world *world = worlds_find(fake->fake.worlds, "default");
    pthread_mutex_lock(&world->lock);
    config_apply(world, config);
    pthread_mutex_unlock(&world->lock);
    worlds_reset(fake->fake.worlds, world);
    world_release(world);
    return 0;
}
