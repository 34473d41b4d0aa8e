/* How long tokens live where a test wishes something: for an app, for the next few, and over a
 * restart of the fake. */
#include <check.h>
#include <stdlib.h>

#include "harness.h"
#include "shared/mem.h"
#include "state_file.h"
#include "suite.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

static struct answer mint(void)
{
    return harness_ask(fake, "POST /oauth2/token", NULL,
                       "{'grant_type':'client_credentials','client_id':'$APP',"
                       "'client_secret':'$SECRET','instance_id':'$INSTANCE'}");
}

static void expect_lives(const char *const *lives, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        OWNED(answer_free) struct answer answer = mint();
        answer_expect(&answer, "expires_in", lives[i]);
    }
}

START_TEST(next_tokens_live_as_wished)
{
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'next':2,'oauth_access_token_s':5}");
    static const char *const lives[] = {"5", "5", "14400"};
    expect_lives(lives, 3);
    OWNED(answer_free)
    struct answer shown = harness_ask(fake, "GET /_fakewix/lifetimes", NULL, NULL);
    answer_expect(&shown, "rules", NULL);
}
END_TEST

START_TEST(apps_have_lifetimes_of_their_own)
{
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'other','app_secret':'s2'}");
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'app_id':'other','oauth_access_token_s':9}");
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'oauth_access_token_s':77}");
    harness_do(fake, 200, "PUT /_fakewix/lifetimes",
               "{'app_id':'other','next':1,'oauth_access_token_s':4}");
    static const char *const lives[] = {"4", "9", "9"};
    for (size_t i = 0; i < 3; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(
            fake, "POST /oauth2/token", NULL,
            "{'grant_type':'client_credentials','client_id':'other','client_secret':'s2'}");
        answer_expect(&answer, "expires_in", lives[i]);
    }
    OWNED(answer_free) struct answer own = mint();
    answer_expect(&own, "expires_in", "77");
    OWNED(answer_free)
    struct answer shown = harness_ask(fake, "GET /_fakewix/lifetimes", NULL, NULL);
    answer_expect(&shown, "rules", "[{\"app_id\":\"other\",\"oauth_access_token_s\":9}]");
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    OWNED(answer_free)
    struct answer reset = harness_ask(fake, "GET /_fakewix/lifetimes", NULL, NULL);
    answer_expect(&reset, "rules", NULL);
}
END_TEST

static const char *const wrong_lifetimes[] = {
    "{'next':0,'code_s':5}", "{'next':'x','code_s':5}", "{'app_id':7,'code_s':5}", "{'next':1}",
    "{'next':1,'code_s':0}", "{'next':1,'tea_s':5}",
};

START_TEST(wrong_lifetime_is_refused)
{
    harness_do(fake, 400, "PUT /_fakewix/lifetimes", wrong_lifetimes[_i]);
    OWNED(answer_free)
    struct answer shown = harness_ask(fake, "GET /_fakewix/lifetimes", NULL, NULL);
    answer_expect_members(&shown, "code_s custom_access_token_s oauth_access_token_s");
}
END_TEST

/* What was wished for is configuration of the world; "the next three" are not three more each time
 * the fake is started. */
START_TEST(wishes_outlive_a_restart)
{
    static const char *const before[] = {"5"};
    static const char *const after[] = {"5", "60", "60"};
    const char *file = state_file_new();
    fake = harness_reopen(fake, file);
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'app_id':'$APP','oauth_access_token_s':60}");
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'next':3,'oauth_access_token_s':5}");
    expect_lives(before, 1);
    /* This saves all of the world. */
    harness_do(fake, 200, "POST /_fakewix/clock/advance", "{'seconds':1}");
    expect_lives(before, 1);
    fake = harness_reopen(fake, file);
    expect_lives(after, 3);
    fake = harness_reopen(fake, file);
    expect_lives(after + 2, 1);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    fake = harness_reopen(fake, file);
    OWNED(answer_free)
    struct answer shown = harness_ask(fake, "GET /_fakewix/lifetimes", NULL, NULL);
    answer_expect(&shown, "rules", NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, next_tokens_live_as_wished);
    tcase_add_test(tcase, apps_have_lifetimes_of_their_own);
    suite_rows(tcase, wrong_lifetime_is_refused, wrong_lifetimes);
    tcase_add_test(tcase, wishes_outlive_a_restart);
    return suite_run("lifetime", tcase);
}
