/* A world: its own apps, sites, instances, tokens, clock, faults and journal. Nothing leaks from
 * one into another.
 * May depend on: shared, the rest of state, faults/armed (opaque). Owner: state. */
#ifndef FAKEWIX_STATE_WORLD_H
#define FAKEWIX_STATE_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/err.h"
#include "state/clock.h"
#include "state/hand.h"
#include "state/journal.h"
#include "state/lifetime.h"
#include "state/model.h"
#include "state/outbox.h"
#include "state/profile.h"
#include "state/rate.h"
#include "state/rng.h"
#include "state/schedule.h"
#include "state/settings.h"
#include "state/store.h"

struct armed_faults; /* faults/armed.h */
struct door;         /* http/doors.h */
struct lint;         /* lint/lint.h */

enum { WORLD_ALIASES_MAX = 16 };

/* Tokens that another world, or this one in a former life, minted before a snapshot of it was
 * loaded here: they are ours. */
struct world_alias {
    char id[MODEL_WORLD_MAX + 1];
    int64_t from;
    int64_t below; /* serials from here on are not */
};

/* What faults want of the tokens that the exchange in hand mints; zeroed wants nothing. */
struct mint_wish {
    int64_t lifetime_s;
    size_t token_bytes; /* padded to that length */
    bool odd;           /* ends in every character that a token may have */
};

struct world {
    char id[MODEL_WORLD_MAX + 1];
    pthread_mutex_t lock;   /* guards everything below; one lock per world (docs/decisions/0001) */
    pthread_cond_t changed; /* the journal grew, a hold opened, the world is going */
    struct store *store;    /* borrowed, shared by all worlds, safe without our lock */
    struct timeline time;
    struct hand hand; /* of `time`, for clients that follow it; see worlds_options.clock_dir */
    struct rng rng;
    struct rng fault_rng; /* of its own, so that an armed fault does not change later ids */
    struct journal journal;
    struct lifetimes lifetimes;
    struct lifetime_rules lifetime_rules;
    struct mint_wish mint;
    struct profile profile;
    struct settings settings;
    struct rate rate;
    struct armed_faults *faults; /* owned */
    struct lint *lint;           /* owned */
    struct schedule schedule;    /* what is still to be done, by this world's clock */
    struct outbox outbox;        /* webhooks */
    struct door *door;           /* a port of its own, or NULL; owned */
    void (*close_door)(struct door *door);
    char door_tls[MODEL_WORLD_MAX +
                  1];  /* what it shows when no fault rules it: "good", "expired" … */
    int leak_ports[2]; /* where a redirect leads astray to: by http, by https; 0: nowhere yet */
    char *config;      /* owned: what reset goes back to, JSON */
    uint64_t seed;
    struct timeline start_time; /* what reset sets the clock to */
    struct world_alias aliases[WORLD_ALIASES_MAX];
    size_t n_aliases;
    int64_t life;         /* how often it began again: who lets go of the lock may look */
    int64_t first_serial; /* of this life: what has a smaller one was made before a reset */
    int64_t next_serial;
    int64_t serial_end; /* serials below are reserved in the store */
    bool kill_on_reuse; /* a retired refresh token that comes back kills its line */
    bool has_marks;     /* something was spent, expired or revoked by hand */
    bool stirred;       /* an errand was added, or the clock moved: the runner is to look */
    bool running;       /* somebody runs errands; nobody else may meanwhile */
    bool restored;      /* was there before this process */
    bool gone;          /* deleted, or the fake stops; kept only until the last user lets go */
    bool dropped;       /* deleted: the store knows it no more, and must not hear of it again */
    int64_t expires_ms; /* machine time at which it is deleted; 0 for never */
    int64_t pos;        /* order of creation */
    atomic_int users;   /* the registry counts as one */
    struct world *next; /* in the registry's bucket */
};

/* All functions below: under the world's lock, unless they say otherwise. */

int64_t world_now(const struct world *world);
/* How fast its clock runs: 0 where it stands still. */
double world_rate(const struct world *world);

/* Give its own port back, where it has one. */
void world_close_door(struct world *world);

/* Call after every change of world->time: keeps it in the store, and tells those who wait. */
void world_clock_moved(struct world *world);

/* How long the code or token that is about to be minted for an app shall live. Counts it. */
int64_t world_lifetime_s(struct world *world, enum lifetime which, const char *app_id);

/* A number that this world never gave before, over restarts and resets too. */
int64_t world_serial(struct world *world);

/* What world_serial would give now. */
int64_t world_peek_serial(struct world *world);
/* Give no serial below `first` any more. */
void world_skip_serials(struct world *world, int64_t first);
/* All serials given so far belong to a former life: their tokens are strangers from now on. */
void world_begin_again(struct world *world);

void world_guid(struct world *world, char ret_guid[static TEXT_GUID_LEN + 1]);

/* Keep clock, lifetimes, profile and settings in the store, and show the clock to who follows it;
 * take up what a process before kept. */
void world_save(struct world *world);
void world_show_clock(const struct world *world);
void world_restore(struct world *world);

/* Keep an event in the state file as long as it waits for delivery. After every change of it. */
void world_keep_event(struct world *world, const struct event *event);

/* Whether a token that names world `id` and has this serial is one of ours. */
bool world_knows_token(const struct world *world, const char *id, int64_t serial);
/* Let tokens of world `id` be ours from one serial to below another. Past WORLD_ALIASES_MAX the
 * ranges of one world become one, and those of a further world are not taken. */
void world_add_alias(struct world *world, const char *id, int64_t from, int64_t below);
/* [{"world","from","below"}]; gives a tree. */
cJSON *world_aliases_json(const struct world *world);

/* Empty the world: no content, no marks, no faults, an empty journal, default lifetimes. Seed,
 * clock, config and serials stay; its tokens are strangers. */
void world_clear(struct world *world);

/* Wait until something changed or `ms` real milliseconds passed; the lock is free meanwhile. */
void world_wait(struct world *world, int64_t ms);

/* ---- the registry ---- */

struct worlds;

struct worlds_options {
    const char *state_file; /* NULL for memory */
    uint64_t seed;
    bool seeded; /* false: chance comes from the machine */
    struct timeline time;
    const char *clock_dir; /* each world shows its clock in a file of its name there; or NULL */
    int max_worlds;        /* beside the default one */
    int max_holds; /* requests that faults may let wait at a time, over all worlds; 0: any */
    size_t journal_max;
    size_t journal_max_bytes; /* per world */
    size_t journal_sum_bytes; /* of all worlds together; 0: any */
};

/* Open the store and the worlds that are in it. The default world exists and is empty where the
 * store is new. Returns NULL and a sentence. */
struct worlds *worlds_open(const struct worlds_options *options, struct err *err);
void worlds_close(struct worlds *worlds);

/* The fake is about to stop: whoever waits in a world for something to happen waits no longer. */
void worlds_end_waits(struct worlds *worlds);

/* 1 to MODEL_WORLD_MAX letters, digits, - or _. */
bool world_name_is_sound(const char *id);

/* A world by id, or NULL; caller lets go with world_release. Locks nothing else. */
struct world *worlds_find(struct worlds *worlds, const char *id);
/* The world that has this app, or NULL. */
struct world *worlds_find_by_app(struct worlds *worlds, const char *app_id);
void world_release(struct world *world);

/* Make an empty world; `id` NULL makes a name up. NULL and a sentence where the name is taken or
 * malformed. When there are too many the oldest makes room. Caller lets go with world_release. */
struct world *worlds_create(struct worlds *worlds, const char *id, int64_t ttl_s, struct err *err);

/* Delete; false where there is none. The default world cannot be deleted. */
bool worlds_drop(struct worlds *worlds, const char *id);

/* Everything in a world as it was at its start: content from its config, no marks, no faults, an
 * empty journal, the clock back. Takes the world's lock itself. */
void worlds_reset(struct worlds *worlds, struct world *world);

/* Ids of all worlds in order of creation, the default one first; the last one NULL; caller frees
 * each and the list. */
char **worlds_list(struct worlds *worlds);
size_t worlds_count(struct worlds *worlds);

/* All of them, in no order; caller lets go of each with world_release and frees the list. */
struct world **worlds_hold_all(struct worlds *worlds, size_t *ret_n);

/* What their journals hold together; state/thrift.h looks after it. */
struct journal_sum *worlds_journal_sum(struct worlds *worlds);

#endif
