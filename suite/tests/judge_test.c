/* The rules of fairness: what an obstacle, a crash, an exit 77 and an allowed alternative do to a
 * verdict. */
#include "scenario/scenario.h"
#include "tests/wire.h"
#include "trial/judge.h"

static const char text[] =
    "{\"code\":\"X-1\",\"title\":\"t\",\"requirement\":\"r\",\"why\":\"w\",\"source\":\"own\","
    "\"level\":\"MUST\",\"steps\":[\"call\"],\"expect\":{\"client\":\"ok\",\"checks\":["
    "{\"check\":\"token-requests\",\"max\":1},{\"check\":\"api-answered\",\"level\":\"SHOULD\"}]},"
    "\"allow\":[{\"client\":\"error\",\"checks\":[{\"check\":\"api-requests\",\"max\":0}],"
    "\"verdict\":\"WARN\",\"note\":\"it gave up before the call\"}]}";

static const struct wire_line one_token_one_call[] = {
    {"POST", "/oauth2/token", NULL, 200, "ok", "{}", "{\"access_token\":\"A\"}"},
    {"GET", "/conformance/probe", "A", 200, "ok", NULL, NULL},
    {0}};
static const struct wire_line two_tokens[] = {
    {"POST", "/oauth2/token", NULL, 200, "ok", "{}", "{}"},
    {"POST", "/oauth2/token", NULL, 200, "ok", "{}", "{}"},
    {"GET", "/conformance/probe", "A", 200, "ok", NULL, NULL},
    {0}};
static const struct wire_line token_only[] = {
    {"POST", "/oauth2/token", NULL, 200, "ok", "{}", "{}"}, {0}};
static const struct wire_line token_refused[] = {
    {"POST", "/oauth2/token", NULL, 503, "fault", "{}", "{}"}, {0}};
static const struct wire_line carried_over[] = {
    {"GET", "/conformance/probe",
     "OauthNG.JWS.eyJhbGciOiJIUzI1NiJ9.eyJkYXRhIjoie30iLCJmYWtld2l4IjoiMXxvdGhlcnwzIn0.c2ln", 401,
     "api-token-revoked", NULL, NULL},
    {0}};
static const struct wire_line nothing[] = {{0}};

static const struct {
    const char *what;
    enum client_end end;
    int64_t hits; /* of a fault that needs one; -1: no fault */
    const struct wire_line *lines;
    enum verdict verdict;
} cases[] = {
    {"all is well", CLIENT_OK, -1, one_token_one_call, VERDICT_PASS},
    {"the fault was hit", CLIENT_OK, 1, one_token_one_call, VERDICT_PASS},
    {"the fault was not hit", CLIENT_OK, 0, one_token_one_call, VERDICT_INCONCLUSIVE},
    {"a rule is broken", CLIENT_OK, -1, two_tokens, VERDICT_FAIL},
    {"broken, and the wire shows it anyway", CLIENT_OK, 0, two_tokens, VERDICT_FAIL},
    {"missing, and the situation never came", CLIENT_ERROR, 0, nothing, VERDICT_INCONCLUSIVE},
    {"it says it cannot", CLIENT_UNSUPPORTED, 0, nothing, VERDICT_NA},
    {"it crashed", CLIENT_CRASHED, -1, one_token_one_call, VERDICT_FAIL},
    {"it crashed before the situation", CLIENT_CRASHED, 0, one_token_one_call,
     VERDICT_INCONCLUSIVE},
    {"it gave no answer", CLIENT_TIMED_OUT, -1, one_token_one_call, VERDICT_FAIL},
    {"it could not be run", CLIENT_NOT_STARTED, -1, nothing, VERDICT_INCONCLUSIVE},
    {"we were interrupted", CLIENT_STOPPED, -1, one_token_one_call, VERDICT_INCONCLUSIVE},
    {"a cache from another scenario", CLIENT_ERROR, -1, carried_over, VERDICT_INCONCLUSIVE},
    {"what is allowed beside", CLIENT_ERROR, -1, token_only, VERDICT_WARN},
    {"neither expected nor allowed", CLIENT_ERROR, -1, one_token_one_call, VERDICT_FAIL},
};

START_TEST(a_verdict_is_fair)
{
    OWNED(scenario_free) struct scenario scenario = {0};
    struct mistakes mistakes = {0};
    ck_assert(scenario_parse("a/b", "f", text, strlen(text), &scenario, &mistakes));
    struct stage stage = wire_stage();
    static char what[] = "the fault";
    struct armed armed = {.what = what, .needed = 1, .hits = cases[_i].hits};
    stage.armed = &armed;
    stage.n_armed = cases[_i].hits >= 0;
    OWNED(evidence_free)
    struct evidence evidence = {
        .stage = &stage,
        .performance = {.end = cases[_i].end, .detail = mem_text("ended so"), .n_calls = 1}};
    wire_write(cases[_i].lines, &evidence.wire);
    evidence_name_secrets(&evidence);
    OWNED(result_free) struct result result = {.level = LEVEL_MUST};
    judge_variant(&scenario, &scenario.variants[0], &evidence, &result);
    enum verdict verdict = result_conclude(&result);
    ck_assert_msg(verdict == cases[_i].verdict, "%s: %s", cases[_i].what, verdict_name(verdict));
}
END_TEST

/* EXP-09: the reply without a lifetime is the situation, and the step that follows it cannot come
 * once the client has crashed on it. */
static const struct {
    const char *what;
    enum client_end end;
    int64_t hit_seq; /* of the request that a fault hit */
    const char *then;
    const struct wire_line *lines;
    enum verdict verdict;
} crashes[] = {
    {"on the answer that was prepared", CLIENT_CRASHED, 1, NULL, token_only, VERDICT_FAIL},
    {"after a later answer", CLIENT_CRASHED, 1, NULL, one_token_one_call, VERDICT_INCONCLUSIVE},
    {"on an answer that shows nothing", CLIENT_CRASHED, 1, "301 s pass", token_only,
     VERDICT_INCONCLUSIVE},
    {"on an answer as any", CLIENT_CRASHED, 7, NULL, token_only, VERDICT_INCONCLUSIVE},
    {"on a refusal", CLIENT_CRASHED, 1, NULL, token_refused, VERDICT_INCONCLUSIVE},
    {"with an error of its own", CLIENT_ERROR, 1, NULL, token_only, VERDICT_INCONCLUSIVE},
    {"and ends in time", CLIENT_TIMED_OUT, 1, NULL, token_only, VERDICT_INCONCLUSIVE},
};

START_TEST(a_crash_on_a_prepared_answer_is_the_clients)
{
    OWNED(scenario_free) struct scenario scenario = {0};
    struct mistakes mistakes = {0};
    ck_assert(scenario_parse("a/b", "f", text, strlen(text), &scenario, &mistakes));
    struct stage stage = wire_stage();
    static char what[] = "the fault", step[] = "the step";
    OWNED(mem_text_free) char *then = crashes[_i].then ? mem_text(crashes[_i].then) : NULL;
    int64_t seq = crashes[_i].hit_seq;
    struct armed armed[] = {
        {.what = what, .name = what, .then = then, .needed = 1, .hits = 1, .seqs = &seq},
        {.what = step, .name = step, .needed = 1}};
    stage.armed = armed;
    stage.n_armed = 2;
    OWNED(evidence_free)
    struct evidence evidence = {
        .stage = &stage,
        .performance = {.end = crashes[_i].end, .detail = mem_text("ended so"), .n_calls = 1}};
    wire_write(crashes[_i].lines, &evidence.wire);
    evidence_name_secrets(&evidence);
    OWNED(result_free) struct result result = {.level = LEVEL_MUST};
    judge_variant(&scenario, &scenario.variants[0], &evidence, &result);
    enum verdict verdict = result_conclude(&result);
    ck_assert_msg(verdict == crashes[_i].verdict, "%s: %s", crashes[_i].what,
                  verdict_name(verdict));
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("judge", &tests);
    tcase_add_loop_test(tests, a_verdict_is_fair, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tests, a_crash_on_a_prepared_answer_is_the_clients, 0,
                        sizeof crashes / sizeof *crashes);
    return suite_run(suite);
}
