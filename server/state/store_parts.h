/* What the files of the store have in common: only they include this, and only they know SQLite.
 * May depend on: shared, SQLite, recent. Owner: state. */
#ifndef FAKEWIX_STATE_STORE_PARTS_H
#define FAKEWIX_STATE_STORE_PARTS_H

#include <pthread.h>
#include <sqlite3.h>

#include "state/recent.h"
#include "state/store.h"

/* STATEMENT(symbol, sql): compiled at its first use, and where the state is a file when it opens:
 * it may be no file of ours. */
#define STATEMENTS(STATEMENT)                                                                      \
    STATEMENT(PUT_WORLD, "INSERT INTO worlds(world, doc) VALUES(?1, ?2)"                           \
                         " ON CONFLICT(world) DO UPDATE SET doc = ?2")                             \
    STATEMENT(FIND_WORLD, "SELECT doc FROM worlds WHERE world = ?1")                               \
    STATEMENT(LIST_WORLDS, "SELECT world FROM worlds ORDER BY pos")                                \
    STATEMENT(DROP_WORLD, "DELETE FROM worlds WHERE world = ?1")                                   \
    STATEMENT(BURY, "INSERT OR REPLACE INTO graves(world, serial)"                                 \
                    " SELECT world, serial FROM worlds WHERE world = ?1 AND serial > 0")           \
    STATEMENT(FORGET, "DELETE FROM graves WHERE pos <= (SELECT max(pos) FROM graves) - ?1")        \
    STATEMENT(GRAVE, "SELECT serial FROM graves WHERE world = ?1")                                 \
    STATEMENT(DROP_APPS, "DELETE FROM apps WHERE world = ?1")                                      \
    STATEMENT(DROP_SITES, "DELETE FROM sites WHERE world = ?1")                                    \
    STATEMENT(DROP_INSTANCES, "DELETE FROM instances WHERE world = ?1")                            \
    STATEMENT(DROP_MARKS, "DELETE FROM marks WHERE world = ?1")                                    \
    STATEMENT(DROP_EVENTS, "DELETE FROM events WHERE world = ?1")                                  \
    STATEMENT(DROP_EVENT, "DELETE FROM events WHERE world = ?1 AND number = ?2")                   \
    STATEMENT(PUT_EVENT, "INSERT INTO events(world, number, doc) VALUES(?1, ?2, ?3)"               \
                         " ON CONFLICT(world, number) DO UPDATE SET doc = ?3")                     \
    STATEMENT(PUT_WISHES, "INSERT OR REPLACE INTO wishes(world, doc) VALUES(?1, ?2)")              \
    STATEMENT(FIND_WISHES, "SELECT doc FROM wishes WHERE world = ?1")                              \
    STATEMENT(DROP_WISHES, "DELETE FROM wishes WHERE world = ?1")                                  \
    STATEMENT(LIST_EVENTS, "SELECT doc, number FROM events WHERE world = ?1 ORDER BY number")      \
    STATEMENT(RESERVE, "INSERT INTO worlds(world, serial) VALUES(?1, ?2)"                          \
                       " ON CONFLICT(world) DO UPDATE SET serial = serial + ?2"                    \
                       " RETURNING serial - ?2")                                                   \
    STATEMENT(PUT_APP, "INSERT INTO apps(world, app_id, secret, oauth, custom, doc)"               \
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(app_id, world) DO UPDATE"      \
                       " SET secret = ?3, oauth = ?4, custom = ?5, doc = ?6")                      \
    STATEMENT(FIND_APP, "SELECT app_id, secret, oauth, custom, doc FROM apps"                      \
                        " WHERE app_id = ?2 AND world = ?1")                                       \
    STATEMENT(LIST_APPS, "SELECT app_id, secret, oauth, custom, doc FROM apps"                     \
                         " WHERE world = ?1 ORDER BY pos")                                         \
    STATEMENT(APP_WORLD, "SELECT world FROM apps WHERE app_id = ?1 AND world = 'default'"          \
                         " UNION ALL SELECT world FROM (SELECT world FROM apps"                    \
                         " WHERE app_id = ?1 ORDER BY pos LIMIT 1) LIMIT 1")                       \
    STATEMENT(PUT_SITE, "INSERT INTO sites(world, site_id, doc) VALUES(?1, ?2, ?3)"                \
                        " ON CONFLICT(world, site_id) DO UPDATE SET doc = ?3")                     \
    STATEMENT(FIND_SITE, "SELECT site_id, doc FROM sites WHERE world = ?1 AND site_id = ?2")       \
    STATEMENT(LIST_SITES, "SELECT site_id, doc FROM sites WHERE world = ?1 ORDER BY pos")          \
    STATEMENT(PUT_INSTANCE,                                                                        \
              "INSERT INTO instances(world, instance_id, app_id, site_id, state, generation)"      \
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(world, instance_id) DO UPDATE"          \
              " SET app_id = ?3, site_id = ?4, state = ?5, generation = ?6")                       \
    STATEMENT(FIND_INSTANCE, "SELECT instance_id, app_id, site_id, state, generation"              \
                             " FROM instances WHERE world = ?1 AND instance_id = ?2")              \
    STATEMENT(FIND_INSTALLED, "SELECT instance_id, app_id, site_id, state, generation"             \
                              " FROM instances WHERE world = ?1 AND app_id = ?2"                   \
                              " AND site_id = ?3 ORDER BY pos LIMIT 1")                            \
    STATEMENT(LIST_INSTANCES, "SELECT instance_id, app_id, site_id, state, generation"             \
                              " FROM instances WHERE world = ?1 ORDER BY pos")                     \
    STATEMENT(DROP_APP, "DELETE FROM apps WHERE world = ?1 AND app_id = ?2")                       \
    STATEMENT(DROP_SITE, "DELETE FROM sites WHERE world = ?1 AND site_id = ?2")                    \
    STATEMENT(DROP_INSTANCE, "DELETE FROM instances WHERE world = ?1 AND instance_id = ?2")        \
    STATEMENT(SPEND, "INSERT OR IGNORE INTO marks(world, id, value) VALUES(?1, ?2, 1)")            \
    STATEMENT(MARK, "SELECT value FROM marks WHERE world = ?1 AND id = ?2")                        \
    STATEMENT(LIST_MARKS, "SELECT id, value FROM marks WHERE world = ?1 ORDER BY id")              \
    STATEMENT(PUT_MARK, "INSERT INTO marks(world, id, value) VALUES(?1, ?2, ?3)"                   \
                        " ON CONFLICT(world, id) DO UPDATE SET value = max(value, ?3)")            \
    STATEMENT(BEGIN, "BEGIN IMMEDIATE")                                                            \
    STATEMENT(COMMIT, "COMMIT")

enum statement {
#define STATEMENT(symbol, sql) STATEMENT_##symbol,
    STATEMENTS(STATEMENT)
#undef STATEMENT
        STATEMENT_COUNT
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    pthread_mutex_t lock; /* recursive: a transaction holds it across calls */
    int depth;            /* of transactions: the outermost one counts */
    bool is_file;         /* what is put here outlives the process */
    struct recent *recent;
};

/* One use of a statement: locked from store_use to store_done. */
sqlite3_stmt *store_use(struct store *store, enum statement which);
/* The same for a statement that changes apps or instances. */
sqlite3_stmt *store_use_to_change(struct store *store, enum statement which);
void store_done(struct store *store, sqlite3_stmt *statement);

/* Without a copy: the text must outlive the step. */
void store_bind_text(sqlite3_stmt *statement, int at, const char *text);

/* Step a statement that writes, or reads; true where it gave a row. What cannot be kept or read
 * ends the process. */
bool store_write_step(struct store *store, sqlite3_stmt *statement);
bool store_read_step(struct store *store, sqlite3_stmt *statement);

/* A column; caller frees with free(). The other: cut to `size` bytes with its NUL. */
char *store_column_text(sqlite3_stmt *statement, int at);
void store_copy_id(char *ret_id, size_t size, sqlite3_stmt *statement, int at);

#endif
