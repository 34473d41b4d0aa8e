/* The database: opened, checked, and one statement used at a time. In memory, or a file in WAL mode
 * that a kill -9 between any two requests leaves whole. One connection behind one lock; statements
 * are compiled once. */
#include "state/store_parts.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/lock.h"
#include "shared/mem.h"
#include "state/recent.h"

enum { STORE_SCHEMA = 3, SMALLEST_FILE = 512 }; /* 2: waiting webhooks, 3: wishes */

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS worlds(pos INTEGER PRIMARY KEY, world TEXT UNIQUE NOT NULL,"
    " doc TEXT NOT NULL DEFAULT '{}', serial INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS apps(pos INTEGER PRIMARY KEY, world TEXT NOT NULL,"
    " app_id TEXT NOT NULL, secret TEXT NOT NULL, oauth INTEGER NOT NULL, custom INTEGER NOT NULL,"
    " doc TEXT NOT NULL, UNIQUE(app_id, world));"
    "CREATE INDEX IF NOT EXISTS apps_of_world ON apps(world);"
    "CREATE INDEX IF NOT EXISTS apps_by_age ON apps(app_id);"
    "CREATE TABLE IF NOT EXISTS sites(pos INTEGER PRIMARY KEY, world TEXT NOT NULL,"
    " site_id TEXT NOT NULL, doc TEXT NOT NULL, UNIQUE(world, site_id));"
    "CREATE TABLE IF NOT EXISTS instances(pos INTEGER PRIMARY KEY, world TEXT NOT NULL,"
    " instance_id TEXT NOT NULL, app_id TEXT NOT NULL, site_id TEXT NOT NULL,"
    " state INTEGER NOT NULL, generation INTEGER NOT NULL, UNIQUE(world, instance_id));"
    "CREATE INDEX IF NOT EXISTS instances_of_app ON instances(world, app_id, site_id);"
    "CREATE TABLE IF NOT EXISTS marks(world TEXT NOT NULL, id TEXT NOT NULL,"
    " value INTEGER NOT NULL, PRIMARY KEY(world, id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS graves(pos INTEGER PRIMARY KEY, world TEXT UNIQUE NOT NULL,"
    " serial INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS events(world TEXT NOT NULL, number INTEGER NOT NULL,"
    " doc TEXT NOT NULL, PRIMARY KEY(world, number)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS wishes(world TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID;";

static const char *const sql_of[STATEMENT_COUNT] = {
#define STATEMENT(symbol, sql) [STATEMENT_##symbol] = sql,
    STATEMENTS(STATEMENT)
#undef STATEMENT
};

/* The store broke under a request that must not be answered as if it had been kept. */
static void die(const struct store *store, const char *doing)
{
    fprintf(stderr, "fakewix: the state could not be kept (%s: %s); check the disk and the file\n",
            doing, sqlite3_errmsg(store->db));
    abort();
}

static const struct {
    int code;
    const char *advice;
} advices[] = {
    {SQLITE_BUSY, "stop the other fakewix or give another file"},
    {SQLITE_FULL, "make room on the disk"},
    {SQLITE_IOERR, "make room on the disk, or check it"},
    {SQLITE_READONLY, "the file and its directory must be writable"},
    {SQLITE_CANTOPEN, "the file and its directory must be writable"},
};

/* The database's own complaint, and what to do about it. */
static bool complain(const struct store *store, const char *file, struct err *err)
{
    int code = sqlite3_errcode(store->db) & 0xff;
    const char *advice = "give a file that fakewix made, or a new name";
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (advices[i].code == code)
            advice = advices[i].advice;
    return err_set(err, "--state %s%s%s; %s", file, code == SQLITE_BUSY ? " is in use" : ": ",
                   code == SQLITE_BUSY ? "" : sqlite3_errmsg(store->db), advice);
}

static bool run_sql(struct store *store, const char *sql, struct err *err, const char *file)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           complain(store, file, err);
}

/* A state file of a newer fakewix is not guessed at. */
static bool check_version(struct store *store, const char *file, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        complain(store, file, err);
        sqlite3_finalize(statement);
        return false;
    }
    int version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (version > STORE_SCHEMA)
        return err_set(err,
                       "--state %s was written by a newer fakewix (schema %d, this one knows %d);"
                       " use that version or another file",
                       file, version, STORE_SCHEMA);
    return true;
}

/* A file that lost its end opens well, and would be found broken only by the request that needs
 * what is gone. SQLite takes the shortest ones for new. */
static bool check_whole(struct store *store, const char *file, struct err *err)
{
    struct stat info;
    if (stat(file, &info) != 0 || info.st_size == 0)
        return true;
    sqlite3_stmt *statement = NULL;
    bool whole = info.st_size >= SMALLEST_FILE;
    if (whole) {
        if (sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &statement, NULL) !=
                SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW) {
            complain(store, file, err);
            sqlite3_finalize(statement);
            return false;
        }
        const char *found = (const char *)sqlite3_column_text(statement, 0);
        whole = found && strcmp(found, "ok") == 0;
        sqlite3_finalize(statement);
    }
    return whole || err_set(err,
                            "--state %s is damaged or cut short; give a file that fakewix made, "
                            "or a new name",
                            file);
}

static bool compile(struct store *store, enum statement which)
{
    return sqlite3_prepare_v3(store->db, sql_of[which], -1, SQLITE_PREPARE_PERSISTENT,
                              &store->statements[which], NULL) == SQLITE_OK;
}

/* `file` is SQLite's name of it, and may be the memory's. */
static bool prepare(struct store *store, const char *file, struct err *err)
{
    /* Exclusive: a second process would not see what this one remembers, so it must not start. */
    OWNED(mem_text_free)
    char *pragmas = mem_format("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=NORMAL;"
                               "PRAGMA user_version=%d; PRAGMA temp_store=MEMORY;",
                               STORE_SCHEMA);
    if (!check_version(store, file, err) || !check_whole(store, file, err) ||
        !run_sql(store, pragmas, err, file) || !run_sql(store, schema, err, file))
        return false;
    for (int i = 0; store->is_file && i < STATEMENT_COUNT; i++)
        if (!compile(store, (enum statement)i))
            return err_set(err, "--state %s: %s; the file does not look like fakewix's", file,
                           sqlite3_errmsg(store->db));
    return true;
}

struct store *store_open(const char *file, struct err *err)
{
    struct store *store = mem_new(1, sizeof *store);
    store->recent = recent_new();
    store->is_file = file != NULL;
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&store->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    const char *name = file ? file : ":memory:";
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(name, &store->db, flags, NULL) != SQLITE_OK) {
        err_set(err, "--state %s: %s; check that the directory exists and is writable", name,
                sqlite3_errmsg(store->db));
        store_close(store);
        return NULL;
    }
    sqlite3_busy_timeout(store->db, 2000);
    if (!prepare(store, name, err)) {
        store_close(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    pthread_mutex_destroy(&store->lock);
    recent_free(store->recent);
    free(store);
}

/* One use of a statement: locked from store_use() to store_done(). Text is bound without a copy, as
 * it outlives the step. */
sqlite3_stmt *store_use(struct store *store, enum statement which)
{
    lock_take(&store->lock);
    if (!store->statements[which] && !compile(store, which))
        die(store, "compiling");
    return store->statements[which];
}

/* The same for a statement that changes apps or instances. */
sqlite3_stmt *store_use_to_change(struct store *store, enum statement which)
{
    sqlite3_stmt *statement = store_use(store, which);
    recent_forget(store->recent);
    return statement;
}

void store_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void store_done(struct store *store, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    pthread_mutex_unlock(&store->lock);
}

/* Step a statement that writes; true where it gave a row. */
bool store_write_step(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        die(store, "writing");
    return code == SQLITE_ROW;
}

/* Step a statement that reads; true where there is a row. What cannot be read must not be answered
 * as if it were not there. */
bool store_read_step(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        die(store, "reading");
    return code == SQLITE_ROW;
}

char *store_column_text(sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    return mem_text(text ? text : "");
}

void store_copy_id(char *ret_id, size_t size, sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    size_t len = text ? strnlen(text, size - 1) : 0;
    if (text)
        memcpy(ret_id, text, len);
    ret_id[len] = '\0';
}
