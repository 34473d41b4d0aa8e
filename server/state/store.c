/* What the store keeps of worlds as a whole: their docs, their serials, what was spent and marked
 * in them. Apps, sites and installations are in store_items.c, the database itself in store_open.c.
 */
#include "state/store.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "state/store_parts.h"

enum { GRAVES_MAX = 4096 };

static void put_doc(struct store *store, enum statement which, const char *world, const char *doc)
{
    sqlite3_stmt *s = store_use(store, which);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, doc);
    store_write_step(store, s);
    store_done(store, s);
}

static bool find_doc(struct store *store, enum statement which, const char *world, char **ret_doc)
{
    sqlite3_stmt *s = store_use(store, which);
    store_bind_text(s, 1, world);
    bool found = store_read_step(store, s);
    if (found)
        *ret_doc = store_column_text(s, 0);
    store_done(store, s);
    return found;
}

static void run_for_world(struct store *store, const char *world, const enum statement *which,
                          size_t n)
{
    store_begin(store);
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *s = store_use_to_change(store, which[i]);
        store_bind_text(s, 1, world);
        store_write_step(store, s);
        store_done(store, s);
    }
    store_commit(store);
}

void store_put_world(struct store *store, const char *world, const char *doc)
{
    store_begin(store);
    put_doc(store, STATEMENT_PUT_WORLD, world, doc);
    sqlite3_stmt *s = store_use(store, STATEMENT_DROP_WISHES);
    store_bind_text(s, 1, world);
    store_write_step(store, s);
    store_done(store, s);
    store_commit(store);
}

bool store_find_world(struct store *store, const char *world, char **ret_doc)
{
    return find_doc(store, STATEMENT_FIND_WORLD, world, ret_doc);
}

void store_put_wishes(struct store *store, const char *world, const char *doc)
{
    put_doc(store, STATEMENT_PUT_WISHES, world, doc);
}

bool store_find_wishes(struct store *store, const char *world, char **ret_doc)
{
    return find_doc(store, STATEMENT_FIND_WISHES, world, ret_doc);
}

void store_clear_world(struct store *store, const char *world)
{
    static const enum statement drops[] = {STATEMENT_DROP_APPS,      STATEMENT_DROP_SITES,
                                           STATEMENT_DROP_INSTANCES, STATEMENT_DROP_MARKS,
                                           STATEMENT_DROP_WISHES,    STATEMENT_DROP_EVENTS};
    size_t n = sizeof drops / sizeof *drops;
    run_for_world(store, world, drops, store->is_file ? n : n - 1);
}

void store_drop_world(struct store *store, const char *world)
{
    static const enum statement last[] = {STATEMENT_BURY, STATEMENT_DROP_WORLD};
    store_begin(store);
    store_clear_world(store, world);
    run_for_world(store, world, last, sizeof last / sizeof *last);
    sqlite3_stmt *s = store_use(store, STATEMENT_FORGET);
    sqlite3_bind_int64(s, 1, GRAVES_MAX);
    store_write_step(store, s);
    store_done(store, s);
    store_commit(store);
}

int64_t store_find_grave(struct store *store, const char *world)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_GRAVE);
    store_bind_text(s, 1, world);
    int64_t serials = store_read_step(store, s) ? sqlite3_column_int64(s, 0) : 0;
    store_done(store, s);
    return serials;
}

char **store_list_worlds(struct store *store)
{
    char **names = mem_new(1, sizeof *names);
    size_t n = 0;
    sqlite3_stmt *s = store_use(store, STATEMENT_LIST_WORLDS);
    while (store_read_step(store, s)) {
        names = mem_grow(names, n + 2, sizeof *names);
        names[n++] = store_column_text(s, 0);
        names[n] = NULL;
    }
    store_done(store, s);
    return names;
}

int64_t store_reserve_serials(struct store *store, const char *world, int64_t serials)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_RESERVE);
    store_bind_text(s, 1, world);
    sqlite3_bind_int64(s, 2, serials);
    int64_t first = store_write_step(store, s) ? sqlite3_column_int64(s, 0) : 0;
    /* RETURNING gives its row before the write is over: step to the end. */
    store_write_step(store, s);
    store_done(store, s);
    return first + 1;
}

bool store_spend(struct store *store, const char *world, const char *id)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_SPEND);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, id);
    store_write_step(store, s);
    bool first = sqlite3_changes(store->db) == 1;
    store_done(store, s);
    return first;
}

bool store_is_spent(struct store *store, const char *world, const char *id)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_MARK);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, id);
    bool spent = store_read_step(store, s);
    store_done(store, s);
    return spent;
}

void store_put_mark(struct store *store, const char *world, const char *id, int64_t value)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_PUT_MARK);
    store_bind_text(s, 1, world);
    store_bind_text(s, 2, id);
    sqlite3_bind_int64(s, 3, value);
    store_write_step(store, s);
    store_done(store, s);
}

int64_t store_top_mark(struct store *store, const char *world, const char *const *ids, size_t n)
{
    int64_t top = 0;
    sqlite3_stmt *s = store_use(store, STATEMENT_MARK);
    store_bind_text(s, 1, world);
    for (size_t i = 0; i < n; i++) {
        store_bind_text(s, 2, ids[i]);
        if (store_read_step(store, s) && sqlite3_column_int64(s, 0) > top)
            top = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
    }
    store_done(store, s);
    return top;
}

/* Rows of a text and a number. */
static struct mark *list_pairs(struct store *store, enum statement which, const char *world,
                               size_t *ret_n)
{
    struct mark *marks = NULL;
    size_t n = 0;
    sqlite3_stmt *s = store_use(store, which);
    store_bind_text(s, 1, world);
    while (store_read_step(store, s)) {
        marks = mem_grow(marks, n + 1, sizeof *marks);
        marks[n++] = (struct mark){store_column_text(s, 0), sqlite3_column_int64(s, 1)};
    }
    store_done(store, s);
    *ret_n = n;
    return marks;
}

struct mark *store_list_marks(struct store *store, const char *world, size_t *ret_n)
{
    return list_pairs(store, STATEMENT_LIST_MARKS, world, ret_n);
}

struct mark *store_list_events(struct store *store, const char *world, size_t *ret_n)
{
    return list_pairs(store, STATEMENT_LIST_EVENTS, world, ret_n);
}

/* In memory there is nothing to keep them for. */
static void run_for_event(struct store *store, enum statement which, const char *world,
                          int64_t number, const char *doc)
{
    if (!store->is_file)
        return;
    sqlite3_stmt *s = store_use(store, which);
    store_bind_text(s, 1, world);
    sqlite3_bind_int64(s, 2, number);
    if (doc)
        store_bind_text(s, 3, doc);
    store_write_step(store, s);
    store_done(store, s);
}

void store_put_event(struct store *store, const char *world, int64_t number, const char *doc)
{
    run_for_event(store, STATEMENT_PUT_EVENT, world, number, doc);
}

void store_drop_event(struct store *store, const char *world, int64_t number)
{
    run_for_event(store, STATEMENT_DROP_EVENT, world, number, NULL);
}

void store_begin(struct store *store)
{
    sqlite3_stmt *s = store_use(store, STATEMENT_BEGIN); /* the lock stays until store_commit */
    if (store->depth++)
        return;
    store_write_step(store, s);
    sqlite3_reset(s);
}

void store_commit(struct store *store)
{
    if (--store->depth == 0) {
        sqlite3_stmt *s = store_use(store, STATEMENT_COMMIT);
        store_write_step(store, s);
        store_done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
}
