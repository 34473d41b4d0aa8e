/* All worlds' journals together have a bound, and those that hold most make room. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "state/thrift.h"
#include "suite.h"

enum { TOTAL = 300000, BODY = 5000, BUSY = 8 };

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(&(struct harness_wish){.journal_total = TOTAL, .max_worlds = 100});
}

static void tear_down(void)
{
    harness_free(fake);
}

static const struct {
    size_t sizes[4];
    size_t n;
    size_t total;
    size_t level;
} levels[] = {
    {{0}, 0, 100, SIZE_MAX},          {{100}, 1, 100, SIZE_MAX},  {{101}, 1, 100, 100},
    {{10, 20, 30}, 3, 60, SIZE_MAX},  {{10, 20, 31}, 3, 60, 30},  {{40, 40, 40, 40}, 4, 100, 25},
    {{1, 1000, 2, 1000}, 4, 103, 50}, {{1000, 0, 0, 0}, 4, 0, 0},
};

START_TEST(level_is_as_high_as_it_may)
{
    size_t sizes[4];
    memcpy(sizes, levels[_i].sizes, sizeof sizes);
    size_t level = thrift_level(sizes, levels[_i].n, levels[_i].total);
    ck_assert_uint_eq(level, levels[_i].level);
    size_t sum = 0;
    for (size_t i = 0; i < levels[_i].n; i++)
        sum += sizes[i] < level ? sizes[i] : level;
    ck_assert_uint_le(sum, levels[_i].total);
}
END_TEST

static void make_world(const char *name)
{
    OWNED(mem_text_free) char *body = mem_format("{'world':'%s'}", name);
    harness_do(fake, 201, "POST /_fakewix/worlds", body);
}

/* One exchange of some kilobytes in that world. */
static void tell(const char *world)
{
    char body[BODY + 1];
    for (size_t i = 0; i < BODY; i++)
        body[i] = 'x';
    body[BODY] = '\0';
    OWNED(mem_text_free) char *line = mem_format("POST /w/%s/conformance/probe", world);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, body);
    ck_assert_int_eq(answer.status, 401);
}

static struct journal look(const char *name)
{
    struct world *world = worlds_find(fake->fake.worlds, name);
    struct journal journal = world->journal;
    world_release(world);
    return journal;
}

static size_t held(void)
{
    return atomic_load(&worlds_journal_sum(fake->fake.worlds)->bytes);
}

START_TEST(busy_worlds_make_room_for_all)
{
    make_world("quiet");
    make_world("busy");
    make_world("busier");
    tell("quiet");
    tell("quiet");
    for (int i = 0; i < 60; i++) {
        tell("busy");
        tell("busier");
        tell("busier");
        ck_assert_uint_le(held(), TOTAL + 2 * BODY);
    }
    struct journal quiet = look("quiet"), busy = look("busy"), busier = look("busier");
    ck_assert_int_eq(quiet.dropped, 0);
    ck_assert_uint_eq(quiet.count, 2);
    ck_assert_int_eq(busy.dropped + (int64_t)busy.count, 60);
    ck_assert_int_eq(busier.dropped + (int64_t)busier.count, 120);
    ck_assert_int_eq(journal_at(&busier, busier.count - 1)->seq, 120);
    /* As many of both, give or take what came since they were last made equal. */
    ck_assert_int_gt(busy.dropped, 10);
    ck_assert_uint_le(busier.count, busy.count + 4);
    ck_assert_uint_ge(busier.count + 4, busy.count);
    ck_assert_uint_gt(held(), TOTAL * 9 / 10);
    ck_assert_uint_eq(held(), quiet.bytes + busy.bytes + busier.bytes);
}
END_TEST

START_TEST(journal_says_what_made_room)
{
    make_world("busy");
    for (int i = 0; i < 100; i++)
        tell("busy");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/worlds/busy/journal", NULL, NULL);
    int kept = cJSON_GetArraySize(answer_at(&answer, "entries"));
    OWNED(mem_text_free) char *dropped = mem_format("%d", 100 - kept);
    ck_assert_int_gt(kept, 30);
    ck_assert_int_lt(kept, 60);
    answer_expect(&answer, "dropped", dropped);
    answer_expect(&answer, "next", "101");
}
END_TEST

START_TEST(worlds_that_go_give_all_back)
{
    make_world("a");
    make_world("b");
    tell("a");
    tell("b");
    size_t both = held();
    ck_assert_uint_gt(both, 2 * BODY);
    harness_do(fake, 204, "DELETE /_fakewix/worlds/a", NULL);
    ck_assert_uint_eq(held(), both / 2);
    harness_do(fake, 200, "POST /_fakewix/worlds/b/reset", NULL);
    ck_assert_uint_eq(held(), 0);
    tell("b");
    harness_do(fake, 204, "DELETE /_fakewix/worlds/b/journal", NULL);
    ck_assert_uint_eq(held(), 0);
}
END_TEST

/* The newest exchange of a world is kept whatever it costs: somebody may be waiting for it. */
START_TEST(newest_stays)
{
    enum { MANY = 90 };
    for (int i = 0; i < MANY; i++) {
        OWNED(mem_text_free) char *name = mem_format("w%d", i);
        make_world(name);
        tell(name);
        tell(name);
    }
    for (int i = 0; i < MANY; i++) {
        OWNED(mem_text_free) char *name = mem_format("w%d", i);
        struct journal journal = look(name);
        ck_assert_uint_ge(journal.count, 1);
        ck_assert_int_eq(journal_at(&journal, journal.count - 1)->seq, 2);
    }
}
END_TEST

static void *fill(void *context)
{
    static const char request[] = "{'grant_type':'none'}";
    const char *world = context;
    OWNED(mem_text_free) char *target = mem_format("/w/%s/conformance/probe", world);
    for (int i = 0; i < 1000; i++) {
        OWNED(response_free) struct response response = {0};
        struct request asked = {.method = "POST",
                                .target = target,
                                .body = request,
                                .body_len = sizeof request - 1,
                                .entrance = ENTRANCE_LOOPBACK};
        app_handle(&fake->fake, &asked, &response);
    }
    return NULL;
}

START_TEST(all_at_once_stay_within)
{
    static const char *const names[BUSY] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    pthread_t threads[BUSY];
    for (size_t i = 0; i < BUSY; i++)
        make_world(names[i]);
    for (size_t i = 0; i < BUSY; i++)
        pthread_create(&threads[i], NULL, fill, (void *)(uintptr_t)names[i]);
    size_t dropped = 0, bytes = 0;
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < BUSY; i++) {
        struct journal journal = look(names[i]);
        ck_assert_int_eq(journal.dropped + (int64_t)journal.count, 1000);
        dropped += (size_t)journal.dropped;
        bytes += journal.bytes;
    }
    ck_assert_uint_gt(dropped, 1000);
    ck_assert_uint_eq(bytes, held());
    tell("a"); /* whoever comes next finishes what was left */
    ck_assert_uint_le(held(), TOTAL);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, level_is_as_high_as_it_may, levels);
    tcase_add_test(tcase, busy_worlds_make_room_for_all);
    tcase_add_test(tcase, journal_says_what_made_room);
    tcase_add_test(tcase, worlds_that_go_give_all_back);
    tcase_add_test(tcase, newest_stays);
    tcase_add_test(tcase, all_at_once_stay_within);
    return suite_run("thrift", tcase);
}
