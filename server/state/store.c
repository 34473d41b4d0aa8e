/* The store on SQLite: in memory, or a file in WAL mode that a kill -9 between any two requests
 * leaves whole. One connection behind one lock; statements are compiled once. What is asked for all
 * the time is kept at hand (recent.h). */
#include "state/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/lock.h"
#include "shared/mem.h"
#include "state/recent.h"

enum { STORE_SCHEMA = 1, SMALLEST_FILE = 512, GRAVES_MAX = 4096 };

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
    " serial INTEGER NOT NULL);";

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

static const char *const sql_of[STATEMENT_COUNT] = {
#define STATEMENT(symbol, sql) [STATEMENT_##symbol] = sql,
    STATEMENTS(STATEMENT)
#undef STATEMENT
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    pthread_mutex_t lock; /* recursive: a transaction holds it across calls */
    int depth;            /* of transactions: the outermost one counts */
    struct recent *recent;
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
static bool prepare(struct store *store, const char *file, bool is_file, struct err *err)
{
    /* Exclusive: a second process would not see what this one remembers, so it must not start. */
    const char *pragmas = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                          "PRAGMA synchronous=NORMAL;"
                          "PRAGMA user_version=1; PRAGMA temp_store=MEMORY;";
    if (!check_version(store, file, err) || !check_whole(store, file, err) ||
        !run_sql(store, pragmas, err, file) || !run_sql(store, schema, err, file))
        return false;
    for (int i = 0; is_file && i < STATEMENT_COUNT; i++)
        if (!compile(store, (enum statement)i))
            return err_set(err, "--state %s: %s; the file does not look like fakewix's", file,
                           sqlite3_errmsg(store->db));
    return true;
}

struct store *store_open(const char *file, struct err *err)
{
    struct store *store = mem_new(1, sizeof *store);
    store->recent = recent_new();
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
    if (!prepare(store, name, file != NULL, err)) {
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

/* One use of a statement: locked from use() to done(). Text is bound without a copy, as it
 * outlives the step. */
static sqlite3_stmt *use(struct store *store, enum statement which)
{
    lock_take(&store->lock);
    if (!store->statements[which] && !compile(store, which))
        die(store, "compiling");
    return store->statements[which];
}

/* The same for a statement that changes apps or instances. */
static sqlite3_stmt *use_to_change(struct store *store, enum statement which)
{
    sqlite3_stmt *statement = use(store, which);
    recent_forget(store->recent);
    return statement;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static void done(struct store *store, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    pthread_mutex_unlock(&store->lock);
}

/* Step a statement that writes; true where it gave a row. */
static bool write_step(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        die(store, "writing");
    return code == SQLITE_ROW;
}

/* Step a statement that reads; true where there is a row. What cannot be read must not be answered
 * as if it were not there. */
static bool read_step(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        die(store, "reading");
    return code == SQLITE_ROW;
}

static char *column_text(sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    return mem_text(text ? text : "");
}

static void copy_id(char *ret_id, size_t size, sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    size_t len = text ? strlen(text) : 0;
    len = len < size ? len : size - 1;
    if (len)
        memcpy(ret_id, text, len);
    ret_id[len] = '\0';
}

void store_put_world(struct store *store, const char *world, const char *doc)
{
    sqlite3_stmt *s = use(store, STATEMENT_PUT_WORLD);
    bind_text(s, 1, world);
    bind_text(s, 2, doc);
    write_step(store, s);
    done(store, s);
}

bool store_find_world(struct store *store, const char *world, char **ret_doc)
{
    sqlite3_stmt *s = use(store, STATEMENT_FIND_WORLD);
    bind_text(s, 1, world);
    bool found = read_step(store, s);
    if (found)
        *ret_doc = column_text(s, 0);
    done(store, s);
    return found;
}

static void run_for_world(struct store *store, const char *world, const enum statement *which,
                          size_t n)
{
    store_begin(store);
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *s = use_to_change(store, which[i]);
        bind_text(s, 1, world);
        write_step(store, s);
        done(store, s);
    }
    store_commit(store);
}

void store_clear_world(struct store *store, const char *world)
{
    static const enum statement drops[] = {STATEMENT_DROP_APPS, STATEMENT_DROP_SITES,
                                           STATEMENT_DROP_INSTANCES, STATEMENT_DROP_MARKS};
    run_for_world(store, world, drops, sizeof drops / sizeof *drops);
}

void store_drop_world(struct store *store, const char *world)
{
    static const enum statement last[] = {STATEMENT_BURY, STATEMENT_DROP_WORLD};
    store_begin(store);
    store_clear_world(store, world);
    run_for_world(store, world, last, sizeof last / sizeof *last);
    sqlite3_stmt *s = use(store, STATEMENT_FORGET);
    sqlite3_bind_int64(s, 1, GRAVES_MAX);
    write_step(store, s);
    done(store, s);
    store_commit(store);
}

int64_t store_find_grave(struct store *store, const char *world)
{
    sqlite3_stmt *s = use(store, STATEMENT_GRAVE);
    bind_text(s, 1, world);
    int64_t serials = read_step(store, s) ? sqlite3_column_int64(s, 0) : 0;
    done(store, s);
    return serials;
}

char **store_list_worlds(struct store *store)
{
    char **names = mem_new(1, sizeof *names);
    size_t n = 0;
    sqlite3_stmt *s = use(store, STATEMENT_LIST_WORLDS);
    while (read_step(store, s)) {
        names = mem_grow(names, n + 2, sizeof *names);
        names[n++] = column_text(s, 0);
        names[n] = NULL;
    }
    done(store, s);
    return names;
}

int64_t store_reserve_serials(struct store *store, const char *world, int64_t serials)
{
    sqlite3_stmt *s = use(store, STATEMENT_RESERVE);
    bind_text(s, 1, world);
    sqlite3_bind_int64(s, 2, serials);
    int64_t first = write_step(store, s) ? sqlite3_column_int64(s, 0) : 0;
    /* RETURNING gives its row before the write is over: step to the end. */
    write_step(store, s);
    done(store, s);
    return first + 1;
}

void store_put_app(struct store *store, const char *world, const struct app *app)
{
    sqlite3_stmt *s = use_to_change(store, STATEMENT_PUT_APP);
    bind_text(s, 1, world);
    bind_text(s, 2, app->app_id);
    bind_text(s, 3, app->secret);
    sqlite3_bind_int(s, 4, app->oauth);
    sqlite3_bind_int(s, 5, app->custom);
    bind_text(s, 6, app->doc);
    write_step(store, s);
    done(store, s);
}

static struct app read_app(sqlite3_stmt *s)
{
    struct app app = {.secret = column_text(s, 1),
                      .oauth = sqlite3_column_int(s, 2) != 0,
                      .custom = sqlite3_column_int(s, 3) != 0,
                      .doc = column_text(s, 4)};
    copy_id(app.app_id, sizeof app.app_id, s, 0);
    return app;
}

bool store_find_app(struct store *store, const char *world, const char *app_id, struct app *ret_app)
{
    lock_take(&store->lock);
    const struct app *known = recent_app(store->recent, world, app_id);
    bool found = known != NULL;
    if (found) {
        *ret_app = app_copy(known);
    } else {
        sqlite3_stmt *s = use(store, STATEMENT_FIND_APP);
        bind_text(s, 1, world);
        bind_text(s, 2, app_id);
        found = read_step(store, s);
        if (found) {
            *ret_app = read_app(s);
            recent_keep_app(store->recent, world, ret_app);
        }
        done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

struct app *store_list_apps(struct store *store, const char *world, size_t *ret_n)
{
    struct app *apps = NULL;
    size_t n = 0;
    sqlite3_stmt *s = use(store, STATEMENT_LIST_APPS);
    bind_text(s, 1, world);
    while (read_step(store, s)) {
        apps = mem_grow(apps, n + 1, sizeof *apps);
        apps[n++] = read_app(s);
    }
    done(store, s);
    *ret_n = n;
    return apps;
}

bool store_find_app_world(struct store *store, const char *app_id, char *ret_world)
{
    lock_take(&store->lock);
    const char *known = recent_world(store->recent, app_id);
    bool found = known != NULL;
    if (found) {
        memcpy(ret_world, known, strlen(known) + 1);
    } else {
        sqlite3_stmt *s = use(store, STATEMENT_APP_WORLD);
        bind_text(s, 1, app_id);
        found = read_step(store, s);
        if (found) {
            copy_id(ret_world, MODEL_WORLD_MAX + 1, s, 0);
            recent_keep_world(store->recent, app_id, ret_world);
        }
        done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

void store_put_site(struct store *store, const char *world, const struct site *site)
{
    sqlite3_stmt *s = use(store, STATEMENT_PUT_SITE);
    bind_text(s, 1, world);
    bind_text(s, 2, site->site_id);
    bind_text(s, 3, site->doc);
    write_step(store, s);
    done(store, s);
}

static struct site read_site(sqlite3_stmt *s)
{
    struct site site = {.doc = column_text(s, 1)};
    copy_id(site.site_id, sizeof site.site_id, s, 0);
    return site;
}

bool store_find_site(struct store *store, const char *world, const char *site_id,
                     struct site *ret_site)
{
    sqlite3_stmt *s = use(store, STATEMENT_FIND_SITE);
    bind_text(s, 1, world);
    bind_text(s, 2, site_id);
    bool found = read_step(store, s);
    if (found)
        *ret_site = read_site(s);
    done(store, s);
    return found;
}

struct site *store_list_sites(struct store *store, const char *world, size_t *ret_n)
{
    struct site *sites = NULL;
    size_t n = 0;
    sqlite3_stmt *s = use(store, STATEMENT_LIST_SITES);
    bind_text(s, 1, world);
    while (read_step(store, s)) {
        sites = mem_grow(sites, n + 1, sizeof *sites);
        sites[n++] = read_site(s);
    }
    done(store, s);
    *ret_n = n;
    return sites;
}

void store_put_instance(struct store *store, const char *world, const struct instance *instance)
{
    sqlite3_stmt *s = use_to_change(store, STATEMENT_PUT_INSTANCE);
    bind_text(s, 1, world);
    bind_text(s, 2, instance->instance_id);
    bind_text(s, 3, instance->app_id);
    bind_text(s, 4, instance->site_id);
    sqlite3_bind_int(s, 5, (int)instance->state);
    sqlite3_bind_int64(s, 6, instance->generation);
    write_step(store, s);
    done(store, s);
}

static struct instance read_instance(sqlite3_stmt *s)
{
    struct instance instance = {.state = (enum install_state)sqlite3_column_int(s, 3),
                                .generation = sqlite3_column_int64(s, 4)};
    copy_id(instance.instance_id, sizeof instance.instance_id, s, 0);
    copy_id(instance.app_id, sizeof instance.app_id, s, 1);
    copy_id(instance.site_id, sizeof instance.site_id, s, 2);
    return instance;
}

bool store_find_instance(struct store *store, const char *world, const char *instance_id,
                         struct instance *ret_instance)
{
    lock_take(&store->lock);
    const struct instance *known = recent_instance(store->recent, world, instance_id);
    bool found = known != NULL;
    if (found) {
        *ret_instance = *known;
    } else {
        sqlite3_stmt *s = use(store, STATEMENT_FIND_INSTANCE);
        bind_text(s, 1, world);
        bind_text(s, 2, instance_id);
        found = read_step(store, s);
        if (found) {
            *ret_instance = read_instance(s);
            recent_keep_instance(store->recent, world, ret_instance);
        }
        done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

bool store_find_installed(struct store *store, const char *world, const char *app_id,
                          const char *site_id, struct instance *ret_instance)
{
    sqlite3_stmt *s = use(store, STATEMENT_FIND_INSTALLED);
    bind_text(s, 1, world);
    bind_text(s, 2, app_id);
    bind_text(s, 3, site_id);
    bool found = read_step(store, s);
    if (found)
        *ret_instance = read_instance(s);
    done(store, s);
    return found;
}

struct instance *store_list_instances(struct store *store, const char *world, size_t *ret_n)
{
    struct instance *instances = NULL;
    size_t n = 0;
    sqlite3_stmt *s = use(store, STATEMENT_LIST_INSTANCES);
    bind_text(s, 1, world);
    while (read_step(store, s)) {
        instances = mem_grow(instances, n + 1, sizeof *instances);
        instances[n++] = read_instance(s);
    }
    done(store, s);
    *ret_n = n;
    return instances;
}

static void drop_item(struct store *store, enum statement which, const char *world, const char *id)
{
    sqlite3_stmt *s = use_to_change(store, which);
    bind_text(s, 1, world);
    bind_text(s, 2, id);
    write_step(store, s);
    done(store, s);
}

void store_drop_app(struct store *store, const char *world, const char *app_id)
{
    drop_item(store, STATEMENT_DROP_APP, world, app_id);
}

void store_drop_site(struct store *store, const char *world, const char *site_id)
{
    drop_item(store, STATEMENT_DROP_SITE, world, site_id);
}

void store_drop_instance(struct store *store, const char *world, const char *instance_id)
{
    drop_item(store, STATEMENT_DROP_INSTANCE, world, instance_id);
}

bool store_spend(struct store *store, const char *world, const char *id)
{
    sqlite3_stmt *s = use(store, STATEMENT_SPEND);
    bind_text(s, 1, world);
    bind_text(s, 2, id);
    write_step(store, s);
    bool first = sqlite3_changes(store->db) == 1;
    done(store, s);
    return first;
}

bool store_is_spent(struct store *store, const char *world, const char *id)
{
    sqlite3_stmt *s = use(store, STATEMENT_MARK);
    bind_text(s, 1, world);
    bind_text(s, 2, id);
    bool spent = read_step(store, s);
    done(store, s);
    return spent;
}

void store_put_mark(struct store *store, const char *world, const char *id, int64_t value)
{
    sqlite3_stmt *s = use(store, STATEMENT_PUT_MARK);
    bind_text(s, 1, world);
    bind_text(s, 2, id);
    sqlite3_bind_int64(s, 3, value);
    write_step(store, s);
    done(store, s);
}

int64_t store_top_mark(struct store *store, const char *world, const char *const *ids, size_t n)
{
    int64_t top = 0;
    sqlite3_stmt *s = use(store, STATEMENT_MARK);
    bind_text(s, 1, world);
    for (size_t i = 0; i < n; i++) {
        bind_text(s, 2, ids[i]);
        if (read_step(store, s) && sqlite3_column_int64(s, 0) > top)
            top = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
    }
    done(store, s);
    return top;
}

struct mark *store_list_marks(struct store *store, const char *world, size_t *ret_n)
{
    struct mark *marks = NULL;
    size_t n = 0;
    sqlite3_stmt *s = use(store, STATEMENT_LIST_MARKS);
    bind_text(s, 1, world);
    while (read_step(store, s)) {
        marks = mem_grow(marks, n + 1, sizeof *marks);
        marks[n++] = (struct mark){column_text(s, 0), sqlite3_column_int64(s, 1)};
    }
    done(store, s);
    *ret_n = n;
    return marks;
}

void store_begin(struct store *store)
{
    sqlite3_stmt *s = use(store, STATEMENT_BEGIN); /* the lock stays until store_commit */
    if (store->depth++)
        return;
    write_step(store, s);
    sqlite3_reset(s);
}

void store_commit(struct store *store)
{
    if (--store->depth == 0) {
        sqlite3_stmt *s = use(store, STATEMENT_COMMIT);
        write_step(store, s);
        done(store, s);
    }
    pthread_mutex_unlock(&store->lock);
}
