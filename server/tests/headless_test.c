/* The grants of /oauth2/token for visitors, members and users, and where their codes come from. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"

static struct harness *fake;

/* RFC 7636, appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT "http://localhost:3000/login"
#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"

static struct answer token(const char *body)
{
    return harness_ask(fake, "POST /oauth2/token", NULL, body);
}

static void refused(const char *body, int status, const char *outcome)
{
    OWNED(answer_free) struct answer answer = token(body);
    answer_expect_refusal(&answer, fake, status, outcome);
}

/* A visitor, as $ACCESS and $REFRESH. */
static void visit(void)
{
    OWNED(answer_free)
    struct answer answer = token("{'clientId':'$APP','grantType':'anonymous'}");
    ck_assert_int_eq(answer.status, 200);
    harness_keep_member(fake, "ACCESS", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
}

static void set_up(void)
{
    fake = harness_new(NULL);
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'0a330000-0000-4000-8000-000000000003','app_secret':'s3'}");
    harness_keep(fake, "OTHER", "0a330000-0000-4000-8000-000000000003");
    harness_do(fake, 201, "POST /_fakewix/api-keys", "{'api_key':'IST.key'}");
    visit();
}

static void tear_down(void)
{
    harness_free(fake);
}

static void expect_info(const char *name, const char *subject_type)
{
    OWNED(mem_text_free) char *body = mem_format("{'token':'%s'}", harness_value(fake, name));
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, body);
    answer_expect(&info, "active", "true");
    answer_expect(&info, "subjectType", subject_type);
    answer_expect(&info, "clientId", harness_value(fake, "APP"));
}

/* ---- visitors ---- */

START_TEST(visitor_gets_both_tokens)
{
    OWNED(answer_free)
    struct answer answer = token("{'client_id':'$APP','grant_type':'anonymous'}");
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    answer_expect(&answer, "token_type", "Bearer");
    answer_expect(&answer, "expires_in", "14400");
    harness_keep_member(fake, "OTHERACCESS", &answer, "access_token");
    ck_assert_str_ne(harness_value(fake, "OTHERACCESS"), harness_value(fake, "ACCESS"));
    expect_info("ACCESS", "VISITOR");
    expect_info("REFRESH", "VISITOR");
}
END_TEST

START_TEST(visitor_tokens_have_the_observed_shape)
{
    const char *refresh = harness_value(fake, "REFRESH");
    ck_assert_int_eq(strncmp(refresh, "JWS.", 4), 0);
    OWNED(tree_free) cJSON *claims = harness_claims(refresh);
    const char *data = tree_text(claims, "data");
    ck_assert_uint_eq(strlen(data), TEXT_GUID_LEN + 2); /* a GUID in quotes: JSON in a text */
    int64_t iat, exp;
    ck_assert(tree_int(claims, "iat", &iat) && tree_int(claims, "exp", &exp));
    ck_assert_int_eq(exp - iat, 365 * 86400);
    OWNED(tree_free) cJSON *access = harness_claims(harness_value(fake, "ACCESS"));
    const char *inner = tree_text(access, "data");
    OWNED(tree_free) cJSON *tree = tree_parse(inner, strlen(inner), NULL);
    const cJSON *instance = tree_get(tree, "instance");
    ck_assert(text_is_guid(tree_text(instance, "aid")));
    ck_assert_str_eq(tree_text(instance, "metaSiteId"), harness_value(fake, "SITE"));
    ck_assert_str_eq(tree_text(instance, "permissions"), "offline_access");
}
END_TEST

START_TEST(client_that_is_no_guid_is_told_so_in_wix_s_words)
{
    OWNED(answer_free)
    struct answer answer = token("{'clientId':'nonsense','grantType':'anonymous'}");
    answer_expect_refusal(&answer, fake, 400, "token-client-form");
    answer_expect(&answer, "message",
                  "appRuntimeKeys [at index 0] is invalid: appId is not a valid GUID");
    refused("{'clientId':'0a990000-0000-4000-8000-000000000009','grantType':'anonymous'}", 401,
            "token-client-unknown");
}
END_TEST

/* ---- refresh ---- */

#define REFRESH_BODY "{'clientId':'$APP','refreshToken':'$REFRESH','grantType':'refresh_token'"

START_TEST(refresh_signs_the_same_session_anew)
{
    harness_advance(fake, 60000);
    OWNED(answer_free) struct answer answer = token(REFRESH_BODY "}");
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "NEW", &answer, "refresh_token");
    OWNED(tree_free) cJSON *before = harness_claims(harness_value(fake, "REFRESH"));
    OWNED(tree_free) cJSON *after = harness_claims(harness_value(fake, "NEW"));
    ck_assert_str_eq(tree_text(before, "data"), tree_text(after, "data"));
    int64_t then, now;
    ck_assert(tree_int(before, "iat", &then) && tree_int(after, "iat", &now));
    ck_assert_int_eq(now - then, 60);
    static const char *const both[] = {"REFRESH", "NEW"};
    for (size_t i = 0; i < 2; i++) {
        harness_keep(fake, "REFRESH", harness_value(fake, both[i]));
        OWNED(answer_free) struct answer again = token(REFRESH_BODY "}");
        ck_assert_int_eq(again.status, 200);
    }
    expect_info("NEW", "VISITOR");
}
END_TEST

START_TEST(refresh_for_a_site_lives_900_seconds)
{
    OWNED(answer_free) struct answer answer = token(REFRESH_BODY ",'siteId':'$SITE'}");
    answer_expect(&answer, "expires_in", "900");
    harness_keep_member(fake, "SITETOKEN", &answer, "access_token");
    OWNED(answer_free)
    struct answer info =
        harness_ask(fake, "POST /oauth2/token-info", NULL, "{'token':'$SITETOKEN'}");
    answer_expect(&info, "siteId", harness_value(fake, "SITE"));
    harness_advance(fake, 900000);
    OWNED(answer_free)
    struct answer late =
        harness_ask(fake, "GET /site-properties/v4/properties", "Authorization: $SITETOKEN", NULL);
    answer_expect_refusal(&late, fake, 401, "api-token-expired");
}
END_TEST

START_TEST(refresh_for_an_unknown_site_is_refused_in_wix_s_shape)
{
    OWNED(answer_free) struct answer answer = token(REFRESH_BODY ",'siteId':'nowhere'}");
    answer_expect_refusal(&answer, fake, 404, "token-site-unknown");
    answer_expect(&answer, "details.applicationError.code", "SITE_NOT_FOUND");
    refused(REFRESH_BODY ",'siteId':7}", 400, "token-field-type");
}
END_TEST

static const struct {
    const char *line, *body; /* what happens first; a NULL line for nothing */
    const char *ask, *outcome;
} bad_refreshes[] = {
    {NULL, NULL, "{'clientId':'$APP','grantType':'refresh_token'}", "token-field-missing"},
    {NULL, NULL, "{'clientId':'$APP','grantType':'refresh_token','refreshToken':'JWS.a.b.c'}",
     "token-refresh-unknown"},
    {NULL, NULL, "{'clientId':'$APP','grantType':'refresh_token','refreshToken':'$ACCESS'}",
     "token-refresh-unknown"},
    {NULL, NULL, "{'clientId':'$OTHER','grantType':'refresh_token','refreshToken':'$REFRESH'}",
     "token-refresh-app-mismatch"},
    {"POST /_fakewix/clock/advance", "{'seconds':31536000}", REFRESH_BODY "}",
     "token-refresh-expired"},
    {"POST /_fakewix/tokens/expire", "{'token':'$REFRESH'}", REFRESH_BODY "}",
     "token-refresh-expired"},
    {"POST /_fakewix/tokens/revoke", "{'app_id':'$APP'}", REFRESH_BODY "}",
     "token-refresh-revoked"},
    {"POST /_fakewix/instances/$INSTANCE/uninstall", NULL, REFRESH_BODY "}",
     "token-refresh-uninstalled"},
    {"POST /_fakewix/instances/$INSTANCE/reinstall", NULL, REFRESH_BODY "}",
     "token-refresh-uninstalled"},
};

START_TEST(refresh_is_refused)
{
    if (bad_refreshes[_i].line)
        harness_do(fake, 200, bad_refreshes[_i].line, bad_refreshes[_i].body);
    OWNED(answer_free) struct answer answer = token(bad_refreshes[_i].ask);
    answer_expect_refusal(&answer, fake, 400, bad_refreshes[_i].outcome);
    bool missing = strcmp(bad_refreshes[_i].outcome, "token-field-missing") == 0;
    answer_expect(&answer, "error", missing ? "invalid_request" : "invalid_grant");
}
END_TEST

START_TEST(fault_rotates_a_visitor_s_refresh_token)
{
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'grant':'refresh_token'},'do':{'fault':'rotate-refresh-token'}}");
    OWNED(answer_free) struct answer answer = token(REFRESH_BODY "}");
    harness_keep_member(fake, "NEW", &answer, "refresh_token");
    refused(REFRESH_BODY "}", 400, "token-refresh-revoked");
    harness_keep(fake, "REFRESH", harness_value(fake, "NEW"));
    OWNED(answer_free) struct answer again = token(REFRESH_BODY "}");
    ck_assert_int_eq(again.status, 200);
}
END_TEST

/* ---- a member logs in ---- */

#define SESSION                                                                                    \
    "{'auth':{'authRequest':{'redirectUri':'" REDIRECT "','clientId':'$APP','codeChallenge':"      \
    "'" CHALLENGE "','codeChallengeMethod':'S256','responseMode':'%s','responseType':'code',"      \
    "'scope':'%s','state':'a b&<'},'prompt':'login'}}"

/* The address a redirect session sends the browser to; caller frees with free(). */
static char *begin(const char *mode, const char *scope)
{
    OWNED(mem_text_free) char *body = mem_format(SESSION, mode, scope);
    OWNED(answer_free)
    struct answer session = harness_ask(fake, "POST /_api/redirects-api/v1/redirect-session",
                                        "Authorization: $ACCESS", body);
    ck_assert_msg(session.status == 200, "%s", buf_str(&session.body));
    answer_expect(&session, "redirectSession.urlDetails.endpoint",
                  "http://127.0.0.1:8420/oauth2/authorize");
    ck_assert(cJSON_IsString(answer_at(&session, "redirectSession.sessionToken")));
    const char *url = cJSON_GetStringValue(answer_at(&session, "redirectSession.fullUrl"));
    return mem_format("GET %s", url + strlen("http://127.0.0.1:8420"));
}

/* Log in and keep $CODE; the redirect must begin with `prefix`. */
static void log_in(const char *mode, const char *scope, const char *prefix)
{
    OWNED(mem_text_free) char *line = begin(mode, scope);
    OWNED(answer_free) struct answer page = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(page.status, 302);
    struct response shown = {.head = page.head};
    OWNED(mem_text_free) char *location = response_header_value(&shown, "Location");
    ck_assert_msg(strncmp(location, prefix, strlen(prefix)) == 0, "%s", location);
    char *code = location + strlen(prefix);
    char *end = strchr(code, '&');
    ck_assert_str_eq(end, "&state=a%20b%26%3C");
    *end = '\0';
    harness_keep(fake, "CODE", code);
}

#define EXCHANGE                                                                                   \
    "{'clientId':'$APP','grantType':'authorization_code','redirectUri':'" REDIRECT                 \
    "','code':'$CODE','codeVerifier':'" VERIFIER "'}"

START_TEST(member_logs_in)
{
    log_in("fragment", "offline_access", REDIRECT "#code=");
    OWNED(answer_free) struct answer answer = token(EXCHANGE);
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "MEMBER", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
    expect_info("MEMBER", "MEMBER");
    OWNED(answer_free) struct answer again = token(REFRESH_BODY "}");
    harness_keep_member(fake, "MEMBER", &again, "access_token");
    expect_info("MEMBER", "MEMBER");
    refused(EXCHANGE, 400, "token-code-reused");
}
END_TEST

START_TEST(same_member_logs_in_again)
{
    static const char *const names[] = {"ONE", "TWO"};
    for (size_t i = 0; i < 2; i++) {
        log_in("fragment", "offline_access", REDIRECT "#code=");
        OWNED(answer_free) struct answer answer = token(EXCHANGE);
        harness_keep_member(fake, "MEMBER", &answer, "access_token");
        OWNED(answer_free)
        struct answer info =
            harness_ask(fake, "GET /oauth2/user-info", "Authorization: Bearer $MEMBER", NULL);
        harness_keep_member(fake, names[i], &info, "sub");
    }
    ck_assert_str_eq(harness_value(fake, "ONE"), harness_value(fake, "TWO"));
}
END_TEST

START_TEST(code_comes_in_the_query_where_asked)
{
    log_in("query", "offline_access", REDIRECT "?code=");
    OWNED(answer_free) struct answer answer = token(EXCHANGE);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(no_refresh_token_without_offline_access)
{
    log_in("fragment", "openid", REDIRECT "#code=");
    OWNED(answer_free) struct answer answer = token(EXCHANGE);
    answer_expect_members(&answer, "access_token token_type expires_in");
}
END_TEST

START_TEST(direct_login_gets_a_message)
{
    OWNED(mem_text_free) char *line = begin("web_message", "offline_access");
    OWNED(answer_free) struct answer page = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(page.status, 200);
    ck_assert_ptr_nonnull(strstr(buf_str(&page.body), "postMessage({\"code\":\"JWS."));
    ck_assert_ptr_nonnull(strstr(buf_str(&page.body), "\"state\":\"a b&\\u003c\"}"));
}
END_TEST

static const struct {
    const char *line, *body, *ask, *outcome;
} bad_exchanges[] = {
    {NULL, NULL, "{'clientId':'$APP','grantType':'authorization_code','code':'$CODE'}",
     "token-field-missing"},
    {NULL, NULL,
     "{'clientId':'$APP','grantType':'authorization_code','code':'JWS.x.y.z','codeVerifier':'v'}",
     "token-code-unknown"},
    {NULL, NULL,
     "{'clientId':'$OTHER','grantType':'authorization_code','code':'$CODE','codeVerifier':"
     "'" VERIFIER "','redirectUri':'" REDIRECT "'}",
     "token-code-app-mismatch"},
    {NULL, NULL,
     "{'clientId':'$APP','grantType':'authorization_code','code':'$CODE','codeVerifier':"
     "'" VERIFIER "'}",
     "token-code-redirect"},
    {NULL, NULL,
     "{'clientId':'$APP','grantType':'authorization_code','code':'$CODE','codeVerifier':"
     "'" VERIFIER "','redirectUri':'" REDIRECT "/'}",
     "token-code-redirect"},
    {NULL, NULL,
     "{'clientId':'$APP','grantType':'authorization_code','code':'$CODE','codeVerifier':"
     "'" CHALLENGE "','redirectUri':'" REDIRECT "'}",
     "token-code-verifier"},
    {"POST /_fakewix/clock/advance", "{'seconds':600}", EXCHANGE, "token-code-expired"},
    {"POST /_fakewix/tokens/revoke", "{'token':'$CODE'}", EXCHANGE, "token-code-unknown"},
    {"POST /_fakewix/instances/$INSTANCE/uninstall", NULL, EXCHANGE, "token-code-unknown"},
};

START_TEST(exchange_is_refused)
{
    log_in("fragment", "offline_access", REDIRECT "#code=");
    if (bad_exchanges[_i].line)
        harness_do(fake, 200, bad_exchanges[_i].line, bad_exchanges[_i].body);
    refused(bad_exchanges[_i].ask, 400, bad_exchanges[_i].outcome);
    if (bad_exchanges[_i].line)
        return;
    OWNED(answer_free) struct answer good = token(EXCHANGE); /* a refusal spends nothing */
    ck_assert_int_eq(good.status, 200);
}
END_TEST

#define AUTHORIZE "GET /oauth2/authorize?client_id=$APP&state=s&redirect_uri="
#define REGISTERED "http%3A%2F%2Flocalhost%3A3000%2Flogin"
#define PKCE "&code_challenge_method=S256&code_challenge=" CHALLENGE

static const struct {
    const char *line, *outcome;
} bad_pages[] = {
    {"GET /oauth2/authorize", "authorize-client-unknown"},
    {"GET /oauth2/authorize?client_id=nobody&redirect_uri=" REGISTERED, "authorize-client-unknown"},
    {AUTHORIZE "http%3A%2F%2Fevil.example%2F&response_type=code" PKCE,
     "authorize-redirect-unknown"},
    {"GET /oauth2/authorize?client_id=$APP&response_type=code" PKCE, "authorize-redirect-unknown"},
    {AUTHORIZE REGISTERED PKCE, "authorize-request"},
    {AUTHORIZE REGISTERED "&response_type=token" PKCE, "authorize-request"},
    {AUTHORIZE REGISTERED "&response_type=code", "authorize-request"},
    {AUTHORIZE REGISTERED
     "&response_type=code&code_challenge_method=plain&code_challenge=" CHALLENGE,
     "authorize-request"},
    {AUTHORIZE REGISTERED "&response_type=code&code_challenge_method=S256&code_challenge=short",
     "authorize-request"},
};

START_TEST(authorize_never_redirects_what_is_wrong)
{
    OWNED(answer_free) struct answer page = harness_ask(fake, bad_pages[_i].line, NULL, NULL);
    ck_assert_int_eq(page.status, 400);
    answer_expect_header(&page, "Location", NULL);
    ck_assert_str_eq(harness_outcome(fake), bad_pages[_i].outcome);
}
END_TEST

static const struct {
    const char *headers, *body;
    int status;
    const char *outcome;
} bad_sessions[] = {
    {NULL, "{}", 401, "api-token-missing"},
    {"Authorization: $ACCESS", "{}", 400, "api-redirect-session"},
    {"Authorization: $ACCESS", "{'auth':{'authRequest':{}}}", 400, "api-redirect-session"},
    {"Authorization: $ACCESS", "{'auth':7}", 400, "api-redirect-session"},
};

START_TEST(redirect_session_is_refused)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_api/redirects-api/v1/redirect-session",
                                       bad_sessions[_i].headers, bad_sessions[_i].body);
    answer_expect_refusal(&answer, fake, bad_sessions[_i].status, bad_sessions[_i].outcome);
}
END_TEST

START_TEST(logout_goes_where_it_may)
{
    OWNED(answer_free)
    struct answer session =
        harness_ask(fake, "POST /_api/redirects-api/v1/redirect-session", "Authorization: $ACCESS",
                    "{'logout':{'clientId':'$APP'},'callbacks':{'postFlowUrl':'" REDIRECT "'}}");
    const char *url = cJSON_GetStringValue(answer_at(&session, "redirectSession.fullUrl"));
    OWNED(mem_text_free)
    char *line = mem_format("GET %s", url + strlen("http://127.0.0.1:8420"));
    OWNED(answer_free) struct answer page = harness_ask(fake, line, NULL, NULL);
    ck_assert_int_eq(page.status, 302);
    answer_expect_header(&page, "Location", REDIRECT);
    OWNED(answer_free)
    struct answer stay =
        harness_ask(fake, "GET /oauth2/logout?client_id=$APP&postFlowUrl=http%3A%2F%2Fevil.example",
                    NULL, NULL);
    ck_assert_int_eq(stay.status, 200);
}
END_TEST

/* ---- a backend logged the member in ---- */

static const struct {
    const char *headers, *body;
    int status;
    const char *outcome;
} external[] = {
    {"Authorization: $ACCESS,IST.key",
     "{'grant_type':'authorized_client','scope':'offline_access','member_id':'m-1'}", 200, "ok"},
    {"Authorization: Bearer $ACCESS, IST.key",
     "{'grantType':'authorized_client','scope':'openid offline_access','memberId':'m-1'}", 200,
     "ok"},
    {"Authorization: $ACCESS,IST.key",
     "{'grant_type':'authorized_client','member_id':'m-1','session_token':'s'}", 200, "ok"},
    {NULL, "{'grant_type':'authorized_client','member_id':'m-1'}", 401,
     "token-authorization-missing"},
    {"Authorization: $ACCESS", "{'grant_type':'authorized_client','member_id':'m-1'}", 401,
     "token-authorization-missing"},
    {"Authorization: $ACCESS,IST.other", "{'grant_type':'authorized_client','member_id':'m-1'}",
     401, "token-api-key-unknown"},
    {"Authorization: $REFRESH,IST.key", "{'grant_type':'authorized_client','member_id':'m-1'}", 400,
     "token-visitor-invalid"},
    {"Authorization: x,IST.key", "{'grant_type':'authorized_client','member_id':'m-1'}", 400,
     "token-visitor-invalid"},
    {"Authorization: $ACCESS,IST.key", "{'grant_type':'authorized_client'}", 400,
     "token-field-missing"},
};

START_TEST(external_login)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /oauth2/token", external[_i].headers, external[_i].body);
    if (external[_i].status != 200) {
        answer_expect_refusal(&answer, fake, external[_i].status, external[_i].outcome);
        return;
    }
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "MEMBER", &answer, "access_token");
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, "{'token':'$MEMBER'}");
    answer_expect(&info, "subjectType", "MEMBER");
    answer_expect(&info, "subjectId", "m-1");
    answer_expect(&info, "instanceId", harness_value(fake, "INSTANCE"));
}
END_TEST

/* ---- a page's token for a backend ---- */

#define STRIP "{'grant_type':'strip_bound_session','client_secret':'%s','access_token':'%s'}"

static const struct {
    const char *secret, *token;
    int status;
    const char *outcome;
} strips[] = {
    {"$SECRET", "$ACCESS", 200, "ok"},
    {"wrong", "$ACCESS", 401, "token-secret-wrong"},
    {"s3", "$ACCESS", 401, "token-secret-wrong"},
    {"$SECRET", "$REFRESH", 400, "token-bound-invalid"},
    {"$SECRET", "garbage", 400, "token-bound-invalid"},
};

START_TEST(bound_session_is_stripped)
{
    harness_advance(fake, 4000000);
    OWNED(mem_text_free) char *body = mem_format(STRIP, strips[_i].secret, strips[_i].token);
    OWNED(answer_free) struct answer answer = token(body);
    if (strips[_i].status != 200) {
        answer_expect_refusal(&answer, fake, strips[_i].status, strips[_i].outcome);
        return;
    }
    answer_expect_members(&answer, "access_token token_type expires_in");
    answer_expect(&answer, "expires_in", "10400"); /* no longer than the one that was sent */
    harness_keep_member(fake, "STRIPPED", &answer, "access_token");
    expect_info("STRIPPED", "VISITOR");
}
END_TEST

/* ---- a command line ---- */

#define POLL                                                                                       \
    "{'clientId':'$APP','grantType':'" DEVICE_GRANT "','scope':'offline_access',"                  \
    "'deviceCode':'$DEVICE'}"

static void show_code(void)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /oauth2/device/code?clientId=$APP", NULL, NULL);
    answer_expect_members(&answer, "deviceCode userCode verificationUri expiresIn");
    answer_expect(&answer, "expiresIn", "600");
    answer_expect(&answer, "verificationUri", "https://users.wix.com/login/device-login");
    harness_keep_member(fake, "DEVICE", &answer, "deviceCode");
    harness_keep_member(fake, "USERCODE", &answer, "userCode");
    ck_assert_uint_eq(strlen(harness_value(fake, "USERCODE")), 8);
}

START_TEST(device_is_approved)
{
    show_code();
    refused(POLL, 400, "token-device-pending");
    harness_do(fake, 200, "POST /_fakewix/devices/approve", "{'user_code':'$USERCODE'}");
    OWNED(answer_free) struct answer answer = token(POLL);
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "USER", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
    refused(POLL, 400, "token-device-unknown");
    OWNED(answer_free)
    struct answer who = harness_ask(fake, "GET /_serverless/wix-cli-userinfo/userinfo",
                                    "Authorization: Bearer $USER", NULL);
    answer_expect_members(&who, "userId email");
    OWNED(answer_free) struct answer site = token(REFRESH_BODY ",'siteId':'$SITE'}");
    answer_expect(&site, "expires_in", "900");
    harness_keep_member(fake, "USER", &site, "access_token");
    expect_info("USER", "USER");
}
END_TEST

START_TEST(pending_device_is_answered_in_either_observed_shape)
{
    show_code();
    OWNED(answer_free) struct answer ietf = token(POLL);
    answer_expect(&ietf, "error", "authorization_pending");
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'device_pending':'wix'}");
    OWNED(answer_free) struct answer wix = token(POLL);
    ck_assert_int_eq(wix.status, 400);
    answer_expect(&wix, "message", "Device code is not yet verified");
    answer_expect(&wix, "error", NULL);
}
END_TEST

START_TEST(person_decides_on_the_page)
{
    static const char *const decisions[] = {"agree", "decline"};
    show_code();
    OWNED(answer_free)
    struct answer page = harness_ask(fake, "GET /login/device-login", NULL, NULL);
    ck_assert_int_eq(page.status, 200);
    OWNED(mem_text_free)
    char *form =
        mem_format("decision=%s&userCode=%%20%s", decisions[_i], harness_value(fake, "USERCODE"));
    OWNED(answer_free)
    struct answer done = harness_ask(fake, "POST /login/device-login", NULL, form);
    ck_assert_int_eq(done.status, 200);
    if (_i)
        refused(POLL, 400, "token-device-denied");
    else
        harness_do(fake, 200, "POST /oauth2/token", POLL);
}
END_TEST

START_TEST(device_is_refused)
{
    show_code();
    harness_do(fake, 404, "POST /_fakewix/devices/approve", "{'user_code':'NOBODYS1'}");
    harness_do(fake, 400, "POST /_fakewix/devices/approve", "{}");
    harness_do(fake, 200, "POST /_fakewix/devices/deny", "{'user_code':'$USERCODE'}");
    harness_do(fake, 200, "POST /_fakewix/devices/approve", "{'user_code':'$USERCODE'}");
    refused(POLL, 400, "token-device-denied"); /* the first decision stands */
    show_code();
    harness_advance(fake, 600000);
    refused(POLL, 400, "token-device-expired");
    OWNED(answer_free)
    struct answer page = harness_ask(fake, "POST /login/device-login", NULL, "userCode=x");
    ck_assert_int_eq(page.status, 400);
    ck_assert_str_eq(harness_outcome(fake), "device-code-unknown");
    OWNED(answer_free)
    struct answer nobody = harness_ask(fake, "GET /oauth2/device/code?clientId=x", NULL, NULL);
    answer_expect_refusal(&nobody, fake, 401, "token-client-unknown");
    OWNED(answer_free)
    struct answer none = harness_ask(fake, "GET /oauth2/device/code", NULL, NULL);
    answer_expect_refusal(&none, fake, 400, "token-field-missing");
}
END_TEST

/* ---- keys and subjects ---- */

START_TEST(keys_are_public)
{
    harness_connect(fake);
    OWNED(tree_free) cJSON *header = harness_jwt_header(harness_value(fake, "ACCESS"));
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /oauth2/jwks", NULL, NULL);
    answer_expect(&answer, "keys.0.kty", "RSA");
    answer_expect(&answer, "keys.0.kid", tree_text(header, "kid"));
    answer_expect(&answer, "keys.0.e", "AQAB");
    ck_assert_uint_eq(strlen(cJSON_GetStringValue(answer_at(&answer, "keys.0.n"))), 342);
    answer_expect(&answer, "keys.1", NULL);
}
END_TEST

START_TEST(user_info_wants_a_good_token)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /oauth2/user-info", NULL, NULL);
    answer_expect_refusal(&answer, fake, 401, "token-user-info");
    answer_expect(&answer, "error", "invalid_token");
    answer_expect_header(&answer, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
}
END_TEST

/* ---- worlds are found by what a request carries ---- */

START_TEST(visitor_of_another_world_is_served_there)
{
    OWNED(answer_free)
    struct answer world = harness_ask(fake, "POST /_fakewix/worlds", NULL,
                                      "{'world':'w2','config':{'apps':[{'app_id':'only-there',"
                                      "'app_secret':'s'}],'api_keys':[{'api_key':'IST.w2'}]}}");
    ck_assert_int_eq(world.status, 201);
    OWNED(answer_free)
    struct answer visitor = token("{'clientId':'only-there','grantType':'anonymous'}");
    harness_keep_member(fake, "THERE", &visitor, "access_token");
    OWNED(answer_free)
    struct answer member =
        harness_ask(fake, "POST /oauth2/token", "Authorization: $THERE,IST.w2",
                    "{'grant_type':'authorized_client','member_id':'m','session_token':'s'}");
    ck_assert_int_eq(member.status, 200);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, visitor_gets_both_tokens);
    tcase_add_test(tcase, visitor_tokens_have_the_observed_shape);
    tcase_add_test(tcase, client_that_is_no_guid_is_told_so_in_wix_s_words);
    tcase_add_test(tcase, refresh_signs_the_same_session_anew);
    tcase_add_test(tcase, refresh_for_a_site_lives_900_seconds);
    tcase_add_test(tcase, refresh_for_an_unknown_site_is_refused_in_wix_s_shape);
    suite_rows(tcase, refresh_is_refused, bad_refreshes);
    tcase_add_test(tcase, fault_rotates_a_visitor_s_refresh_token);
    tcase_add_test(tcase, member_logs_in);
    tcase_add_test(tcase, same_member_logs_in_again);
    tcase_add_test(tcase, code_comes_in_the_query_where_asked);
    tcase_add_test(tcase, no_refresh_token_without_offline_access);
    tcase_add_test(tcase, direct_login_gets_a_message);
    suite_rows(tcase, exchange_is_refused, bad_exchanges);
    suite_rows(tcase, authorize_never_redirects_what_is_wrong, bad_pages);
    suite_rows(tcase, redirect_session_is_refused, bad_sessions);
    tcase_add_test(tcase, logout_goes_where_it_may);
    suite_rows(tcase, external_login, external);
    suite_rows(tcase, bound_session_is_stripped, strips);
    tcase_add_test(tcase, device_is_approved);
    tcase_add_test(tcase, pending_device_is_answered_in_either_observed_shape);
    tcase_add_loop_test(tcase, person_decides_on_the_page, 0, 2);
    tcase_add_test(tcase, device_is_refused);
    tcase_add_test(tcase, keys_are_public);
    tcase_add_test(tcase, user_info_wants_a_good_token);
    tcase_add_test(tcase, visitor_of_another_world_is_served_there);
    return suite_run("headless", tcase);
}
