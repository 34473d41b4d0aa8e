/* Worlds beside each other: 32 threads, each with a world of its own whose clock moves as no other
 * does, through all three ways in. Nothing of one may show in another. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "patience.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

enum { WORLDS = 32, ROUNDS = 20, HOUR_MS = 3600 * 1000, LIFE_MS = 4 * HOUR_MS };

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(&(struct harness_wish){.max_worlds = WORLDS + 4, .running = true});
}

static void tear_down(void)
{
    harness_free(fake);
}

/* The harness's own requests are for one thread; these are for any. */
static int ask(const char *method, const char *target, const char *token, const char *body,
               cJSON **ret_json)
{
    const struct header headers[] = {{"Host", "localhost"},
                                     {"Content-Type", "application/json"},
                                     {"Authorization", token ? token : ""}};
    struct request request = {.method = method,
                              .target = target,
                              .headers = headers,
                              .n_headers = token ? 3 : 2,
                              .body = body ? body : "",
                              .body_len = body ? strlen(body) : 0};
    OWNED(response_free) struct response response = {0};
    app_handle(&fake->fake, &request, &response);
    if (ret_json)
        *ret_json = tree_parse(buf_str(&response.body), response.body.len, NULL);
    return response.status;
}

/* One thread's world, and what must be true of it. */
struct tenant {
    pthread_t thread;
    int number;
    char *world, *app_id, *secret, *instance_id; /* owned */
    char *other;                                 /* a neighbour's name; owned */
    int64_t now_ms;                              /* where its clock must stand */
    int64_t requests;                            /* that its journal must have */
    char *problem;                               /* the first thing that was not so; owned */
};

static void check(struct tenant *tenant, bool holds, const char *what, int64_t seen)
{
    if (!holds && !tenant->problem)
        tenant->problem = mem_format("world %d: %s: %lld", tenant->number, what, (long long)seen);
}

static void move_clock(struct tenant *tenant, int64_t by_ms)
{
    OWNED(mem_text_free)
    char *target = mem_format("/_fakewix/worlds/%s/clock/advance", tenant->world);
    OWNED(mem_text_free) char *body = mem_format("{\"ms\":%lld}", (long long)by_ms);
    OWNED(tree_free) cJSON *clock = NULL;
    int status = ask("POST", target, NULL, body, &clock);
    int64_t now_ms = 0;
    tree_int(clock, "now_ms", &now_ms);
    tenant->now_ms += by_ms;
    check(tenant, status == 200 && now_ms == tenant->now_ms, "the clock after a move", now_ms);
}

/* By app id: no prefix. The token, caller frees. */
static char *mint(struct tenant *tenant)
{
    OWNED(mem_text_free)
    char *body = mem_format("{\"grant_type\":\"client_credentials\",\"client_id\":\"%s\","
                            "\"client_secret\":\"%s\",\"instance_id\":\"%s\"}",
                            tenant->app_id, tenant->secret, tenant->instance_id);
    OWNED(tree_free) cJSON *answer = NULL;
    int status = ask("POST", "/oauth2/token", NULL, body, &answer);
    tenant->requests++;
    check(tenant, status == 200, "minting", status);
    const char *token = tree_text(answer, "access_token");
    OWNED(tree_free) cJSON *claims = token ? harness_claims(token) : NULL;
    int64_t iat = 0;
    tree_int(claims, "iat", &iat);
    check(tenant, iat == tenant->now_ms / 1000, "iat", iat);
    return mem_text(token ? token : "none");
}

/* By the token alone, or by a world's prefix. */
static int probe(struct tenant *tenant, const char *token, const char *world)
{
    OWNED(mem_text_free)
    char *target =
        world ? mem_format("/w/%s/conformance/probe", world) : mem_text("/conformance/probe");
    tenant->requests += !world || strcmp(world, tenant->world) == 0;
    return ask("GET", target, token, NULL, NULL);
}

static void arm(struct tenant *tenant)
{
    OWNED(mem_text_free) char *target = mem_format("/_fakewix/worlds/%s/faults", tenant->world);
    OWNED(mem_text_free)
    char *rule = mem_format("{\"on\":{\"app_id\":\"%s\"},\"do\":{\"fault\":\"unavailable\"}}",
                            tenant->app_id);
    int status = ask("POST", target, NULL, rule, NULL);
    check(tenant, status == 201, "arming", status);
}

static void live_one_round(struct tenant *tenant)
{
    int64_t step_ms = (tenant->number % 2 ? 1 : -1) * (int64_t)(tenant->number + 1) * 60000;
    OWNED(mem_text_free) char *token = mint(tenant);
    check(tenant, probe(tenant, token, NULL) == 200, "a new token, by itself", 0);
    check(tenant, probe(tenant, token, tenant->world) == 200, "a new token, by prefix", 0);
    check(tenant, probe(tenant, token, tenant->other) == 401, "a token at the neighbour's", 0);
    move_clock(tenant, LIFE_MS - 1);
    check(tenant, probe(tenant, token, NULL) == 200, "a token in its last millisecond", 0);
    move_clock(tenant, 1);
    check(tenant, probe(tenant, token, NULL) == 401, "a token that expired", 0);
    move_clock(tenant, -LIFE_MS);
    check(tenant, probe(tenant, token, NULL) == 200, "a token after the clock went back", 0);
    arm(tenant);
    check(tenant, probe(tenant, token, tenant->world) == 503, "a fault of its own", 0);
    check(tenant, probe(tenant, token, NULL) == 200, "a fault that is spent", 0);
    move_clock(tenant, step_ms);
}

static void *live(void *argument)
{
    struct tenant *tenant = argument;
    for (int round = 0; round < ROUNDS && !tenant->problem; round++)
        live_one_round(tenant);
    return NULL;
}

static void make(struct tenant *tenant, int number)
{
    tenant->number = number;
    tenant->now_ms = HARNESS_START_MS + (int64_t)number * 1000 * HOUR_MS;
    OWNED(mem_text_free)
    char *body =
        mem_format("{\"clock\":{\"now_ms\":%lld,\"mode\":\"frozen\"}}", (long long)tenant->now_ms);
    OWNED(tree_free) cJSON *world = NULL;
    ck_assert_int_eq(ask("POST", "/_fakewix/worlds", NULL, body, &world), 201);
    tenant->world = mem_text(tree_text(world, "world"));
    tenant->app_id = mem_text(tree_text(world, "app_id"));
    tenant->secret = mem_text(tree_text(world, "app_secret"));
    tenant->instance_id = mem_text(tree_text(world, "instance_id"));
}

/* Every entry is the tenant's own, at a time its clock has shown; only the neighbour's probes,
 * which were refused, are another's. */
static void check_journal(struct tenant *tenant)
{
    OWNED(mem_text_free) char *target = mem_format("/_fakewix/worlds/%s/journal", tenant->world);
    OWNED(tree_free) cJSON *journal = NULL;
    ask("GET", target, NULL, NULL, &journal);
    int64_t own = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, tree_get(journal, "entries"))
    {
        int64_t at_ms = 0;
        const char *app_id = tree_text(entry, "app_id");
        tree_int(entry, "at_ms", &at_ms);
        int64_t start_ms = HARNESS_START_MS + (int64_t)tenant->number * 1000 * HOUR_MS;
        check(tenant, llabs(at_ms - start_ms) < 500LL * HOUR_MS, "a time in the journal", at_ms);
        own += app_id && strcmp(app_id, tenant->app_id) == 0;
    }
    check(tenant, own == tenant->requests, "own entries in the journal", own);
}

static void end(struct tenant *tenant)
{
    free(tenant->world);
    free(tenant->app_id);
    free(tenant->secret);
    free(tenant->instance_id);
    free(tenant->other);
    free(tenant->problem);
}

START_TEST(worlds_do_not_see_each_other)
{
    static struct tenant tenants[WORLDS];
    for (int i = 0; i < WORLDS; i++)
        make(&tenants[i], i);
    for (int i = 0; i < WORLDS; i++)
        tenants[i].other = mem_text(tenants[(i + 1) % WORLDS].world);
    for (int i = 0; i < WORLDS; i++)
        pthread_create(&tenants[i].thread, NULL, live, &tenants[i]);
    for (int i = 0; i < WORLDS; i++)
        pthread_join(tenants[i].thread, NULL);
    for (int i = 0; i < WORLDS; i++)
        check_journal(&tenants[i]);
    for (int i = 0; i < WORLDS; i++)
        ck_assert_msg(!tenants[i].problem, "%s", tenants[i].problem);
    OWNED(tree_free) cJSON *journal = NULL;
    ask("GET", "/_fakewix/journal", NULL, NULL, &journal);
    ck_assert_int_eq(cJSON_GetArraySize(tree_get(journal, "entries")), 0);
    for (int i = 0; i < WORLDS; i++)
        end(&tenants[i]);
}
END_TEST

/* A token leads to the world that made it, whichever other world has the same app. */
START_TEST(token_leads_home)
{
    harness_do(fake, 201, "POST /_fakewix/worlds",
               "{'world':'one','config':{'apps':[{'app_id':'$APP','app_secret':'$SECRET'}]}}");
    harness_do(fake, 201, "POST /_fakewix/worlds",
               "{'world':'two','config':{'apps':[{'app_id':'$APP','app_secret':'$SECRET'}]}}");
    static const char *const names[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        OWNED(mem_text_free) char *line = mem_format("POST /w/%s/oauth2/token", names[i]);
        OWNED(answer_free)
        struct answer minted = harness_ask(fake, line, NULL,
                                           "{'grant_type':'client_credentials',"
                                           "'client_id':'$APP','client_secret':'$SECRET'}");
        harness_keep_member(fake, "THEIRS", &minted, "access_token");
        OWNED(answer_free)
        struct answer probe =
            harness_ask(fake, "GET /conformance/probe", "Authorization: $THEIRS", NULL);
        ck_assert_int_eq(probe.status, 200);
        OWNED(mem_text_free)
        char *journal = mem_format("GET /_fakewix/worlds/%s/journal?route=GET*", names[i]);
        OWNED(answer_free) struct answer seen = harness_ask(fake, journal, NULL, NULL);
        answer_expect(&seen, "entries.0.world", names[i]);
        ck_assert_ptr_null(answer_at(&seen, "entries.1"));
    }
}
END_TEST

/* A world that is past its time goes, although nobody asks for it. */
START_TEST(world_goes_when_its_time_is_over)
{
    OWNED(mem_text_free) char *brief = mem_format("{'world':'brief','ttl_s':%d}", patience(1));
    OWNED(mem_text_free)
    char *until = mem_format("GET /_fakewix/journal?wait_ms=%d", patience(1000) + 50);
    harness_do(fake, 201, "POST /_fakewix/worlds", brief);
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'long','ttl_s':1000}");
    harness_do(fake, 200, "GET /_fakewix/worlds/brief/clock", NULL);
    harness_do(fake, 200, until, NULL);
    OWNED(answer_free) struct answer health = harness_ask(fake, "GET /_fakewix/health", NULL, NULL);
    answer_expect(&health, "worlds", "2");
    harness_do(fake, 404, "GET /_fakewix/worlds/brief/clock", NULL);
    harness_do(fake, 200, "GET /_fakewix/worlds/long/clock", NULL);
}
END_TEST

/* Back in time: what expired is alive again, what was spent or revoked stays so, and numbers, ids
 * and the journal go on. */
START_TEST(clock_may_go_back)
{
    harness_do(fake, 200, "PUT /_fakewix/clock", "{'mode':'frozen'}");
    harness_connect(fake);
    harness_mint(fake);
    harness_advance(fake, LIFE_MS);
    OWNED(answer_free)
    struct answer expired =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(expired.status, 401);
    harness_advance(fake, -2 * (int64_t)LIFE_MS);
    OWNED(answer_free)
    struct answer alive =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(alive.status, 200);
    OWNED(answer_free)
    struct answer code = harness_ask(fake, "POST /oauth/access", NULL,
                                     "{'grant_type':'authorization_code','client_id':'$APP',"
                                     "'client_secret':'$SECRET','code':'$CODE'}");
    ck_assert_int_eq(code.status, 400);
    ck_assert_str_eq(harness_outcome(fake), "code-reused");
    harness_do(fake, 200, "POST /_fakewix/tokens/revoke", "{'token':'$TOKEN'}");
    harness_advance(fake, -1000);
    OWNED(answer_free)
    struct answer revoked =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(revoked.status, 401);
    OWNED(answer_free) struct answer seen = harness_ask(fake, "GET /_fakewix/journal", NULL, NULL);
    for (int i = 0; i < cJSON_GetArraySize(answer_at(&seen, "entries")); i++) {
        OWNED(mem_text_free) char *path = mem_format("entries.%d.seq", i);
        OWNED(mem_text_free) char *seq = mem_format("%d", i + 1);
        answer_expect(&seen, path, seq);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, worlds_do_not_see_each_other);
    tcase_add_test(tcase, token_leads_home);
    tcase_add_test(tcase, world_goes_when_its_time_is_over);
    tcase_add_test(tcase, clock_may_go_back);
    return suite_run("isolation", tcase);
}
