/* What a signature cannot say: which apps, sites and installations there are, what was spent,
 * revoked or expired by hand. Only store.c and its parts know SQLite.
 * May depend on: shared, model. Owner: state.
 *
 * Thread: every function may be called from any thread; each is one atomic step. A function that
 * cannot write ends the process with a sentence (a full disk must not lose an answered request). */
#ifndef FAKEWIX_STATE_STORE_H
#define FAKEWIX_STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "state/model.h"

struct store;

/* Open FILE (made when missing), or a store in memory where `file` is NULL.
 * Returns NULL and a sentence; caller frees with store_close. */
struct store *store_open(const char *file, struct err *err);
void store_close(struct store *store);

/* Worlds. `doc` is the world's own JSON (clock, lifetimes, profile), opaque here. */
void store_put_world(struct store *store, const char *world, const char *doc);
/* Caller frees *ret_doc with free(). */
bool store_find_world(struct store *store, const char *world, char **ret_doc);
/* The part of its doc that changes with each token, where wishes for tokens are counted. It holds
 * in place of what the doc says, until store_put_world forgets it. */
void store_put_wishes(struct store *store, const char *world, const char *doc);
/* Caller frees *ret_doc with free(). */
bool store_find_wishes(struct store *store, const char *world, char **ret_doc);
/* Forget all that the world has; its doc and its serials stay. */
void store_clear_world(struct store *store, const char *world);
/* Forget the world as well. How many serials it had is kept for the next one of its name. */
void store_drop_world(struct store *store, const char *world);
/* How many serials the last world of that name had; 0 where none is remembered: the newest few
 * thousand that were dropped are. */
int64_t store_find_grave(struct store *store, const char *world);
/* The names of all worlds, one text each, the last one NULL; caller frees each and the list. */
char **store_list_worlds(struct store *store);

/* Make `serials` more serial numbers the world's own, whatever happens to the process afterwards.
 * Returns the first of them. */
int64_t store_reserve_serials(struct store *store, const char *world, int64_t serials);

/* Insert or replace. Order of first insertion is kept. */
void store_put_app(struct store *store, const char *world, const struct app *app);
void store_put_site(struct store *store, const char *world, const struct site *site);
void store_put_instance(struct store *store, const char *world, const struct instance *instance);

/* False where there is none; the caller frees what was found with app_free / site_free. */
bool store_find_app(struct store *store, const char *world, const char *app_id,
                    struct app *ret_app);
bool store_find_site(struct store *store, const char *world, const char *site_id,
                     struct site *ret_site);
bool store_find_instance(struct store *store, const char *world, const char *instance_id,
                         struct instance *ret_instance);
/* The instance of an app on a site, in whatever state. */
bool store_find_installed(struct store *store, const char *world, const char *app_id,
                          const char *site_id, struct instance *ret_instance);
/* The world that has this app: the default world first, then the oldest.
 * ret_world takes MODEL_WORLD_MAX + 1 bytes. */
bool store_find_app_world(struct store *store, const char *app_id, char *ret_world);

/* Forget one; nothing happens where there is none. */
void store_drop_app(struct store *store, const char *world, const char *app_id);
void store_drop_site(struct store *store, const char *world, const char *site_id);
void store_drop_instance(struct store *store, const char *world, const char *instance_id);

/* All of a kind, in order; caller frees the array with free() after freeing its items. */
struct app *store_list_apps(struct store *store, const char *world, size_t *ret_n);
struct site *store_list_sites(struct store *store, const char *world, size_t *ret_n);
struct instance *store_list_instances(struct store *store, const char *world, size_t *ret_n);

/* Spend a single-use thing. True for the one call that came first. */
bool store_spend(struct store *store, const char *world, const char *id);
/* Whether it was spent. */
bool store_is_spent(struct store *store, const char *world, const char *id);

/* Marks: a number by name, such as "every access token of instance X up to serial N is expired".
 * store_put_mark keeps the larger of the old and the new value. */
void store_put_mark(struct store *store, const char *world, const char *id, int64_t value);
/* The largest value among the named marks; 0 where none is set. */
int64_t store_top_mark(struct store *store, const char *world, const char *const *ids, size_t n);

struct mark {
    char *id; /* owned */
    int64_t value;
};

/* All marks of a world, by id; caller frees each id and the array with free(). */
struct mark *store_list_marks(struct store *store, const char *world, size_t *ret_n);

/* Webhooks that wait, by number; kept only where the state is a file. The list has each event's
 * text in `id` and its number in `value`, in order; caller frees as above. */
void store_put_event(struct store *store, const char *world, int64_t number, const char *doc);
void store_drop_event(struct store *store, const char *world, int64_t number);
struct mark *store_list_events(struct store *store, const char *world, size_t *ret_n);

/* Everything between is one transaction: worlds are made and reset whole or not at all. May be
 * nested; the outermost pair rules. */
void store_begin(struct store *store);
void store_commit(struct store *store);

#endif
