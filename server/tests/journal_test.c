/* The journal: what an entry says, how many are kept, how they are asked for, and the long poll. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "suite.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define MINT                                                                                       \
    "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"             \
    "'instance_id':'$INSTANCE'}"

static struct answer journal(const char *query)
{
    OWNED(mem_text_free) char *line = mem_format("GET /_fakewix/journal%s", query);
    struct answer answer = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(answer.status, 200);
    return answer;
}

static int entries_of(const char *query)
{
    OWNED(answer_free) struct answer answer = journal(query);
    return cJSON_GetArraySize(answer_at(&answer, "entries"));
}

/* `n` exchanges whose targets are /1, /2, … */
static void send_many(int n)
{
    for (int i = 1; i <= n; i++) {
        OWNED(mem_text_free) char *line = mem_format("GET /%d", i);
        harness_do(fake, 404, line, NULL);
    }
}

/* ---- one entry ---- */

START_TEST(entry_says_all_there_is_to_know)
{
    harness_advance(fake, 1234);
    OWNED(answer_free)
    struct answer asked =
        harness_ask(fake, "POST /oauth2/token?x=%2F&y", "X-Two: 1\nX-Two: 2", MINT);
    OWNED(answer_free) struct answer answer = journal("");
    static const char *const expected[][2] = {
        {"seq", "1"},
        {"world", "default"},
        {"at_ms", "1893456001234"},
        {"route", "POST /oauth2/token"},
        {"method", "POST"},
        {"target", "/oauth2/token?x=%2F&y"},
        {"grant", "client_credentials"},
        {"status", "200"},
        {"outcome", "ok"},
        {"fault_id", "null"},
        {"request.headers.0", "[\"X-Two\",\"1\"]"},
        {"request.headers.1", "[\"X-Two\",\"2\"]"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        OWNED(mem_text_free) char *path = mem_format("entries.0.%s", expected[i][0]);
        answer_expect(&answer, path, expected[i][1]);
    }
    OWNED(mem_text_free) char *body = harness_expand(fake, MINT);
    answer_expect(&answer, "entries.0.app_id", harness_value(fake, "APP"));
    answer_expect(&answer, "entries.0.instance_id", harness_value(fake, "INSTANCE"));
    answer_expect(&answer, "entries.0.request.body", body);
    answer_expect(&answer, "entries.0.response.body", buf_str(&asked.body));
    answer_expect(&answer, "next", "2");
    answer_expect(&answer, "dropped", "0");
}
END_TEST

START_TEST(entry_names_the_fault_and_the_refusal)
{
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'route':'POST /oauth2/token'},'do':{'fault':'status','status':503}}");
    harness_do(fake, 503, "POST /oauth2/token", MINT);
    harness_do(fake, 401, "POST /oauth2/token",
               "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'no'}");
    OWNED(answer_free) struct answer answer = journal("");
    answer_expect(&answer, "entries.0.fault_id", "f1");
    answer_expect(&answer, "entries.0.status", "503");
    answer_expect(&answer, "entries.1.fault_id", "null");
    answer_expect(&answer, "entries.1.outcome", "token-secret-wrong");
}
END_TEST

START_TEST(entry_of_the_api_names_the_token_s_app_and_instance)
{
    harness_mint(fake);
    harness_do(fake, 204, "DELETE /_fakewix/journal", NULL);
    OWNED(answer_free)
    struct answer asked = harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(asked.status, 200);
    OWNED(answer_free) struct answer answer = journal("");
    answer_expect(&answer, "entries.0.app_id", harness_value(fake, "APP"));
    answer_expect(&answer, "entries.0.instance_id", harness_value(fake, "INSTANCE"));
}
END_TEST

START_TEST(bytes_that_are_no_text_are_shown_as_hexadecimal)
{
    static const char body[] = "\x00\xff{";
    struct request request = {
        .method = "POST", .target = "/oauth2/\xff", .body = body, .body_len = 3};
    OWNED(response_free) struct response response = {0};
    app_handle(&fake->fake, &request, &response);
    OWNED(answer_free) struct answer answer = journal("");
    answer_expect(&answer, "entries.0.request.body_hex", "00ff7b");
    answer_expect(&answer, "entries.0.request.body", NULL);
    answer_expect(&answer, "entries.0.target", "/oauth2/?");
}
END_TEST

START_TEST(values_that_say_nothing_are_refused)
{
    static const char *const queries[] = {"redact=true", "status=4xx",  "limit=-1", "since=x",
                                          "wait_ms=1s",  "format=harr", "follow=2", "count=all"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        OWNED(mem_text_free) char *what = mem_format("GET /_fakewix/journal?%s", queries[i]);
        OWNED(answer_free) struct answer answer = harness_ask(fake, what, NULL, NULL);
        ck_assert_msg(answer.status == 400, "%s got %d", what, answer.status);
        ck_assert_ptr_nonnull(strstr(buf_str(&answer.body), "must be"));
    }
}
END_TEST

START_TEST(control_calls_are_not_in_it)
{
    harness_do(fake, 200, "GET /_fakewix/health", NULL);
    harness_do(fake, 400, "PUT /_fakewix/clock", NULL);
    ck_assert_int_eq(entries_of(""), 0);
}
END_TEST

/* ---- how many are kept ---- */

static const struct {
    size_t max;
    int sent, kept;
} rings[] = {
    {1, 3, 1}, {5, 5, 5}, {5, 6, 5}, {63, 200, 63}, {100, 1000, 100}, {1000, 65, 65},
};

START_TEST(oldest_go_first_and_are_counted)
{
    struct harness_wish wish = {.journal_max = rings[_i].max};
    harness_free(fake);
    fake = harness_new(&wish);
    send_many(rings[_i].sent);
    OWNED(answer_free) struct answer answer = journal("");
    int n = cJSON_GetArraySize(answer_at(&answer, "entries"));
    ck_assert_int_eq(n, rings[_i].kept);
    for (int i = 0; i < n; i++) {
        const cJSON *entry = cJSON_GetArrayItem(answer_at(&answer, "entries"), i);
        int number = rings[_i].sent - n + i + 1;
        OWNED(mem_text_free) char *target = mem_format("/%d", number);
        int64_t seq;
        ck_assert(tree_int(entry, "seq", &seq));
        ck_assert_int_eq(seq, number);
        ck_assert_str_eq(tree_text(entry, "target"), target);
    }
    OWNED(mem_text_free) char *dropped = mem_format("%d", rings[_i].sent - rings[_i].kept);
    answer_expect(&answer, "dropped", dropped);
}
END_TEST

START_TEST(bytes_are_bounded_too)
{
    enum { LIMIT = 100000, BODY = 10000 };
    struct harness_wish wish = {.journal_bytes = LIMIT};
    harness_free(fake);
    fake = harness_new(&wish);
    OWNED(buf_free) struct buf body = {0};
    for (int i = 0; i < BODY; i++)
        buf_char(&body, 'x');
    for (int i = 0; i < 30; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, "POST /conformance/probe", NULL, buf_str(&body));
        ck_assert_int_eq(answer.status, 401);
        send_many(3); /* of other sizes, so that blocks are not handed on */
    }
    struct world *world = worlds_find(fake->fake.worlds, "default");
    ck_assert_uint_le(world->journal.bytes, LIMIT);
    ck_assert_uint_gt(world->journal.bytes, LIMIT / 2);
    ck_assert_int_eq(world->journal.dropped, 120 - (int64_t)world->journal.count);
    world_release(world);
}
END_TEST

START_TEST(cleared_journal_counts_on)
{
    send_many(3);
    harness_do(fake, 204, "DELETE /_fakewix/journal", NULL);
    OWNED(answer_free) struct answer none = journal("");
    answer_expect(&none, "entries", "[]");
    answer_expect(&none, "next", "4");
    send_many(1);
    OWNED(answer_free) struct answer one = journal("");
    answer_expect(&one, "entries.0.seq", "4");
}
END_TEST

/* ---- questions ---- */

static const struct {
    const char *query;
    int n;
} queries[] = {
    {"", 5},
    {"?since=3", 3},
    {"?since=6", 0},
    {"?limit=2", 2},
    {"?route=POST%20/oauth2/token", 2},
    {"?route=POST+*", 3},
    {"?route=*%20/apps/*", 1},
    {"?app=$APP", 4},
    {"?app=nobody", 0},
    {"?instance=$INSTANCE", 3},
    {"?grant=client_*", 2},
    {"?grant=refresh_token", 1},
    {"?outcome=ok", 2},
    {"?outcome=token-*", 1},
    {"?status=401", 2},
    {"?text=Corner%20Bakery", 1},
    {"?route=POST%20/oauth2/token&status=200", 1},
    {"?since=2&limit=1&app=$APP", 1},
};

START_TEST(query_finds_what_fits)
{
    harness_mint(fake);
    harness_do(fake, 401, "POST /oauth2/token",
               "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'no'}");
    OWNED(answer_free)
    struct answer instance =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(instance.status, 200);
    harness_do(fake, 400, "POST /oauth/access",
               "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"
               "'refresh_token':'$TOKEN'}");
    harness_do(fake, 401, "GET /conformance/probe", NULL);
    OWNED(mem_text_free) char *query = harness_expand(fake, queries[_i].query);
    OWNED(answer_free) struct answer answer = journal(query);
    ck_assert_msg(cJSON_GetArraySize(answer_at(&answer, "entries")) == queries[_i].n, "%s: %s",
                  queries[_i].query, buf_str(&answer.body));
}
END_TEST

START_TEST(next_goes_on_where_a_limit_stopped)
{
    send_many(5);
    OWNED(answer_free) struct answer first = journal("?limit=2");
    answer_expect(&first, "next", "3");
    OWNED(answer_free) struct answer rest = journal("?since=3");
    answer_expect(&rest, "entries.0.seq", "3");
    answer_expect(&rest, "next", "6");
}
END_TEST

/* ---- the long poll ---- */

static void *send_two(void *context)
{
    struct request request = {.method = "GET", .target = "/late", .body = ""};
    (void)context;
    for (int i = 0; i < 2; i++) {
        OWNED(response_free) struct response response = {0};
        app_handle(&fake->fake, &request, &response);
    }
    return NULL;
}

START_TEST(long_poll_wakes_when_enough_have_come)
{
    pthread_t sender;
    ck_assert_int_eq(pthread_create(&sender, NULL, send_two, NULL), 0);
    ck_assert_int_eq(entries_of("?wait_ms=$SOON&count=2"), 2);
    pthread_join(sender, NULL);
}
END_TEST

START_TEST(long_poll_gives_up_in_time)
{
    send_many(1);
    int64_t began_ms = now_steady_ms();
    ck_assert_int_eq(entries_of("?wait_ms=30&count=2"), 1);
    ck_assert_int_ge(now_steady_ms() - began_ms, 30);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, entry_says_all_there_is_to_know);
    tcase_add_test(tcase, entry_names_the_fault_and_the_refusal);
    tcase_add_test(tcase, entry_of_the_api_names_the_token_s_app_and_instance);
    tcase_add_test(tcase, bytes_that_are_no_text_are_shown_as_hexadecimal);
    tcase_add_test(tcase, values_that_say_nothing_are_refused);
    tcase_add_test(tcase, control_calls_are_not_in_it);
    suite_rows(tcase, oldest_go_first_and_are_counted, rings);
    tcase_add_test(tcase, bytes_are_bounded_too);
    tcase_add_test(tcase, cleared_journal_counts_on);
    suite_rows(tcase, query_finds_what_fits, queries);
    tcase_add_test(tcase, next_goes_on_where_a_limit_stopped);
    tcase_add_test(tcase, long_poll_wakes_when_enough_have_come);
    tcase_add_test(tcase, long_poll_gives_up_in_time);
    return suite_run("journal", tcase);
}
