/* Reading the journal, and showing it without its secrets. */
#include "tests/wire.h"

START_TEST(an_exchange_is_decoded)
{
    static const struct wire_line lines[] = {
        {"POST", "/w/test/oauth2/token?a=1", "bearer  T", 200, "ok",
         "{\"grantType\":\"client_credentials\",\"clientId\":\"app\"}",
         "{\"access_token\":\"A1\"}"},
        {"GET", "/apps/v1/instance", NULL, 401, "api-token-missing", NULL, "<html>"},
        {0},
    };
    OWNED(wire_free) struct wire wire = {0};
    wire_write(lines, &wire);
    ck_assert_uint_eq(wire.n, 2);
    const struct exchange *token = &wire.list[0];
    ck_assert_int_eq(token->kind, EXCHANGE_TOKEN);
    ck_assert_str_eq(token->target, "/oauth2/token?a=1");
    ck_assert_str_eq(token->path, "/oauth2/token");
    ck_assert_str_eq(token->token, "T");
    ck_assert_str_eq(exchange_field(token, "grant_type"), "client_credentials");
    ck_assert_str_eq(exchange_field(token, "client_id"), "app");
    ck_assert_str_eq(exchange_answer(token, "access_token"), "A1");
    ck_assert_str_eq(exchange_header(token, "Authorization"), "bearer  T");
    ck_assert(exchange_asks_for_token(token));
    ck_assert_int_eq(wire.list[1].kind, EXCHANGE_API);
    ck_assert_ptr_null(wire.list[1].token);
    ck_assert_ptr_null(wire.list[1].answer);
}
END_TEST

static const struct {
    const char *token;
    const char *world;
} tokens[] = {
    {"OauthNG.JWS.eyJhbGciOiJIUzI1NiJ9.eyJkYXRhIjoie30iLCJmYWtld2l4IjoiMXx0ZXN0fDMifQ.c2ln",
     "test"},
    {"OauthNG.JWS.eyJhbGciOiJIUzI1NiJ9.eyJkYXRhIjoie30iLCJmYWtld2l4IjoiMXxvdGhlcnwzIn0.c2ln",
     "other"},
    {"undefined", NULL},
    {"", NULL},
    {"a.b.c", NULL},
    {"OAUTH2.e30.e30.e30", NULL},
};

START_TEST(a_token_tells_its_world)
{
    OWNED(mem_text_free) char *world = wire_token_world(tokens[_i].token);
    ck_assert_pstr_eq(world, tokens[_i].world);
}
END_TEST

START_TEST(a_form_is_read_like_json)
{
    OWNED(tree_free)
    cJSON *journal = tree_parse(
        "{\"entries\":[{\"seq\":1,\"at_ms\":1,\"real_ms\":1,\"method\":\"POST\",\"target\":"
        "\"/oauth2/token\",\"status\":200,\"outcome\":\"ok\",\"request\":{\"headers\":[["
        "\"content-type\",\"application/x-www-form-urlencoded\"]],\"body\":"
        "\"grant_type=client_credentials&client_secret=a%2Bb+c&empty=\"}}]}",
        strlen("{\"entries\":[{\"seq\":1,\"at_ms\":1,\"real_ms\":1,\"method\":\"POST\",\"target\":"
               "\"/oauth2/token\",\"status\":200,\"outcome\":\"ok\",\"request\":{\"headers\":[["
               "\"content-type\",\"application/x-www-form-urlencoded\"]],\"body\":"
               "\"grant_type=client_credentials&client_secret=a%2Bb+c&empty=\"}}]}"),
        NULL);
    OWNED(wire_free) struct wire wire = {0};
    ck_assert(wire_read(journal, "", &wire, NULL));
    ck_assert_str_eq(exchange_field(&wire.list[0], "client_secret"), "a+b c");
    ck_assert_str_eq(exchange_field(&wire.list[0], "empty"), "");
}
END_TEST

START_TEST(an_entry_that_lacks_something_is_a_sentence)
{
    const char *text = "{\"entries\":[{\"seq\":1}]}";
    OWNED(tree_free) cJSON *journal = tree_parse(text, strlen(text), NULL);
    OWNED(wire_free) struct wire wire = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert(!wire_read(journal, "", &wire, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "lacks seq, method"));
}
END_TEST

START_TEST(secrets_get_names_in_the_order_they_appear)
{
    static const struct wire_line lines[] = {
        {"POST", "/w/test/oauth/access", NULL, 200, "ok", "{\"refresh_token\":\"R1\"}",
         "{\"access_token\":\"A1\",\"refresh_token\":\"R2\"}"},
        {"GET", "/w/test/conformance/probe?t=A12", "A12", 401, "api-token-expired", NULL,
         "{\"access_token\":\"A12\"}"},
        {0},
    };
    struct stage stage = wire_stage();
    OWNED(evidence_free) struct evidence evidence = {.stage = &stage};
    wire_write(lines, &evidence.wire);
    evidence_name_secrets(&evidence);
    OWNED(buf_free) struct buf text = {0};
    evidence_add_redacted(&evidence, "s3cret R1 R2 A1 A12!", &text);
    ck_assert_str_eq(buf_str(&text), "<app-secret> <refresh#1> <refresh#2> <access#1> <access#2>!");
    OWNED(buf_free) struct buf excerpt = {0};
    evidence_add_excerpt(&evidence, 2, &excerpt);
    ck_assert_ptr_nonnull(strstr(buf_str(&excerpt), "\n> #2"));
    ck_assert_ptr_nonnull(strstr(buf_str(&excerpt), "probe?t=<access#2>"));
    ck_assert_ptr_nonnull(strstr(buf_str(&excerpt), "-> 401 api-token-expired"));
    ck_assert_ptr_null(strstr(buf_str(&excerpt), "A12"));
}
END_TEST

START_TEST(a_fault_is_named_where_it_hit)
{
    static const struct wire_line lines[] = {
        {"POST", "/w/test/oauth2/token", NULL, 200, "ok", NULL, NULL},
        {"GET", "/w/test/conformance/probe", NULL, 503, "fault", NULL, NULL},
        {"GET", "/w/test/conformance/probe", NULL, 200, "ok", NULL, NULL},
        {0},
    };
    char early[] = "interim status=103", down[] = "status 503", then[] = "advance 301 s";
    int64_t first[] = {1}, second[] = {2}, last[] = {3};
    struct armed armed[] = {
        {.name = early, .interim = 103, .hits = 1, .seqs = first},
        {.name = down, .hits = 1, .seqs = second},
        {.name = down, .then = then, .hits = 1, .seqs = last},
    };
    struct stage stage = wire_stage();
    stage.armed = armed;
    stage.n_armed = 3;
    OWNED(evidence_free) struct evidence evidence = {.stage = &stage};
    wire_write(lines, &evidence.wire);
    OWNED(buf_free) struct buf text = {0};
    evidence_add_wire(&evidence, &text);
    static const char *const ends[] = {"token -> 103 -> 200 (fault: interim status=103)\n",
                                       "probe -> 503 (fault: status 503)\n",
                                       "probe -> 200; then advance 301 s\n"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        ck_assert_msg(strstr(buf_str(&text), ends[i]), "%s\n  lacks: %s", buf_str(&text), ends[i]);
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("evidence", &tests);
    tcase_add_test(tests, an_exchange_is_decoded);
    tcase_add_loop_test(tests, a_token_tells_its_world, 0, sizeof tokens / sizeof *tokens);
    tcase_add_test(tests, a_form_is_read_like_json);
    tcase_add_test(tests, an_entry_that_lacks_something_is_a_sentence);
    tcase_add_test(tests, secrets_get_names_in_the_order_they_appear);
    tcase_add_test(tests, a_fault_is_named_where_it_hit);
    return suite_run(suite);
}
