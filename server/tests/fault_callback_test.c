/* What faults do to the redirect that brings a code, and to the code. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "suite.h"
#include "visit.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define EXCHANGE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"

static void arm_do(const char *action)
{
    OWNED(mem_text_free) char *rule = mem_format("{'do':%s}", action);
    harness_do(fake, 201, "POST /_fakewix/faults", rule);
}

#define LOGIN "http://localhost:3000/login"

/* The redirect with state S: what follows the redirect URL. $CODE is the code as minted, $OTHER any
 * other text that is there in its place. */
static const struct {
    const char *action, *query;
} callbacks[] = {
    {"{'fault':'pass'}", "?code=$CODE&state=a%20b&instanceId=$INSTANCE"},
    {"{'fault':'callback','drop':['state']}", "?code=$CODE&instanceId=$INSTANCE"},
    {"{'fault':'callback','alter':['state']}", "?code=$CODE&state=aab&instanceId=$INSTANCE"},
    {"{'fault':'callback','duplicate':['state']}",
     "?code=$CODE&state=a%20b&instanceId=$INSTANCE&state=a%20b"},
    {"{'fault':'callback','set':{'state':'x&y'}}", "?code=$CODE&state=x%26y&instanceId=$INSTANCE"},
    {"{'fault':'callback','set':{'state':''}}", "?code=$CODE&state=&instanceId=$INSTANCE"},
    {"{'fault':'callback','escape':['state']}", "?code=$CODE&state=%61%20%62&instanceId=$INSTANCE"},
    {"{'fault':'callback','append':{'foo':'1'}}",
     "?code=$CODE&state=a%20b&instanceId=$INSTANCE&foo=1"},
    {"{'fault':'callback','append':{'state':'z'}}",
     "?code=$CODE&state=a%20b&instanceId=$INSTANCE&state=z"},
    {"{'fault':'callback','drop':['code']}", "?state=a%20b&instanceId=$INSTANCE"},
    {"{'fault':'callback','drop':['instanceId','state']}", "?code=$CODE"},
    {"{'fault':'callback','error':'access_denied'}", "?state=a%20b&error=access_denied"},
    {"{'fault':'callback','set':{'instanceId':'nobody'}}",
     "?code=$CODE&state=a%20b&instanceId=nobody"},
};

/* Agree on the consent page; the Location, to be freed. */
static char *agree(void)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /installer/install", NULL,
                    "appId=$APP&redirectUrl=http%3A%2F%2Flocalhost%3A3000%2Flogin"
                    "&state=a+b&siteId=$SITE&decision=agree");
    ck_assert_msg(answer.status == 302, "%d %s", answer.status, buf_str(&answer.body));
    return visit_location(&answer);
}

/* The code in a redirect is kept as $CODE, when there is one. */
static void keep_code(const char *location)
{
    const char *code = strstr(location, "code=");
    if (!code)
        return;
    code += strlen("code=");
    OWNED(mem_text_free) char *text = mem_text_n(code, strcspn(code, "&"));
    harness_keep(fake, "CODE", text);
}

START_TEST(callback_comes_back_changed)
{
    arm_do(callbacks[_i].action);
    OWNED(mem_text_free) char *location = agree();
    keep_code(location);
    OWNED(mem_text_free) char *query = harness_expand(fake, callbacks[_i].query);
    ck_assert_int_eq(strncmp(location, LOGIN, strlen(LOGIN)), 0);
    ck_assert_str_eq(location + strlen(LOGIN), query);
}
END_TEST

static const struct {
    const char *action;
    int status;
    const char *outcome;
} codes[] = {
    {"{'fault':'pass'}", 200, "ok"},
    {"{'fault':'expire','what':'code'}", 400, "code-expired"},
    {"{'fault':'revoke','what':'code'}", 400, "code-unknown"},
    {"{'fault':'expire','who':'minted'}", 400, "code-expired"},
    {"{'fault':'lifetime','seconds':1}", 400, "code-expired"},
    {"{'fault':'advance','seconds':601}", 400, "code-expired"},
    {"{'fault':'uninstall'}", 400, "code-unknown"},
    {"{'fault':'callback','alter':['code']}", 400, "code-unknown"},
    {"{'fault':'callback','code_of':'instance'}", 200, "ok"},
    {"{'fault':'callback','code_of':'app'}", 400, "code-app-mismatch"},
};

START_TEST(code_may_die_on_its_way)
{
    arm_do(codes[_i].action);
    OWNED(mem_text_free) char *location = agree();
    keep_code(location);
    harness_advance(fake, 1000);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth/access", NULL, EXCHANGE);
    ck_assert_msg(answer.status == codes[_i].status, "%s: %d", codes[_i].action, answer.status);
    ck_assert_str_eq(harness_outcome(fake), codes[_i].outcome);
}
END_TEST

/* A code of another instance is good, but what it brings belongs to somebody else. */
START_TEST(foreign_code_brings_foreign_tokens)
{
    arm_do("{'fault':'callback','code_of':'instance'}");
    OWNED(mem_text_free) char *location = agree();
    OWNED(mem_text_free) char *own = harness_expand(fake, "&instanceId=$INSTANCE");
    ck_assert_ptr_nonnull(strstr(location, own));
    keep_code(location);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth/access", NULL, EXCHANGE);
    harness_keep_member(fake, "ACCESS", &answer, "access_token");
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, "{'token':'$ACCESS'}");
    const char *instance = cJSON_GetStringValue(answer_at(&info, "instanceId"));
    ck_assert_str_ne(instance, harness_value(fake, "INSTANCE"));
}
END_TEST

START_TEST(odd_code_is_escaped_and_good)
{
    arm_do("{'fault':'token-shape','odd':true}");
    OWNED(mem_text_free) char *location = agree();
    ck_assert_ptr_nonnull(strstr(location, "-._~%2B%2F%3D%3D&state="));
    keep_code(location);
    OWNED(mem_text_free)
    char *plain = mem_text_n(
        harness_value(fake, "CODE"),
        (size_t)(strstr(harness_value(fake, "CODE"), "%2B") - harness_value(fake, "CODE")));
    OWNED(mem_text_free) char *code = mem_format("%s+/==", plain);
    harness_keep(fake, "CODE", code);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth/access", NULL, EXCHANGE);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, callback_comes_back_changed, callbacks);
    suite_rows(tcase, code_may_die_on_its_way, codes);
    tcase_add_test(tcase, foreign_code_brings_foreign_tokens);
    tcase_add_test(tcase, odd_code_is_escaped_and_good);
    return suite_run("fault_callback", tcase);
}
