/* The profile: what each switch changes, at run time, and that nothing else does. Each row sends
 * one request with the switch at its default and once more with it turned. */
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
    harness_connect(fake);
    harness_mint(fake);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define BARE "{'message':'','details':{}}"
#define CREDENTIALS "'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET'"
#define OLD_REFRESH                                                                                \
    "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"                  \
    "'refresh_token':'$REFRESH'}"
#define OLD_CODE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"

/* What an answer must be: a status, and a member with its text, or the whole body where `path` is
 * "". A NULL path asks for the status alone. */
struct look {
    int status;
    const char *path, *text;
};

static const struct switch_case {
    const char *profile;
    const char *before; /* a control call that prepares, with its body; or NULL */
    const char *before_body;
    const char *line, *headers, *body;
    struct look by_default, turned;
} switches[] = {
    {"{'http_basic':'accept'}",
     NULL,
     NULL,
     "POST /oauth2/token",
     /* the default app and its secret */
     "Authorization: Basic ZmE0ZTBhOTktMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxOmZhNGU1ZWM3LTAwMDAtNDAw"
     "MC04MDAwLTAwMDAwMDAwMDAwMQ==",
     "grant_type=client_credentials",
     {400, "error", "invalid_request"},
     {200, "token_type", "Bearer"}},
    {"{'instanceless_lifetime':300}",
     NULL,
     NULL,
     "POST /oauth2/token",
     NULL,
     "{" CREDENTIALS "}",
     {200, "expires_in", "14400"},
     {200, "expires_in", "300"}},
    {"{'instanceless_lifetime':300}",
     NULL,
     NULL,
     "POST /oauth2/token",
     NULL,
     "{" CREDENTIALS ",'instance_id':'$INSTANCE'}",
     {200, "expires_in", "14400"},
     {200, "expires_in", "14400"}},
    {"{'id_case':'ignore'}",
     NULL,
     NULL,
     "POST /oauth2/token",
     NULL,
     "{'grant_type':'client_credentials','client_id':'FA4E0A99-0000-4000-8000-000000000001',"
     "'client_secret':'$SECRET','instance_id':'FA4E1057-0000-4000-8000-000000000001'}",
     {401, "error", "invalid_client"},
     {200, "token_type", "Bearer"}},
    {"{'access_bad_secret_status':401}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'x','refresh_token':'x'}",
     {400, "success", "false"},
     {401, "success", "false"}},
    {"{'access_bad_secret_status':401}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     "{'grant_type':'refresh_token','client_id':'x','client_secret':'x','refresh_token':'x'}",
     {400, NULL, NULL},
     {401, NULL, NULL}},
    {"{'revoked_refresh_status':403}",
     "POST /_fakewix/tokens/revoke",
     "{'token':'$REFRESH'}",
     "POST /oauth/access",
     NULL,
     OLD_REFRESH,
     {400, NULL, NULL},
     {403, NULL, NULL}},
    {"{'access_camel_case':'accept'}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     "{'grantType':'refresh_token','clientId':'$APP','clientSecret':'$SECRET',"
     "'refreshToken':'$REFRESH'}",
     {400, NULL, NULL},
     {200, "refresh_token", "$REFRESH"}},
    {"{'access_form_bodies':'accept'}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     "grant_type=refresh_token&client_id=$APP&client_secret=$SECRET&refresh_token=$REFRESH",
     {400, NULL, NULL},
     {200, "refresh_token", "$REFRESH"}},
    {"{'access_refusals':'ietf'}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     "{}",
     {400, "success", "false"},
     {400, "error", "invalid_request"}},
    {"{'access_refusals':'ietf'}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     OLD_CODE,
     {400, "error", NULL},
     {400, "error", "invalid_grant"}},
    {"{'code_reuse':'accept'}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     OLD_CODE,
     {400, NULL, NULL},
     {200, NULL, NULL}},
    {"{'code_reuse':'revoke'}",
     NULL,
     NULL,
     "POST /oauth/access",
     NULL,
     OLD_CODE,
     {400, NULL, NULL},
     {400, NULL, NULL}},
    {"{'refresh_token_expiry':'730d'}",
     "POST /_fakewix/clock/advance",
     "{'seconds':63072000}",
     "POST /oauth/access",
     NULL,
     OLD_REFRESH,
     {200, NULL, NULL},
     {400, NULL, NULL}},
    {"{'reinstalled_refresh_token':'alive'}",
     "POST /_fakewix/instances/$INSTANCE/reinstall",
     NULL,
     "POST /oauth/access",
     NULL,
     OLD_REFRESH,
     {400, NULL, NULL},
     {200, NULL, NULL}},
    {"{'reinstalled_refresh_token':'alive'}",
     "POST /_fakewix/instances/$INSTANCE/uninstall",
     NULL,
     "POST /oauth/access",
     NULL,
     OLD_REFRESH,
     {400, NULL, NULL},
     {400, NULL, NULL}},
    {"{'uninstalled_tokens':'alive'}",
     "POST /_fakewix/instances/$INSTANCE/uninstall",
     NULL,
     "GET /apps/v1/instance",
     "Authorization: $TOKEN",
     NULL,
     {401, NULL, NULL},
     {200, NULL, NULL}},
    {"{'token_info_inactive':401}",
     NULL,
     NULL,
     "POST /oauth2/token-info",
     NULL,
     "{'token':'x'}",
     {200, "active", "false"},
     {401, "details.applicationError.code", "INVALID_TOKEN"}},
    {"{'token_info_active':'text'}",
     NULL,
     NULL,
     "POST /oauth2/token-info",
     NULL,
     "{'token':'x'}",
     {200, "", "{'active':false}"},
     {200, "", "{'active':'false'}"}},
    {"{'token_info_times':'number'}",
     NULL,
     NULL,
     "POST /oauth2/token-info",
     NULL,
     "{'token':'$ACCESS'}",
     {200, "exp", "1893456300"},
     {200, "exp", "1893456300"}},
    {"{'api_unauthenticated':403}",
     NULL,
     NULL,
     "GET /apps/v1/instance",
     NULL,
     NULL,
     {401, "details.applicationError.code", "UNAUTHENTICATED"},
     {403, "", BARE}},
    {"{'api_expired':403}",
     "POST /_fakewix/clock/advance",
     "{'seconds':14400}",
     "GET /apps/v1/instance",
     "Authorization: $TOKEN",
     NULL,
     {401, "details.applicationError.code", "UNAUTHENTICATED"},
     {403, "", BARE}},
    {"{'api_expired':403}",
     NULL,
     NULL,
     "GET /apps/v1/instance",
     NULL,
     NULL,
     {401, NULL, NULL},
     {401, NULL, NULL}},
    {"{'unlisted_api_paths':'empty'}",
     NULL,
     NULL,
     "GET /blog/v3/posts",
     "Authorization: $TOKEN",
     NULL,
     {404, NULL, NULL},
     {200, "", "{}"}},
    {"{'trailing_commas':'accept'}",
     NULL,
     NULL,
     "POST /apps/v1/bi-event",
     "Authorization: $TOKEN",
     "{'eventName':'APP_UPGRADED', \n}",
     {400, NULL, NULL},
     {200, "", "{}"}},
    {"{'trailing_commas':'accept'}",
     NULL,
     NULL,
     "POST /oauth2/token",
     NULL,
     "{" CREDENTIALS ",'x':'a,]',}",
     {400, NULL, NULL},
     {200, NULL, NULL}},
    {"{'trailing_commas':'accept'}",
     NULL,
     NULL,
     "POST /oauth2/token",
     NULL,
     "{" CREDENTIALS ",,}",
     {400, NULL, NULL},
     {400, NULL, NULL}},
};

static void expect(const struct look *look, const struct answer *answer)
{
    ck_assert_msg(answer->status == look->status, "%d, not %d: %s", answer->status, look->status,
                  buf_str(&answer->body));
    OWNED(mem_text_free) char *text = look->text ? harness_expand(fake, look->text) : NULL;
    if (look->path && !*look->path)
        ck_assert_str_eq(buf_str(&answer->body), text);
    else if (look->path)
        answer_expect(answer, look->path, text);
}

START_TEST(switch_changes_one_thing)
{
    const struct switch_case *row = &switches[_i];
    if (row->before)
        harness_do(fake, 200, row->before, row->before_body);
    OWNED(answer_free) struct answer usual = harness_ask(fake, row->line, row->headers, row->body);
    expect(&row->by_default, &usual);
    harness_do(fake, 200, "PUT /_fakewix/profile", row->profile);
    OWNED(answer_free) struct answer turned = harness_ask(fake, row->line, row->headers, row->body);
    expect(&row->turned, &turned);
}
END_TEST

START_TEST(times_of_token_info_change_their_type)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'token_info_times':'number'}");
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, "{'token':'$ACCESS'}");
    ck_assert(cJSON_IsNumber(answer_at(&info, "exp")));
    ck_assert(cJSON_IsNumber(answer_at(&info, "iat")));
}
END_TEST

START_TEST(second_redemption_revokes_by_profile)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'code_reuse':'revoke'}");
    harness_do(fake, 200, "POST /oauth/access", OLD_REFRESH);
    harness_do(fake, 400, "POST /oauth/access", OLD_CODE);
    OWNED(answer_free)
    struct answer refresh = harness_ask(fake, "POST /oauth/access", NULL, OLD_REFRESH);
    answer_expect_refusal(&refresh, fake, 400, "refresh-token-revoked");
    OWNED(answer_free)
    struct answer call = harness_ask(fake, "GET /apps/v1/instance", "Authorization: $ACCESS", NULL);
    answer_expect_refusal(&call, fake, 401, "api-token-revoked");
}
END_TEST

START_TEST(token_without_a_site_by_profile)
{
    OWNED(answer_free)
    struct answer minted = harness_ask(fake, "POST /oauth2/token", NULL, "{" CREDENTIALS "}");
    harness_keep_member(fake, "TOKEN", &minted, "access_token");
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'no_site_status':403}");
    OWNED(answer_free)
    struct answer call = harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    answer_expect_refusal(&call, fake, 403, "api-no-site");
    answer_expect(&call, "details.applicationError.code", "UNAUTHORIZED");
}
END_TEST

/* Every switch is listed, in the config's table and in the profile itself. */
START_TEST(switches_are_listed)
{
    OWNED(answer_free)
    struct answer table = harness_ask(fake, "GET /_fakewix/tables/config", NULL, NULL);
    for (int i = 0; i < PROFILE_COUNT; i++) {
        OWNED(mem_text_free)
        char *key = mem_format("\"profile.%s\"", profile_row((enum profile_switch)i)->key);
        ck_assert_msg(strstr(buf_str(&table.body), key) != NULL, "%s", key);
    }
    OWNED(answer_free)
    struct answer profile = harness_ask(fake, "GET /_fakewix/profile", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(profile.json), PROFILE_COUNT);
}
END_TEST

START_TEST(worlds_have_profiles_of_their_own)
{
    OWNED(answer_free)
    struct answer world =
        harness_ask(fake, "POST /_fakewix/worlds", NULL,
                    "{'world':'w','config':{'profile':{'api_unauthenticated':'403'}}}");
    ck_assert_int_eq(world.status, 201);
    harness_do(fake, 403, "GET /w/w/apps/v1/instance", NULL);
    harness_do(fake, 401, "GET /apps/v1/instance", NULL);
    harness_do(fake, 200, "PUT /_fakewix/worlds/w/profile", "{'api_unauthenticated':401}");
    harness_do(fake, 401, "GET /w/w/apps/v1/instance", NULL);
    harness_do(fake, 200, "POST /_fakewix/worlds/w/reset", NULL);
    harness_do(fake, 403, "GET /w/w/apps/v1/instance", NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, switch_changes_one_thing, switches);
    tcase_add_test(tcase, times_of_token_info_change_their_type);
    tcase_add_test(tcase, second_redemption_revokes_by_profile);
    tcase_add_test(tcase, token_without_a_site_by_profile);
    tcase_add_test(tcase, switches_are_listed);
    tcase_add_test(tcase, worlds_have_profiles_of_their_own);
    return suite_run("profile", tcase);
}
