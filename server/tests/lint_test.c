/* The always-on checks: each rule is found by the request that breaks it, and by no sound one. */
#include <check.h>
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
    harness_do(fake, 204, "DELETE /_fakewix/lint", NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define AGENT "User-Agent: test\n"
#define JSON AGENT "Content-Type: application/json"
#define CREDENTIALS                                                                                \
    "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"             \
    "'instance_id':'$INSTANCE'}"
#define CODE                                                                                       \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"

/* For requests whose answer does not matter. */
static void drop(struct answer answer)
{
    answer_free(&answer);
}

static int64_t count_of(const char *rule)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/lint", NULL, NULL);
    const cJSON *finding;
    int64_t count = 0;
    cJSON_ArrayForEach(
        finding, answer_at(&answer, "findings")) if (strcmp(tree_text(finding, "rule"), rule) == 0)
        tree_int(finding, "count", &count);
    return count;
}

/* One request each, with what breaks the rule. */
static const struct {
    const char *rule, *line, *headers, *body;
} breaches[] = {
    {"secret-in-url", "POST /oauth2/token?client_secret=x", JSON, CREDENTIALS},
    {"secret-in-url", "POST /oauth/access?code=x", JSON, CODE},
    {"secret-in-url", "GET /apps/v1/instance?refresh_token=x", AGENT "Authorization: $TOKEN", NULL},
    {"token-in-url", "GET /apps/v1/instance?access_token=$TOKEN", AGENT, NULL},
    {"token-request-get", "GET /oauth2/token", AGENT, NULL},
    {"token-request-get", "PUT /oauth/access", JSON, CODE},
    {"token-body-type", "POST /oauth2/token", AGENT "Content-Type: text/plain", "{}"},
    {"token-two-places", "GET /apps/v1/instance?access_token=$TOKEN", AGENT "Authorization: $TOKEN",
     NULL},
    {"call-without-token", "GET /apps/v1/instance", AGENT, NULL},
    {"call-without-token", "GET /apps/v1/instance", AGENT "Authorization: Bearer undefined", NULL},
    {"refresh-token-to-api", "GET /apps/v1/instance", AGENT "Authorization: $REFRESH", NULL},
    {"secret-elsewhere", "POST /apps/v1/bi-event", JSON "\nAuthorization: $TOKEN",
     "{'eventName':'CUSTOM','client_secret':'$SECRET'}"},
    {"secret-in-header", "GET /apps/v1/instance",
     AGENT "Authorization: $TOKEN\nReferer: http://x/?t=$TOKEN", NULL},
    {"wrong-host", "POST /oauth2/token", JSON "\nHost: www.wix.com", CREDENTIALS},
    {"wrong-host", "POST /oauth/access", JSON "\nHost: manage.wix.com:443", CODE},
    {"wrong-host", "GET /installer/install?appId=$APP", AGENT "Host: www.wixapis.com", NULL},
    {"wrong-host", "GET /apps/v1/instance", AGENT "Authorization: $TOKEN\nHost: WIX.COM", NULL},
    {"no-user-agent", "GET /apps/v1/instance", "Authorization: $TOKEN", NULL},
};

START_TEST(breach_is_found)
{
    drop(harness_ask(fake, breaches[_i].line, breaches[_i].headers, breaches[_i].body));
    ck_assert_msg(count_of(breaches[_i].rule) == 1, "%s", breaches[_i].line);
}
END_TEST

/* Where the documentation, or Wix's own clients, send them; and hosts that are nobody's at Wix. */
static const struct {
    const char *line, *headers, *body;
} homes[] = {
    {"POST /oauth2/token", JSON "\nHost: www.wixapis.com", CREDENTIALS},
    {"POST /oauth2/token", JSON "\nHost: manage.wix.com", CREDENTIALS},
    {"POST /oauth2/token", JSON "\nHost: WWW.wixapis.com:443", CREDENTIALS},
    {"POST /oauth2/token", JSON "\nHost: localhost:8420", CREDENTIALS},
    {"POST /oauth/access", JSON "\nHost: www.wixapis.com", CODE},
    {"POST /oauth/access.json", JSON "\nHost: www.wix.com", CODE},
    {"GET /installer/install?appId=$APP", AGENT "Host: www.wix.com", NULL},
    {"GET /oauth2/device/code?clientId=$APP", AGENT "Host: manage.wix.com", NULL},
    {"GET /apps/v1/instance", AGENT "Authorization: $TOKEN\nHost: www.wixapis.com", NULL},
    {"GET /stores/v3/provision/version", AGENT "Authorization: $TOKEN\nHost: edge.wixapis.com",
     NULL},
};

START_TEST(path_at_home_is_fine)
{
    drop(harness_ask(fake, homes[_i].line, homes[_i].headers, homes[_i].body));
    ck_assert_msg(count_of("wrong-host") == 0, "%s %s", homes[_i].line, homes[_i].headers);
}
END_TEST

START_TEST(sound_client_breaks_nothing)
{
    OWNED(answer_free)
    struct answer called =
        harness_ask(fake, "GET /apps/v1/instance", AGENT "Authorization: Bearer $TOKEN", NULL);
    ck_assert_int_eq(called.status, 200);
    OWNED(answer_free)
    struct answer minted = harness_ask(fake, "POST /oauth2/token", JSON, CREDENTIALS);
    ck_assert_int_eq(minted.status, 200);
    OWNED(answer_free)
    struct answer keys = harness_ask(fake, "GET /oauth2/jwks", AGENT, NULL);
    ck_assert_int_eq(keys.status, 200);
    OWNED(answer_free)
    struct answer lint = harness_ask(fake, "GET /_fakewix/lint", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&lint, "findings")), 0);
}
END_TEST

/* A person who opens the fake in a browser is no client. */
START_TEST(browser_breaks_nothing)
{
    static const char *const lines[] = {"GET /", "GET /favicon.ico", "HEAD /favicon.ico"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        drop(harness_ask(fake, lines[i], AGENT "Accept: text/html", NULL));
        ck_assert_msg(count_of("call-without-token") == 0, "%s", lines[i]);
    }
    drop(harness_ask(fake, "POST /", AGENT, NULL));
    ck_assert_int_eq(count_of("call-without-token"), 1);
}
END_TEST

START_TEST(code_sent_again_is_found)
{
    harness_install(fake);
    for (int i = 0; i < 2; i++) {
        drop(harness_ask(fake, "POST /oauth/access", JSON, CODE));
        ck_assert_int_eq(count_of("code-twice"), i);
    }
}
END_TEST

START_TEST(expired_token_is_found_at_its_expiry)
{
    harness_advance(fake, 14400 * 1000 - 1);
    harness_do(fake, 401, "GET /apps/v1/instance", NULL);
    ck_assert_int_eq(count_of("expired-token"), 0);
    harness_advance(fake, 1);
    drop(harness_ask(fake, "GET /apps/v1/instance", AGENT "Authorization: $TOKEN", NULL));
    ck_assert_int_eq(count_of("expired-token"), 1);
}
END_TEST

START_TEST(token_for_each_call_is_found_at_the_third)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(count_of("token-per-call"), 0);
        harness_mint(fake);
        drop(harness_ask(fake, "GET /apps/v1/instance", AGENT "Authorization: $TOKEN", NULL));
    }
    harness_mint(fake);
    ck_assert_int_ge(count_of("token-per-call"), 1);
}
END_TEST

/* What Retry-After says, and whether it is to be heeded. */
static const struct {
    const char *action;
    int count;
} retry_afters[] = {
    {"'headers':{'Retry-After':'60'}", 1},
    {"'retry_after':60", 1},
    {"'retry_after_in_s':60", 1},
    {"'retry_after_in_s':-60", 0},
    {"'retry_after':0", 0},
    {"'retry_after':-1", 0},
    {"'retry_after':'soon'", 0},
    {"'retry_after':1000000", 0},
};

START_TEST(impatience_is_found)
{
    OWNED(mem_text_free)
    char *rule = mem_format("{'on':{'route':'POST /oauth2/token'},'do':{'fault':'status',"
                            "'status':429,%s}}",
                            retry_afters[_i].action);
    harness_do(fake, 201, "POST /_fakewix/faults", rule);
    harness_do(fake, 429, "POST /oauth2/token", CREDENTIALS);
    ck_assert_int_eq(count_of("retry-after-ignored"), 0);
    harness_do(fake, 200, "POST /oauth2/token", CREDENTIALS);
    ck_assert_int_eq(count_of("retry-after-ignored"), retry_afters[_i].count);
}
END_TEST

START_TEST(waiting_by_the_world_s_clock_is_patience)
{
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'route':'POST /oauth2/token'},'do':{'fault':'status','status':503,"
               "'retry_after':60}}");
    harness_do(fake, 503, "POST /oauth2/token", CREDENTIALS);
    harness_advance(fake, 60 * 1000);
    harness_do(fake, 200, "POST /oauth2/token", CREDENTIALS);
    ck_assert_int_eq(count_of("retry-after-ignored"), 0);
    harness_advance(fake, -1);
    harness_do(fake, 200, "POST /oauth2/token", CREDENTIALS);
    ck_assert_int_eq(count_of("retry-after-ignored"), 1);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, breach_is_found, breaches);
    suite_rows(tcase, path_at_home_is_fine, homes);
    tcase_add_test(tcase, sound_client_breaks_nothing);
    tcase_add_test(tcase, browser_breaks_nothing);
    tcase_add_test(tcase, code_sent_again_is_found);
    tcase_add_test(tcase, expired_token_is_found_at_its_expiry);
    tcase_add_test(tcase, token_for_each_call_is_found_at_the_third);
    suite_rows(tcase, impatience_is_found, retry_afters);
    tcase_add_test(tcase, waiting_by_the_world_s_clock_is_patience);
    return suite_run("lint", tcase);
}
