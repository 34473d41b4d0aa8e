/* Every check, on wires that keep its rule, break it, and say nothing about it. */
#include "checks/checks.h"
#include "tests/wire.h"

enum { MOST_LINES = 8 };

#define CC                                                                                         \
    "{\"grant_type\":\"client_credentials\",\"client_id\":\"app\",\"client_secret\":\"s3cret\","   \
    "\"instance_id\":\"inst\"}"
#define REFRESH(token)                                                                             \
    "{\"grant_type\":\"refresh_token\",\"client_id\":\"app\",\"client_secret\":\"s3cret\","        \
    "\"refresh_token\":\"" token "\"}"
#define TOKEN(body, answer)                                                                        \
    {                                                                                              \
        "POST", "/w/test/oauth2/token", NULL, 200, NULL, body, answer                              \
    }
#define ACCESS(body, answer)                                                                       \
    {                                                                                              \
        "POST", "/w/test/oauth/access", NULL, 200, NULL, body, answer                              \
    }
#define CALL(token, status)                                                                        \
    {                                                                                              \
        "GET", "/w/test/conformance/probe", token, status, NULL, NULL, NULL                        \
    }
#define EXPIRED(token)                                                                             \
    {                                                                                              \
        "GET", "/w/test/conformance/probe", token, 401, "api-token-expired", NULL, NULL            \
    }
#define EXCHANGE(code)                                                                             \
    "{\"grant_type\":\"authorization_code\",\"client_id\":\"app\",\"client_secret\":\"s3cret\","   \
    "\"code\":\"" code "\"}"
#define REFUSED(code)                                                                              \
    {                                                                                              \
        "POST", "/w/test/oauth/access", NULL, 400, "access-grant", EXCHANGE(code), "{}"            \
    }
#define POST(token, status, body)                                                                  \
    {                                                                                              \
        "POST", "/w/test/conformance/probe", token, status, NULL, body, NULL                       \
    }
#define A1 "{\"access_token\":\"A1\"}"
#define A2 "{\"access_token\":\"A2\"}"
#define A1R1 "{\"access_token\":\"A1\",\"refresh_token\":\"R1\"}"
#define A2R2 "{\"access_token\":\"A2\",\"refresh_token\":\"R2\"}"

static const struct {
    const char *check;
    const char *params;
    enum finding_kind kind;
    int64_t seq; /* of the exchange it points at */
    struct wire_line lines[MOST_LINES];
} cases[] = {
    {"token-requests",
     "{\"min\":1,\"max\":1}",
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), CALL("A1", 200)}},
    {"token-requests", "{\"max\":1}", FINDING_BROKEN, 2, {TOKEN(CC, A1), TOKEN(CC, A2)}},
    {"token-requests", "{\"min\":1}", FINDING_BROKEN, -1, {CALL(NULL, 401)}},
    {"token-requests-per-call", "{\"max\":1}", FINDING_HOLDS, -1, {TOKEN(CC, A1), TOKEN(CC, A1)}},
    {"token-requests-per-call",
     "{\"max\":1}",
     FINDING_BROKEN,
     3,
     {TOKEN(CC, A1), TOKEN(CC, A1), TOKEN(CC, A1)}},

    {"token-request-complete", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"token-request-complete", NULL, FINDING_HOLDS, -1, {ACCESS(REFRESH("R1"), A1)}},
    {"token-request-complete",
     NULL,
     FINDING_BROKEN,
     1,
     {TOKEN("{\"grant_type\":\"client_credentials\"}", A1)}},
    {"token-request-complete", NULL, FINDING_BROKEN, 1, {TOKEN("hello", A1)}},
    {"token-request-complete", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},

    {"token-request-by-post",
     NULL,
     FINDING_HOLDS,
     -1,
     {{"OPTIONS", "/w/test/oauth2/token", NULL, 204, NULL, NULL, NULL}, TOKEN(CC, A1)}},
    {"token-request-by-post",
     NULL,
     FINDING_BROKEN,
     1,
     {{"GET", "/w/test/oauth/access.json", NULL, 405, "access-method", NULL, NULL}, TOKEN(CC, A1)}},
    {"token-request-by-post", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},

    {"token-endpoint-fits-grant",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), ACCESS(REFRESH("R1"), A2)}},
    {"token-endpoint-fits-grant", NULL, FINDING_BROKEN, 1, {TOKEN(REFRESH("R1"), A1)}},
    {"token-endpoint-fits-grant", NULL, FINDING_BROKEN, 1, {ACCESS(CC, A1)}},

    {"credentials-in-body-only", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"credentials-in-body-only",
     NULL,
     FINDING_BROKEN,
     1,
     {{"POST", "/w/test/oauth2/token?client_secret=s3cret", NULL, 200, NULL, CC, A1}}},
    {"credentials-in-body-only",
     NULL,
     FINDING_BROKEN,
     1,
     {{"POST", "/w/test/oauth2/token?x=s%33cret", NULL, 200, NULL, CC, A1}}},
    {"credentials-in-body-only", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"access-token-not-in-uri", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"access-token-not-in-uri",
     NULL,
     FINDING_BROKEN,
     2,
     {TOKEN(CC, "{\"access_token\":\"TOK.en\"}"),
      {"GET", "/w/test/conformance/probe?access_token=TOK.en", "TOK.en", 200, NULL, NULL, NULL}}},

    {"arguments-clean", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"debug-output-measured", NULL, FINDING_MEASURED, -1, {TOKEN(CC, A1)}},
    {"debug-output-measured", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"nothing-in-clear", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"nothing-sent", NULL, FINDING_HOLDS, -1, {{0}}},
    {"nothing-sent", NULL, FINDING_BROKEN, 1, {TOKEN(CC, A1)}},
    {"authority-trusted", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"authority-trusted", NULL, FINDING_UNDECIDED, -1, {{0}}},

    {"api-requests", "{\"max\":0}", FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"api-requests", "{\"max\":0}", FINDING_BROKEN, 1, {CALL("", 401)}},
    {"api-answered", NULL, FINDING_HOLDS, -1, {CALL("A1", 200), CALL("A1", 200)}},
    {"api-answered", NULL, FINDING_BROKEN, -1, {CALL("A1", 200), CALL("A1", 503)}},
    {"api-answered", "{\"min\":1}", FINDING_HOLDS, -1, {CALL("A1", 503), CALL("A1", 200)}},
    {"api-token-was-issued",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), CALL("Bearer A1", 200), CALL("A1", 200)}},
    {"api-token-was-issued", NULL, FINDING_HOLDS, -1, {TOKEN(CC, "{}")}},
    {"api-token-was-issued", NULL, FINDING_BROKEN, 2, {TOKEN(CC, "{}"), CALL("undefined", 401)}},
    {"api-token-was-issued", NULL, FINDING_BROKEN, 1, {CALL(NULL, 401)}},
    {"api-token-was-issued", NULL, FINDING_BROKEN, 1, {CALL("Bearer", 401)}},

    {"expired-token-recovered",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), CALL("A1", 200), TOKEN(CC, A2), CALL("A2", 200)}},
    {"expired-token-recovered",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), EXPIRED("A1"), TOKEN(CC, A2), CALL("A2", 200)}},
    {"expired-token-recovered", NULL, FINDING_BROKEN, 2, {TOKEN(CC, A1), EXPIRED("A1")}},
    {"expired-token-recovered",
     NULL,
     FINDING_BROKEN,
     2,
     {TOKEN(CC, A1), EXPIRED("A1"), TOKEN(CC, A2), EXPIRED("A1")}},

    {"no-expired-token-sent",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), CALL("A1", 200), TOKEN(CC, A2), CALL("A2", 200)}},
    {"no-expired-token-sent", NULL, FINDING_BROKEN, 2, {TOKEN(CC, A1), EXPIRED("A1")}},
    {"no-expired-token-sent", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"clock-has-moved", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), TOKEN(CC, A2)}},
    {"clock-has-moved", "{}", FINDING_ELSEWHERE, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"clock-has-moved", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1), CALL("A1", 200)}},

    {"retried-after-401",
     NULL,
     FINDING_HOLDS,
     -1,
     {CALL("A1", 401), TOKEN(CC, A2), CALL("A2", 200)}},
    {"retried-after-401", NULL, FINDING_BROKEN, 1, {CALL("A1", 401)}},
    {"retried-after-401", NULL, FINDING_BROKEN, 1, {CALL("A1", 401), TOKEN(CC, A2)}},
    {"retried-after-401",
     NULL,
     FINDING_BROKEN,
     3,
     {CALL("A1", 401), TOKEN(CC, A2), CALL("A1", 401)}},
    {"retried-after-401", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},
    {"retry-has-new-token",
     NULL,
     FINDING_HOLDS,
     -1,
     {CALL("A1", 401), TOKEN(CC, A2), CALL("A2", 200)}},
    {"retry-has-new-token",
     NULL,
     FINDING_BROKEN,
     3,
     {CALL("A1", 401), TOKEN(CC, A2), CALL("Bearer A1", 200)}},
    {"retry-has-new-token", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 401), TOKEN(CC, A2)}},
    {"refusals-bounded",
     "{\"max_tokens\":1,\"max_calls\":1}",
     FINDING_HOLDS,
     -1,
     {CALL("A1", 401), TOKEN(CC, A2), CALL("A2", 401), TOKEN(CC, A1)}},
    {"refusals-bounded",
     "{\"max_tokens\":0,\"max_calls\":2}",
     FINDING_BROKEN,
     3,
     {CALL("A1", 401), TOKEN(CC, A2), CALL("A2", 401)}},
    {"no-refresh-after-403", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), CALL("A1", 403)}},
    {"no-refresh-after-403", NULL, FINDING_BROKEN, 2, {CALL("A1", 403), TOKEN(CC, A2)}},
    {"no-refresh-after-403", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 401)}},

    {"refresh-token-kept",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(REFRESH("R1"), A1), ACCESS(REFRESH("R1"), A2)}},
    {"refresh-token-kept",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(REFRESH("R1"), A2R2), ACCESS(REFRESH("R2"), A2)}},
    {"refresh-token-kept",
     NULL,
     FINDING_BROKEN,
     2,
     {ACCESS(REFRESH("R1"), A2R2), ACCESS(REFRESH("R1"), A2)}},
    {"refresh-token-kept",
     NULL,
     FINDING_BROKEN,
     2,
     {ACCESS(REFRESH("R1"), A1), ACCESS("{\"grant_type\":\"refresh_token\"}", A2)}},
    {"refresh-token-kept", NULL, FINDING_UNDECIDED, -1, {ACCESS(REFRESH("R1"), A1)}},
    {"token-requests-measured", NULL, FINDING_MEASURED, -1, {TOKEN(CC, A1)}},
    {"token-request-is-json", NULL, FINDING_BROKEN, 1, {TOKEN(CC, A1)}},
    {"token-request-is-json", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},
    {"authorization-form", NULL, FINDING_MEASURED, -1, {CALL("A1", 200)}},
    {"authorization-form", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"token-in-one-place", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"token-in-one-place",
     NULL,
     FINDING_BROKEN,
     2,
     {TOKEN(CC, A1), {"POST", "/w/test/probe", "A1", 200, NULL, "{\"t\":\"A1\"}", NULL}}},
    {"token-in-one-place", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"api-use-measured", NULL, FINDING_MEASURED, -1, {TOKEN(CC, A1)}},
    {"refused-token-not-sent-again",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), CALL("A1", 401), TOKEN(CC, A2), CALL("A2", 200)}},
    {"refused-token-not-sent-again",
     NULL,
     FINDING_BROKEN,
     5,
     {TOKEN(CC, A1), CALL("A1", 401), TOKEN(CC, A2), CALL("A2", 200), CALL("A1", 401)}},
    {"refused-token-not-sent-again", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 401)}},
    {"expired-token-not-sent", NULL, FINDING_HOLDS, -1, {CALL("A1", 200)}},
    {"expired-token-not-sent", NULL, FINDING_BROKEN, 2, {CALL("A1", 200), EXPIRED("A1")}},
    {"expired-token-not-sent", "{\"max\":1}", FINDING_HOLDS, -1, {EXPIRED("A1")}},
    {"expired-token-not-sent", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"token-reuse-measured", NULL, FINDING_MEASURED, -1, {CALL("A1", 200), CALL("A1", 200)}},
    {"token-reuse-measured", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},
    {"retries-spaced", NULL, FINDING_HOLDS, -1, {CALL("A1", 429), CALL("A1", 200)}},
    {"retries-spaced", "{\"min_ms\":1000}", FINDING_BROKEN, 2, {CALL("A1", 429), CALL("A1", 200)}},
    {"retries-spaced",
     "{\"max\":2}",
     FINDING_BROKEN,
     3,
     {CALL("A1", 503), CALL("A1", 503), CALL("A1", 200)}},
    {"retries-spaced", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), CALL("A1", 503)}},
    {"retries-spaced", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},
    {"retries-measured", NULL, FINDING_MEASURED, -1, {CALL("A1", 503), CALL("A1", 200)}},
    {"retries-measured", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 200)}},
    {"patience-measured", "{\"ms\":100}", FINDING_MEASURED, -1, {TOKEN(CC, A1)}},
    {"secrets-not-in-headers", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"secrets-not-in-headers", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"app-secret-at-token-endpoint-only",
     NULL,
     FINDING_HOLDS,
     -1,
     {TOKEN(CC, A1), CALL("A1", 200)}},
    {"app-secret-at-token-endpoint-only",
     NULL,
     FINDING_BROKEN,
     1,
     {{"POST", "/w/test/probe", "A1", 200, NULL, "s3cret", NULL}}},
    {"app-secret-at-token-endpoint-only", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"refresh-token-not-at-api",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(REFRESH("R1"), A1), CALL("A1", 200)}},
    {"refresh-token-not-at-api", NULL, FINDING_BROKEN, 1, {CALL("R1", 401)}},
    {"refresh-token-not-at-api", NULL, FINDING_UNDECIDED, -1, {ACCESS(REFRESH("R1"), A1)}},
    {"token-of-right-instance", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"token-of-right-instance", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"body-survives-retry", NULL, FINDING_HOLDS, -1, {POST("A1", 401, "x"), POST("A2", 200, "x")}},
    {"body-survives-retry", NULL, FINDING_BROKEN, 2, {POST("A1", 401, "x"), POST("A2", 200, "")}},
    {"body-survives-retry", NULL, FINDING_BROKEN, 2, {POST("A1", 401, "x"), CALL("A2", 200)}},
    {"body-survives-retry", NULL, FINDING_UNDECIDED, -1, {POST("A1", 401, "x")}},
    {"memory-bounded", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"other-instance-measured", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1), CALL("A1", 200)}},
    {"stream-replay-measured", NULL, FINDING_ELSEWHERE, -1, {POST("A1", 401, "x")}},
    {"stream-replay-measured", NULL, FINDING_UNDECIDED, -1, {POST("A1", 200, "x")}},
    {"post-not-replayed", NULL, FINDING_HOLDS, -1, {POST("A1", 503, "x"), CALL("A1", 200)}},
    {"post-not-replayed", NULL, FINDING_BROKEN, 2, {POST("A1", 503, "x"), POST("A1", 200, "x")}},
    {"post-not-replayed", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"retry-spread-measured", NULL, FINDING_UNDECIDED, -1, {CALL("A1", 429), CALL("A1", 200)}},
    {"retry-spread-measured",
     NULL,
     FINDING_MEASURED,
     -1,
     {CALL("A1", 429), CALL("A1", 200), CALL("A1", 200), CALL("A1", 200), CALL("A1", 200)}},
    {"ends-in-time", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"refresh-token-was-given", NULL, FINDING_HOLDS, -1, {ACCESS(REFRESH("R1"), A1)}},
    {"refresh-token-was-given", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"refresh-token-was-given",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(REFRESH("R1"), A2R2), ACCESS(REFRESH("R2"), A1)}},
    {"refresh-token-was-given",
     NULL,
     FINDING_BROKEN,
     1,
     {ACCESS(REFRESH("R2"), A2R2), ACCESS(REFRESH("R"), A1)}},
    {"output-clean", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"output-clean", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"store-is-private", NULL, FINDING_UNDECIDED, -1, {TOKEN(CC, A1)}},
    {"user-agent-measured", NULL, FINDING_MEASURED, -1, {TOKEN(CC, A1)}},
    {"user-agent-measured", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"authorization-stays-at-origin", NULL, FINDING_HOLDS, -1, {CALL("A1", 302)}},
    {"credentials-stay-at-origin", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"other-headers-stay-at-origin", NULL, FINDING_HOLDS, -1, {CALL("A1", 302)}},

    {"code-exchanges", "{\"max\":1}", FINDING_HOLDS, -1, {ACCESS(EXCHANGE("C1"), A1R1)}},
    {"code-exchanges",
     "{\"max\":1}",
     FINDING_BROKEN,
     3,
     {REFUSED("C1"), ACCESS(REFRESH("R1"), A1), ACCESS(EXCHANGE("C2"), A2)}},
    {"exchange-measured", NULL, FINDING_MEASURED, -1, {REFUSED("C1")}},
    {"exchange-measured", NULL, FINDING_MEASURED, -1, {{0}}},
    {"code-used-once",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(EXCHANGE("C1"), A1), ACCESS(EXCHANGE("C2"), A2)}},
    {"code-used-once", NULL, FINDING_BROKEN, 2, {ACCESS(EXCHANGE("C1"), A1), REFUSED("C1")}},
    {"code-used-once", NULL, FINDING_UNDECIDED, -1, {ACCESS(REFRESH("R1"), A1)}},
    {"code-exact", NULL, FINDING_BROKEN, -1, {{0}}},
    {"code-exact", NULL, FINDING_BROKEN, 1, {REFUSED("C1")}},
    {"install-not-claimed", NULL, FINDING_HOLDS, -1, {REFUSED("C1"), TOKEN(CC, A1)}},
    {"install-not-claimed", NULL, FINDING_BROKEN, -1, {REFUSED("C1")}},
    {"install-not-claimed",
     "{\"lost\":1}",
     FINDING_BROKEN,
     -1,
     {ACCESS(EXCHANGE("C1"), A1), REFUSED("C1")}},
    {"dead-code-survived", NULL, FINDING_BROKEN, -1, {REFUSED("C1")}},
    {"dead-code-survived", NULL, FINDING_MEASURED, -1, {REFUSED("C1"), TOKEN(CC, A1)}},
    {"dead-code-survived", NULL, FINDING_MEASURED, -1, {REFUSED("C1"), CALL("A1", 401)}},
    {"dead-code-survived", NULL, FINDING_UNDECIDED, -1, {ACCESS(EXCHANGE("C1"), A1)}},
    {"newest-install-used",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(EXCHANGE("C1"), A1R1), ACCESS(EXCHANGE("C2"), A2R2), ACCESS(REFRESH("R2"), A2)}},
    {"newest-install-used",
     NULL,
     FINDING_BROKEN,
     3,
     {ACCESS(EXCHANGE("C1"), A1R1), ACCESS(EXCHANGE("C2"), A2R2), ACCESS(REFRESH("R1"), A2)}},
    {"newest-install-used",
     NULL,
     FINDING_BROKEN,
     3,
     {ACCESS(EXCHANGE("C1"), A1R1), ACCESS(EXCHANGE("C2"), A2R2), CALL("A1", 401)}},
    {"newest-install-used",
     NULL,
     FINDING_UNDECIDED,
     -1,
     {ACCESS(EXCHANGE("C1"), A1R1), REFUSED("C2"), CALL("A1", 200)}},
    {"refresh-token-was-given",
     NULL,
     FINDING_HOLDS,
     -1,
     {ACCESS(REFRESH("R1"), A2R2), ACCESS(REFRESH("R2"), A2)}},
    {"refresh-token-was-given", NULL, FINDING_HOLDS, -1, {TOKEN(CC, A1)}},
    {"refresh-token-was-given", NULL, FINDING_BROKEN, 1, {ACCESS(REFRESH("undefined"), A1)}},
    {"refresh-token-was-given",
     NULL,
     FINDING_BROKEN,
     1,
     {ACCESS("{\"grant_type\":\"refresh_token\"}", A1)}},

    /* More of these with a browser: install_checks_test.c. */
    {"installer-asked", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"redirect-url-whole", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"state-sent", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"no-state-sent", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"state-unpredictable", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"front-channel-clean", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"window-closed-measured", NULL, FINDING_MEASURED, -1, {{0}}},
    {"opener-allowed", NULL, FINDING_UNDECIDED, -1, {{0}}},
    {"frames-measured", NULL, FINDING_MEASURED, -1, {{0}}},
};

START_TEST(a_check_finds_what_it_is_for)
{
    const struct check *check = checks_find(cases[_i].check);
    ck_assert_ptr_nonnull(check);
    const char *text = cases[_i].params;
    OWNED(tree_free) cJSON *params = text ? tree_parse(text, strlen(text), NULL) : NULL;
    struct stage stage = wire_stage();
    OWNED(evidence_free)
    struct evidence evidence = {
        .stage = &stage,
        .performance = {.n_calls = 2, .has_moved_clock = cases[_i].kind == FINDING_ELSEWHERE}};
    wire_write(cases[_i].lines, &evidence.wire);
    evidence_name_secrets(&evidence);
    OWNED(finding_free) struct finding finding = {.seq = -1};
    check->fn(&evidence, params, &finding);
    ck_assert_msg(finding.kind == cases[_i].kind, "%s (row %d) found %d: %s", check->name, _i,
                  (int)finding.kind, buf_str(&finding.seen));
    ck_assert_msg(finding.seq == cases[_i].seq, "%s (row %d) points at %lld: %s", check->name, _i,
                  (long long)finding.seq, buf_str(&finding.seen));
    ck_assert(finding.expected.len > 0 && finding.seen.len > 0);
}
END_TEST

/* What came with a header that the wires above do not have: the second request, of the token A1. */
static const struct {
    const char *check;
    const char *name;
    const char *value;
    enum finding_kind kind;
} headers[] = {
    {"secrets-not-in-headers", "Referer", "http://a/?k=s3cret", FINDING_BROKEN},
    {"secrets-not-in-headers", "X-Other", "s3cret", FINDING_HOLDS},
    {"app-secret-at-token-endpoint-only", "X-Key", "s3cret", FINDING_BROKEN},
    {"refresh-token-not-at-api", "X-Key", "R1", FINDING_BROKEN},
    {"authorization-stays-at-origin", "Host", "localhost:1", FINDING_BROKEN},
    {"authorization-stays-at-origin", "Host", "127.0.0.1:1", FINDING_HOLDS},
    {"nothing-in-clear", "Host", "127.0.0.1:2", FINDING_BROKEN},
    {"other-headers-stay-at-origin", "Host", "localhost:1", FINDING_HOLDS},
    {"authorization-form", "X-Other", "1", FINDING_MEASURED},
};

START_TEST(a_header_is_looked_at)
{
    static const struct wire_line lines[] = {TOKEN(CC, A1), CALL("A1", 200), {0}};
    static char base[] = "http://127.0.0.1:1/w/test";
    struct stage stage = wire_stage();
    stage.world.base = base;
    OWNED(evidence_free) struct evidence evidence = {.stage = &stage, .performance.n_calls = 1};
    wire_write(lines, &evidence.wire);
    cJSON *pair = tree_put(evidence.wire.list[1].headers, NULL, cJSON_CreateArray());
    tree_put(pair, NULL, cJSON_CreateString(headers[_i].name));
    tree_put(pair, NULL, cJSON_CreateString(headers[_i].value));
    evidence_name_secrets(&evidence);
    OWNED(finding_free) struct finding finding = {.seq = -1};
    checks_find(headers[_i].check)->fn(&evidence, NULL, &finding);
    ck_assert_msg(finding.kind == headers[_i].kind, "%s (row %d) found %d: %s", headers[_i].check,
                  _i, (int)finding.kind, buf_str(&finding.seen));
}
END_TEST

/* A token of an installation, in a call that was asked for another one. */
START_TEST(a_token_of_another_installation_is_seen)
{
    static const struct wire_line lines[] = {TOKEN(CC, A1), CALL("A1", 200), {0}};
    static char other[] = "other";
    struct stage stage = wire_stage();
    stage.other_instance_id = other;
    OWNED(evidence_free) struct evidence evidence = {.stage = &stage, .performance.n_calls = 1};
    struct answer *asked = performance_add_answer(&evidence.performance);
    *asked = (struct answer){.step = "call", .ok = true, .is_other = true, .from_seq = 1};
    asked->text = mem_text("");
    wire_write(lines, &evidence.wire);
    free(evidence.wire.list[1].instance_id);
    evidence.wire.list[1].instance_id = mem_text(_i ? "other" : "inst");
    OWNED(finding_free) struct finding finding = {.seq = -1};
    checks_find("token-of-right-instance")->fn(&evidence, NULL, &finding);
    ck_assert_int_eq(finding.kind, _i ? FINDING_HOLDS : FINDING_BROKEN);
}
END_TEST

/* A secret in what the client prints, in each spelling. */
static const char *const leaks[] = {"got s3cret", "key=s3cret&x", "czNjcmV0"};

START_TEST(what_is_printed_is_looked_at)
{
    static const struct wire_line lines[] = {TOKEN(CC, A1), {0}};
    struct stage stage = wire_stage();
    OWNED(evidence_free) struct evidence evidence = {.stage = &stage, .performance.n_calls = 1};
    wire_write(lines, &evidence.wire);
    buf_text(&evidence.performance.err, leaks[_i]);
    evidence_name_secrets(&evidence);
    OWNED(finding_free) struct finding finding = {.seq = -1};
    checks_find("output-clean")->fn(&evidence, NULL, &finding);
    ck_assert_int_eq(finding.kind, FINDING_BROKEN);
    buf_text(&evidence.performance.arguments, leaks[_i]);
    checks_find("arguments-clean")->fn(&evidence, NULL, &finding);
    ck_assert_int_eq(finding.kind, FINDING_BROKEN);
    ck_assert_ptr_nonnull(strstr(buf_str(&finding.seen), "app-secret"));
    buf_clear(&evidence.performance.arguments);
    buf_text(&evidence.performance.arguments, "curl -d @-");
    checks_find("arguments-clean")->fn(&evidence, NULL, &finding);
    ck_assert_int_eq(finding.kind, FINDING_HOLDS);
    checks_find("debug-output-measured")->fn(&evidence, NULL, &finding);
    ck_assert_ptr_nonnull(strstr(buf_str(&finding.seen), "<app-secret> on stderr"));
}
END_TEST

START_TEST(every_check_is_tested_here)
{
    size_t n = 0;
    const struct check *all = checks_all(&n);
    for (size_t i = 0; i < n; i++) {
        bool found = strncmp(all[i].name, "webhook-", 8) == 0 || /* receive_checks_test.c */
                     strncmp(all[i].name, "instance-", 9) == 0;
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
            found = found || strcmp(cases[c].check, all[i].name) == 0;
        ck_assert_msg(found, "%s has no row in this test", all[i].name);
    }
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("checks", &tests);
    tcase_add_loop_test(tests, a_check_finds_what_it_is_for, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tests, a_header_is_looked_at, 0, sizeof headers / sizeof *headers);
    tcase_add_loop_test(tests, what_is_printed_is_looked_at, 0, sizeof leaks / sizeof *leaks);
    tcase_add_loop_test(tests, a_token_of_another_installation_is_seen, 0, 2);
    tcase_add_test(tests, every_check_is_tested_here);
    return suite_run(suite);
}
