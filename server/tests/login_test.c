/* A member logs in: redirect sessions, the authorize page, the code with PKCE. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"

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
    OWNED(answer_free) struct answer answer = guest_token(EXCHANGE);
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "MEMBER", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
    guest_expect_info("MEMBER", "MEMBER");
    OWNED(answer_free) struct answer again = guest_token(REFRESH_BODY "}");
    harness_keep_member(fake, "MEMBER", &again, "access_token");
    guest_expect_info("MEMBER", "MEMBER");
    guest_refused(EXCHANGE, 400, "token-code-reused");
}
END_TEST

START_TEST(same_member_logs_in_again)
{
    static const char *const names[] = {"ONE", "TWO"};
    for (size_t i = 0; i < 2; i++) {
        log_in("fragment", "offline_access", REDIRECT "#code=");
        OWNED(answer_free) struct answer answer = guest_token(EXCHANGE);
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
    OWNED(answer_free) struct answer answer = guest_token(EXCHANGE);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(no_refresh_token_without_offline_access)
{
    log_in("fragment", "openid", REDIRECT "#code=");
    OWNED(answer_free) struct answer answer = guest_token(EXCHANGE);
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
    guest_refused(bad_exchanges[_i].ask, 400, bad_exchanges[_i].outcome);
    if (bad_exchanges[_i].line)
        return;
    OWNED(answer_free) struct answer good = guest_token(EXCHANGE); /* a refusal spends nothing */
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

int main(void)
{
    TCase *tcase = suite_case(guest_set_up, guest_tear_down);
    tcase_add_test(tcase, member_logs_in);
    tcase_add_test(tcase, same_member_logs_in_again);
    tcase_add_test(tcase, code_comes_in_the_query_where_asked);
    tcase_add_test(tcase, no_refresh_token_without_offline_access);
    tcase_add_test(tcase, direct_login_gets_a_message);
    suite_rows(tcase, exchange_is_refused, bad_exchanges);
    suite_rows(tcase, authorize_never_redirects_what_is_wrong, bad_pages);
    suite_rows(tcase, redirect_session_is_refused, bad_sessions);
    tcase_add_test(tcase, logout_goes_where_it_may);
    tcase_add_test(tcase, keys_are_public);
    tcase_add_test(tcase, user_info_wants_a_good_token);
    return suite_run("login", tcase);
}
