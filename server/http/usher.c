/* A thread that sleeps while there are as many workers as connections, which is nearly always. */
#include "http/usher.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "shared/mem.h"
#include "shared/now.h"

enum { LOOK_MS = 100 };

struct usher {
    bool (*is_crowded)(void *context);
    void (*make_room)(void *context);
    void *context;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t woken;
    pthread_t thread;
    bool is_running;
    bool stops;
};

static void nap(struct usher *usher)
{
    int64_t until_ms = now_steady_ms() + LOOK_MS;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_timedwait(&usher->woken, &usher->lock, &until);
}

static void *work(void *context)
{
    struct usher *usher = context;
    pthread_mutex_lock(&usher->lock);
    while (!usher->stops) {
        if (!usher->is_crowded(usher->context)) {
            pthread_cond_wait(&usher->woken, &usher->lock);
            continue;
        }
        pthread_mutex_unlock(&usher->lock);
        usher->make_room(usher->context);
        pthread_mutex_lock(&usher->lock);
        if (!usher->stops)
            nap(usher);
    }
    pthread_mutex_unlock(&usher->lock);
    return NULL;
}

struct usher *usher_new(bool (*is_crowded)(void *context), void (*make_room)(void *context),
                        void *context)
{
    struct usher *usher = mem_new(1, sizeof(*usher));
    *usher = (struct usher){.is_crowded = is_crowded, .make_room = make_room, .context = context};
    pthread_condattr_t steady;
    pthread_mutex_init(&usher->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&usher->woken, &steady);
    pthread_condattr_destroy(&steady);
    return usher;
}

void usher_wake(struct usher *usher)
{
    pthread_mutex_lock(&usher->lock);
    /* Where there is no thread to be had, the next one to come tries again. */
    if (!usher->is_running && !usher->stops)
        usher->is_running = pthread_create(&usher->thread, NULL, work, usher) == 0;
    pthread_cond_signal(&usher->woken);
    pthread_mutex_unlock(&usher->lock);
}

void usher_free(struct usher *usher)
{
    pthread_mutex_lock(&usher->lock);
    usher->stops = true;
    pthread_cond_signal(&usher->woken);
    pthread_mutex_unlock(&usher->lock);
    if (usher->is_running)
        pthread_join(usher->thread, NULL);
    pthread_cond_destroy(&usher->woken);
    pthread_mutex_destroy(&usher->lock);
    free(usher);
}
