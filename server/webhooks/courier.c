/* A few threads share a list of worlds that have errands. One world's errands run one after the
 * other (world->running), so that an app sees its events in the order they were sent; the worlds
 * do not wait for each other. */
#include "webhooks/courier.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/thrift.h"
#include "webhooks/letter.h"

enum { THREADS_MAX = 8, ANSWER_LIMIT_MS = 1250, NAP_MAX_MS = 60000 };

/* A world that somebody must look at when the machine's clock shows `look_ms`. */
struct round {
    struct world *world; /* held by one use */
    int64_t look_ms;
    bool busy; /* a thread is at it */
};

struct courier {
    struct worlds *worlds;
    pthread_mutex_t lock; /* over all below; never held together with a world's */
    pthread_cond_t changed;
    struct post_office office;
    bool office_asked;
    struct round *rounds;
    size_t n, capacity;
    pthread_t threads[THREADS_MAX];
    size_t n_threads, n_idle;
    atomic_bool stop;
};

struct courier *courier_new(struct worlds *worlds)
{
    struct courier *courier = mem_new(1, sizeof *courier);
    courier->worlds = worlds;
    pthread_mutex_init(&courier->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&courier->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    atomic_init(&courier->stop, false);
    return courier;
}

/* ---- one delivery ---- */

/* Wait after the n-th failure, counted from 1; none after the last. */
static int64_t wait_after_ms(size_t failures)
{
    static const int minutes[OUTBOX_ATTEMPTS_MAX - 1] = {1,   10,  60,  120, 120, 120,
                                                         240, 240, 240, 480, 480, 720};
    if (failures > sizeof minutes / sizeof *minutes)
        return SCHEDULE_NEVER;
    return (int64_t)minutes[failures - 1] * 60000;
}

static const struct post_office *office_of(struct courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    if (!courier->office_asked)
        post_load(&courier->office, NULL);
    courier->office_asked = true;
    pthread_mutex_unlock(&courier->lock);
    return &courier->office;
}

static int64_t note_in_journal(struct world *world, const struct journal_facts *facts,
                               const struct posting *posting, struct posting_answer *answer)
{
    struct request request = {.method = "POST",
                              .target = posting->url,
                              .headers = posting->headers,
                              .n_headers = posting->n_headers,
                              .body = posting->body,
                              .body_len = posting->body_len};
    struct response response = {
        .status = answer->status, .head = answer->head, .body = answer->body};
    int64_t seq = journal_add(&world->journal, facts, &request, &response);
    pthread_cond_broadcast(&world->changed);
    return seq;
}

int64_t courier_post(struct courier *courier, struct world *world, const char *route,
                     const char *app_id, const char *instance_id, const struct posting *posting,
                     struct posting_answer *ret_answer)
{
    struct posting mine = *posting;
    mine.limit_ms = mine.limit_ms ? mine.limit_ms : ANSWER_LIMIT_MS;
    mine.stop = &courier->stop;
    int64_t life = world->life;
    pthread_mutex_unlock(&world->lock);
    struct posting_answer answer;
    post_send(office_of(courier), &mine, &answer);
    pthread_mutex_lock(&world->lock);
    if (!answer.outcome && answer.status != 200)
        answer.outcome = REFUSAL_WEBHOOK_STATUS;
    *ret_answer = answer;
    if (world->life != life) /* it was reset meanwhile, and its journal is another one */
        return 0;
    struct journal_facts facts = {
        .at_ms = world_now(world),
        .real_ms = now_real_ms(),
        .took_us = answer.took_us,
        .route = route,
        .app_id = app_id,
        .instance_id = instance_id,
        .outcome = answer.outcome,
    };
    return note_in_journal(world, &facts, &mine, &answer);
}

static void note_fired(cJSON *fired, const struct event *event, int64_t due_ms)
{
    if (!fired)
        return;
    char id[24];
    const struct attempt *attempt = &event->attempts[event->n_attempts - 1];
    outbox_format_id(event->number, id);
    cJSON *row = tree_put(fired, NULL, cJSON_CreateObject());
    tree_put_text(row, "what", "webhook");
    tree_put_text(row, "event_id", id);
    tree_put_text(row, "event_type", event->type);
    tree_put_int(row, "due_ms", due_ms);
    tree_put_int(row, "attempt", (int64_t)event->n_attempts);
    tree_put_int(row, "status", attempt->status);
    tree_put_text(row, "outcome", refusal_row(attempt->outcome)->name);
}

/* Under the world's lock again: what the attempt means for the event. */
static void note_attempt(struct world *world, struct event *event, const struct attempt *attempt)
{
    event->attempts[event->n_attempts++] = *attempt;
    int64_t wait_ms = wait_after_ms(event->n_attempts);
    event->settled = !attempt->outcome || event->no_retry || wait_ms == SCHEDULE_NEVER;
    event->due_ms = event->settled ? SCHEDULE_NEVER : attempt->at_ms + wait_ms;
    if (!event->settled)
        schedule_add(&world->schedule, event->due_ms, SCHEDULE_WEBHOOK, event->number);
    world_keep_event(world, event);
}

/* The letter of an event, made at its first attempt: signing takes a millisecond that no request
 * should wait for. The lock is free meanwhile, and the event may be gone afterwards. */
static struct event *write_letter(struct world *world, struct event *event)
{
    if (event->letter)
        return event;
    int64_t number = event->number;
    const struct letter_sign *sign = letter_find_sign(event->sign);
    OWNED(mem_text_free) char *claims = letter_event_claims(event);
    pthread_mutex_unlock(&world->lock);
    struct buf letter = {0};
    letter_write(&letter, sign ? sign : letter_signs, claims);
    pthread_mutex_lock(&world->lock);
    event = outbox_find(&world->outbox, number);
    if (event)
        event->letter = buf_take(&letter);
    buf_free(&letter);
    return event;
}

static void deliver(struct courier *courier, struct world *world, int64_t number, int64_t due_ms,
                    cJSON *fired)
{
    struct event *event = outbox_find(&world->outbox, number);
    if (event)
        event = write_letter(world, event);
    if (!event || event->settled)
        return;
    OWNED(mem_text_free) char *route = mem_format("WEBHOOK %s", event->type);
    OWNED(mem_text_free) char *url = mem_text(event->url);
    OWNED(mem_text_free) char *letter = mem_text(event->letter);
    OWNED(mem_text_free) char *app_id = mem_text(event->app_id);
    OWNED(mem_text_free) char *instance_id = mem_text(event->instance_id);
    struct posting posting = {
        .url = url,
        .headers = {{"Content-Type", "text/plain"}, {"User-Agent", "fakewix/" FAKEWIX_VERSION}},
        .n_headers = 2,
        .body = letter,
        .body_len = strlen(letter)};
    struct posting_answer answer;
    int64_t seq = courier_post(courier, world, route, app_id, instance_id, &posting, &answer);
    event = outbox_find(&world->outbox, number);
    if (event && !atomic_load(&courier->stop)) {
        struct attempt attempt = {
            .at_ms = world_now(world),
            .real_ms = now_real_ms(),
            .took_ms = answer.took_us / 1000,
            .status = answer.status,
            .outcome = answer.outcome,
            .seq = seq,
        };
        note_attempt(world, event, &attempt);
        note_fired(fired, event, due_ms);
    }
    posting_answer_free(&answer);
}

/* Run what is due now. Under the world's lock, with world->running set by the caller. */
static void run_due(struct courier *courier, struct world *world, cJSON *fired)
{
    struct errand errand;
    while (!world->gone && !atomic_load(&courier->stop) &&
           schedule_take(&world->schedule, world_now(world), &errand))
        switch (errand.kind) {
        case SCHEDULE_WEBHOOK:
            deliver(courier, world, errand.ref, errand.due_ms, fired);
            break;
        }
}

static void begin_running(struct world *world)
{
    while (world->running)
        world_wait(world, 1000);
    world->running = true;
}

static void end_running(struct world *world)
{
    world->running = false;
    pthread_cond_broadcast(&world->changed);
}

bool courier_is_idle(const struct world *world)
{
    return !world->running && schedule_next_ms(&world->schedule) > world_now(world);
}

bool courier_advance(struct courier *courier, struct world *world, int64_t by_ms, cJSON *fired)
{
    struct timeline probe = world->time;
    if (!timeline_advance(&probe, now_real_ms(), by_ms))
        return false;
    if (!courier || by_ms < 0 || !world->schedule.n)
        return timeline_advance(&world->time, now_real_ms(), by_ms);
    begin_running(world);
    int64_t life = world->life;
    run_due(courier, world, fired);
    int64_t left_ms = by_ms;
    while (!world->gone && !atomic_load(&courier->stop) && world->life == life &&
           schedule_next_ms(&world->schedule) - world_now(world) <= left_ms) {
        int64_t step_ms = schedule_next_ms(&world->schedule) - world_now(world);
        if (step_ms > 0) {
            timeline_advance(&world->time, now_real_ms(), step_ms);
            left_ms -= step_ms;
        }
        run_due(courier, world, fired);
    }
    if (world->life == life) /* a reset in between has the last word on the time */
        timeline_advance(&world->time, now_real_ms(), left_ms);
    end_running(world);
    return true;
}

/* ---- the threads ---- */

/* Look after one world. Returns when to look again by the machine's clock, or INT64_MAX. */
static int64_t visit(struct courier *courier, struct world *world)
{
    pthread_mutex_lock(&world->lock);
    begin_running(world);
    run_due(courier, world, NULL);
    int64_t next_ms = schedule_next_ms(&world->schedule);
    int64_t look_ms = INT64_MAX;
    if (next_ms != SCHEDULE_NEVER && !world->gone)
        look_ms = timeline_machine_ms(&world->time, next_ms);
    end_running(world);
    pthread_mutex_unlock(&world->lock);
    return look_ms;
}

static struct round *find_round(struct courier *courier, const struct world *world)
{
    for (size_t i = 0; i < courier->n; i++)
        if (courier->rounds[i].world == world)
            return &courier->rounds[i];
    return NULL;
}

/* The round that is to be looked at first and has no thread yet, or NULL. */
static struct round *next_round(struct courier *courier)
{
    struct round *first = NULL;
    for (size_t i = 0; i < courier->n; i++) {
        struct round *round = &courier->rounds[i];
        if (!round->busy && (!first || round->look_ms < first->look_ms))
            first = round;
    }
    return first;
}

static void nap(struct courier *courier, int64_t ms)
{
    int64_t until_us = now_steady_us() + (ms < NAP_MAX_MS ? ms : NAP_MAX_MS) * 1000;
    struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                             .tv_nsec = (long)(until_us % 1000000) * 1000};
    courier->n_idle++;
    pthread_cond_timedwait(&courier->changed, &courier->lock, &until);
    courier->n_idle--;
}

/* Under the courier's lock, which is free during the visit. */
static void make_round(struct courier *courier, struct round *round)
{
    struct world *world = round->world;
    round->busy = true;
    round->look_ms = INT64_MAX; /* who stirs the world meanwhile sets it anew */
    pthread_mutex_unlock(&courier->lock);
    int64_t look_ms = visit(courier, world);
    thrift_trim(courier->worlds);
    pthread_mutex_lock(&courier->lock);
    round = find_round(courier, world);
    round->busy = false;
    if (look_ms < round->look_ms)
        round->look_ms = look_ms;
    if (round->look_ms != INT64_MAX)
        return;
    *round = courier->rounds[--courier->n];
    pthread_mutex_unlock(&courier->lock);
    world_release(world);
    pthread_mutex_lock(&courier->lock);
}

static void *work(void *context)
{
    struct courier *courier = context;
    pthread_mutex_lock(&courier->lock);
    while (!atomic_load(&courier->stop)) {
        struct round *round = next_round(courier);
        int64_t wait_ms = round ? round->look_ms - now_real_ms() : NAP_MAX_MS;
        if (round && wait_ms <= 0)
            make_round(courier, round);
        else
            nap(courier, wait_ms);
    }
    pthread_mutex_unlock(&courier->lock);
    return NULL;
}

/* One more thread, where more worlds wait than threads are free. */
static void hire(struct courier *courier)
{
    size_t n_waiting = 0;
    for (size_t i = 0; i < courier->n; i++)
        n_waiting += !courier->rounds[i].busy && courier->rounds[i].look_ms == 0;
    if (n_waiting <= courier->n_idle || courier->n_threads == THREADS_MAX ||
        atomic_load(&courier->stop))
        return;
    if (pthread_create(&courier->threads[courier->n_threads], NULL, work, courier) == 0)
        courier->n_threads++;
}

void courier_wake(struct courier *courier, const struct world *world)
{
    if (!courier)
        return;
    struct world *held = worlds_find(courier->worlds, world->id);
    if (!held)
        return;
    pthread_mutex_lock(&courier->lock);
    struct round *round = find_round(courier, held);
    struct world *spare = round ? held : NULL;
    if (!round) {
        if (courier->n == courier->capacity) {
            courier->capacity = courier->capacity ? courier->capacity * 2 : 16;
            courier->rounds = mem_grow(courier->rounds, courier->capacity, sizeof *courier->rounds);
        }
        round = &courier->rounds[courier->n++];
        *round = (struct round){.world = held};
    }
    round->look_ms = 0;
    hire(courier);
    pthread_cond_signal(&courier->changed);
    pthread_mutex_unlock(&courier->lock);
    world_release(spare);
}

void courier_resume(struct courier *courier)
{
    char **names = worlds_list(courier->worlds);
    for (char **name = names; *name; name++) {
        struct world *world = worlds_find(courier->worlds, *name);
        bool has_errands = false;
        if (world) {
            pthread_mutex_lock(&world->lock);
            has_errands = world->schedule.n > 0;
            pthread_mutex_unlock(&world->lock);
        }
        if (has_errands)
            courier_wake(courier, world);
        world_release(world);
        free(*name);
    }
    free(names);
}

void courier_free(struct courier *courier)
{
    if (!courier)
        return;
    atomic_store(&courier->stop, true);
    pthread_mutex_lock(&courier->lock);
    size_t n = courier->n_threads;
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->lock);
    for (size_t i = 0; i < n; i++)
        pthread_join(courier->threads[i], NULL);
    for (size_t i = 0; i < courier->n; i++)
        world_release(courier->rounds[i].world);
    free(courier->rounds);
    post_unload(&courier->office);
    pthread_cond_destroy(&courier->changed);
    pthread_mutex_destroy(&courier->lock);
    free(courier);
}
