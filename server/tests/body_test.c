/* Bodies that no client means to send, at both token services: each has a clear answer. A mebibyte,
 * deep nesting, values that are no objects, fields that are empty, doubled or of a wrong type. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

enum { MEBIBYTE = 1 << 20 };

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
    harness_connect(fake);
}

static void tear_down(void)
{
    harness_free(fake);
}

/* The services, and a good request of each but for its braces. */
static const struct {
    const char *line, *good, *prefix;
} services[] = {
    {"POST /oauth2/token",
     "'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"
     "'instance_id':'$INSTANCE'",
     "token"},
    {"POST /oauth/access",
     "'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"
     "'refresh_token':'$REFRESH'",
     "access"},
};

enum { N_SERVICES = sizeof services / sizeof *services };

/* Send it to a service; `outcome` is "ok" or a refusal without the service's prefix. */
static void expect(size_t service, const char *body, const char *outcome)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, services[service].line, NULL, body);
    if (strcmp(outcome, "ok") == 0) {
        ck_assert_msg(answer.status == 200, "%.80s: %s", body, buf_str(&answer.body));
        return;
    }
    OWNED(mem_text_free) char *name = mem_format("%s-%s", services[service].prefix, outcome);
    answer_expect_refusal(&answer, fake, 400, name);
    ck_assert_uint_lt(answer.body.len, 1000); /* what was sent does not come back */
}

static char *repeat(char c, size_t n)
{
    char *text = mem_new(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        text[i] = c;
    return text;
}

START_TEST(mebibyte_is_read)
{
    OWNED(mem_text_free) char *pad = repeat('a', MEBIBYTE);
    for (size_t i = 0; i < N_SERVICES; i++) {
        OWNED(mem_text_free) char *good = mem_format("{%s,'pad':'%s'}", services[i].good, pad);
        expect(i, good, "ok");
        OWNED(mem_text_free) char *text = mem_format("{'%s", pad);
        expect(i, text, "body-malformed");
        OWNED(mem_text_free)
        char *secret = mem_format("{%s,'client_id':'%s'}", services[i].good, pad);
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, services[i].line, NULL, secret);
        ck_assert_msg(strstr(harness_outcome(fake), "client-unknown") != NULL, "%s",
                      harness_outcome(fake));
        ck_assert_uint_lt(answer.body.len, 1000);
    }
}
END_TEST

START_TEST(nesting_has_an_end)
{
    static const size_t depths[] = {10, TREE_MAX_DEPTH - 1, TREE_MAX_DEPTH, 1000, MEBIBYTE};
    for (size_t i = 0; i < N_SERVICES; i++)
        for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
            OWNED(mem_text_free) char *open = repeat('[', depths[d]);
            OWNED(mem_text_free) char *close = repeat(']', depths[d]);
            OWNED(mem_text_free)
            char *body = mem_format("{%s,'deep':%s%s}", services[i].good, open, close);
            expect(i, body, depths[d] < TREE_MAX_DEPTH ? "ok" : "body-malformed");
        }
}
END_TEST

static const struct {
    const char *body, *outcome;
} odd[] = {
    {"[]", "body-malformed"},
    {"[{}]", "body-malformed"},
    {"{}", "grant-missing"},
    {"{'grant_type':{}}", "field-type"},
    {"{'grant_type':['client_credentials']}", "field-type"},
    {"{'grant_type':true}", "field-type"},
    {"{'grant_type':0}", "field-type"},
    {"{'grant_type':''}", "grant-missing"},
    {"{'grant_type':' '}", "grant-unsupported"},
    {"{'GRANT_TYPE':'refresh_token'}", "grant-missing"},
    {"{'grant_type':'a','grant_type':null}", "grant-missing"},
    {"{'grant_type':'\\u0000'}", "body-malformed"},
    {"{'grant_type':'\\ud800'}", "body-malformed"},
    {"{'grant_type':'\x01'}", "body-malformed"},
    {"{\"grant_type\":\"a\"}\v", "body-malformed"},
    {"{\"grant_type\" \"a\"}", "body-malformed"},
    {"{\"grant_type\":\"a\"", "body-malformed"},
    {"{/* */}", "body-malformed"},
    {"{grant_type:1}", "body-malformed"},
    {"{\"a\":1e999}", "grant-missing"},
    {"{\"a\":NaN}", "body-malformed"},
};

START_TEST(odd_body_has_a_clear_answer)
{
    for (size_t i = 0; i < N_SERVICES; i++)
        expect(i, odd[_i].body, odd[_i].outcome);
}
END_TEST

static const char *const scalars[] = {"null", "true", "7", "\"grant_type\""};

START_TEST(json_that_is_no_object_is_refused)
{
    for (size_t i = 0; i < N_SERVICES; i++) {
        OWNED(answer_free)
        struct answer answer =
            harness_ask(fake, services[i].line, "Content-Type: application/json", scalars[_i]);
        ck_assert_int_eq(answer.status, 400);
        ck_assert_ptr_nonnull(strstr(harness_outcome(fake), "body-malformed"));
    }
}
END_TEST

/* Each field of each service, replaced by values that are no texts. */
static const struct {
    const char *value, *outcome; /* NULL: the field counts as missing */
} values[] = {
    {"''", NULL},           {"null", NULL},       {"0", "field-type"},
    {"true", "field-type"}, {"[]", "field-type"}, {"{}", "field-type"},
};

START_TEST(field_of_a_wrong_type_is_named)
{
    static const char *const fields[N_SERVICES][2] = {{"client_id", "client_secret"},
                                                      {"client_id", "refresh_token"}};
    for (size_t i = 0; i < N_SERVICES; i++)
        for (size_t f = 0; f < 2; f++) {
            OWNED(mem_text_free)
            char *body = mem_format("{%s,'%s':%s}", services[i].good, fields[i][f],
                                    values[_i].value); /* the last of a doubled field counts */
            expect(i, body, values[_i].outcome ? values[_i].outcome : "field-missing");
            if (i)
                continue; /* the old service says no more than its code */
            OWNED(answer_free)
            struct answer answer = harness_ask(fake, services[i].line, NULL, body);
            ck_assert_msg(strstr(buf_str(&answer.body), fields[i][f]) != NULL, "%s",
                          buf_str(&answer.body));
        }
}
END_TEST

START_TEST(snake_case_rules_where_both_spellings_are)
{
    expect(0,
           "{'grant_type':'client_credentials','grantType':'x','client_id':'$APP','clientId':'x',"
           "'client_secret':'$SECRET','clientSecret':7}",
           "ok");
    expect(0,
           "{'grant_type':'client_credentials','client_id':null,'clientId':'$APP',"
           "'clientSecret':'$SECRET'}",
           "field-missing");
}
END_TEST

START_TEST(form_of_a_mebibyte_is_read)
{
    OWNED(mem_text_free) char *pad = repeat('a', MEBIBYTE);
    OWNED(mem_text_free)
    char *form = mem_format("pad=%s&grant_type=client_credentials&client_id=$APP"
                            "&client_secret=$SECRET&&=&a&b=",
                            pad);
    expect(0, form, "ok");
    OWNED(mem_text_free) char *many = repeat('&', MEBIBYTE);
    OWNED(mem_text_free) char *blank = mem_format("a=b%s", many);
    expect(0, blank, "body-malformed"); /* a thousand parameters at most */
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, mebibyte_is_read);
    tcase_add_test(tcase, nesting_has_an_end);
    suite_rows(tcase, odd_body_has_a_clear_answer, odd);
    suite_rows(tcase, json_that_is_no_object_is_refused, scalars);
    suite_rows(tcase, field_of_a_wrong_type_is_named, values);
    tcase_add_test(tcase, snake_case_rules_where_both_spellings_are);
    tcase_add_test(tcase, form_of_a_mebibyte_is_read);
    return suite_run("body", tcase);
}
