/* A bound for all journals together. Each is bounded for itself, but a thousand worlds at their
 * bounds would be a thousand times that. Trimmed is seldom and much at a time: it takes every
 * world's lock for a moment, one after the other. */
#include "state/thrift.h"

#include <stdlib.h>

#include "shared/lock.h"
#include "shared/mem.h"

/* What is made room for at a time, as a part of the bound. */
enum { ROOM_PART = 32 };

static int by_size(const void *a, const void *b)
{
    size_t left = *(const size_t *)a;
    size_t right = *(const size_t *)b;
    return (left > right) - (left < right);
}

size_t thrift_level(size_t *sizes, size_t n, size_t total)
{
    qsort(sizes, n, sizeof *sizes, by_size);
    for (size_t i = 0; i < n; i++) {
        size_t share = total / (n - i);
        if (sizes[i] > share)
            return share;
        total -= sizes[i];
    }
    return SIZE_MAX;
}

static size_t size_of(struct world *world)
{
    lock_take(&world->lock);
    size_t bytes = world->journal.bytes;
    pthread_mutex_unlock(&world->lock);
    return bytes;
}

static void trim(struct worlds *worlds, size_t total)
{
    size_t n;
    struct world **all = worlds_hold_all(worlds, &n);
    size_t *sizes = mem_new(n, sizeof *sizes);
    for (size_t i = 0; i < n; i++)
        sizes[i] = size_of(all[i]);
    size_t level = thrift_level(sizes, n, total);
    for (size_t i = 0; i < n; i++) {
        lock_take(&all[i]->lock);
        if (all[i]->journal.bytes > level)
            journal_shrink(&all[i]->journal, level);
        pthread_mutex_unlock(&all[i]->lock);
        world_release(all[i]);
    }
    free(sizes);
    free(all);
}

void thrift_trim(struct worlds *worlds)
{
    struct journal_sum *sum = worlds_journal_sum(worlds);
    if (atomic_load_explicit(&sum->bytes, memory_order_relaxed) <= sum->max ||
        atomic_exchange(&sum->is_trimmed, true))
        return;
    trim(worlds, sum->max - sum->max / ROOM_PART);
    atomic_store(&sum->is_trimmed, false);
}
