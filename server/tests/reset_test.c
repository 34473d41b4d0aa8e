/* A world that begins again forgets the tokens of its former life: whatever was handed out before
 * is refused after, and everything else is as it was at first. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "state_file.h"
#include "suite.h"

#define MINT                                                                                       \
    "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"             \
    "'instance_id':'$INSTANCE'}"
#define VISIT "{'clientId':'$APP','grantType':'anonymous'}"
#define INSTALL "{'app_id':'$APP','site_id':'$SITE'}"
#define EXCHANGE(code)                                                                             \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'" code "'}"
#define REFRESH                                                                                    \
    "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"                  \
    "'refresh_token':'$REFRESH'}"
#define REFRESH_VISITOR                                                                            \
    "{'clientId':'$APP','refreshToken':'$VISITORREFRESH','grantType':'refresh_token'}"
#define POLL                                                                                       \
    "{'clientId':'$APP','grantType':'urn:ietf:params:oauth:grant-type:device_code',"               \
    "'deviceCode':'$DEVICE'}"
#define SESSION                                                                                    \
    "{'auth':{'authRequest':{'redirectUri':'" REDIRECT "','clientId':'$APP','codeChallenge':"      \
    "'" CHALLENGE "','codeChallengeMethod':'S256','responseMode':'query','responseType':'code',"   \
    "'scope':'offline_access','state':'s'},'prompt':'login'}}"
#define LOGIN "http%3A%2F%2Flocalhost%3A3000%2Flogin"
#define LOG_IN                                                                                     \
    "{'clientId':'$APP','grantType':'authorization_code','redirectUri':'" REDIRECT                 \
    "','code':'$LOGINCODE','codeVerifier':'" VERIFIER "'}"

static void make_world(void)
{
    OWNED(answer_free)
    struct answer made =
        harness_ask(fake, "POST /_fakewix/worlds", NULL,
                    "{'world':'b','clock':{'now':'2030-01-01T00:00:00Z','mode':'frozen'}}");
    ck_assert_int_eq(made.status, 201);
    static const char *const names[][2] = {{"APP", "app_id"},
                                           {"SECRET", "app_secret"},
                                           {"INSTANCE", "instance_id"},
                                           {"SITE", "site_id"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        harness_keep_member(fake, names[i][0], &made, names[i][1]);
    harness_do(fake, 201, "POST /_fakewix/worlds/b/api-keys", "{'api_key':'IST.key'}");
}

static void set_up(void)
{
    fake = harness_new(NULL);
    make_world();
}

/* Ask, and keep members of the answer: "NAME path", NULL at the end. */
static struct answer keep(const char *line, const char *headers, const char *body,
                          const char *const (*members)[2])
{
    struct answer answer = harness_ask(fake, line, headers, body);
    ck_assert_msg(answer.status / 100 == 2, "%s: %s", line, buf_str(&answer.body));
    for (; (*members)[0]; members++)
        harness_keep_member(fake, (*members)[0], &answer, (*members)[1]);
    return answer;
}

/* What stands between two marks in a text, as $NAME. */
static void keep_between(const char *name, const char *text, const char *from, char to)
{
    const char *at = strstr(text, from);
    ck_assert_ptr_nonnull(at);
    at += strlen(from);
    OWNED(mem_text_free) char *value = mem_text_n(at, strcspn(at, (char[]){to, '\0'}));
    harness_keep(fake, name, value);
}

static void keep_login_code(void)
{
    static const char *const url[][2] = {{"URL", "redirectSession.fullUrl"}, {0}};
    OWNED(answer_free)
    struct answer session = keep("POST /w/b/_api/redirects-api/v1/redirect-session",
                                 "Authorization: $VISITOR", SESSION, url);
    OWNED(mem_text_free)
    char *line = mem_format("GET %s", harness_value(fake, "URL") + strlen("http://127.0.0.1:8420"));
    OWNED(answer_free) struct answer page = harness_ask(fake, line, NULL, NULL);
    keep_between("LOGINCODE", buf_str(&page.head), "?code=", '&');
}

/* One of everything that world b hands out. */
static void hand_out(void)
{
    static const char *const mint[][2] = {{"TOKEN", "access_token"}, {0}};
    static const char *const first[][2] = {{"SPENT", "code"}, {0}};
    static const char *const second[][2] = {{"CODE", "code"}, {"URL", "app_url"}, {0}};
    static const char *const pair[][2] = {
        {"ACCESS", "access_token"}, {"REFRESH", "refresh_token"}, {0}};
    static const char *const guest[][2] = {
        {"VISITOR", "access_token"}, {"VISITORREFRESH", "refresh_token"}, {0}};
    static const char *const device[][2] = {
        {"DEVICE", "deviceCode"}, {"USERCODE", "userCode"}, {0}};
    const struct {
        const char *line, *body;
        const char *const (*members)[2];
    } steps[] = {
        {"POST /w/b/oauth2/token", MINT, mint},
        {"POST /_fakewix/worlds/b/installs", INSTALL, first},
        {"POST /w/b/oauth/access", EXCHANGE("$SPENT"), pair},
        {"POST /_fakewix/worlds/b/installs", INSTALL, second},
        {"POST /w/b/oauth2/token", VISIT, guest},
        {"GET /w/b/oauth2/device/code?clientId=$APP", NULL, device},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        OWNED(answer_free)
        struct answer answer = keep(steps[i].line, NULL, steps[i].body, steps[i].members);
    }
    keep_between("TICKET", harness_value(fake, "URL"), "token=", '&');
    keep_login_code();
}

/* What was good before: {request, its status in the first life, in the next one}. */
static const struct {
    const char *line, *headers, *body;
    int before, after;
} uses[] = {
    {"GET /w/b/apps/v1/instance", "Authorization: $TOKEN", NULL, 200, 401},
    {"GET /w/b/apps/v1/instance", "Authorization: $ACCESS", NULL, 200, 401},
    {"GET /w/b/conformance/probe", "Authorization: $VISITOR", NULL, 200, 401},
    {"GET /apps/v1/instance", "Authorization: $TOKEN", NULL, 200, 401},
    {"POST /w/b/oauth/access", NULL, REFRESH, 200, 400},
    {"POST /w/b/oauth/access", NULL, EXCHANGE("$CODE"), 200, 400},
    {"POST /w/b/oauth2/token", NULL, REFRESH_VISITOR, 200, 400},
    {"POST /w/b/oauth2/token", NULL, LOG_IN, 200, 400},
    {"POST /_fakewix/worlds/b/devices/approve", NULL, "{'user_code':'$USERCODE'}", 200, 404},
    {"GET /w/b/installer/install?appId=$APP&token=$TICKET&redirectUrl=" LOGIN, NULL, NULL, 200,
     400},
    {"POST /w/b/oauth2/token", "Authorization: $VISITOR,IST.key",
     "{'grantType':'authorized_client','memberId':'m'}", 200, 400},
    {"POST /_fakewix/worlds/b/tokens/expire", NULL, "{'token':'$TOKEN'}", 200, 404},
};

/* ---- the ways to begin again ---- */

static void reset_world(void)
{
    harness_do(fake, 200, "POST /_fakewix/worlds/b/reset", NULL);
    harness_do(fake, 201, "POST /_fakewix/worlds/b/api-keys", "{'api_key':'IST.key'}");
}

static void replace_world(void)
{
    OWNED(mem_text_free) char *app = mem_text(harness_value(fake, "APP"));
    harness_do(fake, 204, "DELETE /_fakewix/worlds/b", NULL);
    make_world();
    ck_assert_str_eq(harness_value(fake, "APP"), app); /* the same name has the same ids */
}

static void load_world(void)
{
    harness_do(fake, 204, "PUT /_fakewix/worlds/b/snapshot", harness_value(fake, "EMPTY"));
}

static void (*const beginnings[])(void) = {reset_world, replace_world, load_world};

enum { N_USES = sizeof uses / sizeof *uses };

static void keep_snapshot(void)
{
    OWNED(answer_free)
    struct answer empty = harness_ask(fake, "GET /_fakewix/worlds/b/snapshot", NULL, NULL);
    harness_keep(fake, "EMPTY", buf_str(&empty.body));
}

static void use(size_t row, bool is_after)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, uses[row].line, uses[row].headers, uses[row].body);
    int status = is_after ? uses[row].after : uses[row].before;
    ck_assert_msg(answer.status == status, "%s %s: %d in place of %d: %s", uses[row].line,
                  uses[row].body ? uses[row].body : "", answer.status, status,
                  buf_str(&answer.body));
}

START_TEST(it_is_good_before)
{
    hand_out();
    use((size_t)_i, false);
}
END_TEST

/* New ones were handed out meanwhile, as many as before: an old serial is no new one either. */
START_TEST(it_is_refused_after)
{
    keep_snapshot();
    hand_out();
    beginnings[_i / N_USES]();
    use((size_t)(_i % N_USES), true);
    static const char *const nothing[][2] = {{0}};
    for (int i = 0; i < 12; i++) {
        OWNED(answer_free)
        struct answer answer = keep("POST /w/b/oauth2/token", NULL, MINT, nothing);
    }
    use((size_t)(_i % N_USES), true);
}
END_TEST

START_TEST(device_code_is_refused_after)
{
    keep_snapshot();
    hand_out();
    harness_do(fake, 200, "POST /_fakewix/worlds/b/devices/approve", "{'user_code':'$USERCODE'}");
    beginnings[_i]();
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /w/b/oauth2/token", NULL, POLL);
    ck_assert_int_eq(answer.status, 400);
    ck_assert_ptr_nonnull(strstr(buf_str(&answer.body), "invalid_grant"));
}
END_TEST

START_TEST(token_of_a_former_life_is_inactive)
{
    keep_snapshot();
    hand_out();
    beginnings[_i]();
    OWNED(answer_free)
    struct answer info =
        harness_ask(fake, "POST /w/b/oauth2/token-info", NULL, "{'token':'$TOKEN'}");
    answer_expect(&info, "active", "false");
}
END_TEST

START_TEST(everything_works_in_the_next_life)
{
    keep_snapshot();
    hand_out();
    beginnings[_i]();
    hand_out();
    for (size_t i = 0; i < N_USES; i++)
        use(i, false);
}
END_TEST

START_TEST(default_world_forgets_too)
{
    OWNED(answer_free) struct answer apps = harness_ask(fake, "GET /_fakewix/apps", NULL, NULL);
    harness_keep_member(fake, "APP", &apps, "apps.0.app_id");
    harness_keep_member(fake, "SECRET", &apps, "apps.0.app_secret");
    OWNED(answer_free)
    struct answer instances = harness_ask(fake, "GET /_fakewix/instances", NULL, NULL);
    harness_keep_member(fake, "INSTANCE", &instances, "instances.0.instance_id");
    harness_keep_member(fake, "SITE", &instances, "instances.0.site_id");
    harness_connect(fake);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    harness_do(fake, 400, "POST /oauth/access", REFRESH);
    ck_assert_str_eq(harness_outcome(fake), "refresh-token-unknown");
    harness_connect(fake);
    harness_do(fake, 200, "POST /oauth/access", REFRESH);
}
END_TEST

/* ---- over a restart ---- */

START_TEST(state_file_remembers_who_began_again)
{
    const char *file = state_file_new();
    harness_free(fake);
    fake = harness_new(&(struct harness_wish){.state_file = file});
    make_world();
    keep_snapshot();
    hand_out();
    harness_keep(fake, "OLD", harness_value(fake, "TOKEN"));
    beginnings[_i]();
    hand_out();
    fake = harness_reopen(fake, file);
    harness_do(fake, 200, "POST /w/b/oauth/access", REFRESH);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /w/b/apps/v1/instance", "Authorization: $OLD", NULL);
    ck_assert_int_eq(answer.status, 401);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, guest_tear_down);
    enum { N_BEGINNINGS = sizeof beginnings / sizeof *beginnings };
    suite_rows(tcase, it_is_good_before, uses);
    tcase_add_loop_test(tcase, it_is_refused_after, 0, N_BEGINNINGS * N_USES);
    suite_rows(tcase, device_code_is_refused_after, beginnings);
    suite_rows(tcase, token_of_a_former_life_is_inactive, beginnings);
    suite_rows(tcase, everything_works_in_the_next_life, beginnings);
    tcase_add_test(tcase, default_world_forgets_too);
    suite_rows(tcase, state_file_remembers_who_began_again, beginnings);
    return suite_run("reset", tcase);
}
