/* Any bytes as a snapshot: refused with a line for each problem, or loaded; and what was loaded is
 * saved as a snapshot that can be loaded again. */
#include "state/snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "live.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { RESET_EVERY = 500 };

static void load(struct world *world, const cJSON *snapshot)
{
    OWNED(buf_free) struct buf problems = {0};
    snapshot_load(world, snapshot);
    OWNED(tree_free) cJSON *saved = snapshot_save(world);
    size_t n = snapshot_check(saved, &problems);
    if (n)
        fputs(buf_str(&problems), stderr);
    assert(n == 0);
    snapshot_load(world, saved);
    OWNED(tree_free) cJSON *again = snapshot_save(world);
    assert(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct live *fake = live_of_run(RESET_EVERY);
    OWNED(mem_text_free) char *raw = mem_text_n((const char *)data, size);
    OWNED(mem_text_free) char *text = live_expand(fake, raw);
    OWNED(tree_free) cJSON *snapshot = tree_parse(text, strlen(text), NULL);
    OWNED(buf_free) struct buf problems = {0};
    if (!snapshot)
        return 0;
    if (snapshot_check(snapshot, &problems)) {
        assert(problems.len);
        return 0;
    }
    struct world *world = worlds_find(fake->fake.worlds, "default");
    pthread_mutex_lock(&world->lock);
    load(world, snapshot);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
    return 0;
}
