/* Each open connection owns a thread, so a crowd could lock others out, by its silence or by a body
 * that drips in, or by reading nothing of its answer. Here is decided who has to go. */
#include "http/room.h"

#include <sys/socket.h>

#include "http/worker.h"
#include "shared/now.h"

/* A request may take that long to come, and its body, and a client to read on in its answer. */
enum { SILENT_MS = 1000 };

/* Who goes first where somebody has to: a connection that had its answer, one that was given a
 * second to say what it wants, one that says it, but slowly, one that does not take its answer. */
enum patience { STAYS, IDLE, SILENT, SLOW, DEAF };

static enum patience patience_with(struct worker *worker, int64_t now_ms, int64_t *ret_since_ms)
{
    int64_t idle_ms = atomic_load(&worker->idle_since_ms);
    int64_t body_ms = atomic_load(&worker->body_since_ms);
    int64_t deaf_ms = atomic_load(&worker->seat.deaf_since_ms);
    bool is_busy = atomic_load(&worker->is_busy);
    *ret_since_ms = !is_busy ? idle_ms : deaf_ms ? deaf_ms : body_ms;
    if (!atomic_load(&worker->has_connection))
        return STAYS;
    if (is_busy && deaf_ms)
        return now_ms - deaf_ms >= SILENT_MS ? DEAF : STAYS;
    if (is_busy)
        return body_ms && now_ms - body_ms >= SILENT_MS ? SLOW : STAYS;
    if (atomic_load(&worker->was_answered))
        return IDLE;
    return now_ms - idle_ms >= SILENT_MS ? SILENT : STAYS;
}

static struct worker *find_first_to_go(struct workers *workers, int64_t now_ms)
{
    struct worker *first = NULL;
    enum patience least = STAYS;
    int64_t longest_ms = 0;
    for (int i = 0; i < workers->config->workers; i++) {
        int64_t since_ms;
        enum patience patience = patience_with(&workers->all[i], now_ms, &since_ms);
        if (patience == STAYS || (first && patience > least) ||
            (patience == least && since_ms >= longest_ms))
            continue;
        first = &workers->all[i];
        least = patience;
        longest_ms = since_ms;
    }
    return first;
}

/* More connections than workers: one is given up, so that a new client waits for an answer in the
 * making and never for somebody's silence. It is closed for reading only: an answer that is just
 * being made gets out, unless it is the one that nobody takes. */
void room_make(struct workers *workers)
{
    int64_t now_ms = now_steady_ms();
    int64_t since_ms;
    struct worker *first = find_first_to_go(workers, now_ms);
    if (!first)
        return;
    pthread_mutex_lock(&first->lock);
    /* It may have another by now. And it is given up once, not again. */
    enum patience patience = patience_with(first, now_ms, &since_ms);
    if (first->fd >= 0 && patience != STAYS) {
        atomic_store(&first->has_connection, false);
        atomic_store(&first->is_leaving, true);
        shutdown(first->fd, patience == DEAF ? SHUT_RDWR : SHUT_RD);
    }
    pthread_mutex_unlock(&first->lock);
}

bool room_is_scarce(void *context)
{
    struct workers *workers = context;
    return atomic_load(&workers->n_open) > workers->config->workers;
}

void room_make_for_all(void *context)
{
    struct workers *workers = context;
    int wanted = atomic_load(&workers->n_open) - workers->config->workers;
    for (int i = 0; i < workers->config->workers; i++)
        wanted -= atomic_load(&workers->all[i].is_leaving);
    for (; wanted > 0; wanted--)
        room_make(workers);
}
