/* The doors, and the one thread that accepts at all of them. How a port is kept while nobody
 * listens is the gatepost's business. */
#include "http/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/gatepost.h"
#include "http/listener.h"
#include "shared/mem.h"
#include "shared/now.h"

enum { SILENT_MAX = 256, EVENTS_MAX = 64 };
enum { STARVED_MS = 50 }; /* without descriptors, listening is tried again after that */

struct door {
    struct doors *doors;
    struct door *next;
    uint64_t number; /* what the accepting thread knows it by */
    char world[MESSAGE_WORLD_MAX + 1];
    struct gatepost plain;
    struct gatepost tls;
    enum tls_kind tls_kind;
    unsigned n_swapped;     /* connections that met TLS_SWAPPED since it was set */
    enum tls_kind tls_next; /* once the time of tls_kind is over */
    int64_t tls_ends_ms;    /* steady; 0: when told */
    enum door_mood mood;
    int64_t mood_ends_ms; /* steady; 0: when told */
    int64_t opens_ms;     /* steady: when to try to listen again; 0: it does, or need not */
    int silent[SILENT_MAX];
    size_t n_silent;
};

struct doors {
    pthread_mutex_t lock; /* over all below, and over every door */
    pthread_t thread;
    bool is_running;
    struct listener *listener;
    bool tls;
    struct door *first;
    struct door *leak; /* also in the list */
    uint64_t next_number;
    int poll_fd;
    int wake_fd;
    bool stops;
    bool is_starved;       /* a client came and there was no descriptor for it */
    atomic_size_t n_doors; /* read without the lock: most fakes have none */
    doors_noticed_fn *noticed;
    void *context;
};

/* ---- moods; under the lock ---- */

/* Unread bytes would turn the end into a reset. */
static void close_unheard(int fd)
{
    char waste[4096];
    for (int i = 0; i < 64 && recv(fd, waste, sizeof waste, MSG_DONTWAIT) > 0; i++)
        ;
    close(fd);
}

static void end_silence(struct door *door)
{
    for (size_t i = 0; i < door->n_silent; i++)
        close_unheard(door->silent[i]);
    door->n_silent = 0;
}

static bool take_mood(struct door *door, enum door_mood mood, int64_t ends_ms)
{
    door->mood = mood;
    door->mood_ends_ms = ends_ms;
    if (mood != DOOR_SILENT)
        end_silence(door);
    door->opens_ms = 0;
    if (mood == DOOR_REFUSES) {
        gatepost_refuse(&door->plain);
        gatepost_refuse(&door->tls);
        return true;
    }
    int poll_fd = door->doors->poll_fd;
    if (gatepost_listen(&door->plain, poll_fd, door->number) &&
        (!door->tls.port || gatepost_listen(&door->tls, poll_fd, door->number)))
        return true;
    door->opens_ms = now_steady_ms() + STARVED_MS;
    return false;
}

/* The earlier of two waits, of which -1 has no end. `at_ms` is a time, 0 for none. */
static int64_t sooner(int64_t wait_ms, int64_t at_ms, int64_t now_ms)
{
    return at_ms && (wait_ms < 0 || at_ms - now_ms < wait_ms) ? at_ms - now_ms : wait_ms;
}

/* End the moods whose time is over, and open what found no descriptor; ms until there is more to
 * do, -1 where there is nothing. */
static int end_moods(struct doors *doors)
{
    int64_t now_ms = now_steady_ms();
    int64_t next_ms = -1;
    for (struct door *door = doors->first; door; door = door->next) {
        if (door->mood_ends_ms && now_ms >= door->mood_ends_ms)
            take_mood(door, DOOR_SERVES, 0);
        else if (door->opens_ms && now_ms >= door->opens_ms)
            take_mood(door, door->mood, door->mood_ends_ms);
        next_ms = sooner(sooner(next_ms, door->mood_ends_ms, now_ms), door->opens_ms, now_ms);
    }
    return next_ms > INT32_MAX ? INT32_MAX : (int)next_ms;
}

/* ---- the accepting thread ---- */

/* What is to be done with a connection once the lock is free. */
struct arrival {
    int fd; /* to be served; -1 for none */
    enum door_mood mood;
    char world[MESSAGE_WORLD_MAX + 1];
    bool tls;
};

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static bool keep_silent(struct door *door, int fd)
{
    if (door->n_silent == SILENT_MAX)
        return false;
    door->silent[door->n_silent++] = fd;
    return true;
}

/* Accept one connection; false where there was none, or no descriptor for it. */
static bool accept_one(struct door *door, const struct gatepost *post, int listening,
                       struct arrival *ret_arrival)
{
    int fd = listening < 0 ? -1 : accept(listening, NULL, NULL);
    if (fd < 0) {
        bool starved = listening >= 0 && gatepost_is_starving(errno);
        door->doors->is_starved = door->doors->is_starved || starved;
        return false;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    *ret_arrival = (struct arrival){.fd = -1, .tls = post->tls, .mood = door->mood};
    memcpy(ret_arrival->world, door->world, sizeof door->world);
    switch (door->mood) {
    case DOOR_SERVES:
        ret_arrival->fd = fd;
        break;
    case DOOR_SILENT:
        if (!keep_silent(door, fd))
            reset(fd);
        break;
    case DOOR_REFUSES: /* came just before */
    case DOOR_RESETS:
        reset(fd);
        break;
    }
    return true;
}

static struct door *find_number(const struct doors *doors, uint64_t number)
{
    struct door *door = doors->first;
    while (door && door->number != number)
        door = door->next;
    return door;
}

/* Every connection that waits at a door. */
static size_t accept_all(struct door *door, struct arrival *ret_arrivals, size_t max)
{
    const struct gatepost *posts[] = {&door->plain, &door->tls};
    size_t n = 0;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < GATEPOST_FAMILIES; k++)
            while (n < max && accept_one(door, posts[i], posts[i]->listening[k], &ret_arrivals[n]))
                n++;
    return n;
}

static size_t take_arrivals(struct doors *doors, const struct epoll_event *events, int n_events,
                            struct arrival *ret_arrivals)
{
    size_t n = 0;
    for (int i = 0; i < n_events; i++) {
        struct door *door = find_number(doors, events[i].data.u64);
        if (door)
            n += accept_all(door, ret_arrivals + n, EVENTS_MAX - n);
    }
    return n;
}

static void *run(void *argument)
{
    struct doors *doors = argument;
    struct epoll_event events[EVENTS_MAX];
    struct arrival arrivals[EVENTS_MAX];
    int timeout_ms = -1;
    for (;;) {
        eventfd_t waste;
        int n_events = epoll_wait(doors->poll_fd, events, EVENTS_MAX, timeout_ms);
        eventfd_read(doors->wake_fd, &waste);
        pthread_mutex_lock(&doors->lock);
        bool stops = doors->stops;
        size_t n = stops ? 0 : take_arrivals(doors, events, n_events, arrivals);
        timeout_ms = end_moods(doors);
        struct listener *listener = doors->listener;
        bool is_starved = doors->is_starved;
        doors->is_starved = false;
        pthread_mutex_unlock(&doors->lock);
        if (stops)
            return NULL;
        for (size_t i = 0; i < n; i++) {
            if (arrivals[i].fd >= 0)
                listener_give(listener, arrivals[i].fd, arrivals[i].tls);
            else
                doors->noticed(doors->context, arrivals[i].world, arrivals[i].mood);
        }
        if (is_starved && listener)
            listener_rest(listener);
    }
}

/* ---- the interface ---- */

struct doors *doors_new(doors_noticed_fn *noticed, void *context)
{
    struct doors *doors = mem_new(1, sizeof *doors);
    pthread_mutex_init(&doors->lock, NULL);
    doors->noticed = noticed;
    doors->context = context;
    doors->next_number = 1;
    doors->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    doors->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event wake = {.events = EPOLLIN};
    epoll_ctl(doors->poll_fd, EPOLL_CTL_ADD, doors->wake_fd, &wake);
    return doors;
}

void doors_attach(struct doors *doors, struct listener *listener, bool tls)
{
    pthread_mutex_lock(&doors->lock);
    doors->listener = listener;
    doors->tls = tls;
    pthread_mutex_unlock(&doors->lock);
}

void doors_stop(struct doors *doors)
{
    if (!doors)
        return;
    pthread_mutex_lock(&doors->lock);
    doors->stops = true;
    bool was_running = doors->is_running;
    doors->is_running = false;
    for (struct door *door = doors->first; door; door = door->next) {
        end_silence(door);
        gatepost_drop(&door->plain);
        gatepost_drop(&door->tls);
    }
    pthread_mutex_unlock(&doors->lock);
    eventfd_write(doors->wake_fd, 1);
    if (was_running)
        pthread_join(doors->thread, NULL);
}

void doors_free(struct doors *doors)
{
    if (!doors)
        return;
    doors_stop(doors);
    for (struct door *door = doors->first, *next; door; door = next) {
        next = door->next;
        doors_close(door);
    }
    close(doors->poll_fd);
    close(doors->wake_fd);
    pthread_mutex_destroy(&doors->lock);
    free(doors);
}

static bool open_door(struct door *door, bool tls)
{
    return gatepost_keep(&door->plain) && (!tls || gatepost_keep(&door->tls)) &&
           take_mood(door, DOOR_SERVES, 0);
}

/* Takes a door out of the list and its sockets away. Under the lock. */
static void shut(struct door *door)
{
    struct door **link = &door->doors->first;
    while (*link != door)
        link = &(*link)->next;
    *link = door->next;
    end_silence(door);
    gatepost_drop(&door->plain);
    gatepost_drop(&door->tls);
    atomic_fetch_sub(&door->doors->n_doors, 1);
}

/* Under the lock. NULL and errno. */
static struct door *add_door(struct doors *doors, const char *world)
{
    struct door *door = mem_new(1, sizeof *door);
    door->doors = doors;
    door->plain = door->tls = GATEPOST_NONE;
    door->tls.tls = true;
    memcpy(door->world, world, strnlen(world, MESSAGE_WORLD_MAX));
    door->number = doors->next_number++;
    door->next = doors->first;
    doors->first = door;
    atomic_fetch_add(&doors->n_doors, 1);
    errno = ENOTCONN;
    if (!doors->listener || doors->stops || !open_door(door, doors->tls)) {
        int reason = errno;
        shut(door);
        free(door);
        errno = reason;
        return NULL;
    }
    if (!doors->is_running)
        doors->is_running = pthread_create(&doors->thread, NULL, run, doors) == 0;
    return door;
}

static bool fail(struct err *err)
{
    return err_set(err, "no port of its own could be opened: %s", strerror(errno));
}

struct door *doors_open(struct doors *doors, const char *world, struct err *err)
{
    pthread_mutex_lock(&doors->lock);
    struct door *door = add_door(doors, world);
    if (!door)
        fail(err);
    pthread_mutex_unlock(&doors->lock);
    return door;
}

struct door *doors_leak(struct doors *doors, struct err *err)
{
    pthread_mutex_lock(&doors->lock);
    struct door *door = doors->leak ? doors->leak : add_door(doors, "");
    doors->leak = door;
    if (!door)
        fail(err);
    pthread_mutex_unlock(&doors->lock);
    return door;
}

void doors_close(struct door *door)
{
    if (!door)
        return;
    struct doors *doors = door->doors;
    pthread_mutex_lock(&doors->lock);
    shut(door);
    pthread_mutex_unlock(&doors->lock);
    free(door);
}

int doors_port(const struct door *door, bool tls)
{
    return tls ? door->tls.port : door->plain.port;
}

void doors_set_mood(struct door *door, enum door_mood mood, int64_t for_ms)
{
    struct doors *doors = door->doors;
    pthread_mutex_lock(&doors->lock);
    if (!doors->stops)
        take_mood(door, mood, for_ms ? now_steady_ms() + for_ms : 0);
    pthread_mutex_unlock(&doors->lock);
    eventfd_write(doors->wake_fd, 1);
}

/* What it shows now. Under the lock. */
static enum tls_kind tls_of(struct door *door)
{
    if (door->tls_ends_ms && now_steady_ms() >= door->tls_ends_ms) {
        door->tls_kind = door->tls_next;
        door->tls_ends_ms = 0;
    }
    return door->tls_kind;
}

void doors_set_tls(struct door *door, enum tls_kind kind, int64_t for_ms)
{
    pthread_mutex_lock(&door->doors->lock);
    enum tls_kind before = tls_of(door);
    if (!door->tls_ends_ms)
        door->tls_next = before;
    door->tls_kind = kind;
    door->n_swapped = 0;
    door->tls_ends_ms = for_ms ? now_steady_ms() + for_ms : 0;
    pthread_mutex_unlock(&door->doors->lock);
}

/* Under the lock. NULL where the port is not a door's. */
static struct door *find_port(const struct doors *doors, int port)
{
    struct door *door = doors->first;
    while (door && door->plain.port != port && door->tls.port != port)
        door = door->next;
    return door;
}

struct tls_choice doors_tls(struct doors *doors, int port)
{
    struct tls_choice choice = {.kind = TLS_GOOD};
    if (!atomic_load(&doors->n_doors))
        return choice;
    pthread_mutex_lock(&doors->lock);
    struct door *door = find_port(doors, port);
    if (door)
        choice.kind = tls_of(door);
    if (choice.kind == TLS_SWAPPED)
        choice.nth = door->n_swapped++;
    pthread_mutex_unlock(&doors->lock);
    return choice;
}

bool doors_find(struct doors *doors, int port, char ret_world[static MESSAGE_WORLD_MAX + 1])
{
    if (!doors || !atomic_load(&doors->n_doors))
        return false;
    pthread_mutex_lock(&doors->lock);
    const struct door *door = find_port(doors, port);
    if (door)
        memcpy(ret_world, door->world, sizeof door->world);
    pthread_mutex_unlock(&doors->lock);
    return door != NULL;
}
