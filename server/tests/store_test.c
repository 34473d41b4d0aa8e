/* The store behind its narrow interface: in memory and in a file that outlives the process. */
#include <check.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"
#include "state/store.h"
#include "suite.h"

static const char pattern[] = "/tmp/fakewix-store-XXXXXX";
static char directory[sizeof pattern];
static char *file;
static struct store *store;

static struct store *reopened(const char *name)
{
    OWNED(err_free) struct err err = {0};
    struct store *result = store_open(name, &err);
    ck_assert_msg(result != NULL, "%s", err.text ? err.text : "");
    return result;
}

static void set_up(void)
{
    memcpy(directory, pattern, sizeof pattern);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    file = mem_format("%s/state.db", directory);
    store = reopened(file);
}

static void tear_down(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    store_close(store);
    for (size_t i = 0; i < 3; i++) {
        OWNED(mem_text_free) char *name = mem_format("%s%s", file, ends[i]);
        unlink(name);
    }
    rmdir(directory);
    free(file);
}

static void put_app(const char *world, const char *id, const char *secret)
{
    struct app app = {.secret = mem_text(secret), .oauth = true, .doc = mem_text("{\"a\":1}")};
    memcpy(app.app_id, id, strlen(id) + 1);
    store_put_app(store, world, &app);
    app_free(&app);
}

/* ---- items ---- */

START_TEST(app_comes_back_as_it_went)
{
    put_app("w", "a", "s");
    OWNED(app_free) struct app app = {0};
    ck_assert(store_find_app(store, "w", "a", &app));
    ck_assert_str_eq(app.app_id, "a");
    ck_assert_str_eq(app.secret, "s");
    ck_assert(app.oauth && !app.custom);
    ck_assert_str_eq(app.doc, "{\"a\":1}");
    struct app none;
    ck_assert(!store_find_app(store, "w", "A", &none));
    ck_assert(!store_find_app(store, "v", "a", &none));
}
END_TEST

/* Each look-up is made twice, so that the second one is from memory. */
static void expect_app(const char *world, const char *id, const char *secret)
{
    for (int i = 0; i < 2; i++) {
        OWNED(app_free) struct app app = {0};
        ck_assert_int_eq(store_find_app(store, world, id, &app), secret != NULL);
        if (secret)
            ck_assert_str_eq(app.secret, secret);
    }
}

static void expect_state(const char *world, const char *id, enum install_state state)
{
    for (int i = 0; i < 2; i++) {
        struct instance instance;
        ck_assert(store_find_instance(store, world, id, &instance));
        ck_assert_int_eq((int)instance.state, (int)state);
    }
}

START_TEST(what_was_looked_up_follows_every_write)
{
    char world[MODEL_WORLD_MAX + 1];
    struct instance instance = {.instance_id = "i", .app_id = "a", .site_id = "s", .state = 1};
    put_app("w", "a", "old");
    expect_app("w", "a", "old");
    expect_app("v", "a", NULL);
    put_app("w", "a", "new");
    expect_app("w", "a", "new");
    put_app("v", "a", "other");
    expect_app("v", "a", "other");
    expect_app("w", "a", "new");
    store_put_instance(store, "w", &instance);
    expect_state("w", "i", INSTALL_ACTIVE);
    instance.state = INSTALL_UNINSTALLED;
    store_put_instance(store, "w", &instance);
    expect_state("w", "i", INSTALL_UNINSTALLED);
    store_drop_instance(store, "w", "i");
    ck_assert(!store_find_instance(store, "w", "i", &instance));
    for (int i = 0; i < 2; i++) {
        ck_assert(store_find_app_world(store, "a", world));
        ck_assert_str_eq(world, "w");
    }
    store_drop_app(store, "w", "a");
    expect_app("w", "a", NULL);
    ck_assert(store_find_app_world(store, "a", world));
    ck_assert_str_eq(world, "v");
    store_drop_world(store, "v");
    expect_app("v", "a", NULL);
    ck_assert(!store_find_app_world(store, "a", world));
}
END_TEST

/* More names than there are places for: each is still found as it is. */
START_TEST(thousands_of_names_do_not_get_mixed_up)
{
    enum { NAMES = 3000 };
    store_begin(store);
    for (int i = 0; i < NAMES; i++) {
        struct instance instance = {.app_id = "a", .site_id = "s", .generation = i};
        snprintf(instance.instance_id, sizeof instance.instance_id, "%d", i);
        store_put_instance(store, "w", &instance);
        put_app("w", instance.instance_id, instance.instance_id);
    }
    store_commit(store);
    for (int i = 0; i < 2 * NAMES; i++) {
        char id[12];
        struct instance instance;
        snprintf(id, sizeof id, "%d", i % NAMES);
        ck_assert(store_find_instance(store, "w", id, &instance));
        ck_assert_int_eq(instance.generation, i % NAMES);
        OWNED(app_free) struct app app = {0};
        ck_assert(store_find_app(store, "w", id, &app));
        ck_assert_str_eq(app.secret, id);
    }
}
END_TEST

START_TEST(lists_keep_the_order_of_first_insertion)
{
    put_app("w", "b", "1");
    put_app("w", "a", "2");
    put_app("v", "c", "3");
    put_app("w", "b", "4");
    size_t n;
    struct app *apps = store_list_apps(store, "w", &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(apps[0].app_id, "b");
    ck_assert_str_eq(apps[0].secret, "4");
    ck_assert_str_eq(apps[1].app_id, "a");
    for (size_t i = 0; i < n; i++)
        app_free(&apps[i]);
    free(apps);
}
END_TEST

START_TEST(instances_are_found_both_ways)
{
    struct instance instance = {.instance_id = "i",
                                .app_id = "a",
                                .site_id = "s",
                                .state = INSTALL_ACTIVE,
                                .generation = INT64_C(1) << 40};
    store_put_instance(store, "w", &instance);
    struct instance found;
    ck_assert(store_find_instance(store, "w", "i", &found));
    ck_assert_int_eq(found.state, INSTALL_ACTIVE);
    ck_assert_int_eq(found.generation, INT64_C(1) << 40);
    ck_assert(store_find_installed(store, "w", "a", "s", &found));
    ck_assert_str_eq(found.instance_id, "i");
    ck_assert(!store_find_installed(store, "w", "a", "t", &found));
    ck_assert(!store_find_instance(store, "v", "i", &found));
}
END_TEST

START_TEST(app_leads_to_its_world_the_default_one_first)
{
    char world[MODEL_WORLD_MAX + 1];
    ck_assert(!store_find_app_world(store, "a", world));
    put_app("b", "a", "s");
    put_app("c", "a", "s");
    ck_assert(store_find_app_world(store, "a", world));
    ck_assert_str_eq(world, "b");
    put_app("default", "a", "s");
    ck_assert(store_find_app_world(store, "a", world));
    ck_assert_str_eq(world, "default");
}
END_TEST

static const char *const odd_texts[] = {
    "", "'", "\"; DROP TABLE apps; --", "%s%n", "\xc3\xa9\xe2\x82\xac", "a\nb",
};

START_TEST(odd_texts_are_only_texts)
{
    put_app("w", "a", odd_texts[_i]);
    OWNED(app_free) struct app app = {0};
    ck_assert(store_find_app(store, "w", "a", &app));
    ck_assert_str_eq(app.secret, odd_texts[_i]);
    ck_assert(store_spend(store, "w", odd_texts[_i]));
    ck_assert(store_is_spent(store, "w", odd_texts[_i]));
}
END_TEST

/* ---- marks ---- */

START_TEST(thing_is_spent_once)
{
    ck_assert(!store_is_spent(store, "w", "x"));
    ck_assert(store_spend(store, "w", "x"));
    ck_assert(!store_spend(store, "w", "x"));
    ck_assert(store_spend(store, "v", "x"));
    ck_assert(store_is_spent(store, "w", "x"));
}
END_TEST

START_TEST(mark_keeps_the_larger_value)
{
    const char *const ids[] = {"a", "b", "c"};
    ck_assert_int_eq(store_top_mark(store, "w", ids, 3), 0);
    store_put_mark(store, "w", "a", 5);
    store_put_mark(store, "w", "a", 3);
    store_put_mark(store, "w", "b", 4);
    ck_assert_int_eq(store_top_mark(store, "w", ids, 3), 5);
    ck_assert_int_eq(store_top_mark(store, "w", ids + 1, 2), 4);
    store_put_mark(store, "w", "c", INT64_MAX);
    ck_assert_int_eq(store_top_mark(store, "w", ids, 3), INT64_MAX);
}
END_TEST

enum { THREADS = 4, THINGS = 200 };

static void *spend_all(void *context)
{
    int *won = context;
    for (int i = 0; i < THINGS; i++) {
        OWNED(mem_text_free) char *id = mem_format("thing/%d", i);
        *won += store_spend(store, "w", id);
    }
    return NULL;
}

START_TEST(thing_is_spent_once_by_many_threads)
{
    pthread_t threads[THREADS];
    int won[THREADS] = {0};
    int sum = 0;
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, spend_all, &won[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += won[i];
    }
    ck_assert_int_eq(sum, THINGS);
}
END_TEST

/* ---- worlds and serials ---- */

START_TEST(serials_are_never_given_twice)
{
    ck_assert_int_eq(store_reserve_serials(store, "w", 100), 1);
    ck_assert_int_eq(store_reserve_serials(store, "w", 100), 101);
    ck_assert_int_eq(store_reserve_serials(store, "v", 100), 1);
    store_close(store);
    store = reopened(file);
    ck_assert_int_eq(store_reserve_serials(store, "w", 1), 201);
}
END_TEST

START_TEST(dropped_world_leaves_nothing)
{
    store_put_world(store, "w", "{}");
    put_app("w", "a", "s");
    store_spend(store, "w", "x");
    put_app("v", "a", "s");
    store_drop_world(store, "w");
    struct app app = {0};
    char *doc;
    ck_assert(!store_find_world(store, "w", &doc));
    ck_assert(!store_find_app(store, "w", "a", &app));
    ck_assert(!store_is_spent(store, "w", "x"));
    ck_assert(store_find_app(store, "v", "a", &app));
    app_free(&app);
}
END_TEST

/* The newest few thousand names; one without serials needs no grave. */
START_TEST(dropped_world_leaves_its_serials)
{
    store_reserve_serials(store, "w", 100);
    store_put_world(store, "v", "{}");
    store_drop_world(store, "w");
    store_drop_world(store, "v");
    ck_assert_int_eq(store_find_grave(store, "w"), 100);
    ck_assert_int_eq(store_find_grave(store, "v"), 0);
    store_begin(store); /* one write for all */
    for (int i = 0; i < 4096; i++) {
        OWNED(mem_text_free) char *name = mem_format("w%d", i);
        store_reserve_serials(store, name, 1);
        store_drop_world(store, name);
    }
    store_commit(store);
    ck_assert_int_eq(store_find_grave(store, "w"), 0);
    ck_assert_int_eq(store_find_grave(store, "w0"), 1);
}
END_TEST

START_TEST(transactions_nest)
{
    store_begin(store);
    put_app("w", "a", "s");
    store_begin(store);
    put_app("w", "b", "s");
    store_commit(store);
    store_drop_world(store, "v");
    store_commit(store);
    store_close(store);
    store = reopened(file);
    size_t n;
    struct app *apps = store_list_apps(store, "w", &n);
    ck_assert_uint_eq(n, 2);
    for (size_t i = 0; i < n; i++)
        app_free(&apps[i]);
    free(apps);
}
END_TEST

START_TEST(everything_is_there_after_reopening)
{
    store_put_world(store, "w", "{\"mode\":\"frozen\"}");
    put_app("w", "a", "s");
    store_spend(store, "w", "x");
    store_put_mark(store, "w", "m", 9);
    store_close(store);
    store = reopened(file);
    char *doc = NULL;
    ck_assert(store_find_world(store, "w", &doc));
    ck_assert_str_eq(doc, "{\"mode\":\"frozen\"}");
    free(doc);
    struct app app = {0};
    ck_assert(store_find_app(store, "w", "a", &app));
    app_free(&app);
    ck_assert(!store_spend(store, "w", "x"));
    const char *const ids[] = {"m"};
    ck_assert_int_eq(store_top_mark(store, "w", ids, 1), 9);
}
END_TEST

START_TEST(memory_is_forgotten)
{
    struct store *memory = reopened(NULL);
    ck_assert(store_spend(memory, "w", "x"));
    store_close(memory);
    memory = reopened(NULL);
    ck_assert(!store_is_spent(memory, "w", "x"));
    store_close(memory);
}
END_TEST

/* ---- files that are no state ---- */

static void expect_no_store(const char *name, const char *part)
{
    OWNED(err_free) struct err err = {0};
    struct store *none = store_open(name, &err);
    ck_assert_ptr_null(none);
    ck_assert_msg(err.text && strstr(err.text, name) && strstr(err.text, part), "%s",
                  err.text ? err.text : "no sentence");
    ck_assert_ptr_null(strchr(err.text, '\n'));
}

START_TEST(state_of_a_newer_fakewix_is_refused)
{
    sqlite3 *db = NULL;
    store_close(store);
    store = NULL;
    ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_no_store(file, "newer fakewix");
}
END_TEST

START_TEST(state_of_an_older_fakewix_is_taken_up)
{
    sqlite3 *db = NULL;
    store_close(store);
    ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "DROP TABLE events; PRAGMA user_version=1", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    store = store_open(file, NULL);
    ck_assert_ptr_nonnull(store);
    size_t n;
    store_put_event(store, "w", 7, "{}");
    struct mark *events = store_list_events(store, "w", &n);
    ck_assert_uint_eq(n, 1);
    free(events[0].id);
    free(events);
}
END_TEST

START_TEST(file_serves_one_process_at_a_time)
{
    expect_no_store(file, "is in use; stop the other fakewix");
}
END_TEST

START_TEST(file_that_is_no_database_is_refused)
{
    OWNED(mem_text_free) char *name = mem_format("%s/garbage", directory);
    FILE *out = fopen(name, "w");
    for (int i = 0; i < 2000; i++)
        fputs("this is not a database ", out);
    fclose(out);
    expect_no_store(name, "give a file that fakewix made");
    unlink(name);
}
END_TEST

START_TEST(database_of_another_program_is_refused)
{
    OWNED(mem_text_free) char *name = mem_format("%s/other.db", directory);
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(name, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE apps(x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_no_store(name, "fakewix");
    unlink(name);
    OWNED(mem_text_free) char *wal = mem_format("%s-wal", name);
    OWNED(mem_text_free) char *shm = mem_format("%s-shm", name);
    unlink(wal);
    unlink(shm);
}
END_TEST

START_TEST(directory_that_is_missing_is_named)
{
    OWNED(mem_text_free) char *name = mem_format("%s/no/state.db", directory);
    expect_no_store(name, "check that the directory exists and is writable");
}
END_TEST

START_TEST(directory_is_no_state_file)
{
    expect_no_store(directory, "check that the directory exists and is writable");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, app_comes_back_as_it_went);
    tcase_add_test(tcase, what_was_looked_up_follows_every_write);
    tcase_add_test(tcase, thousands_of_names_do_not_get_mixed_up);
    tcase_add_test(tcase, lists_keep_the_order_of_first_insertion);
    tcase_add_test(tcase, instances_are_found_both_ways);
    tcase_add_test(tcase, app_leads_to_its_world_the_default_one_first);
    suite_rows(tcase, odd_texts_are_only_texts, odd_texts);
    tcase_add_test(tcase, thing_is_spent_once);
    tcase_add_test(tcase, mark_keeps_the_larger_value);
    tcase_add_test(tcase, thing_is_spent_once_by_many_threads);
    tcase_add_test(tcase, serials_are_never_given_twice);
    tcase_add_test(tcase, dropped_world_leaves_nothing);
    tcase_add_test(tcase, transactions_nest);
    tcase_add_test(tcase, everything_is_there_after_reopening);
    tcase_add_test(tcase, memory_is_forgotten);
    tcase_add_test(tcase, state_of_a_newer_fakewix_is_refused);
    tcase_add_test(tcase, state_of_an_older_fakewix_is_taken_up);
    tcase_add_test(tcase, file_serves_one_process_at_a_time);
    tcase_add_test(tcase, dropped_world_leaves_its_serials);
    tcase_add_test(tcase, file_that_is_no_database_is_refused);
    tcase_add_test(tcase, database_of_another_program_is_refused);
    tcase_add_test(tcase, directory_that_is_missing_is_named);
    tcase_add_test(tcase, directory_is_no_state_file);
    return suite_run("store", tcase);
}
