/* The grants of /oauth2/token for visitors: new ones, refreshed ones, and what a backend makes of
 * their tokens. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"

/* ---- visitors ---- */

START_TEST(visitor_gets_both_tokens)
{
    OWNED(answer_free)
    struct answer answer = guest_token("{'client_id':'$APP','grant_type':'anonymous'}");
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    answer_expect(&answer, "token_type", "Bearer");
    answer_expect(&answer, "expires_in", "14400");
    harness_keep_member(fake, "OTHERACCESS", &answer, "access_token");
    ck_assert_str_ne(harness_value(fake, "OTHERACCESS"), harness_value(fake, "ACCESS"));
    guest_expect_info("ACCESS", "VISITOR");
    guest_expect_info("REFRESH", "VISITOR");
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
    OWNED(answer_free) struct answer shown = {.json = cJSON_Duplicate(instance, true)};
    answer_expect_members(&shown, "instanceId appDefId signDate permissions demoMode siteOwnerId "
                                  "aid metaSiteId expirationDate");
    ck_assert(text_is_guid(tree_text(instance, "aid")));
    ck_assert(text_is_guid(tree_text(instance, "siteOwnerId")));
    ck_assert_str_eq(tree_text(instance, "metaSiteId"), harness_value(fake, "SITE"));
    ck_assert_str_eq(tree_text(instance, "permissions"), "offline_access");
}
END_TEST

START_TEST(client_that_is_no_guid_is_told_so_in_wix_s_words)
{
    OWNED(answer_free)
    struct answer answer = guest_token("{'clientId':'nonsense','grantType':'anonymous'}");
    answer_expect_refusal(&answer, fake, 400, "token-client-form");
    answer_expect(&answer, "message",
                  "appRuntimeKeys [at index 0] is invalid: appId is not a valid GUID");
    guest_refused("{'clientId':'0a990000-0000-4000-8000-000000000009','grantType':'anonymous'}",
                  401, "token-client-unknown");
}
END_TEST

/* ---- refresh ---- */

START_TEST(refresh_signs_the_same_session_anew)
{
    harness_advance(fake, 60000);
    OWNED(answer_free) struct answer answer = guest_token(REFRESH_BODY "}");
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
        OWNED(answer_free) struct answer again = guest_token(REFRESH_BODY "}");
        ck_assert_int_eq(again.status, 200);
    }
    guest_expect_info("NEW", "VISITOR");
}
END_TEST

START_TEST(refresh_for_a_site_lives_900_seconds)
{
    OWNED(answer_free) struct answer answer = guest_token(REFRESH_BODY ",'siteId':'$SITE'}");
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
    OWNED(answer_free) struct answer answer = guest_token(REFRESH_BODY ",'siteId':'nowhere'}");
    answer_expect_refusal(&answer, fake, 404, "token-site-unknown");
    answer_expect(&answer, "details.applicationError.code", "SITE_NOT_FOUND");
    guest_refused(REFRESH_BODY ",'siteId':7}", 400, "token-field-type");
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
    OWNED(answer_free) struct answer answer = guest_token(bad_refreshes[_i].ask);
    answer_expect_refusal(&answer, fake, 400, bad_refreshes[_i].outcome);
    bool missing = strcmp(bad_refreshes[_i].outcome, "token-field-missing") == 0;
    answer_expect(&answer, "error", missing ? "invalid_request" : "invalid_grant");
}
END_TEST

START_TEST(fault_rotates_a_visitor_s_refresh_token)
{
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'grant':'refresh_token'},'do':{'fault':'rotate-refresh-token'}}");
    OWNED(answer_free) struct answer answer = guest_token(REFRESH_BODY "}");
    harness_keep_member(fake, "NEW", &answer, "refresh_token");
    guest_refused(REFRESH_BODY "}", 400, "token-refresh-revoked");
    harness_keep(fake, "REFRESH", harness_value(fake, "NEW"));
    OWNED(answer_free) struct answer again = guest_token(REFRESH_BODY "}");
    ck_assert_int_eq(again.status, 200);
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

#define SIGN_ON "POST /_api/iam/authentication/v2/sign-on"
#define WHO "{'loginId':{'email':'jane@example.com'}}"

static const struct {
    const char *headers, *body;
    int status;
    const char *outcome;
} sign_ons[] = {
    {"Authorization: $ACCESS,IST.key", WHO, 200, "ok"},
    {"Authorization: Bearer $ACCESS, IST.key", WHO, 200, "ok"},
    {NULL, WHO, 401, "api-token-missing"},
    {"Authorization: $ACCESS", WHO, 401, "api-key-unknown"},
    {"Authorization: $ACCESS,IST.other", WHO, 401, "api-key-unknown"},
    {"Authorization: $REFRESH,IST.key", WHO, 401, "api-token-malformed"},
    {"Authorization: $ACCESS,IST.key", "{'loginId':{}}", 400, "api-login-id"},
    {"Authorization: $ACCESS,IST.key", "{'loginId':{'email':''}}", 400, "api-login-id"},
    {"Authorization: $ACCESS,IST.key", "{'loginId':'jane@example.com'}", 400, "api-login-id"},
    {"Authorization: $ACCESS,IST.key", NULL, 400, "api-login-id"},
};

START_TEST(sign_on_is_answered)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, SIGN_ON, sign_ons[_i].headers, sign_ons[_i].body);
    if (sign_ons[_i].status != 200) {
        answer_expect_refusal(&answer, fake, sign_ons[_i].status, sign_ons[_i].outcome);
        return;
    }
    answer_expect_members(&answer, "sessionToken identity");
    ck_assert(text_is_guid(cJSON_GetStringValue(answer_at(&answer, "identity.id"))));
    answer_expect(&answer, "identity.email.address", "jane@example.com");
}
END_TEST

/* The session's token is worth a member's, and who signs on again is the same member. */
START_TEST(sign_on_leads_to_a_member_s_tokens)
{
    for (int i = 0; i < 2; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, SIGN_ON, "Authorization: $ACCESS,IST.key", WHO);
        harness_keep_member(fake, i ? "AGAIN" : "ID", &answer, "identity.id");
        harness_keep_member(fake, "SESSION", &answer, "sessionToken");
    }
    ck_assert_str_eq(harness_value(fake, "ID"), harness_value(fake, "AGAIN"));
    OWNED(answer_free)
    struct answer tokens = harness_ask(fake, "POST /oauth2/token", "Authorization: $ACCESS,IST.key",
                                       "{'grant_type':'authorized_client','member_id':'$ID',"
                                       "'session_token':'$SESSION'}");
    answer_expect_members(&tokens, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "MEMBER", &tokens, "access_token");
    guest_expect_info("MEMBER", "MEMBER");
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
    OWNED(answer_free) struct answer answer = guest_token(body);
    if (strips[_i].status != 200) {
        answer_expect_refusal(&answer, fake, strips[_i].status, strips[_i].outcome);
        return;
    }
    answer_expect_members(&answer, "access_token token_type expires_in");
    answer_expect(&answer, "expires_in", "10400"); /* no longer than the one that was sent */
    harness_keep_member(fake, "STRIPPED", &answer, "access_token");
    guest_expect_info("STRIPPED", "VISITOR");
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
    struct answer visitor = guest_token("{'clientId':'only-there','grantType':'anonymous'}");
    harness_keep_member(fake, "THERE", &visitor, "access_token");
    OWNED(answer_free)
    struct answer member =
        harness_ask(fake, "POST /oauth2/token", "Authorization: $THERE,IST.w2",
                    "{'grant_type':'authorized_client','member_id':'m','session_token':'s'}");
    ck_assert_int_eq(member.status, 200);
    OWNED(answer_free)
    struct answer session = harness_ask(fake, SIGN_ON, "Authorization: $THERE,IST.w2", WHO);
    ck_assert_int_eq(session.status, 200);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(guest_set_up, guest_tear_down);
    tcase_add_test(tcase, visitor_gets_both_tokens);
    tcase_add_test(tcase, visitor_tokens_have_the_observed_shape);
    tcase_add_test(tcase, client_that_is_no_guid_is_told_so_in_wix_s_words);
    tcase_add_test(tcase, refresh_signs_the_same_session_anew);
    tcase_add_test(tcase, refresh_for_a_site_lives_900_seconds);
    tcase_add_test(tcase, refresh_for_an_unknown_site_is_refused_in_wix_s_shape);
    suite_rows(tcase, refresh_is_refused, bad_refreshes);
    tcase_add_test(tcase, fault_rotates_a_visitor_s_refresh_token);
    suite_rows(tcase, external_login, external);
    suite_rows(tcase, sign_on_is_answered, sign_ons);
    tcase_add_test(tcase, sign_on_leads_to_a_member_s_tokens);
    suite_rows(tcase, bound_session_is_stripped, strips);
    tcase_add_test(tcase, visitor_of_another_world_is_served_there);
    return suite_run("headless", tcase);
}
