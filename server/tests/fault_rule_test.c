/* Where and when an armed fault fires: each row arms one rule, sends a known series of requests,
 * and says which of them it hits (x) and which it lets pass (.). */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
    harness_connect(fake);
    harness_mint(fake);
    harness_do(fake, 204, "DELETE /_fakewix/journal", NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define HIT "'do':{'fault':'status','status':503}"

static void arm(const char *rule)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/faults", NULL, rule);
    ck_assert_msg(answer.status == 201, "%s: %d %s", rule, answer.status, buf_str(&answer.body));
    harness_keep_member(fake, "FAULT", &answer, "fault_id");
}

/* ---- where ---- */

static const struct {
    const char *line, *headers, *body;
} series[] = {
    {"POST /oauth2/token", "X-Try: one",
     "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET','n':7}"},
    {"POST /oauth2/token", NULL,
     "grant_type=client_credentials&client_id=$APP&client_secret=$SECRET&instance_id=$INSTANCE"},
    {"POST /oauth/access", NULL,
     "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"
     "'refresh_token':'$REFRESH'}"},
    {"GET /conformance/probe?page=2", "Authorization: $TOKEN", NULL},
    {"POST /conformance/probe", "Authorization: Bearer $ACCESS\nX-Try: two", "{'a':true}"},
    {"GET /nowhere", NULL, NULL},
};

static const struct {
    const char *on, *hits;
} places[] = {
    {"{}", "xxxxxx"},
    {"{'route':'POST /oauth2/token'}", "xx...."},
    {"{'route':'POST /oauth*'}", "xxx..."},
    {"{'route':'* /conformance/probe'}", "...xx."},
    {"{'route':'PUT *'}", "......"},
    {"{'service':'token'}", "xx...."},
    {"{'service':'access'}", "..x..."},
    {"{'service':'api'}", "...xxx"},
    {"{'app_id':'$APP'}", "xxxxx."},
    {"{'app_id':'another'}", "......"},
    {"{'instance_id':'$INSTANCE'}", ".xxxx."},
    {"{'grant':'refresh_token'}", "..x..."},
    {"{'header':{'x-try':'*'}}", "x...x."},
    {"{'header':{'X-Try':'one'}}", "x....."},
    {"{'header':{'X-Try':null}}", ".xxx.x"},
    {"{'header':{'X-Try':'t?o','authorization':'Bearer *'}}", "....x."},
    {"{'query':{'page':'2'}}", "...x.."},
    {"{'query':{'page':null}}", "xxx.xx"},
    {"{'body':{'grant_type':'client_*'}}", "xx...."},
    {"{'body':{'instance_id':null,'client_id':'*'}}", "x.x..."},
    {"{'body':{'n':'7'}}", "x....."},
    {"{'body':{'a':'true'}}", "....x."},
    {"{'body_contains':'refresh_token'}", "..x..."},
    {"{'service':'token','body':{'n':'7'},'header':{'X-Try':'one'}}", "x....."},
    {"{'service':'token','header':{'X-Try':'two'}}", "......"},
};

START_TEST(rule_keeps_to_its_place)
{
    OWNED(mem_text_free)
    char *rule = mem_format("{'on':%s,'times':-1," HIT "}", places[_i].on);
    arm(rule);
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, series[i].line, series[i].headers, series[i].body);
        ck_assert_msg((answer.status == 503) == (places[_i].hits[i] == 'x'), "%s: %s: %d",
                      places[_i].on, series[i].line, answer.status);
    }
}
END_TEST

/* ---- when ---- */

/* The requests of a row: p a probe, t a token request, a a second of the fake's clock. */
static const struct {
    const char *rule, *requests, *hits;
} turns[] = {
    {"{" HIT "}", "ppp", "x.."},
    {"{'times':2," HIT "}", "pppp", "xx.."},
    {"{'times':-1," HIT "}", "pppp", "xxxx"},
    {"{'on':{'nth':3}," HIT "}", "ppppp", "..x.."},
    {"{'on':{'nth':2},'times':2," HIT "}", "ppppp", ".xx.."},
    {"{'on':{'every':2},'times':-1," HIT "}", "pppppp", ".x.x.x"},
    {"{'on':{'every':3},'times':1," HIT "}", "pppppp", "..x..."},
    {"{'on':{'until_ms':1893456002000},'times':-1," HIT "}", "papapp", "x x .."},
    {"{'on':{'from_ms':1893456001000}," HIT "}", "papp", ". x."},
    {"{'on':{'route':'* /conformance/probe','after':{'route':'POST /oauth2/token'}}," HIT "}",
     "pptpp", "...x."},
    {"{'on':{'after':{'route':'* /conformance/*','count':2}}," HIT "}", "ptptpp", "...x.."},
    {"{'on':{'after':{'route':'* /conformance/*','status':503}}," HIT "}", "pppp", "...."},
    {"{'on':{'until':{'route':'POST /oauth2/token'}},'times':-1," HIT "}", "pptpp", "xxx.."},
    {"{'on':{'route':'GET *','after':{'route':'POST *'},'until':{'route':'POST *','count':2}},"
     "'times':-1," HIT "}",
     "ptpptpp", "..xx..."},
    {"{'on':{'probability':0},'times':-1," HIT "}", "pppp", "...."},
    {"{'on':{'probability':1},'times':-1," HIT "}", "pppp", "xxxx"},
    {"{'do':[{'fault':'status','status':503},{'fault':'pass'},{'fault':'unavailable'}]}", "ppppp",
     "x.x.."},
    {"{'times':-1,'do':[{'fault':'unavailable'},{'fault':'pass'}]}", "ppppp", "x.x.x"},
    {"{'times':4,'do':[{'fault':'pass'},{'fault':'unavailable'}]}", "pppppp", ".x.x.."},
    {"{'on':{'route':'GET *'},'do':[{'fault':'unavailable'},{'fault':'unavailable'}]}", "ptpp",
     "x.x."},
};

static int send_one(char what)
{
    OWNED(answer_free)
    struct answer answer =
        what == 'p' ? harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL)
                    : harness_ask(fake, "POST /oauth2/token", NULL,
                                  "{'grant_type':'client_credentials','client_id':'$APP',"
                                  "'client_secret':'$SECRET'}");
    return answer.status;
}

START_TEST(rule_keeps_to_its_turn)
{
    arm(turns[_i].rule);
    for (size_t i = 0; turns[_i].requests[i]; i++) {
        char what = turns[_i].requests[i];
        if (what == 'a') {
            harness_advance(fake, 1000);
            continue;
        }
        int status = send_one(what);
        ck_assert_msg((status == 503) == (turns[_i].hits[i] == 'x'), "%s: request %zu: %d",
                      turns[_i].rule, i, status);
    }
}
END_TEST

/* Two armed faults of a kind are a queue; those of different kinds come together. */
START_TEST(rules_queue_up)
{
    arm("{'do':{'fault':'status','status':500}}");
    arm("{'do':{'fault':'status','status':502}}");
    arm("{'do':{'fault':'delay','ms':5}}");
    ck_assert_int_eq(send_one('p'), 500);
    ck_assert_int_eq(send_one('p'), 502);
    ck_assert_int_eq(send_one('p'), 200);
    OWNED(answer_free) struct answer list = harness_ask(fake, "GET /_fakewix/faults", NULL, NULL);
    answer_expect(&list, "faults.0.hits", "[3]");
    answer_expect(&list, "faults.1.hits", "[4]");
    answer_expect(&list, "faults.2.hits", "[3]");
    answer_expect(&list, "faults.2.left", "0");
}
END_TEST

/* One step may be several faults of one request. */
START_TEST(step_may_hold_several_faults)
{
    arm("{'do':[[{'fault':'status','status':429,'retry_after':'soon'},{'fault':'delay','ms':7}],"
        "{'fault':'pass'}]}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /conformance/probe", NULL, NULL);
    ck_assert_int_eq(answer.status, 429);
    answer_expect_header(&answer, "Retry-After", "soon");
    ck_assert_int_eq(answer.delivery.delay_ms, 7);
}
END_TEST

START_TEST(chance_is_the_worlds_and_repeats)
{
    char hits[2][41] = {"", ""};
    for (int run = 0; run < 2; run++) {
        tear_down();
        set_up();
        arm("{'on':{'probability':0.4},'times':-1," HIT "}");
        for (size_t i = 0; i < 40; i++)
            hits[run][i] = send_one('p') == 503 ? 'x' : '.';
    }
    ck_assert_str_eq(hits[0], hits[1]);
    ck_assert_ptr_nonnull(strchr(hits[0], 'x'));
    ck_assert_ptr_nonnull(strchr(hits[0], '.'));
}
END_TEST

/* ---- what is said to who arms it wrong ---- */

static const struct {
    const char *rule, *says;
} refused[] = {
    {"[]", "send a JSON object"},
    {"{}", "do is missing"},
    {"{'do':{}}", "do.fault is missing; `fakewix tables faults`"},
    {"{'do':{'fault':'sulk'}}", "do.fault \"sulk\" is not known; `fakewix tables faults`"},
    {"{'do':{'fault':'delay'}}", "do.ms is missing; the fault \"delay\" needs it"},
    {"{'do':{'fault':'delay','ms':-1}}", "do.ms must be real milliseconds"},
    {"{'do':{'fault':'delay','ms':'5'}}", "do.ms must be real milliseconds"},
    {"{'do':{'fault':'delay','ms':5,'jitter':1}}", "do.jitter is not known; known here: fault"},
    {"{'do':{'fault':'status','status':99}}", "do.status must be a status from 200 to 599"},
    {"{'do':{'fault':'refuse','refusal':'nope'}}", "do.refusal must be one of the names"},
    {"{'do':{'fault':'refuse','refusal':'not-answered'}}", "do.refusal must be one of the names"},
    {"{'do':{'fault':'refuse','refusal':'code-reusd'}}", "did you mean \"code-reused\"?"},
    {"{'do':{'fault':'expire','what':'tea'}}", "do.what must be \"access\""},
    {"{'do':{'fault':'edit','omit':'scope'}}", "do.omit must be a list of texts"},
    {"{'do':{'fault':'hold','until':{'waiting':0}}}", "do.until.waiting must be a whole number"},
    {"{'do':{'fault':'hold','until':{'people':2}}}", "do.until.people is not known"},
    {"{'do':{'fault':'hold','until':{'after':'x'}}}", "do.until.after must be an object"},
    {"{'do':[]}", "do is a list of 1 to 100 steps"},
    {"{'do':[[]]}", "do holds an empty list"},
    {"{'do':[{'fault':'pass'},{'fault':'sulk'}]}", "do[1].fault \"sulk\" is not known"},
    {"{'do':[{'fault':'pass'},[{'fault':'delay','ms':1},{'fault':'delay','ms':-1}]]}",
     "do[1][1].ms must be real milliseconds"},
    {"{'stage':'during','do':{'fault':'reset'}}", "stage must be \"before\" or \"after\""},
    {"{'stage':'before','do':{'fault':'drip'}}", "always comes after the commit"},
    {"{'stage':'after','do':{'fault':'rotate-refresh-token'}}", "always comes before the commit"},
    {"{'times':0,'do':{'fault':'reset'}}", "times must be a whole number from 1, or -1"},
    {"{'time':1,'do':{'fault':'reset'}}",
     "fault.time is not known; did you mean \"times\"? known here: on times"},
    {"{'on':'x','do':{'fault':'reset'}}", "on must be an object"},
    {"{'on':{'rout':'x'},'do':{'fault':'reset'}}", "on.rout is not known"},
    {"{'on':{'route':1},'do':{'fault':'reset'}}", "on.route must be a text"},
    {"{'on':{'nth':0},'do':{'fault':'reset'}}", "on.nth must be a whole number from 1"},
    {"{'on':{'header':'x'},'do':{'fault':'reset'}}", "on.header must be an object of patterns"},
    {"{'on':{'body':{'a':1}},'do':{'fault':'reset'}}", "on.body.a must be a text, or null"},
    {"{'on':{'after':{'count':0}},'do':{'fault':'reset'}}", "on.after.count must be"},
    {"{'on':{'until':{'tea':0}},'do':{'fault':'reset'}}", "on.until.tea is not known"},
    {"{'on':{'probability':2},'do':{'fault':'reset'}}", "on.probability must be a number from 0"},
    {"{'on':{'status':401},'do':{'fault':'edit'}}", "on.status is known only after the answer"},
    {"{'on':{'route':'POST /oauth2/tokens'},'do':{'fault':'reset'}}",
     "on.route \"POST /oauth2/tokens\" can fit no request: a route is a method, a blank and a "
     "path, "
     "such as \"POST /oauth2/token\", \"POST /oauth2/token-info\""},
    {"{'on':{'route':'/oauth2/token'},'do':{'fault':'reset'}}", "such as \"POST /oauth2/token\""},
    {"{'on':{'route':'GET /oauth2/token'},'do':{'fault':'reset'}}",
     "such as \"POST /oauth2/token\""},
    {"{'on':{'route':'post /oauth/access'},'do':{'fault':'reset'}}",
     "such as \"POST /oauth/access\""},
    {"{'on':{'route':'POST oauth2/token'},'do':{'fault':'reset'}}",
     "such as \"POST /oauth2/token\""},
    {"{'on':{'route':'* /oauth2/tocken'},'do':{'fault':'reset'}}", "can fit no request"},
    {"{'on':{'route':'POST /installer/*'},'do':{'fault':'hold','until':{'after':"
     "{'route':'POST /_fakewix/reset'}}}}",
     "do.until.after.route \"POST /_fakewix/reset\" can fit no request"},
    {"{'on':{'service':'tokens'},'do':{'fault':'reset'}}", "on.service \"tokens\" is none: token,"},
    {"{'on':{'service':'control'},'do':{'fault':'reset'}}", "on.service \"control\" is none"},
    {"{'on':{'grant':'client_credential'},'do':{'fault':'reset'}}",
     "on.grant \"client_credential\" is none; did you mean \"client_credentials\"?"},
    {"{'on':{'until':{'grant':'refresh_tokn'}},'do':{'fault':'reset'}}",
     "on.until.grant \"refresh_tokn\" is none; did you mean \"refresh_token\"?"},
    {"{'on':{'after':{'route':'x'}},'do':{'fault':'reset'}}", "on.after.route \"x\" can fit"},
    {"{'on':{'until':{'route':''}},'do':[[{'fault':'reset'}]]}", "on.until.route \"\" can fit"},
};

/* Any path is the API's, so these are armed; they say what was probably meant until they hit. */
static const struct {
    const char *rule, *warning, *nearest;
} unlikely[] = {
    {"{'on':{'route':'GET /apps/v1/instnace'},'do':{'fault':'unavailable'}}",
     "on.route \"GET /apps/v1/instnace\" is no route that this fake knows",
     "GET /apps/v1/instance"},
    {"{'on':{'route':'GET /stores/v1/products/query'},'do':{'fault':'unavailable'}}",
     "on.route \"GET /stores/v1/products/query\" is", "POST /stores/v1/products/query"},
    {"{'on':{'route':'GET /apps/*','after':{'route':'* /comformance/probe'}},"
     "'do':{'fault':'unavailable'}}",
     "on.after.route \"* /comformance/probe\" is", "GET /conformance/probe"},
    {"{'on':{'until':{'route':'GET /blog/v4/posts'}},'do':{'fault':'unavailable'}}",
     "on.until.route \"GET /blog/v4/posts\" is", NULL},
    {"{'on':{'route':'GET /blog/v3/posts'},'do':{'fault':'unavailable'}}", NULL, NULL},
    {"{'on':{'route':'GET /blog/*'},'do':{'fault':'unavailable'}}", NULL, NULL},
    {"{'on':{'route':'OPTIONS /apps/v1/instance'},'do':{'fault':'unavailable'}}", NULL, NULL},
    {"{'on':{'route':'G?T /apps/v?/*'},'do':{'fault':'unavailable'}}", NULL, NULL},
    {"{'do':{'fault':'unavailable'}}", NULL, NULL},
    {"{'on':{'app_id':'nope'},'do':{'fault':'unavailable'}}",
     "on.app_id \"nope\" is none of this world", NULL},
    {"{'on':{'instance_id':'nope'},'do':{'fault':'unavailable'}}",
     "on.instance_id \"nope\" is none of this world", NULL},
    {"{'on':{'app_id':'no*'},'do':{'fault':'unavailable'}}", NULL, NULL},
    {"{'on':{'grant':'password'},'do':{'fault':'unavailable'}}", NULL, NULL},
};

START_TEST(unlikely_route_is_armed_with_a_warning)
{
    harness_do(fake, 201, "POST /_fakewix/api", "{'method':'GET','path':'/blog/v3/*','body':{}}");
    OWNED(answer_free)
    struct answer armed = harness_ask(fake, "POST /_fakewix/faults", NULL, unlikely[_i].rule);
    OWNED(answer_free) struct answer listed = harness_ask(fake, "GET /_fakewix/faults", NULL, NULL);
    const struct answer *answers[] = {&armed, &listed};
    static const char *const prefixes[] = {"", "faults.0."};
    ck_assert_int_eq(armed.status, 201);
    for (size_t i = 0; i < 2; i++) {
        OWNED(mem_text_free) char *where = mem_format("%swarning", prefixes[i]);
        OWNED(mem_text_free) char *near = mem_format("%snearest_routes.0", prefixes[i]);
        const char *warning = cJSON_GetStringValue(answer_at(answers[i], where));
        ck_assert_msg(!warning == !unlikely[_i].warning, "%s", buf_str(&answers[i]->body));
        if (warning)
            ck_assert_msg(strstr(warning, unlikely[_i].warning) == warning, "%s", warning);
        if (unlikely[_i].nearest)
            answer_expect(answers[i], near, unlikely[_i].nearest);
    }
}
END_TEST

START_TEST(warning_goes_with_the_first_hit)
{
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'route':'GET /its/own'},'times':2,'do':{'fault':'unavailable'}}");
    harness_do(fake, 503, "GET /its/own", NULL);
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /_fakewix/faults", NULL, NULL);
    answer_expect(&answer, "faults.0.hits", "[3]");
    answer_expect(&answer, "faults.0.warning", NULL);
    OWNED(answer_free)
    struct answer journal =
        harness_ask(fake, "GET /_fakewix/journal?route=GET%20/its/own", NULL, NULL);
    answer_expect(&journal, "entries.0.route", "GET /its/own");
}
END_TEST

/* Patterns that some request fits, the API's any path among them. */
static const char *const reachable[] = {
    "POST /oauth2/token",
    "POST *",
    "*",
    "* /oauth/access",
    "POST /oauth*",
    "*token",
    "G?T /stores/v9/x",
    "PATCH /members/v1/members/*",
    "GET /held",
    "* /apps/v?/*",
    "OPTIONS /oauth2/token",
    "*/conformance/*",
    "GET /*",
    "* *",
    "POST /oauth/access/",
    "GET /login/device-login",
};

START_TEST(route_that_can_be_is_taken)
{
    OWNED(mem_text_free)
    char *rule = mem_format("{'on':{'route':'%s'}," HIT "}", reachable[_i]);
    harness_do(fake, 201, "POST /_fakewix/faults", rule);
}
END_TEST

/* Who answered: the handler ("ok" or why not), or a fault, by its own words or by a refusal's. */
static const struct {
    const char *action, *outcome;
} outcomes[] = {
    {"'do':{'fault':'status','status':200}", "fault"},
    {"'do':{'fault':'html'}", "fault"},
    {"'do':{'fault':'echo'}", "fault"},
    {"'stage':'after','do':{'fault':'status','status':503}", "fault"},
    {"'do':{'fault':'refuse','refusal':'api-rate-limit'}", "api-rate-limit"},
    {"'stage':'after','do':{'fault':'refuse','refusal':'api-rate-limit'}", "api-rate-limit"},
    {"'do':{'fault':'edit','status':500}", "ok"},
    {"'do':{'fault':'truncate','bytes':1}", "ok"},
    {"'do':{'fault':'reset'}", "ok"},
    {"'stage':'before','do':{'fault':'reset'}", "not-answered"},
};

START_TEST(outcome_says_who_answered)
{
    OWNED(mem_text_free) char *rule = mem_format("{%s}", outcomes[_i].action);
    harness_do(fake, 201, "POST /_fakewix/faults", rule);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /oauth2/jwks", NULL, NULL);
    ck_assert_str_eq(harness_outcome(fake), outcomes[_i].outcome);
}
END_TEST

START_TEST(wrong_rule_is_explained)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/faults", NULL, refused[_i].rule);
    ck_assert_int_eq(answer.status, 400);
    ck_assert_msg(strstr(tree_text(answer.json, "message"), refused[_i].says) != NULL, "%s: %s",
                  refused[_i].rule, buf_str(&answer.body));
    OWNED(answer_free) struct answer list = harness_ask(fake, "GET /_fakewix/faults", NULL, NULL);
    answer_expect(&list, "faults", "[]");
}
END_TEST

START_TEST(unspent_fault_is_visible_and_goes)
{
    arm("{'times':3," HIT "}");
    OWNED(answer_free)
    struct answer one = harness_ask(fake, "GET /_fakewix/faults/$FAULT", NULL, NULL);
    answer_expect(&one, "left", "3");
    answer_expect(&one, "do.status", "503");
    harness_do(fake, 204, "DELETE /_fakewix/faults/$FAULT", NULL);
    harness_do(fake, 404, "DELETE /_fakewix/faults/$FAULT", NULL);
    harness_do(fake, 404, "GET /_fakewix/faults/$FAULT", NULL);
    harness_do(fake, 404, "POST /_fakewix/faults/$FAULT/release", NULL);
    ck_assert_int_eq(send_one('p'), 200);
}
END_TEST

START_TEST(faults_are_bounded)
{
    for (int i = 0; i < 1000; i++)
        harness_do(fake, 201, "POST /_fakewix/faults", "{'on':{'route':'GET /x'}," HIT "}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/faults", NULL, "{" HIT "}");
    ck_assert_int_eq(answer.status, 400);
    ck_assert_ptr_nonnull(strstr(buf_str(&answer.body), "1000 faults are armed already"));
}
END_TEST

START_TEST(a_reset_begins_with_f1_again)
{
    arm("{" HIT "}");
    harness_do(fake, 200, "GET /_fakewix/faults/f1", NULL);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    arm("{" HIT "}");
    harness_do(fake, 200, "GET /_fakewix/faults/f1", NULL);
}
END_TEST

START_TEST(spent_faults_make_room)
{
    arm("{" HIT "}");
    ck_assert_int_eq(send_one('p'), 503);
    for (int i = 0; i < 999; i++)
        harness_do(fake, 201, "POST /_fakewix/faults", "{'on':{'route':'GET /x'}," HIT "}");
    harness_do(fake, 200, "GET /_fakewix/faults/f1", NULL);
    arm("{" HIT "}");
    harness_do(fake, 404, "GET /_fakewix/faults/f1", NULL);
    ck_assert_int_eq(send_one('p'), 503);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, rule_keeps_to_its_place, places);
    suite_rows(tcase, rule_keeps_to_its_turn, turns);
    tcase_add_test(tcase, rules_queue_up);
    tcase_add_test(tcase, step_may_hold_several_faults);
    tcase_add_test(tcase, chance_is_the_worlds_and_repeats);
    suite_rows(tcase, wrong_rule_is_explained, refused);
    suite_rows(tcase, route_that_can_be_is_taken, reachable);
    suite_rows(tcase, unlikely_route_is_armed_with_a_warning, unlikely);
    tcase_add_test(tcase, warning_goes_with_the_first_hit);
    suite_rows(tcase, outcome_says_who_answered, outcomes);
    tcase_add_test(tcase, unspent_fault_is_visible_and_goes);
    tcase_add_test(tcase, faults_are_bounded);
    tcase_add_test(tcase, spent_faults_make_room);
    tcase_add_test(tcase, a_reset_begins_with_f1_again);
    return suite_run("fault_rule", tcase);
}
