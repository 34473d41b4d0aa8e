/* POST /oauth2/token and /oauth2/token-info: what they take, what they answer, how they refuse. */
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
#define GRANT "'grant_type':'client_credentials'"
#define APP "'client_id':'$APP','client_secret':'$SECRET'"
#define FORM_APP "client_id=$APP&client_secret=$SECRET"
#define ALL "{" GRANT "," APP ",'instance_id':'$INSTANCE'}"

/* ---- what is taken ---- */

static const struct {
    const char *title, *headers, *body;
} taken[] = {
    {"JSON as documented", JSON, ALL},
    {"the SDK's order of members", JSON, "{'instance_id':'$INSTANCE'," APP "," GRANT "}"},
    {"camelCase", JSON,
     "{'grantType':'client_credentials','clientId':'$APP','clientSecret':'$SECRET',"
     "'instanceId':'$INSTANCE'}"},
    {"the SDK docs' mixed spelling", JSON, "{'grantType':'client_credentials'," APP "}"},
    {"a charset behind the type", "Content-Type: application/json; charset=utf-8", ALL},
    {"the type in other case", "Content-Type: APPLICATION/JSON", ALL},
    {"JSON under curl's default type", FORM, ALL},
    {"JSON under fetch's default type", "Content-Type: text/plain;charset=UTF-8", ALL},
    {"a charset in quotes", "Content-Type: application/json;charset=\"UTF-8\"", ALL},
    {"JSON with white space around it", JSON, " \r\n\t" ALL " \n"},
    {"a form", FORM, "grant_type=client_credentials&" FORM_APP "&instance_id=$INSTANCE"},
    {"a form in camelCase", FORM,
     "grantType=client_credentials&clientId=$APP&clientSecret=$SECRET&instanceId=$INSTANCE"},
    {"a form with escapes", FORM,
     "grant%5Ftype=client%5fcredentials&" FORM_APP "&instance_id=$INSTANCE"},
    {"a form without a type",
     "Content-Type: ", "grant_type=client_credentials&" FORM_APP "&instance_id=$INSTANCE"},
    {"without instance_id", JSON, "{" GRANT "," APP "}"},
    {"instance_id null", JSON, "{" GRANT "," APP ",'instance_id':null}"},
    {"members nobody knows", JSON,
     "{" GRANT "," APP ",'scope':'x','redirect_uri':'y','deep':{'a':[1,{}]}}"},
    {"the last of a doubled member", JSON, "{'client_secret':'wrong'," GRANT "," APP "}"},
    {"the last of a doubled parameter", FORM,
     "client_secret=wrong&grant_type=client_credentials&" FORM_APP},
};

START_TEST(request_is_taken)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /oauth2/token", taken[_i].headers, taken[_i].body);
    ck_assert_msg(answer.status == 200, "%s: %s", taken[_i].title, buf_str(&answer.body));
    answer_expect_members(&answer, "access_token token_type expires_in");
    answer_expect(&answer, "token_type", "Bearer");
    answer_expect(&answer, "expires_in", "14400");
    answer_expect_header(&answer, "Content-Type", "application/json");
    answer_expect_header(&answer, "Cache-Control", "no-store");
    answer_expect_header(&answer, "Pragma", "no-cache");
    ck_assert_str_eq(harness_outcome(fake), "ok");
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *title, *headers, *body;
    int status;
    const char *outcome;
} refused[] = {
    {"no body", NULL, NULL, 400, "token-grant-missing"},
    {"an empty object", JSON, "{}", 400, "token-grant-missing"},
    {"not JSON", JSON, "grant_type", 400, "token-body-malformed"},
    {"a list", JSON, "[]", 400, "token-body-malformed"},
    {"a text", JSON, "'x'", 400, "token-body-malformed"},
    {"JSON that breaks off", JSON, "{" GRANT ",", 400, "token-body-malformed"},
    {"JSON with something behind it", JSON, ALL "{}", 400, "token-body-malformed"},
    {"JSON with a trailing comma", JSON, "{" GRANT ",}", 400, "token-body-malformed"},
    {"bad UTF-8", JSON, "{'grant_type':'\xff'}", 400, "token-body-malformed"},
    {"a form with bad UTF-8", FORM, "grant_type=%ff", 400, "token-body-malformed"},
    {"a form with a NUL", FORM, "grant_type=a%00b", 400, "token-body-malformed"},
    {"another charset", "Content-Type: application/json; charset=utf-16", ALL, 400,
     "token-type-unsupported"},
    {"another charset of a form", FORM ";charset=\"latin1\"", "a=b", 400, "token-type-unsupported"},
    {"text that is no JSON", "Content-Type: text/plain", "grant_type=x", 400,
     "token-type-unsupported"},
    {"XML", "Content-Type: application/xml", "<a/>", 400, "token-type-unsupported"},
    {"a type that only begins like JSON", "Content-Type: application/jsonp", ALL, 400,
     "token-type-unsupported"},
    {"no grant_type", JSON, "{" APP "}", 400, "token-grant-missing"},
    {"grant_type null", JSON, "{'grant_type':null," APP "}", 400, "token-grant-missing"},
    {"grant_type empty", JSON, "{'grant_type':''," APP "}", 400, "token-grant-missing"},
    {"grant_type a number", JSON, "{'grant_type':7," APP "}", 400, "token-field-type"},
    {"another grant", JSON, "{'grant_type':'password'," APP "}", 400, "token-grant-unsupported"},
    {"the grant in other case", JSON, "{'grant_type':'Client_Credentials'," APP "}", 400,
     "token-grant-unsupported"},
    {"the old service's grant", JSON, "{'grant_type':'authorization_code','code':'x'," APP "}", 400,
     "token-field-missing"},
    {"no client_id", JSON, "{" GRANT ",'client_secret':'$SECRET'}", 400, "token-field-missing"},
    {"no client_secret", JSON, "{" GRANT ",'client_id':'$APP'}", 400, "token-field-missing"},
    {"client_id empty", JSON, "{" GRANT ",'client_id':'','client_secret':'x'}", 400,
     "token-field-missing"},
    {"client_id a list", JSON, "{" GRANT ",'client_id':['$APP'],'client_secret':'$SECRET'}", 400,
     "token-field-type"},
    {"client_secret a number", JSON, "{" GRANT ",'client_id':'$APP','client_secret':1}", 400,
     "token-field-type"},
    {"an unknown app", JSON, "{" GRANT ",'client_id':'nobody','client_secret':'$SECRET'}", 401,
     "token-client-unknown"},
    {"a wrong secret", JSON, "{" GRANT ",'client_id':'$APP','client_secret':'wrong'}", 401,
     "token-secret-wrong"},
    {"a secret cut short", JSON, "{" GRANT ",'client_id':'$APP','client_secret':'fa4e5ec7'}", 401,
     "token-secret-wrong"},
    {"the secret doubled", JSON, "{" GRANT ",'client_id':'$APP','client_secret':'$SECRET$SECRET'}",
     401, "token-secret-wrong"},
    {"an unknown instance", JSON, "{" GRANT "," APP ",'instance_id':'nowhere'}", 400,
     "token-instance-unknown"},
    {"instance_id empty", JSON, "{" GRANT "," APP ",'instance_id':''}", 400, "token-field-missing"},
    {"instance_id a number", JSON, "{" GRANT "," APP ",'instance_id':1}", 400, "token-field-type"},
};

START_TEST(request_is_refused)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /oauth2/token", refused[_i].headers, refused[_i].body);
    answer_expect_refusal(&answer, fake, refused[_i].status, refused[_i].outcome);
    answer_expect_header(&answer, "Cache-Control", "no-store");
}
END_TEST

START_TEST(uninstalled_app_gets_no_token)
{
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/uninstall", NULL);
    OWNED(answer_free) struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL, ALL);
    answer_expect_refusal(&answer, fake, 400, "token-instance-uninstalled");
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/reinstall", NULL);
    harness_mint(fake);
}
END_TEST

START_TEST(instance_of_another_app_is_unknown)
{
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'other','app_secret':'s2'}");
    OWNED(answer_free)
    struct answer answer = harness_ask(
        fake, "POST /oauth2/token", NULL,
        "{" GRANT ",'client_id':'other','client_secret':'s2','instance_id':'$INSTANCE'}");
    answer_expect_refusal(&answer, fake, 400, "token-instance-unknown");
}
END_TEST

START_TEST(app_of_custom_authentication_alone_is_refused)
{
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'old','app_secret':'s2','authentication':['custom']}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL,
                                       "{" GRANT ",'client_id':'old','client_secret':'s2'}");
    answer_expect_refusal(&answer, fake, 400, "token-client-unauthorized");
}
END_TEST

/* ---- statuses that the profile chooses ---- */

static const struct {
    const char *profile, *body;
    int status;
} chosen[] = {
    {"{'bad_secret_status':400}", "{" GRANT ",'client_id':'$APP','client_secret':'no'}", 400},
    {"{'bad_secret_status':'400'}", "{" GRANT ",'client_id':'no','client_secret':'no'}", 400},
    {"{'unknown_instance_status':401}", "{" GRANT "," APP ",'instance_id':'no'}", 401},
    {"{'unknown_instance_status':404}", "{" GRANT "," APP ",'instance_id':'no'}", 404},
};

START_TEST(profile_chooses_the_status)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", chosen[_i].profile);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL, chosen[_i].body);
    ck_assert_int_eq(answer.status, chosen[_i].status);
    answer_expect_members(&answer, "error error_description");
}
END_TEST

/* ---- the token's shape (FIDELITY.md, token shapes) ---- */

START_TEST(token_has_the_observed_shape)
{
    harness_mint(fake);
    const char *token = harness_value(fake, "TOKEN");
    ck_assert_int_eq(strncmp(token, "OauthNG.JWS.", 12), 0);
    OWNED(tree_free) cJSON *header = harness_jwt_header(token);
    ck_assert_str_eq(tree_text(header, "kid"), "YHBsuJpH");
    ck_assert_str_eq(tree_text(header, "alg"), "HS256");
    ck_assert_int_eq(cJSON_GetArraySize(header), 2); /* no typ */
    OWNED(tree_free) cJSON *claims = harness_claims(token);
    int64_t iat, exp;
    ck_assert(tree_int(claims, "iat", &iat) && tree_int(claims, "exp", &exp));
    ck_assert_int_eq(iat, HARNESS_START_MS / 1000);
    ck_assert_int_eq(exp - iat, 14400);
    const char *data = tree_text(claims, "data");
    OWNED(tree_free) cJSON *inner = tree_parse(data, strlen(data), NULL);
    const cJSON *instance = tree_get(inner, "instance");
    ck_assert_str_eq(tree_text(instance, "instanceId"), harness_value(fake, "INSTANCE"));
    ck_assert_str_eq(tree_text(instance, "appDefId"), harness_value(fake, "APP"));
    ck_assert_str_eq(tree_text(instance, "metaSiteId"), harness_value(fake, "SITE"));
    ck_assert_str_eq(tree_text(instance, "signDate"), "2030-01-01T00:00:00.000Z");
    ck_assert_str_eq(tree_text(instance, "expirationDate"), "2030-01-01T04:00:00.000Z");
    ck_assert_str_eq(tree_text(instance, "permissions"), "");
}
END_TEST

/* The app instance inside a token, to look at as at an answer. Caller frees. */
static struct answer instance_in(const char *token)
{
    OWNED(tree_free) cJSON *claims = harness_claims(token);
    const char *data = tree_text(claims, "data");
    OWNED(tree_free) cJSON *inner = tree_parse(data, strlen(data), NULL);
    return (struct answer){.json = cJSON_Duplicate(tree_get(inner, "instance"), true)};
}

/* Members of the published samples, in their order; persons are left out of an app's token. */
START_TEST(token_names_the_site_and_its_owner)
{
    harness_mint(fake);
    OWNED(answer_free) struct answer instance = instance_in(harness_value(fake, "TOKEN"));
    answer_expect_members(&instance, "instanceId appDefId signDate permissions demoMode "
                                     "siteOwnerId metaSiteId expirationDate");
    OWNED(answer_free)
    struct answer sealed = harness_ask(fake, "GET /_fakewix/instances/$INSTANCE/sign", NULL, NULL);
    answer_expect(&instance, "siteOwnerId",
                  cJSON_GetStringValue(answer_at(&sealed, "payload.siteOwnerId")));
}
END_TEST

START_TEST(token_without_a_site_has_no_owner)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL, "{" GRANT "," APP "}");
    OWNED(answer_free)
    struct answer instance = instance_in(tree_text(answer.json, "access_token"));
    answer_expect_members(&instance, "appDefId signDate permissions demoMode expirationDate");
}
END_TEST

START_TEST(each_mint_is_a_different_and_valid_token)
{
    harness_mint(fake);
    harness_keep(fake, "FIRST", harness_value(fake, "TOKEN"));
    harness_mint(fake);
    ck_assert_str_ne(harness_value(fake, "FIRST"), harness_value(fake, "TOKEN"));
    static const char *const headers[] = {"Authorization: $FIRST", "Authorization: $TOKEN"};
    for (size_t i = 0; i < 2; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, "GET /conformance/probe", headers[i], NULL);
        ck_assert_int_eq(answer.status, 200);
    }
}
END_TEST

START_TEST(lifetime_follows_the_config)
{
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'oauth_access_token_s':60}");
    OWNED(answer_free) struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL, ALL);
    answer_expect(&answer, "expires_in", "60");
}
END_TEST

/* ---- token info ---- */

static struct answer info(const char *body)
{
    return harness_ask(fake, "POST /oauth2/token-info", NULL, body);
}

START_TEST(info_of_an_access_token)
{
    harness_mint(fake);
    OWNED(answer_free) struct answer answer = info("{'token':'$TOKEN'}");
    ck_assert_int_eq(answer.status, 200);
    answer_expect_members(&answer,
                          "active subjectType subjectId exp iat clientId siteId instanceId");
    answer_expect(&answer, "active", "true");
    answer_expect(&answer, "subjectType", "APP");
    answer_expect(&answer, "clientId", harness_value(fake, "APP"));
    answer_expect(&answer, "siteId", harness_value(fake, "SITE"));
    answer_expect(&answer, "instanceId", harness_value(fake, "INSTANCE"));
    /* int64 is a text in proto3's JSON. */
    ck_assert(cJSON_IsString(answer_at(&answer, "exp")));
    answer_expect(&answer, "iat", "1893456000");
    answer_expect(&answer, "exp", "1893470400");
}
END_TEST

START_TEST(info_of_custom_authentication_tokens)
{
    harness_connect(fake);
    OWNED(answer_free) struct answer access = info("{'token':'$ACCESS'}");
    answer_expect(&access, "active", "true");
    answer_expect(&access, "exp", "1893456300");
    OWNED(answer_free) struct answer refresh = info("{'token':'$REFRESH'}");
    answer_expect(&refresh, "active", "true");
    answer_expect(&refresh, "instanceId", harness_value(fake, "INSTANCE"));
    answer_expect(&refresh, "exp", NULL);
}
END_TEST

/* ---- the signed app instance as a token ---- */

static const struct {
    const char *wish, *type, *subject; /* NULL: not active */
} instances[] = {
    {"{}", "USER", NULL},
    {"{'uid':'u-1'}", "USER", "u-1"},
    {"{'aid':'a-1'}", "VISITOR", "a-1"},
    {"{'set':{'siteMemberId':'m-1'},'omit':['uid']}", "MEMBER", "m-1"},
    {"{'omit':['uid','siteMemberId']}", "APP", "$APP"},
    {"{'omit':['expirationDate']}", "USER", NULL},
    {"{'expired':true}", NULL, NULL},
    {"{'secret':'wrong'}", NULL, NULL},
    {"{'tampered':'payload'}", NULL, NULL},
    {"{'tampered':'signature'}", NULL, NULL},
    {"{'tampered':'truncated'}", NULL, NULL},
    {"{'tampered':'empty'}", NULL, NULL},
    {"{'omit':['instanceId']}", NULL, NULL},
    {"{'omit':['signDate']}", NULL, NULL},
    {"{'set':{'appDefId':'other'}}", NULL, NULL},
    {"{'set':{'instanceId':'other'}}", NULL, NULL},
};

START_TEST(info_of_a_signed_instance)
{
    OWNED(answer_free)
    struct answer sealed =
        harness_ask(fake, "POST /_fakewix/instances/$INSTANCE/sign", NULL, instances[_i].wish);
    harness_keep_member(fake, "SIGNED", &sealed, "instance");
    OWNED(answer_free) struct answer answer = info("{'token':'$SIGNED'}");
    ck_assert_int_eq(answer.status, 200);
    if (!instances[_i].type) {
        answer_expect_members(&answer, "active");
        answer_expect(&answer, "active", "false");
        return;
    }
    answer_expect(&answer, "subjectType", instances[_i].type);
    answer_expect(&answer, "clientId", harness_value(fake, "APP"));
    answer_expect(&answer, "instanceId", harness_value(fake, "INSTANCE"));
    answer_expect(&answer, "siteId", harness_value(fake, "SITE"));
    answer_expect(&answer, "iat", "1893456000");
    if (!instances[_i].subject)
        return;
    OWNED(mem_text_free) char *subject = harness_expand(fake, instances[_i].subject);
    answer_expect(&answer, "subjectId", subject);
}
END_TEST

START_TEST(info_of_a_signed_instance_ends_with_the_installation)
{
    OWNED(answer_free)
    struct answer sealed = harness_ask(fake, "GET /_fakewix/instances/$INSTANCE/sign", NULL, NULL);
    harness_keep_member(fake, "SIGNED", &sealed, "instance");
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/uninstall", NULL);
    OWNED(answer_free) struct answer answer = info("{'token':'$SIGNED'}");
    answer_expect(&answer, "active", "false");
}
END_TEST

START_TEST(info_takes_a_whole_header_value)
{
    harness_mint(fake);
    OWNED(answer_free) struct answer answer = info("{'token':'Bearer $TOKEN'}");
    answer_expect(&answer, "active", "true");
}
END_TEST

START_TEST(info_of_an_app_token_names_no_site)
{
    OWNED(answer_free)
    struct answer minted = harness_ask(fake, "POST /oauth2/token", NULL, "{" GRANT "," APP "}");
    harness_keep_member(fake, "BARE", &minted, "access_token");
    OWNED(answer_free) struct answer answer = info("{'token':'$BARE'}");
    answer_expect(&answer, "active", "true");
    answer_expect(&answer, "siteId", NULL);
    answer_expect(&answer, "instanceId", NULL);
}
END_TEST

static const char *const inactive[] = {
    "garbage", "OauthNG.JWS.a.b.c", "$TOKEN.", "x$TOKEN",
    "$CODE",   "OauthNG.JWS.",      "..",      "OAUTH2...",
};

START_TEST(info_of_anything_else_is_inactive)
{
    harness_install(fake);
    harness_mint(fake);
    OWNED(mem_text_free) char *body = mem_format("{'token':'%s'}", inactive[_i]);
    OWNED(answer_free) struct answer answer = info(body);
    ck_assert_int_eq(answer.status, 200);
    answer_expect_members(&answer, "active");
    answer_expect(&answer, "active", "false");
}
END_TEST

static const struct {
    const char *headers, *body, *outcome;
} info_refused[] = {
    {NULL, NULL, "token-info-token-missing"},
    {NULL, "{}", "token-info-token-missing"},
    {NULL, "{'token':''}", "token-info-token-missing"},
    {NULL, "{'token':null}", "token-info-token-missing"},
    {NULL, "{'token':1}", "token-info-token-missing"},
    {NULL, "[]", "token-info-body-malformed"},
    {JSON, "token", "token-info-body-malformed"},
    {"Content-Type: application/xml", "{'token':'x'}", "token-info-body-malformed"},
};

START_TEST(info_is_refused)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth2/token-info", info_refused[_i].headers,
                                       info_refused[_i].body);
    answer_expect_refusal(&answer, fake, 400, info_refused[_i].outcome);
}
END_TEST

START_TEST(info_takes_curls_default_type)
{
    harness_mint(fake);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth2/token-info", FORM, "{'token':'$TOKEN'}");
    answer_expect(&answer, "active", "true");
}
END_TEST

static const char *const deaths[][2] = {
    {"POST /_fakewix/tokens/expire", "{'token':'$TOKEN'}"},
    {"POST /_fakewix/tokens/revoke", "{'token':'$TOKEN'}"},
    {"POST /_fakewix/tokens/revoke", "{'instance_id':'$INSTANCE'}"},
    {"POST /_fakewix/tokens/expire", "{'app_id':'$APP','kind':'access'}"},
    {"POST /_fakewix/instances/$INSTANCE/uninstall", NULL},
    {"POST /_fakewix/instances/$INSTANCE/reinstall", NULL},
    {"POST /_fakewix/clock/advance", "{'seconds':14400}"},
};

START_TEST(info_of_a_dead_token_is_inactive)
{
    harness_mint(fake);
    harness_do(fake, 200, deaths[_i][0], deaths[_i][1]);
    OWNED(answer_free) struct answer answer = info("{'token':'$TOKEN'}");
    answer_expect(&answer, "active", "false");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, request_is_taken, taken);
    suite_rows(tcase, request_is_refused, refused);
    suite_rows(tcase, profile_chooses_the_status, chosen);
    tcase_add_test(tcase, uninstalled_app_gets_no_token);
    tcase_add_test(tcase, instance_of_another_app_is_unknown);
    tcase_add_test(tcase, app_of_custom_authentication_alone_is_refused);
    tcase_add_test(tcase, token_has_the_observed_shape);
    tcase_add_test(tcase, token_names_the_site_and_its_owner);
    tcase_add_test(tcase, token_without_a_site_has_no_owner);
    tcase_add_test(tcase, each_mint_is_a_different_and_valid_token);
    tcase_add_test(tcase, lifetime_follows_the_config);
    tcase_add_test(tcase, info_of_an_access_token);
    tcase_add_test(tcase, info_of_custom_authentication_tokens);
    suite_rows(tcase, info_of_a_signed_instance, instances);
    tcase_add_test(tcase, info_of_a_signed_instance_ends_with_the_installation);
    tcase_add_test(tcase, info_takes_a_whole_header_value);
    tcase_add_test(tcase, info_of_an_app_token_names_no_site);
    suite_rows(tcase, info_of_anything_else_is_inactive, inactive);
    suite_rows(tcase, info_is_refused, info_refused);
    tcase_add_test(tcase, info_takes_curls_default_type);
    suite_rows(tcase, info_of_a_dead_token_is_inactive, deaths);
    return suite_run("token", tcase);
}
