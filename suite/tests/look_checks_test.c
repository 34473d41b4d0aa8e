/* Checks that look at more than lines of a wire: headers, output, memory, and who was asked. */
#include "checks/checks.h"
#include "tests/wire_lines.h"

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

START_TEST(memory_is_looked_at)
{
    static const struct {
        int64_t max_rss_kb;
        int64_t rss_floor_kb;
        enum finding_kind kind;
        const char *seen;
    } rows[] = {
        {0, 1024, FINDING_UNDECIDED, "how much memory it took is not known"},
        {2047, 1024, FINDING_HOLDS, "1 MB at most"},
        {2047, 2047, FINDING_HOLDS, "1 MB at most"},
        {4096, 3072, FINDING_BROKEN, "4 MB at its largest"},
        {4096, 4096, FINDING_UNDECIDED,
         "it took 4 MB at most, no more than this program did, whose peak it began with"},
    };
    static const char params_text[] = "{\"max_mb\":2}";
    OWNED(tree_free) cJSON *params = tree_parse(params_text, strlen(params_text), NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage stage = wire_stage();
        OWNED(evidence_free)
        struct evidence evidence = {.stage = &stage,
                                    .performance.max_rss_kb = rows[i].max_rss_kb,
                                    .performance.rss_floor_kb = rows[i].rss_floor_kb};
        OWNED(finding_free) struct finding finding = {.seq = -1};
        checks_find("memory-bounded")->fn(&evidence, params, &finding);
        ck_assert_int_eq(finding.kind, rows[i].kind);
        ck_assert_str_eq(buf_str(&finding.seen), rows[i].seen);
    }
}
END_TEST

/* A stream is one where its length was not said. */
START_TEST(a_stream_is_looked_at)
{
    static const struct {
        struct wire_line lines[3];
        const char *seen;
    } rows[] = {
        {{POST("A1", 401, "{1}"), POST("A2", 200, "{1}")}, "made again with the whole body"},
        {{POST("A1", 401, "{1}"), POST("A2", 200, "")}, "made again without the whole body"},
        {{POST("A1", 401, "{1}")}, "not made again"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage stage = wire_stage();
        OWNED(evidence_free) struct evidence evidence = {.stage = &stage};
        wire_write(rows[i].lines, &evidence.wire);
        cJSON *pair = tree_put(evidence.wire.list[0].headers, NULL, cJSON_CreateArray());
        tree_put(pair, NULL, cJSON_CreateString("Transfer-Encoding"));
        tree_put(pair, NULL, cJSON_CreateString("chunked"));
        OWNED(finding_free) struct finding finding = {.seq = -1};
        checks_find("stream-replay-measured")->fn(&evidence, NULL, &finding);
        ck_assert_int_eq(finding.kind, FINDING_MEASURED);
        ck_assert_str_eq(buf_str(&finding.seen), rows[i].seen);
    }
}
END_TEST

START_TEST(who_waits_for_whom_is_looked_at)
{
    static const struct {
        struct wire_line lines[5];
        size_t held;
        const char *seen;
    } rows[] = {
        {{TOKEN(CC, A1), CALL("A1", 200), TOKEN(CC, A2), CALL("A2", 200)}, 2, "goes on"},
        {{TOKEN(CC, A1), TOKEN(CC, A2), CALL("A1", 200), CALL("A2", 200)}, 0, "waits until"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage stage = wire_stage();
        OWNED(evidence_free) struct evidence evidence = {.stage = &stage};
        wire_write(rows[i].lines, &evidence.wire);
        evidence.wire.list[rows[i].held].fault_id = mem_text("f1");
        OWNED(finding_free) struct finding finding = {.seq = -1};
        checks_find("other-instance-measured")->fn(&evidence, NULL, &finding);
        ck_assert_int_eq(finding.kind, FINDING_MEASURED);
        ck_assert_ptr_nonnull(strstr(buf_str(&finding.seen), rows[i].seen));
    }
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("look_checks", &tests);
    tcase_add_loop_test(tests, a_header_is_looked_at, 0, sizeof headers / sizeof *headers);
    tcase_add_loop_test(tests, what_is_printed_is_looked_at, 0, sizeof leaks / sizeof *leaks);
    tcase_add_loop_test(tests, a_token_of_another_installation_is_seen, 0, 2);
    tcase_add_test(tests, memory_is_looked_at);
    tcase_add_test(tests, a_stream_is_looked_at);
    tcase_add_test(tests, who_waits_for_whom_is_looked_at);
    return suite_run(suite);
}
