/* Webhooks that come again: by the world's clock, forwards and backwards. */
#include <check.h>
#include <stdlib.h>

#include "hooked.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state_file.h"
#include "suite.h"

static struct harness *fake;
static struct receiver *app;

static void set_up(void)
{
    fake = hooked_harness(NULL);
}

static void tear_down(void)
{
    hooked_free(fake, app);
    app = NULL;
}

/* Minutes between an attempt and the next one, and the attempts that fall within 48 hours. */
START_TEST(twelve_retries_follow_the_worlds_clock)
{
    static const int failing[] = {500, 0};
    static const int minutes[] = {1, 10, 60, 120, 120, 120, 240, 240, 240, 480, 480, 720};
    app = hooked_app(fake, failing);
    OWNED(answer_free)
    struct answer sent =
        hooked_send(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    answer_expect(&sent, "events.0.state", "retrying");
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':172800}");
    const cJSON *fired = answer_at(&answer, "fired");
    ck_assert_int_eq(cJSON_GetArraySize(fired), 12);
    int64_t due_ms = HARNESS_START_MS;
    for (int i = 0; i < 12; i++) {
        const cJSON *row = cJSON_GetArrayItem(fired, i);
        int64_t seen_ms = 0, attempt = 0;
        due_ms += minutes[i] * INT64_C(60000);
        ck_assert(tree_int(row, "due_ms", &seen_ms) && tree_int(row, "attempt", &attempt));
        ck_assert_int_eq(seen_ms, due_ms);
        ck_assert_int_eq(attempt, i + 2);
        ck_assert_str_eq(tree_text(row, "what"), "webhook");
        ck_assert_str_eq(tree_text(row, "outcome"), "webhook-status");
    }
    OWNED(answer_free) struct answer clock = hooked_ask(fake, "GET /_fakewix/clock", NULL);
    answer_expect(&clock, "now_ms", "1893628800000");
    OWNED(answer_free) struct answer events = hooked_ask(fake, "GET /_fakewix/events", NULL);
    answer_expect(&events, "events.0.state", "failed");
    answer_expect(&events, "events.0.due_ms", "null");
    ck_assert_uint_eq(receiver_count(app), 13);
    for (size_t i = 1; i < 13; i++)
        ck_assert_str_eq(receiver_body(app, i), receiver_body(app, 0));
}
END_TEST

/* Other successes, and a redirect, which nobody follows. */
static const int no_successes[] = {201, 202, 204, 302};

START_TEST(only_status_200_counts)
{
    const int statuses[] = {no_successes[_i], 0};
    app = hooked_app(fake, statuses);
    OWNED(answer_free)
    struct answer sent =
        hooked_send(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    answer_expect(&sent, "events.0.state", "retrying");
    answer_expect(&sent, "events.0.attempts.0.outcome", "webhook-status");
    ck_assert_uint_eq(receiver_count(app), 1);
}
END_TEST

START_TEST(a_retry_that_is_taken_ends_the_matter)
{
    static const int statuses[] = {404, 200, 0};
    app = hooked_app(fake, statuses);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    OWNED(answer_free)
    struct answer early = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':59}");
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&early, "fired")), 0);
    OWNED(answer_free)
    struct answer due = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':1}");
    answer_expect(&due, "fired.0.outcome", "ok");
    OWNED(answer_free)
    struct answer later = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':172800}");
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&later, "fired")), 0);
    OWNED(answer_free) struct answer events = hooked_ask(fake, "GET /_fakewix/events", NULL);
    answer_expect(&events, "events.0.state", "delivered");
}
END_TEST

START_TEST(several_events_fall_due_in_their_order)
{
    static const int failing[] = {500, 0};
    app = hooked_app(fake, failing);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    harness_advance(fake, 30000);
    hooked_tell(fake, "{'event_type':'AppRemoved','delivery':{'wait_ms':$SOON}}");
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':120}");
    answer_expect(&answer, "fired.0.event_id", "ev-1");
    answer_expect(&answer, "fired.1.event_id", "ev-2");
    answer_expect(&answer, "fired.2", NULL);
}
END_TEST

START_TEST(retries_come_by_themselves_when_the_clock_runs)
{
    static const int failing[] = {500, 500, 500, 200, 0};
    app = hooked_app(fake, failing);
    harness_do(fake, 200, "PUT /_fakewix/clock", "{'mode':'scaled','rate':1000000}");
    hooked_tell(fake, "{'event_type':'AppInstalled'}");
    for (int i = 0; i < 4; i++) {
        OWNED(mem_text_free)
        char *line =
            mem_format("GET /_fakewix/journal?route=WEBHOOK*&count=%d&wait_ms=$SOON", i + 1);
        OWNED(answer_free) struct answer answer = hooked_ask(fake, line, NULL);
        ck_assert_int_ge(cJSON_GetArraySize(answer_at(&answer, "entries")), i + 1);
    }
}
END_TEST

static void expect_fired(const char *advance, int n)
{
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/clock/advance", advance);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&answer, "fired")), n);
}

/* docs/CONTROL-API.md, Clock: webhooks that were delivered do not come again. */
START_TEST(what_was_delivered_stays_so_when_the_clock_goes_back)
{
    static const int statuses[] = {500, 200, 0};
    app = hooked_app(fake, statuses);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    expect_fired("{'seconds':60}", 1);
    expect_fired("{'seconds':-7200}", 0);
    expect_fired("{'seconds':172800}", 0);
    harness_do(fake, 200, "PUT /_fakewix/clock", "{'now':'2029-01-01T00:00:00Z'}");
    expect_fired("{'seconds':172800}", 0);
    OWNED(answer_free)
    struct answer events = hooked_ask(fake, "GET /_fakewix/events?wait_ms=$SOON", NULL);
    answer_expect(&events, "events.0.state", "delivered");
    ck_assert_uint_eq(receiver_count(app), 2);
}
END_TEST

/* What is still to come keeps its time: the clock has to come there again. */
START_TEST(what_is_due_stays_due_when_the_clock_goes_back)
{
    static const int statuses[] = {500, 200, 0};
    app = hooked_app(fake, statuses);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    expect_fired("{'seconds':-3600}", 0);
    expect_fired("{'seconds':3659}", 0);
    ck_assert_uint_eq(receiver_count(app), 1);
    expect_fired("{'seconds':1}", 1);
    ck_assert_uint_eq(receiver_count(app), 2);
    OWNED(answer_free) struct answer events = hooked_ask(fake, "GET /_fakewix/events", NULL);
    answer_expect(&events, "events.0.state", "delivered");
    answer_expect(&events, "events.0.attempts.1.at_ms", "1893456060000");
}
END_TEST

/* ---- over a restart, with --state ---- */

START_TEST(what_waits_outlives_the_process)
{
    static const int statuses[] = {500, 200, 500, 200, 0};
    const char *file = state_file_new();
    fake = hooked_reopen(fake, file);
    app = hooked_app(fake, statuses);
    hooked_tell(fake, "{'event_type':'AppInstalled','data':{'a':1},'delivery':{'wait_ms':5000}}");
    hooked_tell(fake,
                "{'event_type':'AppRemoved','delivery':{'wait_ms':5000}}"); /* is taken at once */
    hooked_tell(fake, "{'event_type':'PaidPlanPurchased','delivery':{'wait_ms':5000}}");
    OWNED(answer_free) struct answer before = hooked_ask(fake, "GET /_fakewix/events", NULL);
    fake = hooked_reopen(fake, file);
    OWNED(answer_free) struct answer after = hooked_ask(fake, "GET /_fakewix/events", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&after, "events")), 2);
    answer_expect(&after, "events.0.event_id", "ev-1");
    answer_expect(&after, "events.0.state", "retrying");
    answer_expect(&after, "events.0.data", "{\"a\":1}");
    answer_expect(&after, "events.0.attempts.0.outcome", "webhook-status");
    answer_expect(&after, "events.1.event_id", "ev-3");
    expect_fired("{'seconds':59}", 0);
    expect_fired("{'seconds':1}", 2);
    ck_assert_uint_eq(receiver_count(app), 5);
    ck_assert_str_eq(receiver_body(app, 3), receiver_body(app, 0)); /* the same bytes */
    fake = hooked_reopen(fake, file);
    OWNED(answer_free) struct answer last = hooked_ask(fake, "GET /_fakewix/events", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&last, "events")), 0);
}
END_TEST

/* Whether by DELETE, by a reset or with their world. */
static const struct {
    const char *line;
    int status;
} ends[] = {
    {"DELETE /_fakewix/worlds/a/events", 204},
    {"POST /_fakewix/worlds/a/reset", 200},
    {"DELETE /_fakewix/worlds/a", 204},
};

START_TEST(what_was_forgotten_stays_so)
{
    static const int failing[] = {500, 0};
    const char *file = state_file_new();
    fake = hooked_reopen(fake, file);
    app = hooked_app(fake, failing);
    harness_do(fake, 201, "POST /_fakewix/worlds",
               "{'world':'a','clock':{'now':'2030-01-01T00:00:00Z','mode':'frozen'}}");
    harness_do(fake, 201, "POST /_fakewix/worlds/a/events",
               "{'event_type':'AppInstalled','url':'$HOOK','delivery':{'wait_ms':5000}}");
    harness_do(fake, ends[_i].status, ends[_i].line, NULL);
    fake = hooked_reopen(fake, file);
    OWNED(answer_free)
    struct answer made =
        hooked_ask(fake, "POST /_fakewix/worlds", "{'world':'a'}"); /* where it went */
    OWNED(answer_free)
    struct answer events = hooked_ask(fake, "GET /_fakewix/worlds/a/events", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&events, "events")), 0);
}
END_TEST

static const struct {
    int status;
    const char *state;
} settled[] = {{200, "delivered"}, {500, "failed"}};

START_TEST(what_was_taken_or_given_up_goes_with_the_process)
{
    const int statuses[] = {settled[_i].status, 0};
    const char *file = state_file_new();
    fake = hooked_reopen(fake, file);
    app = hooked_app(fake, statuses);
    OWNED(answer_free)
    struct answer sent = hooked_ask(fake, "POST /_fakewix/events",
                                    "{'event_type':'AppInstalled','url':'$HOOK',"
                                    "'delivery':{'retry':false,'wait_ms':5000}}");
    answer_expect(&sent, "events.0.state", settled[_i].state);
    fake = hooked_reopen(fake, file);
    OWNED(answer_free) struct answer events = hooked_ask(fake, "GET /_fakewix/events", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&events, "events")), 0);
}
END_TEST

/* A delivery may be under way when its world is deleted, and so may a request that has just found
 * the world: neither brings it back. */
START_TEST(what_ends_late_is_not_kept)
{
    static const int failing[] = {500, 0};
    const char *file = state_file_new();
    fake = hooked_reopen(fake, file);
    app = hooked_app(fake, failing);
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'a'}");
    harness_do(fake, 201, "POST /_fakewix/worlds/a/events",
               "{'event_type':'AppInstalled','url':'$HOOK','delivery':{'wait_ms':5000}}");
    struct world *world = worlds_find(fake->fake.worlds, "a");
    harness_do(fake, 204, "DELETE /_fakewix/worlds/a", NULL);
    pthread_mutex_lock(&world->lock);
    const struct event *event = outbox_find(&world->outbox, 1);
    ck_assert_ptr_nonnull(event);
    world_keep_event(world, event);
    world_save(world);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
    fake = hooked_reopen(fake, file);
    harness_do(fake, 404, "GET /_fakewix/worlds/a/clock", NULL);
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'a'}");
    fake = hooked_reopen(fake, file);
    OWNED(answer_free)
    struct answer events = hooked_ask(fake, "GET /_fakewix/worlds/a/events", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&events, "events")), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, twelve_retries_follow_the_worlds_clock);
    suite_rows(tcase, only_status_200_counts, no_successes);
    tcase_add_test(tcase, a_retry_that_is_taken_ends_the_matter);
    tcase_add_test(tcase, several_events_fall_due_in_their_order);
    tcase_add_test(tcase, retries_come_by_themselves_when_the_clock_runs);
    tcase_add_test(tcase, what_was_delivered_stays_so_when_the_clock_goes_back);
    tcase_add_test(tcase, what_is_due_stays_due_when_the_clock_goes_back);
    tcase_add_test(tcase, what_waits_outlives_the_process);
    suite_rows(tcase, what_was_taken_or_given_up_goes_with_the_process, settled);
    tcase_add_test(tcase, what_ends_late_is_not_kept);
    suite_rows(tcase, what_was_forgotten_stays_so, ends);
    return suite_run("redelivery", tcase);
}
