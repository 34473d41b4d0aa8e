/* Worlds: found three ways, kept apart, reset, bounded; and the same from the same seed. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "patience.h"
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

#define MINT(app, secret, instance)                                                                \
    "{'grant_type':'client_credentials','client_id':'" app "','client_secret':'" secret            \
    "','instance_id':'" instance "'}"
#define MINT_B MINT("$BAPP", "$BSECRET", "$BINSTANCE")

/* A second world named b, its ids kept as $BAPP, $BSECRET, $BINSTANCE, $BSITE. */
static void make_b(void)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/worlds", NULL, "{'world':'b'}");
    ck_assert_int_eq(answer.status, 201);
    harness_keep_member(fake, "BAPP", &answer, "app_id");
    harness_keep_member(fake, "BSECRET", &answer, "app_secret");
    harness_keep_member(fake, "BINSTANCE", &answer, "instance_id");
    harness_keep_member(fake, "BSITE", &answer, "site_id");
}

static void keep_b_token(void)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL, MINT_B);
    ck_assert_int_eq(answer.status, 200);
    harness_keep_member(fake, "BTOKEN", &answer, "access_token");
}

static int status_of(const char *line, const char *headers, const char *body)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, headers, body);
    return answer.status;
}

START_TEST(new_world_says_all_a_test_needs)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/worlds", NULL, NULL);
    ck_assert_int_eq(answer.status, 201);
    answer_expect_members(&answer,
                          "world app_id app_secret instance_id site_id http https prefix control");
    const char *name = tree_text(answer.json, "world");
    OWNED(mem_text_free) char *prefix = mem_format("/w/%s", name);
    OWNED(mem_text_free) char *control = mem_format("/_fakewix/worlds/%s", name);
    OWNED(mem_text_free) char *http = mem_format("http://127.0.0.1:8420%s", prefix);
    answer_expect(&answer, "prefix", prefix);
    answer_expect(&answer, "control", control);
    answer_expect(&answer, "http", http);
    answer_expect(&answer, "https", "null");
}
END_TEST

START_TEST(name_of_a_world_is_taken_once)
{
    make_b();
    ck_assert_int_eq(status_of("POST /_fakewix/worlds", NULL, "{'world':'b'}"), 400);
    ck_assert_int_eq(status_of("DELETE /_fakewix/worlds/b", NULL, NULL), 204);
    ck_assert_int_eq(status_of("GET /_fakewix/worlds/b/clock", NULL, NULL), 404);
    ck_assert_int_eq(status_of("GET /w/b/conformance/probe", NULL, NULL), 404);
    make_b();
}
END_TEST

/* ---- a request finds its world by prefix, by app, by token ---- */

static size_t journal_of(const char *world)
{
    OWNED(mem_text_free) char *line = mem_format("GET /_fakewix/worlds/%s/journal", world);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(answer.status, 200);
    return (size_t)cJSON_GetArraySize(answer_at(&answer, "entries"));
}

static const struct {
    const char *line, *headers, *body;
    int status;
    bool in_b;
} ways[] = {
    {"GET /w/b/conformance/probe", NULL, NULL, 401, true},
    {"POST /w/b/oauth2/token", NULL, MINT_B, 200, true},
    {"POST /oauth2/token", NULL, MINT_B, 200, true},
    {"POST /oauth2/token", NULL, "client_id=$BAPP", 400, true},
    {"GET /apps/v1/instance", "Authorization: $BTOKEN", NULL, 200, true},
    {"POST /oauth2/token-info", NULL, "{'token':'$BTOKEN'}", 200, true},
    {"GET /installer/install?appId=$BAPP", NULL, NULL, 200, true},
    {"GET /conformance/probe", NULL, NULL, 401, false},
    {"GET /conformance/probe", "Authorization: garbage", NULL, 401, false},
    {"POST /oauth2/token", NULL, MINT("$APP", "$SECRET", "$INSTANCE"), 200, false},
    {"POST /oauth2/token", NULL, MINT("nobody", "s", "i"), 401, false},
};

START_TEST(request_finds_its_world)
{
    make_b();
    keep_b_token();
    size_t b = journal_of("b");
    size_t ours = journal_of("default");
    ck_assert_int_eq(status_of(ways[_i].line, ways[_i].headers, ways[_i].body), ways[_i].status);
    ck_assert_uint_eq(journal_of("b") - b, ways[_i].in_b);
    ck_assert_uint_eq(journal_of("default") - ours, !ways[_i].in_b);
}
END_TEST

/* ---- nothing leaks ---- */

START_TEST(what_belongs_to_one_world_is_unknown_in_another)
{
    make_b();
    keep_b_token();
    harness_connect(fake);
    harness_install(fake);
    ck_assert_int_eq(
        status_of("POST /w/b/oauth2/token", NULL, MINT("$APP", "$SECRET", "$INSTANCE")), 401);
    ck_assert_int_eq(status_of("GET /w/b/conformance/probe", "Authorization: $ACCESS", NULL), 401);
    ck_assert_int_eq(status_of("GET /w/default/conformance/probe", "Authorization: $BTOKEN", NULL),
                     401);
    ck_assert_int_eq(status_of("POST /oauth/access", NULL,
                               "{'grant_type':'authorization_code','client_id':'$BAPP',"
                               "'client_secret':'$BSECRET','code':'$CODE'}"),
                     400);
    ck_assert_int_eq(
        status_of("POST /_fakewix/worlds/b/tokens/revoke", NULL, "{'token':'$ACCESS'}"), 404);
}
END_TEST

START_TEST(token_info_answers_for_its_own_world_only)
{
    make_b();
    harness_mint(fake);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /w/b/oauth2/token-info", NULL, "{'token':'$TOKEN'}");
    answer_expect(&answer, "active", "false");
}
END_TEST

static const struct {
    const char *line, *body, *look, *path, *text;
} changes[] = {
    {"POST /_fakewix/worlds/b/clock/advance", "{'seconds':5}", "GET /_fakewix/clock", "now",
     "2030-01-01T00:00:00.000Z"},
    {"PUT /_fakewix/worlds/b/profile", "{'bad_secret_status':400}", "GET /_fakewix/profile",
     "bad_secret_status", "401"},
    {"PUT /_fakewix/worlds/b/lifetimes", "{'code_s':5}", "GET /_fakewix/lifetimes", "code_s",
     "600"},
    {"POST /_fakewix/worlds/b/apps", "{'app_id':'x','app_secret':'s'}", "GET /_fakewix/apps",
     "apps.1", NULL},
    {"POST /_fakewix/worlds/b/faults", "{'do':{'fault':'status','status':503}}",
     "GET /_fakewix/faults", "faults.0", NULL},
    {"POST /_fakewix/worlds/b/reset", NULL, "GET /_fakewix/clock", "mode", "frozen"},
};

START_TEST(change_in_one_world_is_not_seen_in_another)
{
    make_b();
    int status = status_of(changes[_i].line, NULL, changes[_i].body);
    ck_assert(status == 200 || status == 201);
    OWNED(answer_free) struct answer answer = harness_ask(fake, changes[_i].look, NULL, NULL);
    answer_expect(&answer, changes[_i].path, changes[_i].text);
}
END_TEST

START_TEST(same_app_may_live_in_two_worlds)
{
    OWNED(answer_free)
    struct answer made =
        harness_ask(fake, "POST /_fakewix/worlds", NULL,
                    "{'world':'b','config':{'apps':[{'app_id':'$APP','app_secret':'other'}]}}");
    ck_assert_int_eq(made.status, 201);
    ck_assert_int_eq(status_of("POST /w/b/oauth2/token", NULL,
                               "{'grant_type':'client_credentials','client_id':'$APP',"
                               "'client_secret':'other'}"),
                     200);
    harness_mint(fake); /* by app: the default world goes first */
}
END_TEST

/* ---- reset, limits, time to live ---- */

START_TEST(reset_goes_back_to_the_start)
{
    harness_connect(fake);
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'x','app_secret':'s'}");
    harness_do(fake, 201, "POST /_fakewix/faults", "{'do':{'fault':'status','status':503}}");
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'bad_secret_status':400}");
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'code_s':5}");
    harness_do(fake, 200, "POST /_fakewix/tokens/revoke", "{'app_id':'$APP'}");
    harness_advance(fake, 5000);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    static const struct {
        const char *line, *path, *text;
    } looks[] = {
        {"GET /_fakewix/apps", "apps.1", NULL},
        {"GET /_fakewix/faults", "faults.0", NULL},
        {"GET /_fakewix/profile", "bad_secret_status", "401"},
        {"GET /_fakewix/lifetimes", "code_s", "600"},
        {"GET /_fakewix/clock", "now", "2030-01-01T00:00:00.000Z"},
        {"GET /_fakewix/journal", "entries.0", NULL},
        {"GET /_fakewix/journal", "next", "1"},
    };
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        OWNED(answer_free) struct answer answer = harness_ask(fake, looks[i].line, NULL, NULL);
        answer_expect(&answer, looks[i].path, looks[i].text);
    }
    harness_connect(fake);
}
END_TEST

START_TEST(oldest_world_makes_room)
{
    static const struct harness_wish small = {.max_worlds = 2};
    harness_free(fake);
    fake = harness_new(&small);
    static const char *const names[] = {"{'world':'one'}", "{'world':'two'}", "{'world':'three'}"};
    for (size_t i = 0; i < 3; i++)
        harness_do(fake, 201, "POST /_fakewix/worlds", names[i]);
    ck_assert_int_eq(status_of("GET /_fakewix/worlds/one/clock", NULL, NULL), 404);
    ck_assert_int_eq(status_of("GET /_fakewix/worlds/two/clock", NULL, NULL), 200);
    OWNED(answer_free) struct answer list = harness_ask(fake, "GET /_fakewix/worlds", NULL, NULL);
    answer_expect(&list, "worlds.0.world", "default");
    answer_expect(&list, "worlds.1.world", "two");
    answer_expect(&list, "worlds.2.world", "three");
    answer_expect(&list, "worlds.3", NULL);
}
END_TEST

enum { MANY = 1024, CREATION_MAX_US = 1000 };

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Each is made in less than a millisecond: half of them are, whatever else the machine does. */
START_TEST(many_worlds_live_side_by_side)
{
    static const struct harness_wish large = {.max_worlds = MANY};
    static int64_t took_us[MANY];
    harness_free(fake);
    fake = harness_new(&large);
    for (int i = 0; i < MANY; i++) {
        int64_t began_us = now_steady_us();
        harness_do(fake, 201, "POST /_fakewix/worlds", NULL);
        took_us[i] = now_steady_us() - began_us;
    }
    qsort(took_us, MANY, sizeof *took_us, by_size);
    ck_assert_int_lt(took_us[MANY / 2], patience(CREATION_MAX_US));
    harness_mint(fake);
    OWNED(answer_free) struct answer health = harness_ask(fake, "GET /_fakewix/health", NULL, NULL);
    answer_expect(&health, "worlds", "1025");
}
END_TEST

START_TEST(world_starts_at_its_own_time)
{
    harness_do(fake, 201, "POST /_fakewix/worlds",
               "{'world':'t','clock':{'now':'2040-01-01T00:00:00Z','mode':'frozen'}}");
    harness_do(fake, 200, "POST /_fakewix/worlds/t/clock/advance", "{'seconds':1}");
    harness_do(fake, 200, "POST /_fakewix/worlds/t/reset", NULL);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/worlds/t/clock", NULL, NULL);
    answer_expect(&answer, "now", "2040-01-01T00:00:00.000Z");
    answer_expect(&answer, "mode", "frozen");
}
END_TEST

/* ---- determinism ---- */

/* Everything a run of requests answers, as bytes. */
static void record(struct buf *ret_bytes, uint64_t seed)
{
    static const char *const script[][3] = {
        {"POST /oauth2/token", NULL, MINT("$APP", "$SECRET", "$INSTANCE")},
        {"POST /_fakewix/sites", NULL, "{'site_id':'s2'}"},
        {"POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2','state':'x'}"},
        {"POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'$SITE'}"},
        {"POST /oauth2/token", NULL, "{}"},
        {"GET /apps/v1/instance", "Authorization: x", NULL},
        {"GET /installer/install?appId=$APP", NULL, NULL},
        {"POST /_fakewix/worlds", NULL, NULL},
        {"POST /_fakewix/worlds", NULL, "{'world':'b','seed':7}"},
        {"GET /_fakewix/instances", NULL, NULL},
        {"POST /_fakewix/clock/advance", NULL, "{'seconds':3600}"},
        {"POST /oauth2/token", NULL, MINT("$APP", "$SECRET", "$INSTANCE")},
    };
    struct harness_wish wish = {.seed = seed};
    struct harness *one = harness_new(&wish);
    for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(one, script[i][0], script[i][1], script[i][2]);
        buf_format(ret_bytes, "%d\n%s\n%s\n", answer.status, buf_str(&answer.head),
                   buf_str(&answer.body));
    }
    harness_connect(one);
    buf_text(ret_bytes, harness_value(one, "ACCESS"));
    buf_text(ret_bytes, harness_value(one, "REFRESH"));
    harness_free(one);
}

START_TEST(same_seed_clock_and_requests_give_the_same_bytes)
{
    OWNED(buf_free) struct buf first = {0};
    OWNED(buf_free) struct buf second = {0};
    OWNED(buf_free) struct buf other = {0};
    record(&first, 42);
    record(&second, 42);
    record(&other, 43);
    ck_assert_uint_gt(first.len, 5000);
    ck_assert_str_eq(buf_str(&first), buf_str(&second));
    ck_assert_str_ne(buf_str(&first), buf_str(&other));
}
END_TEST

/* All but the serials of its tokens, by which it tells them from those of before. */
START_TEST(reset_world_repeats_itself)
{
    static const char *const names[] = {"FIRST", "SECOND"};
    for (size_t i = 0; i < 2; i++) {
        harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'s2'}");
        OWNED(answer_free)
        struct answer made =
            harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2'}");
        harness_keep_member(fake, names[i], &made, "instance_id");
        harness_mint(fake);
        OWNED(tree_free) cJSON *claims = harness_claims(harness_value(fake, "TOKEN"));
        harness_keep(fake, i ? "SECONDDATA" : "FIRSTDATA", tree_text(claims, "data"));
        harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    }
    ck_assert_str_eq(harness_value(fake, "FIRST"), harness_value(fake, "SECOND"));
    ck_assert_str_eq(harness_value(fake, "FIRSTDATA"), harness_value(fake, "SECONDDATA"));
}
END_TEST

START_TEST(armed_fault_does_not_change_later_ids)
{
    harness_keep(fake, "LINE", "{'app_id':'$APP','site_id':'s2'}");
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'s2'}");
    OWNED(answer_free)
    struct answer plain =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2'}");
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'s2'}");
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'probability':0.5},'times':-1,'do':{'fault':'status','status':503}}");
    OWNED(answer_free)
    struct answer armed =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2'}");
    answer_expect(&armed, "instance_id", tree_text(plain.json, "instance_id"));
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 50 };

static void *race(void *context)
{
    int64_t *won = context;
    for (int i = 0; i < ROUNDS; i++) {
        struct request request = {.method = "GET", .target = "/conformance/probe", .body = ""};
        OWNED(response_free) struct response response = {0};
        app_handle(&fake->fake, &request, &response);
        *won += response.status == 401;
    }
    return NULL;
}

START_TEST(many_threads_lose_no_exchange)
{
    pthread_t threads[THREADS];
    int64_t won[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &won[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(won[i], ROUNDS);
    }
    ck_assert_uint_eq(journal_of("default"), THREADS * ROUNDS);
}
END_TEST

/* A code that many threads redeem at once is redeemed once. */
static void *redeem(void *context)
{
    int64_t *won = context;
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth/access", NULL,
                                       "{'grant_type':'authorization_code','client_id':'$APP',"
                                       "'client_secret':'$SECRET','code':'$CODE'}");
    *won = answer.status == 200;
    return NULL;
}

START_TEST(code_is_redeemed_once_by_many_threads)
{
    pthread_t threads[THREADS];
    int64_t won[THREADS] = {0};
    int64_t sum = 0;
    harness_install(fake);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, redeem, &won[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += won[i];
    }
    ck_assert_int_eq(sum, 1);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, new_world_says_all_a_test_needs);
    tcase_add_test(tcase, name_of_a_world_is_taken_once);
    suite_rows(tcase, request_finds_its_world, ways);
    tcase_add_test(tcase, what_belongs_to_one_world_is_unknown_in_another);
    tcase_add_test(tcase, token_info_answers_for_its_own_world_only);
    suite_rows(tcase, change_in_one_world_is_not_seen_in_another, changes);
    tcase_add_test(tcase, same_app_may_live_in_two_worlds);
    tcase_add_test(tcase, reset_goes_back_to_the_start);
    tcase_add_test(tcase, oldest_world_makes_room);
    tcase_add_test(tcase, many_worlds_live_side_by_side);
    tcase_add_test(tcase, world_starts_at_its_own_time);
    tcase_add_test(tcase, same_seed_clock_and_requests_give_the_same_bytes);
    tcase_add_test(tcase, reset_world_repeats_itself);
    tcase_add_test(tcase, armed_fault_does_not_change_later_ids);
    tcase_add_test(tcase, many_threads_lose_no_exchange);
    tcase_add_test(tcase, code_is_redeemed_once_by_many_threads);
    return suite_run("worlds", tcase);
}
