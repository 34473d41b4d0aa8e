/* The control plane: clock, profile, lifetimes, apps, sites, instances, installs, and its guard. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
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

static void expect_refused(const char *line, const char *headers, const char *body, int status,
                           const char *code)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, headers, body);
    ck_assert_msg(answer.status == status, "%s %s: %d %s", line, body ? body : "", answer.status,
                  buf_str(&answer.body));
    answer_expect_members(&answer, "message details");
    answer_expect(&answer, "details.applicationError.code", code);
    if (strstr(line, "/_fakewix"))
        answer_expect_header(&answer, "Cache-Control", "no-store");
}

/* ---- arguments that are refused, each with a sentence ---- */

#define CLOCK "PUT /_fakewix/clock"
#define ADVANCE "POST /_fakewix/clock/advance"
#define WORLDS "POST /_fakewix/worlds"
#define BAD 400, "INVALID_ARGUMENT"
#define NONE 404, "NOT_FOUND"

static const struct {
    const char *line, *body;
    int status;
    const char *code;
} refused[] = {
    {"GET /_fakewix/nothing", NULL, NONE},
    {"GET /_fakewixx", NULL, NONE},
    {"POST /_fakewix/health", NULL, 405, "METHOD_NOT_ALLOWED"},
    {"GET /_fakewix/worlds/nobody/clock", NULL, NONE},
    {"GET /w/nobody/apps/v1/instance", NULL, NONE},
    {CLOCK, NULL, BAD},
    {CLOCK, "now=1", BAD},
    {CLOCK, "[]", BAD},
    {CLOCK, "{}", BAD},
    {CLOCK, "{'now':'tomorrow'}", BAD},
    {CLOCK, "{'now':'2030-02-30T00:00:00'}", BAD},
    {CLOCK, "{'now':5}", BAD},
    {CLOCK, "{'now_ms':-1}", BAD},
    {CLOCK, "{'now_ms':1.5}", BAD},
    {CLOCK, "{'now_ms':253402300800000}", BAD},
    {CLOCK, "{'mode':'slow'}", BAD},
    {CLOCK, "{'mode':1}", BAD},
    {CLOCK, "{'rate':0}", BAD},
    {CLOCK, "{'rate':1e7}", BAD},
    {CLOCK, "{'rate':'2'}", BAD},
    {CLOCK, "{'rate':60}", BAD},
    {CLOCK, "{'mode':'frozen','rate':60}", BAD},
    {CLOCK, "{'mode':'real','rate':5}", BAD},
    {ADVANCE, "{}", BAD},
    {ADVANCE, "{'seconds':'5'}", BAD},
    {ADVANCE, "{'seconds':1.5}", BAD},
    {ADVANCE, "{'seconds':1e300}", BAD},
    {ADVANCE, "{'ms':9007199254740993}", BAD},
    {ADVANCE, "{'seconds':-1893456001}", BAD},
    {ADVANCE, "{'seconds':251508844800}", BAD},
    {WORLDS, "{'world':'a/b'}", BAD},
    {WORLDS, "{'world':''}", BAD},
    {WORLDS, "{'world':'default'}", BAD},
    {WORLDS, "{'wurld':'a'}", BAD},
    {WORLDS, "{'ttl_s':0}", BAD},
    {WORLDS, "{'clock':'noon'}", BAD},
    {WORLDS, "{'clock':{'now':'noon'}}", BAD},
    {WORLDS, "{'config':{'app':[]}}", BAD},
    {WORLDS, "{'seed':'x'}", BAD},
    {WORLDS, "{'world':7}", BAD},
    {"DELETE /_fakewix/worlds/default", NULL, BAD},
    {"DELETE /_fakewix/worlds/nobody", NULL, NONE},
    {"POST /_fakewix/apps", "{'app_id':'x'}", BAD},
    {"POST /_fakewix/apps", "{'app_id':'x','app_secret':'s','colour':'red'}", BAD},
    {"POST /_fakewix/apps", "{'app_id':'a b','app_secret':'s'}", BAD},
    {"POST /_fakewix/sites", "{}", BAD},
    {"POST /_fakewix/instances", "{'instance_id':'i','app_id':'no','site_id':'$SITE'}", NONE},
    {"POST /_fakewix/instances", "{'instance_id':'i','app_id':'$APP','site_id':'no'}", NONE},
    {"POST /_fakewix/instances", "{'app_id':'$APP','site_id':'$SITE'}", BAD},
    {"POST /_fakewix/instances/no/uninstall", NULL, NONE},
    {"POST /_fakewix/instances/no/reinstall", NULL, NONE},
    {"POST /_fakewix/installs", NULL, BAD},
    {"POST /_fakewix/installs", "{'site_id':'$SITE'}", NONE},
    {"POST /_fakewix/installs", "{'app_id':'$APP','site_id':'$SITE','redirect_url':'http://x/'}",
     BAD},
    {"POST /_fakewix/tokens/expire", "{}", BAD},
    {"POST /_fakewix/tokens/expire", "{'app_id':'$APP','kind':'biscuit'}", BAD},
    {"POST /_fakewix/tokens/revoke", "{'token':'garbage'}", NONE},
    {"POST /_fakewix/tokens/revoke", "{'app_id':'nope'}", NONE},
    {"POST /_fakewix/tokens/expire", "{'instance_id':'nope'}", NONE},
    {"PUT /_fakewix/lifetimes", "{'app_id':'nope','code_s':60}", NONE},
    {"PUT /_fakewix/profile", "{'colour':'red'}", BAD},
    {"PUT /_fakewix/profile", "{'access_refusals':'new'}", BAD},
    {"PUT /_fakewix/lifetimes", "{'code_s':0}", BAD},
    {"PUT /_fakewix/lifetimes", "{'code':600}", BAD},
    {"GET /_fakewix/journal?sinse=1", NULL, BAD},
    {"GET /_fakewix/tables/nothing", NULL, NONE},
    {"DELETE /_fakewix/faults/f9", NULL, NONE},
};

START_TEST(argument_is_refused)
{
    expect_refused(refused[_i].line, NULL, refused[_i].body, refused[_i].status, refused[_i].code);
}
END_TEST

/* ---- the clock ---- */

static void expect_clock(const char *now, const char *mode, const char *rate)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /_fakewix/clock", NULL, NULL);
    answer_expect_members(&answer, "now now_ms mode rate");
    answer_expect(&answer, "now", now);
    answer_expect(&answer, "mode", mode);
    answer_expect(&answer, "rate", rate);
}

START_TEST(clock_is_set_and_advanced)
{
    expect_clock("2030-01-01T00:00:00.000Z", "frozen", "1");
    harness_do(fake, 200, CLOCK, "{'now':'2031-02-03T04:05:06.007Z'}");
    expect_clock("2031-02-03T04:05:06.007Z", "frozen", "1");
    harness_do(fake, 200, CLOCK, "{'now_ms':0}");
    expect_clock("1970-01-01T00:00:00.000Z", "frozen", "1");
    harness_do(fake, 200, CLOCK, "{'now':'9999-12-31T23:59:59.999Z'}");
    expect_refused(ADVANCE, NULL, "{'ms':1}", BAD);
    harness_do(fake, 200, ADVANCE, "{'ms':-1}");
    harness_do(fake, 200, ADVANCE, "{'seconds':-1,'ms':1}");
    expect_clock("9999-12-31T23:59:58.999Z", "frozen", "1");
}
END_TEST

START_TEST(clock_answers_with_itself)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, ADVANCE, NULL, "{'seconds':301}");
    answer_expect(&answer, "now", "2030-01-01T00:05:01.000Z");
    answer_expect(&answer, "now_ms", "1893456301000");
}
END_TEST

START_TEST(refused_clock_stays_as_it_was)
{
    expect_refused(CLOCK, NULL, "{'now':'2031-01-01T00:00:00Z','mode':'slow'}", BAD);
    expect_refused(CLOCK, NULL, "{'mode':'real','now':'never'}", BAD);
    expect_clock("2030-01-01T00:00:00.000Z", "frozen", "1");
}
END_TEST

START_TEST(scaled_clock_keeps_its_rate)
{
    harness_do(fake, 200, CLOCK, "{'mode':'scaled','rate':0.5,'now_ms':5}");
    harness_do(fake, 200, ADVANCE, "{'seconds':10}");
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /_fakewix/clock", NULL, NULL);
    answer_expect(&answer, "mode", "scaled");
    answer_expect(&answer, "rate", "0.5");
}
END_TEST

START_TEST(rate_alone_lets_a_real_clock_run_faster)
{
    harness_do(fake, 200, CLOCK, "{'rate':1}");
    expect_clock("2030-01-01T00:00:00.000Z", "frozen", "1");
    harness_do(fake, 200, CLOCK, "{'mode':'real'}");
    harness_do(fake, 200, CLOCK, "{'rate':2}");
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /_fakewix/clock", NULL, NULL);
    answer_expect(&answer, "mode", "scaled");
    answer_expect(&answer, "rate", "2");
}
END_TEST

START_TEST(clock_goes_back_to_the_machine_s)
{
    int64_t before_ms = now_real_ms();
    harness_do(fake, 200, CLOCK, "{'mode':'real','now':'machine'}");
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /_fakewix/clock", NULL, NULL);
    int64_t now_ms = 0;
    ck_assert(tree_int(answer.json, "now_ms", &now_ms));
    ck_assert_int_ge(now_ms, before_ms);
    ck_assert_int_le(now_ms, now_real_ms());
    answer_expect(&answer, "mode", "real");
}
END_TEST

START_TEST(refused_fault_takes_no_id)
{
    expect_refused("POST /_fakewix/faults", NULL,
                   "{'on':{'service':'none'},'do':{'fault':'reset'}}", BAD);
    OWNED(answer_free)
    struct answer armed =
        harness_ask(fake, "POST /_fakewix/faults", NULL, "{'do':{'fault':'reset'}}");
    answer_expect(&armed, "fault_id", "f1");
}
END_TEST

/* ---- profile and lifetimes ---- */

START_TEST(profile_changes_what_it_is_told_and_nothing_else)
{
    OWNED(answer_free)
    struct answer before = harness_ask(fake, "GET /_fakewix/profile", NULL, NULL);
    answer_expect(&before, "bad_secret_status", "401");
    answer_expect(&before, "rotate_refresh_tokens", "false");
    OWNED(answer_free)
    struct answer after = harness_ask(fake, "PUT /_fakewix/profile", NULL,
                                      "{'rotate_refresh_tokens':true,'bad_secret_status':400}");
    answer_expect(&after, "bad_secret_status", "400");
    answer_expect(&after, "rotate_refresh_tokens", "true");
    answer_expect(&after, "access_refusals", "old");
    expect_refused("PUT /_fakewix/profile", NULL, "{'bad_secret_status':401,'nonsense':1}", BAD);
    OWNED(answer_free)
    struct answer still = harness_ask(fake, "GET /_fakewix/profile", NULL, NULL);
    answer_expect(&still, "bad_secret_status", "400");
}
END_TEST

START_TEST(lifetimes_change_one_by_one)
{
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'code_s':7}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/lifetimes", NULL, NULL);
    ck_assert_str_eq(buf_str(&answer.body),
                     "{\"code_s\":7,\"custom_access_token_s\":300,\"oauth_access_token_s\":14400}");
}
END_TEST

/* ---- apps, sites, instances ---- */

START_TEST(items_are_listed_as_they_were_given)
{
    OWNED(answer_free) struct answer apps = harness_ask(fake, "GET /_fakewix/apps", NULL, NULL);
    answer_expect(&apps, "apps.0.app_id", harness_value(fake, "APP"));
    answer_expect(&apps, "apps.0.app_secret", harness_value(fake, "SECRET"));
    answer_expect(&apps, "apps.1", NULL);
    OWNED(answer_free) struct answer sites = harness_ask(fake, "GET /_fakewix/sites", NULL, NULL);
    answer_expect(&sites, "sites.0.display_name", "Corner Bakery");
    OWNED(answer_free)
    struct answer instances = harness_ask(fake, "GET /_fakewix/instances", NULL, NULL);
    answer_expect(&instances, "instances.0.state", "SETUP_INCOMPLETE");
}
END_TEST

START_TEST(item_that_is_put_again_is_changed_not_doubled)
{
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'$APP','app_secret':'new'}");
    OWNED(answer_free) struct answer apps = harness_ask(fake, "GET /_fakewix/apps", NULL, NULL);
    answer_expect(&apps, "apps.0.app_secret", "new");
    answer_expect(&apps, "apps.0.name", NULL);
    answer_expect(&apps, "apps.1", NULL);
    harness_do(fake, 401, "POST /oauth2/token",
               "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET'}");
}
END_TEST

START_TEST(api_key_that_is_put_again_is_changed_not_doubled)
{
    harness_do(fake, 201, "POST /_fakewix/api-keys", "{'api_key':'IST.k','name':'first'}");
    harness_do(fake, 201, "POST /_fakewix/api-keys", "{'api_key':'IST.k','name':'second'}");
    OWNED(answer_free) struct answer keys = harness_ask(fake, "GET /_fakewix/api-keys", NULL, NULL);
    answer_expect(&keys, "api_keys.0.name", "second");
    answer_expect(&keys, "api_keys.1", NULL);
}
END_TEST

START_TEST(instance_gets_the_id_it_is_given)
{
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'s2'}");
    harness_do(fake, 201, "POST /_fakewix/instances",
               "{'instance_id':'mine','app_id':'$APP','site_id':'s2'}");
    harness_do(fake, 200, "POST /oauth2/token",
               "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"
               "'instance_id':'mine'}");
}
END_TEST

START_TEST(install_gives_what_wix_would_send)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/installs", NULL,
                                       "{'app_id':'$APP','site_id':'$SITE','state':'a b&c',"
                                       "'redirect_url':'https://app.example.com/login'}");
    ck_assert_int_eq(answer.status, 201);
    answer_expect_members(&answer, "instance_id app_url code callback_url");
    answer_expect(&answer, "instance_id", harness_value(fake, "INSTANCE"));
    const char *callback = tree_text(answer.json, "callback_url");
    OWNED(mem_text_free)
    char *expected = mem_format("https://app.example.com/login?code=%s&state=a%%20b%%26c"
                                "&instanceId=%s",
                                tree_text(answer.json, "code"), harness_value(fake, "INSTANCE"));
    ck_assert_str_eq(callback, expected);
    ck_assert_int_eq(
        strncmp(tree_text(answer.json, "app_url"), "http://localhost:3000/signup?token=", 35), 0);
}
END_TEST

START_TEST(install_on_a_new_site_makes_an_instance)
{
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'s2'}");
    OWNED(answer_free)
    struct answer first =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2'}");
    const char *id = tree_text(first.json, "instance_id");
    ck_assert(text_is_guid(id));
    OWNED(answer_free)
    struct answer second =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2'}");
    answer_expect(&second, "instance_id", id);
    ck_assert_str_ne(tree_text(first.json, "code"), tree_text(second.json, "code"));
}
END_TEST

START_TEST(reinstall_keeps_the_instance_id)
{
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/uninstall", NULL);
    OWNED(answer_free)
    struct answer gone = harness_ask(fake, "GET /_fakewix/instances", NULL, NULL);
    answer_expect(&gone, "instances.0.state", "UNINSTALLED");
    OWNED(answer_free)
    struct answer again =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'$SITE'}");
    answer_expect(&again, "instance_id", harness_value(fake, "INSTANCE"));
}
END_TEST

static const char *const tables[] = {"routes", "refusals", "faults", "grants", "config"};

START_TEST(table_is_given)
{
    OWNED(mem_text_free) char *line = mem_format("GET /_fakewix/tables/%s", tables[_i]);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_int_gt(cJSON_GetArraySize(answer.json), 2);
}
END_TEST

/* ---- who may use it ---- */

#define TOKEN "Authorization: Bearer s3cret"

static const struct {
    enum entrance entrance;
    const char *control_token, *headers;
    int status;
} guards[] = {
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: LOCALHOST:1", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: 127.0.0.1:8420", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: 127.9.9.9", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: [::1]:8420", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: wix.localhost:8420", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: evil.example", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost.evil.example", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: 127.0.0.1.evil.example", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: notlocalhost", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: [::2]", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: [::1", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: ", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nOrigin: http://localhost:3000", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nOrigin: http://evil.example", 403},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nOrigin: null", 403},
    {ENTRANCE_LOOPBACK, NULL,
     "Host: localhost\nOrigin: http://127.0.0.1:1\nSec-Fetch-Site: cross-site", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nSec-Fetch-Site: same-origin", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nSec-Fetch-Site: none", 200},
    {ENTRANCE_LOOPBACK, NULL,
     "Host: localhost\nSec-Fetch-Site: cross-site\nSec-Fetch-Dest: document", 200},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nSec-Fetch-Site: cross-site\nSec-Fetch-Dest: iframe",
     403},
    {ENTRANCE_LOOPBACK, NULL, "Host: localhost\nSec-Fetch-Site: cross-site", 403},
    {ENTRANCE_LOOPBACK, "s3cret", "Host: localhost", 401},
    {ENTRANCE_LOOPBACK, "s3cret", "Host: localhost\n" TOKEN, 200},
    {ENTRANCE_LOOPBACK, "s3cret", "Host: localhost\n" TOKEN "x", 401},
    {ENTRANCE_LOOPBACK, "s3cret", "Host: evil.example\n" TOKEN, 403},
    {ENTRANCE_PUBLIC, "s3cret", "Host: ci-service:8420", 401},
    {ENTRANCE_PUBLIC, "s3cret", "Host: ci-service:8420\n" TOKEN, 200},
    {ENTRANCE_PUBLIC, NULL, "Host: localhost", 401},
    {ENTRANCE_UNIX, NULL, "Host: whatever", 200},
};

START_TEST(guard_lets_in_or_not)
{
    fake->entrance = guards[_i].entrance;
    fake->fake.control_token = guards[_i].control_token;
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/health", guards[_i].headers, NULL);
    ck_assert_msg(answer.status == guards[_i].status, "%s: %d", guards[_i].headers, answer.status);
    static const char *const lost[] = {"GET /_fakewix/nothing", "GET /_fakewix/worlds/no/clock",
                                       "GET /_fakewix/worlds/no/nothing"};
    for (size_t i = 0; i < 3; i++) {
        OWNED(answer_free)
        struct answer none = harness_ask(fake, lost[i], guards[_i].headers, NULL);
        ck_assert_int_eq(none.status, guards[_i].status == 200 ? 404 : guards[_i].status);
    }
}
END_TEST

START_TEST(guard_spares_wix_s_own_paths)
{
    fake->entrance = ENTRANCE_PUBLIC;
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /conformance/probe", "Host: a.example", NULL);
    ck_assert_int_eq(answer.status, 401);
    ck_assert_str_eq(harness_outcome(fake), "api-token-missing");
}
END_TEST

/* ---- calls that there are not ---- */

static const struct {
    const char *line;
    int status;
    const char *allow, *sentence;
} strays[] = {
    {"GET /_fakewix/clokc", 404, NULL, "(/_fakewix/clokc; the nearest are \"/_fakewix/clock\", "},
    {"GET /_fakewix/\xff", 404, NULL, "(/_fakewix/?; the nearest are "},
    {"GET /_fakewix/worlds/default/fault", 404, NULL, "the nearest are \"/_fakewix/faults\", "},
    {"POST /_fakewix/faults/f1/relase", 404, NULL, "nearest are \"/_fakewix/faults/{}/release\", "},
    {"GET /_fakewix//", 404, NULL, "`fakewix tables routes` lists all"},
    {"POST /_fakewix/", 405, "GET", "(/_fakewix/ takes GET, not POST)"},
    {"PATCH /_fakewix/clock", 405, "GET, PUT", "(/_fakewix/clock takes GET, PUT, not PATCH)"},
    {"GET /_fakewix/journal?rout=x", 400, NULL, "rout is not known; did you mean \"route\"? known"},
    {"GET /_fakewix/events?apps=x", 400, NULL,
     "apps is not known; did you mean \"app\"? known here"},
    {"GET /_fakewix/reset", 405, "POST", "(/_fakewix/reset takes POST, not GET)"},
    {"PUT /_fakewix/worlds/default/faults/f1", 405, "GET, DELETE", "takes GET, DELETE, not PUT)"},
};

START_TEST(stray_call_is_told_what_there_is)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, strays[_i].line, NULL, NULL);
    ck_assert_int_eq(answer.status, strays[_i].status);
    answer_expect_header(&answer, "Allow", strays[_i].allow);
    const char *message = cJSON_GetStringValue(answer_at(&answer, "message"));
    ck_assert_msg(strstr(message, strays[_i].sentence) != NULL, "%s", message);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, argument_is_refused, refused);
    tcase_add_test(tcase, clock_is_set_and_advanced);
    tcase_add_test(tcase, clock_answers_with_itself);
    tcase_add_test(tcase, refused_clock_stays_as_it_was);
    tcase_add_test(tcase, scaled_clock_keeps_its_rate);
    tcase_add_test(tcase, rate_alone_lets_a_real_clock_run_faster);
    tcase_add_test(tcase, clock_goes_back_to_the_machine_s);
    tcase_add_test(tcase, refused_fault_takes_no_id);
    tcase_add_test(tcase, profile_changes_what_it_is_told_and_nothing_else);
    tcase_add_test(tcase, lifetimes_change_one_by_one);
    tcase_add_test(tcase, items_are_listed_as_they_were_given);
    tcase_add_test(tcase, item_that_is_put_again_is_changed_not_doubled);
    tcase_add_test(tcase, api_key_that_is_put_again_is_changed_not_doubled);
    tcase_add_test(tcase, instance_gets_the_id_it_is_given);
    tcase_add_test(tcase, install_gives_what_wix_would_send);
    tcase_add_test(tcase, install_on_a_new_site_makes_an_instance);
    tcase_add_test(tcase, reinstall_keeps_the_instance_id);
    suite_rows(tcase, table_is_given, tables);
    suite_rows(tcase, guard_lets_in_or_not, guards);
    suite_rows(tcase, stray_call_is_told_what_there_is, strays);
    tcase_add_test(tcase, guard_spares_wix_s_own_paths);
    return suite_run("control", tcase);
}
