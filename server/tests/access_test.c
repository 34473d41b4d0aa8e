/* POST /oauth/access: codes and refresh tokens of custom authentication. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
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

#define JSON "Content-Type: application/json"
#define FORM "Content-Type: application/x-www-form-urlencoded"
#define APP "'client_id':'$APP','client_secret':'$SECRET'"
#define EXCHANGE "{'grant_type':'authorization_code','code':'$CODE'," APP "}"
#define REFRESHING "{'grant_type':'refresh_token','refresh_token':'$REFRESH'," APP "}"

static struct answer access_call(const char *body)
{
    return harness_ask(fake, "POST /oauth/access", NULL, body);
}

static void expect(const char *body, int status, const char *outcome)
{
    OWNED(answer_free) struct answer answer = access_call(body);
    if (strcmp(outcome, "ok") != 0) {
        answer_expect_refusal(&answer, fake, status, outcome);
        return;
    }
    ck_assert_msg(answer.status == status, "%d %s", answer.status, buf_str(&answer.body));
    ck_assert_str_eq(harness_outcome(fake), outcome);
}

/* ---- answers ---- */

static const char *const paths[] = {"POST /oauth/access", "POST /oauth/access/",
                                    "POST /oauth/access.json"};

START_TEST(code_gives_two_tokens_and_nothing_else)
{
    harness_install(fake);
    OWNED(answer_free) struct answer answer = harness_ask(fake, paths[_i], NULL, EXCHANGE);
    ck_assert_int_eq(answer.status, 200);
    answer_expect_members(&answer, "refresh_token access_token");
    answer_expect_header(&answer, "Cache-Control", "no-store");
    ck_assert_int_eq(strncmp(tree_text(answer.json, "access_token"), "OAUTH2.", 7), 0);
    ck_assert_int_eq(strncmp(tree_text(answer.json, "refresh_token"), "OAUTH2.", 7), 0);
}
END_TEST

START_TEST(refresh_gives_back_the_same_refresh_token)
{
    harness_connect(fake);
    OWNED(answer_free) struct answer answer = harness_ask(fake, paths[_i], NULL, REFRESHING);
    ck_assert_int_eq(answer.status, 200);
    answer_expect_members(&answer, "refresh_token access_token");
    answer_expect(&answer, "refresh_token", harness_value(fake, "REFRESH"));
    ck_assert_str_ne(tree_text(answer.json, "access_token"), harness_value(fake, "ACCESS"));
}
END_TEST

START_TEST(members_nobody_knows_are_ignored)
{
    harness_install(fake);
    expect("{'grant_type':'authorization_code','code':'$CODE','redirect_uri':'https://x.example/',"
           "'scope':['a']," APP "}",
           200, "ok");
}
END_TEST

/* ---- shapes (FIDELITY.md, token shapes) ---- */

static const struct {
    const char *name, *kid, *alg, *data;
    int64_t life_s;
} shapes[] = {
    {"CODE", "VQ401TeZ", "HS256",
     "{'appId':'$APP','instanceId':'$INSTANCE','scope':[],'version':'1.0.0'}", 600},
    {"REFRESH", "dgLwr3Q0", "HS256", NULL, 63072000},
    {"ACCESS", "KiJw5viy", "RS256",
     "{'appId':'$APP','instanceId':'$INSTANCE','scope':[],'version':'1.0.0'}", 300},
};

START_TEST(tokens_have_the_observed_shapes)
{
    harness_connect(fake);
    const char *token = harness_value(fake, shapes[_i].name);
    ck_assert_int_eq(strncmp(token, "OAUTH2.", 7), 0);
    OWNED(tree_free) cJSON *header = harness_jwt_header(token);
    OWNED(tree_free) cJSON *claims = harness_claims(token);
    ck_assert_str_eq(tree_text(header, "kid"), shapes[_i].kid);
    ck_assert_str_eq(tree_text(header, "alg"), shapes[_i].alg);
    int64_t iat, exp;
    ck_assert(tree_int(claims, "iat", &iat) && tree_int(claims, "exp", &exp));
    ck_assert_int_eq(iat, HARNESS_START_MS / 1000);
    ck_assert_int_eq(exp - iat, shapes[_i].life_s);
    const char *data = tree_text(claims, "data");
    if (shapes[_i].data) {
        OWNED(mem_text_free) char *expected = harness_expand(fake, shapes[_i].data);
        ck_assert_str_eq(data, expected);
        return;
    }
    OWNED(tree_free) cJSON *inner = tree_parse(data, strlen(data), NULL);
    ck_assert(text_is_guid(tree_text(inner, "id")));
    ck_assert_int_eq(cJSON_GetArraySize(inner), 1);
}
END_TEST

/* ---- refusals ---- */

/* Description and status as they were seen (oauth-access-400), around them the picked envelope. */
START_TEST(a_refusal_is_the_observed_text_byte_for_byte)
{
    OWNED(answer_free)
    struct answer answer =
        access_call("{'grant_type':'refresh_token','refresh_token':'x'," APP "}");
    ck_assert_int_eq(answer.status, 400);
    ck_assert_str_eq(buf_str(&answer.body),
                     "{\"errorCode\":-100,\"errorDescription\":\"[business][FATAL][unknown "
                     "exception] c.w.o.p.s.c.HandleExceptions$BadRequestWithSpecificMessageResponse"
                     " - invalid_token\",\"success\":false,\"payload\":null}");
}
END_TEST

static const struct {
    const char *title, *headers, *body;
    int status;
    const char *outcome;
} refused[] = {
    {"no body", NULL, NULL, 400, "access-grant-missing"},
    {"an empty object", JSON, "{}", 400, "access-grant-missing"},
    {"not JSON", JSON, "x", 400, "access-body-malformed"},
    {"a list", JSON, "[]", 400, "access-body-malformed"},
    {"another type", "Content-Type: text/plain", EXCHANGE, 400, "access-body-malformed"},
    {"a form", FORM,
     "grant_type=authorization_code&code=$CODE&client_id=$APP&client_secret=$SECRET", 400,
     "access-form-body"},
    {"client_credentials", JSON, "{'grant_type':'client_credentials'," APP "}", 400,
     "access-grant-unsupported"},
    {"camelCase", JSON,
     "{'grantType':'authorization_code','code':'$CODE','clientId':'$APP','clientSecret':'$SECRET'}",
     400, "access-grant-missing"},
    {"grant_type a number", JSON, "{'grant_type':1," APP "}", 400, "access-field-type"},
    {"no code", JSON, "{'grant_type':'authorization_code'," APP "}", 400, "access-field-missing"},
    {"code null", JSON, "{'grant_type':'authorization_code','code':null," APP "}", 400,
     "access-field-missing"},
    {"code empty", JSON, "{'grant_type':'authorization_code','code':''," APP "}", 400,
     "access-field-missing"},
    {"code a number", JSON, "{'grant_type':'authorization_code','code':1," APP "}", 400,
     "access-field-type"},
    {"no refresh_token", JSON, "{'grant_type':'refresh_token'," APP "}", 400,
     "access-field-missing"},
    {"no client_secret", JSON,
     "{'grant_type':'refresh_token','client_id':'$APP',"
     "'refresh_token':'x'}",
     400, "access-field-missing"},
    {"an unknown app", JSON,
     "{'grant_type':'authorization_code','code':'$CODE','client_id':'no','client_secret':'no'}",
     400, "access-client-unknown"},
    {"a wrong secret", JSON,
     "{'grant_type':'authorization_code','code':'$CODE','client_id':'$APP','client_secret':'no'}",
     400, "access-secret-wrong"},
    {"a code of nobody", JSON, "{'grant_type':'authorization_code','code':'C1'," APP "}", 400,
     "code-unknown"},
    {"a code with a changed end", JSON,
     "{'grant_type':'authorization_code','code':'$CODEx'," APP "}", 400, "code-unknown"},
    {"a code without its prefix", JSON,
     "{'grant_type':'authorization_code','code':'eyJhbGciOiJIUzI1NiJ9.e30.x'," APP "}", 400,
     "code-unknown"},
    {"a refresh token as code", JSON,
     "{'grant_type':'authorization_code','code':'$REFRESH'," APP "}", 400, "code-unknown"},
    {"a refresh token of nobody", JSON,
     "{'grant_type':'refresh_token','refresh_token':'R'," APP "}", 400, "refresh-token-unknown"},
    {"a code as refresh token", JSON,
     "{'grant_type':'refresh_token','refresh_token':'$CODE'," APP "}", 400,
     "refresh-token-unknown"},
    {"an access token as refresh token", JSON,
     "{'grant_type':'refresh_token','refresh_token':'$ACCESS'," APP "}", 400,
     "refresh-token-unknown"},
    {"an OAuth token as refresh token", JSON,
     "{'grant_type':'refresh_token','refresh_token':'$TOKEN'," APP "}", 400,
     "refresh-token-unknown"},
    {"a code that was used", JSON, EXCHANGE, 400, "code-reused"},
};

START_TEST(request_is_refused)
{
    harness_connect(fake);
    harness_mint(fake);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /oauth/access", refused[_i].headers, refused[_i].body);
    answer_expect_refusal(&answer, fake, refused[_i].status, refused[_i].outcome);
    answer_expect_header(&answer, "Cache-Control", "no-store");
}
END_TEST

START_TEST(refusal_leaves_the_code_unspent)
{
    harness_install(fake);
    expect("{'grant_type':'authorization_code','code':'$CODE','client_id':'$APP',"
           "'client_secret':'no'}",
           400, "access-secret-wrong");
    expect(EXCHANGE, 200, "ok");
}
END_TEST

START_TEST(second_redemption_fails_and_revokes_nothing)
{
    harness_connect(fake);
    expect(EXCHANGE, 400, "code-reused");
    expect(EXCHANGE, 400, "code-reused");
    expect(REFRESHING, 200, "ok");
}
END_TEST

/* ---- lifetimes: one millisecond before is valid, the millisecond itself is not ---- */

START_TEST(code_lives_ten_minutes)
{
    harness_install(fake);
    harness_advance(fake, 600000 - _i);
    expect(EXCHANGE, _i ? 200 : 400, _i ? "ok" : "code-expired");
}
END_TEST

START_TEST(access_token_lives_five_minutes)
{
    harness_connect(fake);
    harness_advance(fake, 300000 - _i);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $ACCESS", NULL);
    ck_assert_int_eq(answer.status, _i ? 200 : 401);
    ck_assert_str_eq(harness_outcome(fake), _i ? "ok" : "api-token-expired");
}
END_TEST

START_TEST(lifetime_starts_between_two_seconds)
{
    harness_advance(fake, 999);
    harness_connect(fake);
    harness_advance(fake, 300000 - _i);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $ACCESS", NULL);
    ck_assert_int_eq(answer.status, _i ? 200 : 401);
}
END_TEST

START_TEST(refresh_token_never_dies)
{
    harness_connect(fake);
    harness_advance(fake, INT64_C(20) * 365 * 86400 * 1000);
    expect(REFRESHING, 200, "ok");
}
END_TEST

START_TEST(refresh_token_dies_after_730_days_by_profile)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'refresh_token_expiry':'730d'}");
    harness_connect(fake);
    harness_advance(fake, INT64_C(730) * 86400 * 1000 - _i);
    expect(REFRESHING, _i ? 200 : 400, _i ? "ok" : "refresh-token-expired");
}
END_TEST

START_TEST(lifetimes_follow_the_config)
{
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'code_s':1,'custom_access_token_s':2}");
    harness_install(fake);
    harness_advance(fake, 1000);
    expect(EXCHANGE, 400, "code-expired");
    harness_connect(fake);
    harness_advance(fake, 2000);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $ACCESS", NULL);
    ck_assert_int_eq(answer.status, 401);
}
END_TEST

/* ---- death by hand, by uninstalling, by another app ---- */

static const struct {
    const char *line, *body, *outcome;
} deaths[] = {
    {"POST /_fakewix/tokens/revoke", "{'token':'$REFRESH'}", "refresh-token-revoked"},
    {"POST /_fakewix/tokens/revoke", "{'instance_id':'$INSTANCE'}", "refresh-token-revoked"},
    {"POST /_fakewix/tokens/revoke", "{'app_id':'$APP','kind':'refresh'}", "refresh-token-revoked"},
    {"POST /_fakewix/tokens/revoke", "{'app_id':'$APP','kind':'access'}", NULL},
    {"POST /_fakewix/tokens/expire", "{'token':'$REFRESH'}", "refresh-token-expired"},
    {"POST /_fakewix/instances/$INSTANCE/uninstall", NULL, "refresh-token-uninstalled"},
    {"POST /_fakewix/instances/$INSTANCE/reinstall", NULL, "refresh-token-uninstalled"},
};

START_TEST(refresh_token_dies_of)
{
    harness_connect(fake);
    harness_do(fake, 200, deaths[_i].line, deaths[_i].body);
    if (deaths[_i].outcome)
        expect(REFRESHING, 400, deaths[_i].outcome);
    else
        expect(REFRESHING, 200, "ok");
}
END_TEST

START_TEST(revocation_spares_what_comes_later)
{
    harness_connect(fake);
    harness_do(fake, 200, "POST /_fakewix/tokens/revoke", "{'instance_id':'$INSTANCE'}");
    harness_connect(fake);
    expect(REFRESHING, 200, "ok");
}
END_TEST

START_TEST(second_install_revokes_nothing)
{
    harness_connect(fake);
    harness_install(fake);
    expect(REFRESHING, 200, "ok");
    expect(EXCHANGE, 200, "ok");
}
END_TEST

START_TEST(code_of_an_uninstalled_app_is_unknown)
{
    harness_install(fake);
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/uninstall", NULL);
    expect(EXCHANGE, 400, "code-unknown");
}
END_TEST

static const struct {
    const char *body, *outcome;
} foreign[] = {
    {"{'grant_type':'authorization_code','code':'$CODE','client_id':'b','client_secret':'s'}",
     "code-app-mismatch"},
    {"{'grant_type':'refresh_token','refresh_token':'$REFRESH','client_id':'b',"
     "'client_secret':'s'}",
     "refresh-token-app-mismatch"},
};

START_TEST(what_was_issued_to_another_app_is_refused)
{
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'b','app_secret':'s'}");
    harness_connect(fake);
    harness_install(fake);
    expect(foreign[_i].body, 400, foreign[_i].outcome);
    expect(EXCHANGE, 200, "ok");
    expect(REFRESHING, 200, "ok");
}
END_TEST

START_TEST(app_of_oauth_alone_is_refused)
{
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'new','app_secret':'s','authentication':['oauth']}");
    expect("{'grant_type':'refresh_token','refresh_token':'x','client_id':'new',"
           "'client_secret':'s'}",
           400, "access-client-unauthorized");
}
END_TEST

/* ---- what the profile changes ---- */

START_TEST(refusals_may_look_like_the_ietf_s)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'access_refusals':'ietf'}");
    OWNED(answer_free)
    struct answer answer =
        access_call("{'grant_type':'refresh_token','refresh_token':'x'," APP "}");
    ck_assert_int_eq(answer.status, 400);
    answer_expect_members(&answer, "error error_description");
    answer_expect(&answer, "error", "invalid_grant");
}
END_TEST

START_TEST(forms_are_taken_by_profile)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'access_form_bodies':'accept'}");
    harness_install(fake);
    OWNED(answer_free)
    struct answer answer = harness_ask(
        fake, "POST /oauth/access", FORM,
        "grant_type=authorization_code&code=$CODE&client_id=$APP&client_secret=$SECRET");
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(rotation_retires_the_old_refresh_token)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'rotate_refresh_tokens':true}");
    harness_connect(fake);
    harness_keep(fake, "OLD", harness_value(fake, "REFRESH"));
    OWNED(answer_free) struct answer answer = access_call(REFRESHING);
    ck_assert_int_eq(answer.status, 200);
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
    ck_assert_str_ne(harness_value(fake, "OLD"), harness_value(fake, "REFRESH"));
    expect("{'grant_type':'refresh_token','refresh_token':'$OLD'," APP "}", 400,
           "refresh-token-revoked");
    expect(REFRESHING, 200, "ok");
}
END_TEST

START_TEST(access_tokens_are_hs256_by_profile)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'access_token_alg':'HS256'}");
    harness_connect(fake);
    OWNED(tree_free) cJSON *header = harness_jwt_header(harness_value(fake, "ACCESS"));
    ck_assert_str_eq(tree_text(header, "alg"), "HS256");
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $ACCESS", NULL);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, code_gives_two_tokens_and_nothing_else, paths);
    suite_rows(tcase, refresh_gives_back_the_same_refresh_token, paths);
    tcase_add_test(tcase, members_nobody_knows_are_ignored);
    suite_rows(tcase, tokens_have_the_observed_shapes, shapes);
    tcase_add_test(tcase, a_refusal_is_the_observed_text_byte_for_byte);
    suite_rows(tcase, request_is_refused, refused);
    tcase_add_test(tcase, refusal_leaves_the_code_unspent);
    tcase_add_test(tcase, second_redemption_fails_and_revokes_nothing);
    tcase_add_loop_test(tcase, code_lives_ten_minutes, 0, 2);
    tcase_add_loop_test(tcase, access_token_lives_five_minutes, 0, 2);
    tcase_add_loop_test(tcase, lifetime_starts_between_two_seconds, 0, 2);
    tcase_add_test(tcase, refresh_token_never_dies);
    tcase_add_loop_test(tcase, refresh_token_dies_after_730_days_by_profile, 0, 2);
    tcase_add_test(tcase, lifetimes_follow_the_config);
    suite_rows(tcase, refresh_token_dies_of, deaths);
    tcase_add_test(tcase, revocation_spares_what_comes_later);
    tcase_add_test(tcase, second_install_revokes_nothing);
    tcase_add_test(tcase, code_of_an_uninstalled_app_is_unknown);
    suite_rows(tcase, what_was_issued_to_another_app_is_refused, foreign);
    tcase_add_test(tcase, app_of_oauth_alone_is_refused);
    tcase_add_test(tcase, refusals_may_look_like_the_ietf_s);
    tcase_add_test(tcase, forms_are_taken_by_profile);
    tcase_add_test(tcase, rotation_retires_the_old_refresh_token);
    tcase_add_test(tcase, access_tokens_are_hs256_by_profile);
    return suite_run("access", tcase);
}
