/* The journal asked in one call: verified, exported, redacted. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

static struct harness *fake;

/* A journal of four exchanges: a token, an API call, a refused token, an API call without one. */
static void set_up(void)
{
    fake = harness_new(NULL);
    harness_mint(fake);
    OWNED(answer_free)
    struct answer called =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(called.status, 200);
    harness_do(fake, 401, "POST /oauth2/token",
               "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'no'}");
    harness_do(fake, 401, "GET /conformance/probe", NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

static const struct {
    const char *title, *question, *ok, *path, *text;
} questions[] = {
    {"an exact count", "{'expect':[{'route':'POST /oauth2/token','count':2}]}", "true",
     "checks.0.seen", "2"},
    {"a count that is off", "{'expect':[{'route':'POST /oauth2/token','count':1}]}", "false",
     "checks.0.expected", "exactly 1"},
    {"at least and at most", "{'expect':[{'route':'POST *','at_least':1,'at_most':3}]}", "true",
     "checks.0.expected", "1 to 3"},
    {"at most alone allows none", "{'expect':[{'route':'POST /oauth/access','at_most':1}]}", "true",
     "checks.0.seen", "0"},
    {"an outcome", "{'expect':[{'outcome':'token-secret-wrong','count':1}]}", "true",
     "checks.0.seqs.0", "3"},
    {"the nearest miss", "{'expect':[{'route':'GET /apps/v1/instance','status':401}]}", "false",
     "checks.0.nearest.differs.0.field", "route"},
    {"absence", "{'absent':[{'route':'POST /oauth/access'}]}", "true", "checks.0.seen", "0"},
    {"absence of a grant that is nobody's", "{'absent':[{'grant':'password'}]}", "true",
     "checks.0.seen", "0"},
    {"absence of outcomes by their start", "{'absent':[{'outcome':'code-*'}]}", "true",
     "checks.0.seen", "0"},
    {"absence that fails", "{'absent':[{'status':401}]}", "false", "checks.0.seen", "2"},
    {"order", "{'order':[{'route':'POST /oauth2/token'},{'route':'GET /apps/v1/instance'}]}",
     "true", "checks.1.seq", "2"},
    {"order that fails",
     "{'order':[{'route':'GET /conformance/probe'},{'route':'POST /oauth2/token'}]}", "false",
     "checks.1.seen", "not there"},
    {"the text of a body", "{'expect':[{'text':'siteDisplayName','count':1}]}", "true",
     "checks.0.ok", "true"},
};

START_TEST(journal_is_verified)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/journal/verify", NULL, questions[_i].question);
    ck_assert_msg(answer.status == 200, "%s: %s", questions[_i].title, buf_str(&answer.body));
    answer_expect(&answer, "ok", questions[_i].ok);
    answer_expect(&answer, questions[_i].path, questions[_i].text);
}
END_TEST

/* A count of nothing is true of any mistyped route: who asks for one is told. */
static const struct {
    const char *title, *question, *path, *text;
} doubtful[] = {
    {"a path nobody has, none wanted", "{'expect':[{'route':'GET /apps/v1/instnace','count':0}]}",
     "checks.0.nearest_routes.0", "GET /apps/v1/instance"},
    {"the same as absence", "{'absent':[{'route':'POST /oauth2/tokens'}]}",
     "checks.0.nearest_routes.0", "POST /oauth2/token"},
    {"one wanted and not there", "{'expect':[{'route':'GET /apps/v1/instnace'}]}",
     "checks.0.nearest_routes.0", "GET /apps/v1/instance"},
    {"an order", "{'order':[{'route':'POST /oauth2/tokne'}]}", "checks.0.nearest_routes.0",
     "POST /oauth2/token"},
    {"an event", "{'absent':[{'route':'WEBHOOK AppInstaled'}]}", "checks.0.nearest_routes.0",
     "WEBHOOK AppInstalled"},
    {"an answer of the config", "{'absent':[{'route':'GET /blog/v3/posts'}]}", "checks.0.warning",
     NULL},
    {"a known path with another method", "{'absent':[{'route':'GET /oauth2/token'}]}",
     "checks.0.warning", NULL},
    {"a path that was called", "{'expect':[{'route':'GET /its/own','count':1}]}",
     "checks.0.warning", NULL},
    {"the other origin", "{'absent':[{'route':'LEAK'}]}", "checks.0.warning", NULL},
    {"a proxy's call", "{'absent':[{'route':'CONNECT'}]}", "checks.0.warning", NULL},
    {"a service plugin", "{'absent':[{'route':'SERVICE-PLUGIN ECOM_SHIPPING_RATES'}]}",
     "checks.0.warning", NULL},
    {"a pattern", "{'absent':[{'route':'* /oauth/acc*'}]}", "checks.0.warning", NULL},
};

START_TEST(route_that_nothing_has_is_named)
{
    harness_do(fake, 201, "POST /_fakewix/api", "{'method':'GET','path':'/blog/*','body':{}}");
    harness_do(fake, 404, "GET /its/own", NULL);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/journal/verify", NULL, doubtful[_i].question);
    ck_assert_msg(answer.status == 200, "%s: %s", doubtful[_i].title, buf_str(&answer.body));
    if (doubtful[_i].text) {
        answer_expect(&answer, doubtful[_i].path, doubtful[_i].text);
        ck_assert_msg(answer_at(&answer, "checks.0.warning") != NULL, "%s", doubtful[_i].title);
    } else {
        ck_assert_msg(answer_at(&answer, doubtful[_i].path) == NULL, "%s", doubtful[_i].title);
    }
}
END_TEST

static const struct {
    const char *question, *sentence;
} malformed[] = {
    {"{}", "there is nothing to verify"},
    {"{'expects':[]}",
     "expects is not known; did you mean \\\"expect\\\"? known here: expect order"},
    {"{'expect':[{'path':'/x'}]}", "path is not known; known here: route app_id"},
    {"{'absent':[{'outcome':'token-secret-wrnog'}]}",
     "outcome \\\"token-secret-wrnog\\\" is none; did you mean \\\"token-secret-wrong\\\"? "
     "`fakewix"},
    {"{'absent':[{'outcome':'zzz*'}]}", "outcome \\\"zzz*\\\" is none; `fakewix tables refusals`"},
    {"{'absent':[{'grant':'client_credential'}]}",
     "grant \\\"client_credential\\\" is none; did you mean \\\"client_credentials\\\"?"},
    {"{'expect':[{'at_lest':2}]}", "at_lest is not known; did you mean \\\"at_least\\\"?"},
    {"{'expect':[{'wait':2}]}", "from_ms to_ms count at_least at_most"},
    {"{'absent':[{'count':2}]}", "count is not known; known here: route"},
    {"{'expect':[{'route':5}]}", "route must be a text"},
    {"{'expect':[{'count':'2'}]}", "count must be a whole number from 0"},
    {"{'expect':[{'at_least':-1}]}", "at_least must be a whole number from 0"},
    {"{'expect':[{'count':1,'at_most':2}]}", "count says it all"},
    {"{'expect':{'route':'*'}}", "expect must be a list of queries"},
    {"{'expect':[{}],'wait_ms':'5'}", "wait_ms must be a whole number from 0"},
    {"{'expect':[{'route':'/oauth2/token','count':0}]}",
     "route \\\"/oauth2/token\\\" can fit no entry of the journal: a route is a method, a blank "
     "and "
     "a path, such as \\\"POST /oauth2/token\\\""},
    {"{'absent':[{'route':'POST /_fakewix/reset'}]}", "control calls are not journalled"},
    {"{'order':[{'route':'WEBHOOKS'}]}", "can fit no entry"},
    {"{'order':['POST /x']}", "a query is an object"},
};

START_TEST(malformed_question_is_refused)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/journal/verify", NULL, malformed[_i].question);
    ck_assert_int_eq(answer.status, 400);
    ck_assert_msg(strstr(buf_str(&answer.body), malformed[_i].sentence) != NULL, "%s",
                  buf_str(&answer.body));
}
END_TEST

START_TEST(strange_bytes_are_shown_as_text)
{
    static const char question[] = "{'expect':[{'text':'nowhere','outcome':'api-not-found'}]}";
    harness_do(fake, 404, "GET /\xff", NULL);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/journal/verify", NULL, question);
    answer_expect(&answer, "checks.0.nearest.route", "GET /?");
    answer_expect(&answer, "checks.0.nearest.differs.0.seen", "/?");
}
END_TEST

START_TEST(har_has_what_its_readers_need)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/journal?format=har", NULL, NULL);
    answer_expect_header(&answer, "Content-Type", "application/har+json");
    answer_expect(&answer, "log.version", "1.2");
    answer_expect(&answer, "log.entries.0.request.method", "POST");
    answer_expect(&answer, "log.entries.0.request.postData.mimeType", "application/json");
    answer_expect(&answer, "log.entries.0.response.status", "200");
    answer_expect(&answer, "log.entries.0.response.statusText", "OK");
    answer_expect(&answer, "log.entries.0._resourceType", "fetch");
    answer_expect(&answer, "log.entries.2._fakewix.outcome", "token-secret-wrong");
}
END_TEST

START_TEST(ndjson_has_a_line_for_each_exchange)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/journal?format=ndjson", NULL, NULL);
    size_t lines = 0;
    for (const char *at = buf_str(&answer.body); *at; at++)
        lines += *at == '\n';
    ck_assert_uint_eq(lines, 4);
}
END_TEST

START_TEST(redacting_leaves_no_secret_and_shows_reuse)
{
    OWNED(answer_free)
    struct answer shown = harness_ask(fake, "GET /_fakewix/journal", NULL, NULL);
    ck_assert(strstr(buf_str(&shown.body), harness_value(fake, "SECRET")) != NULL);
    OWNED(answer_free)
    struct answer hidden = harness_ask(fake, "GET /_fakewix/journal?redact=1", NULL, NULL);
    ck_assert(strstr(buf_str(&hidden.body), harness_value(fake, "SECRET")) == NULL);
    ck_assert(strstr(buf_str(&hidden.body), harness_value(fake, "TOKEN")) == NULL);
    const char *print = cJSON_GetStringValue(answer_at(&hidden, "entries.1.request.headers.0.1"));
    ck_assert_ptr_nonnull(print);
    ck_assert_ptr_nonnull(
        strstr(cJSON_GetStringValue(answer_at(&hidden, "entries.0.response.body")), print));
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, journal_is_verified, questions);
    suite_rows(tcase, route_that_nothing_has_is_named, doubtful);
    suite_rows(tcase, malformed_question_is_refused, malformed);
    tcase_add_test(tcase, strange_bytes_are_shown_as_text);
    tcase_add_test(tcase, har_has_what_its_readers_need);
    tcase_add_test(tcase, ndjson_has_a_line_for_each_exchange);
    tcase_add_test(tcase, redacting_leaves_no_secret_and_shows_reuse);
    return suite_run("verify", tcase);
}
