/* Requests that wait: at a gate that opens by hand, by number, by an event or by the fake's clock,
 * before their handler ran or after it. Each visitor is a thread that does what the listener does;
 * the tests wait for the fault's own count, never for time. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "patience.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "suite.h"

enum { VISITORS_MAX = 16, SLICE_MS = 20, SOON_MS = 10000 };

struct visitor {
    pthread_t thread;
    char *method, *target, *token, *body; /* owned */
    atomic_bool leaves;                   /* the client gives up */
    bool is_answered;                     /* after the thread has ended */
    int status;
};

static struct harness *fake;
static struct visitor visitors[VISITORS_MAX];
static size_t n_visitors;

static void set_up(void)
{
    n_visitors = 0;
    fake = harness_new(&(struct harness_wish){.max_holds = 8});
    harness_connect(fake);
    harness_mint(fake);
}

static void tear_down(void)
{
    harness_free(fake);
}

/* As the listener waits: in slices, with an eye on the client. */
static bool wait_for(const struct visitor *visitor, const struct delivery *delivery)
{
    int64_t end_ms = now_steady_ms() + patience(SOON_MS);
    while (delivery->hold && !delivery->wait_hold(delivery->hold, SLICE_MS)) {
        if (atomic_load(&visitor->leaves))
            return false;
        if (now_steady_ms() >= end_ms) /* ck_assert is for one thread */
            ck_abort_msg("nobody let the request go");
    }
    return true;
}

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    const struct header headers[] = {{"Authorization", visitor->token},
                                     {"Content-Type", "application/json"},
                                     {"Host", "localhost"}};
    struct request request = {.method = visitor->method,
                              .target = visitor->target,
                              .headers = headers,
                              .n_headers = 3,
                              .body = visitor->body,
                              .body_len = strlen(visitor->body)};
    OWNED(response_free) struct response first = {0};
    OWNED(response_free) struct response second = {0};
    struct response *response = &first;
    app_handle(&fake->fake, &request, response);
    if (first.ticket) {
        request.ticket = first.ticket;
        request.is_gone = !wait_for(visitor, &first.delivery);
        response = &second;
        app_handle(&fake->fake, &request, response);
    }
    visitor->is_answered = !request.is_gone && wait_for(visitor, &response->delivery);
    visitor->status = response->status;
    return NULL;
}

static struct visitor *send(const char *line, const char *body)
{
    ck_assert_uint_lt(n_visitors, VISITORS_MAX);
    struct visitor *visitor = &visitors[n_visitors++];
    char *whole = harness_expand(fake, line);
    size_t len = strcspn(whole, " ");
    *visitor = (struct visitor){.method = mem_text_n(whole, len),
                                .target = mem_text(whole + len + 1),
                                .token = mem_text(harness_value(fake, "TOKEN")),
                                .body = harness_expand(fake, body)};
    free(whole);
    pthread_create(&visitor->thread, NULL, visit, visitor);
    return visitor;
}

static struct visitor *probe(void)
{
    return send("GET /conformance/probe", "");
}

/* Wait for the visitor's end; its status, or 0 where it was not answered. */
static int status_of(struct visitor *visitor)
{
    pthread_join(visitor->thread, NULL);
    free(visitor->method);
    free(visitor->target);
    free(visitor->token);
    free(visitor->body);
    return visitor->is_answered ? visitor->status : 0;
}

static void arm(const char *rule)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/faults", NULL, rule);
    ck_assert_msg(answer.status == 201, "%s: %s", rule, buf_str(&answer.body));
    harness_keep_member(fake, "FAULT", &answer, "fault_id");
}

/* Come back once so many wait at $FAULT. */
static void await_waiting(int n)
{
    OWNED(mem_text_free)
    char *line = mem_format("GET /_fakewix/faults/$FAULT?waiting=%d&wait_ms=$SOON", n);
    OWNED(mem_text_free) char *count = mem_format("%d", n);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    answer_expect(&answer, "waiting", count);
}

static void release(const char *count)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/faults/$FAULT/release", NULL, NULL);
    ck_assert_int_eq(answer.status, 200);
    answer_expect(&answer, "released", count);
}

START_TEST(barrier_opens_for_the_last_to_come)
{
    arm("{'times':3,'do':{'fault':'hold','until':{'waiting':3}}}");
    struct visitor *all[3] = {probe(), probe()};
    await_waiting(2);
    all[2] = probe();
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(status_of(all[i]), 200);
}
END_TEST

START_TEST(barrier_shuts_behind_each_group)
{
    arm("{'times':-1,'do':{'fault':'hold','until':{'waiting':2}}}");
    struct visitor *one = probe();
    await_waiting(1);
    struct visitor *two = probe();
    ck_assert_int_eq(status_of(one), 200);
    ck_assert_int_eq(status_of(two), 200);
    one = probe();
    await_waiting(1);
    two = probe();
    ck_assert_int_eq(status_of(one), 200);
    ck_assert_int_eq(status_of(two), 200);
}
END_TEST

START_TEST(release_lets_go_whom_it_holds_and_holds_the_next)
{
    arm("{'times':3,'do':{'fault':'hold'}}");
    struct visitor *one = probe(), *two = probe();
    await_waiting(2);
    release("2");
    ck_assert_int_eq(status_of(one), 200);
    ck_assert_int_eq(status_of(two), 200);
    struct visitor *three = probe();
    await_waiting(1);
    release("1");
    ck_assert_int_eq(status_of(three), 200);
    ck_assert_int_eq(status_of(probe()), 200);
}
END_TEST

static void expect_hits(const char *wait_ms, int count)
{
    OWNED(mem_text_free)
    char *line = mem_format("GET /_fakewix/faults/$FAULT?hits=1&wait_ms=%s", wait_ms);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(tree_get(answer.json, "hits")), count);
}

/* A request is noted when the fake is through with it, not while it is held. */
START_TEST(hit_is_waited_for)
{
    arm("{'stage':'before','do':{'fault':'hold'}}");
    struct visitor *one = probe();
    await_waiting(1);
    expect_hits("30", 0);
    release("1");
    expect_hits("$SOON", 1);
    ck_assert_int_eq(status_of(one), 200);
}
END_TEST

/* Everything that takes the fault away lets go, too. */
static const char *const ends[] = {
    "DELETE /_fakewix/faults/$FAULT",
    "DELETE /_fakewix/faults",
    "POST /_fakewix/reset",
};

START_TEST(end_of_the_fault_lets_go)
{
    arm("{'do':{'fault':'hold'}}");
    struct visitor *one = probe();
    await_waiting(1);
    OWNED(answer_free) struct answer answer = harness_ask(fake, ends[_i], NULL, NULL);
    ck_assert_int_lt(answer.status, 300);
    ck_assert_int_eq(status_of(one), 200);
}
END_TEST

START_TEST(end_of_the_world_lets_go)
{
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'brief'}");
    OWNED(answer_free)
    struct answer armed = harness_ask(fake, "POST /_fakewix/worlds/brief/faults", NULL,
                                      "{'do':{'fault':'hold'},'stage':'before'}");
    harness_keep_member(fake, "FAULT", &armed, "fault_id");
    struct visitor *one = send("GET /w/brief/conformance/probe", "");
    OWNED(answer_free)
    struct answer seen = harness_ask(
        fake, "GET /_fakewix/worlds/brief/faults/$FAULT?waiting=1&wait_ms=$SOON", NULL, NULL);
    answer_expect(&seen, "waiting", "1");
    harness_do(fake, 204, "DELETE /_fakewix/worlds/brief", NULL);
    ck_assert_int_eq(status_of(one), 404);
}
END_TEST

/* ---- by the fake's clock ---- */

static const struct {
    const char *until;
    int64_t short_ms, rest_ms;
} dues[] = {
    {"{'virtual_ms':5000}", 4999, 1},
    {"{'now_ms':1893456060000}", 59999, 1},
    {"{'virtual_ms':5000,'waiting':3}", 4999, 600000},
};

START_TEST(clock_opens)
{
    OWNED(mem_text_free)
    char *rule = mem_format("{'do':{'fault':'hold','until':%s}}", dues[_i].until);
    arm(rule);
    struct visitor *one = probe();
    await_waiting(1);
    harness_advance(fake, dues[_i].short_ms);
    await_waiting(1);
    harness_advance(fake, dues[_i].rest_ms);
    ck_assert_int_eq(status_of(one), 200);
}
END_TEST

START_TEST(running_clock_opens_by_itself)
{
    harness_do(fake, 200, "PUT /_fakewix/clock", "{'rate':100000,'mode':'scaled'}");
    arm("{'do':{'fault':'hold','until':{'virtual_ms':3600000}}}");
    int64_t start_ms = now_steady_ms();
    ck_assert_int_eq(status_of(probe()), 200);
    ck_assert_int_ge(now_steady_ms() - start_ms, 30);
}
END_TEST

/* A clock that stood still when the request came, and is let run while it waits. */
START_TEST(clock_that_starts_to_run_opens)
{
    arm("{'do':{'fault':'hold','until':{'virtual_ms':3600000}}}");
    struct visitor *one = probe();
    await_waiting(1);
    harness_do(fake, 200, "PUT /_fakewix/clock", "{'rate':1000000,'mode':'scaled'}");
    ck_assert_int_eq(status_of(one), 200);
}
END_TEST

START_TEST(real_limit_ends_a_hold)
{
    arm("{'do':{'fault':'hold','max_ms':30}}");
    int64_t start_ms = now_steady_ms();
    ck_assert_int_eq(status_of(probe()), 200);
    ck_assert_int_ge(now_steady_ms() - start_ms, 30);
}
END_TEST

/* ---- by an event ---- */

#define MINT "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET'}"

START_TEST(event_opens)
{
    arm("{'on':{'route':'* /conformance/*'},'do':{'fault':'hold','until':"
        "{'after':{'route':'POST /oauth2/token','status':200,'count':2}}}}");
    struct visitor *late = probe();
    await_waiting(1);
    ck_assert_int_eq(status_of(send("POST /oauth2/token", "{}")), 400);
    ck_assert_int_eq(status_of(send("POST /oauth2/token", MINT)), 200);
    await_waiting(1);
    ck_assert_int_eq(status_of(send("POST /oauth2/token", MINT)), 200);
    ck_assert_int_eq(status_of(late), 200);
}
END_TEST

/* ---- before the commit and after it ---- */

#define EXCHANGE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"

static int exchange(void)
{
    return status_of(send("POST /oauth/access", EXCHANGE));
}

START_TEST(before_the_commit_nothing_was_done)
{
    harness_install(fake);
    arm("{'stage':'before','do':{'fault':'hold'}}");
    struct visitor *held = send("POST /oauth/access", EXCHANGE);
    await_waiting(1);
    ck_assert_int_eq(exchange(), 200);
    release("1");
    ck_assert_int_eq(status_of(held), 400);
    ck_assert_str_eq(harness_outcome(fake), "code-reused");
}
END_TEST

START_TEST(after_the_commit_all_was_done)
{
    harness_install(fake);
    arm("{'stage':'after','do':{'fault':'hold'}}");
    struct visitor *held = send("POST /oauth/access", EXCHANGE);
    await_waiting(1);
    ck_assert_int_eq(exchange(), 400);
    ck_assert_str_eq(harness_outcome(fake), "code-reused");
    release("1");
    ck_assert_int_eq(status_of(held), 200);
}
END_TEST

/* What the request meets is the world as it is when it goes on. */
START_TEST(token_may_expire_in_flight)
{
    arm("{'stage':'before','do':{'fault':'hold','until':{'virtual_ms':14400000}}}");
    struct visitor *held = probe();
    await_waiting(1);
    harness_advance(fake, 14400000);
    ck_assert_int_eq(status_of(held), 401);
    ck_assert_str_eq(harness_outcome(fake), "api-token-expired");
}
END_TEST

START_TEST(client_that_leaves_before_the_commit_leaves_nothing)
{
    harness_install(fake);
    arm("{'stage':'before','do':{'fault':'hold'}}");
    struct visitor *held = send("POST /oauth/access", EXCHANGE);
    await_waiting(1);
    atomic_store(&held->leaves, true);
    ck_assert_int_eq(status_of(held), 0);
    ck_assert_str_eq(harness_outcome(fake), "client-left");
    ck_assert_int_eq(exchange(), 200);
}
END_TEST

/* A request takes its faults with it: disarming lets it go on, with the rest of its step. */
START_TEST(ticket_outlives_its_fault)
{
    arm("{'do':[[{'fault':'hold','stage':'before'},{'fault':'status','status':418}]]}");
    struct visitor *held = probe();
    await_waiting(1);
    harness_do(fake, 204, "DELETE /_fakewix/faults/$FAULT", NULL);
    ck_assert_int_eq(status_of(held), 418);
}
END_TEST

START_TEST(too_many_are_told)
{
    arm("{'times':-1,'do':{'fault':'hold'}}");
    struct visitor *held[8];
    for (size_t i = 0; i < 8; i++)
        held[i] = probe();
    await_waiting(8);
    ck_assert_int_eq(status_of(probe()), 503);
    ck_assert_str_eq(harness_outcome(fake), "hold-limit");
    release("8");
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(status_of(held[i]), 200);
}
END_TEST

/* ---- cuts before the commit ---- */

static const struct {
    const char *rule;
    enum cut cut;
} cuts[] = {
    {"{'stage':'before','do':{'fault':'reset'}}", CUT_RESET},
    {"{'stage':'before','do':{'fault':'close','after_bytes':3}}", CUT_CLOSE},
    {"{'stage':'before','do':{'fault':'silence'}}", CUT_SILENT},
};

START_TEST(cut_before_the_commit_does_nothing)
{
    harness_install(fake);
    arm(cuts[_i].rule);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth/access", NULL, EXCHANGE);
    ck_assert_int_eq(answer.delivery.cut, cuts[_i].cut);
    ck_assert(answer.delivery.cut_before_head);
    ck_assert_str_eq(harness_outcome(fake), "not-answered");
    ck_assert_int_eq(exchange(), 200);
}
END_TEST

START_TEST(cut_after_the_commit_does_all)
{
    harness_install(fake);
    arm("{'do':{'fault':'reset'}}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth/access", NULL, EXCHANGE);
    ck_assert_int_eq(answer.delivery.cut, CUT_RESET);
    ck_assert_str_eq(harness_outcome(fake), "ok");
    ck_assert_int_eq(exchange(), 400);
    ck_assert_str_eq(harness_outcome(fake), "code-reused");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, barrier_opens_for_the_last_to_come);
    tcase_add_test(tcase, barrier_shuts_behind_each_group);
    tcase_add_test(tcase, release_lets_go_whom_it_holds_and_holds_the_next);
    tcase_add_test(tcase, hit_is_waited_for);
    suite_rows(tcase, end_of_the_fault_lets_go, ends);
    tcase_add_test(tcase, end_of_the_world_lets_go);
    suite_rows(tcase, clock_opens, dues);
    tcase_add_test(tcase, running_clock_opens_by_itself);
    tcase_add_test(tcase, clock_that_starts_to_run_opens);
    tcase_add_test(tcase, real_limit_ends_a_hold);
    tcase_add_test(tcase, event_opens);
    tcase_add_test(tcase, before_the_commit_nothing_was_done);
    tcase_add_test(tcase, after_the_commit_all_was_done);
    tcase_add_test(tcase, token_may_expire_in_flight);
    tcase_add_test(tcase, client_that_leaves_before_the_commit_leaves_nothing);
    tcase_add_test(tcase, ticket_outlives_its_fault);
    tcase_add_test(tcase, too_many_are_told);
    suite_rows(tcase, cut_before_the_commit_does_nothing, cuts);
    tcase_add_test(tcase, cut_after_the_commit_does_all);
    return suite_run("holds", tcase);
}
