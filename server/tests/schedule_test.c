/* The schedule, the outbox, and the timeline's way back to the machine's clock. */
#include "state/schedule.h"

#include <check.h>

#include "shared/mem.h"
#include "state/clock.h"
#include "state/outbox.h"
#include "suite.h"

START_TEST(errands_come_in_order_of_their_time)
{
    struct schedule schedule = {0};
    struct errand errand;
    schedule_add(&schedule, 300, SCHEDULE_WEBHOOK, 1);
    schedule_add(&schedule, 100, SCHEDULE_WEBHOOK, 2);
    schedule_add(&schedule, 300, SCHEDULE_WEBHOOK, 3);
    schedule_add(&schedule, 200, SCHEDULE_WEBHOOK, 4);
    static const int64_t refs[] = {2, 4, 1, 3};
    ck_assert_int_eq(schedule_next_ms(&schedule), 100);
    ck_assert(!schedule_take(&schedule, 99, &errand));
    for (size_t i = 0; i < 4; i++) {
        ck_assert(schedule_take(&schedule, 300, &errand));
        ck_assert_int_eq(errand.ref, refs[i]);
    }
    ck_assert(!schedule_take(&schedule, INT64_MAX, &errand));
    ck_assert_int_eq(schedule_next_ms(&schedule), SCHEDULE_NEVER);
    schedule_free(&schedule);
}
END_TEST

START_TEST(a_dropped_errand_never_comes)
{
    struct schedule schedule = {0};
    struct errand errand;
    for (int64_t ref = 0; ref < 20; ref++)
        schedule_add(&schedule, ref, SCHEDULE_WEBHOOK, ref);
    for (int64_t ref = 0; ref < 20; ref += 2)
        schedule_drop(&schedule, SCHEDULE_WEBHOOK, ref);
    schedule_drop(&schedule, SCHEDULE_WEBHOOK, 99);
    for (int64_t ref = 1; ref < 20; ref += 2) {
        ck_assert(schedule_take(&schedule, 100, &errand));
        ck_assert_int_eq(errand.ref, ref);
    }
    ck_assert(!schedule_take(&schedule, 100, &errand));
    schedule_free(&schedule);
}
END_TEST

static struct event some_event(size_t data_len)
{
    char *data = mem_new(data_len + 3, 1);
    for (size_t i = 0; i < data_len; i++)
        data[i] = ' ';
    data[data_len] = '{';
    data[data_len + 1] = '}';
    return (struct event){.type = mem_text("A"),
                          .url = mem_text("http://127.0.0.1/"),
                          .sign = mem_text("good"),
                          .data = data};
}

/* Events per length of data, until the outbox is full. */
static const struct {
    size_t data_len, at_most;
} sizes[] = {{10, OUTBOX_MAX}, {1 << 20, 16}};

START_TEST(an_outbox_is_bounded)
{
    struct outbox outbox = {0};
    size_t n = 0;
    struct event event = some_event(sizes[_i].data_len);
    while (outbox_add(&outbox, &event) && n <= OUTBOX_MAX) {
        n++;
        event = some_event(sizes[_i].data_len);
    }
    ck_assert_uint_eq(n, outbox.n);
    ck_assert_uint_gt(n, 1);
    ck_assert_uint_le(n, sizes[_i].at_most);
    ck_assert_ptr_null(outbox_find(&outbox, outbox.last_number + 1));
    outbox_find(&outbox, 2)->settled = true;
    event = some_event(sizes[_i].data_len);
    struct event *added = outbox_add(&outbox, &event);
    ck_assert_ptr_nonnull(added);
    ck_assert_ptr_eq(outbox_find(&outbox, added->number), added);
    ck_assert_ptr_null(outbox_find(&outbox, 2));
    ck_assert_int_eq(outbox.dropped, 1);
    outbox_free(&outbox);
}
END_TEST

static const struct {
    enum time_mode mode;
    double rate;
    int64_t now_ms, machine_ms;
} lines[] = {
    {TIME_REAL, 1, 1500, 10500},
    {TIME_SCALED, 10, 2000, 10100},
    {TIME_SCALED, 0.5, 1500, 11000},
    {TIME_FROZEN, 1, 1500, INT64_MAX},
};

START_TEST(a_timeline_knows_when_the_machine_gets_there)
{
    struct timeline timeline = {
        .mode = lines[_i].mode, .base_ms = 1000, .anchor_ms = 10000, .rate = lines[_i].rate};
    int64_t machine_ms = timeline_machine_ms(&timeline, lines[_i].now_ms);
    ck_assert_int_eq(machine_ms, lines[_i].machine_ms);
    if (machine_ms != INT64_MAX)
        ck_assert_int_eq(timeline_at(&timeline, machine_ms), lines[_i].now_ms);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(NULL, NULL);
    tcase_add_test(tcase, errands_come_in_order_of_their_time);
    tcase_add_test(tcase, a_dropped_errand_never_comes);
    suite_rows(tcase, an_outbox_is_bounded, sizes);
    suite_rows(tcase, a_timeline_knows_when_the_machine_gets_there, lines);
    return suite_run("schedule", tcase);
}
