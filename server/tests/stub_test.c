/* API paths that are answered from data, who may call them, and what browsers see. */
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
    harness_mint(fake);
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'site-2'}");
    harness_do(fake, 201, "POST /_fakewix/api-keys",
               "{'api_key':'IST.one','site_ids':['$SITE'],'permissions':['WIX_STORES.READ_PRODUCTS"
               "']}");
    harness_do(fake, 201, "POST /_fakewix/api-keys", "{'api_key':'IST.all'}");
}

static void tear_down(void)
{
    harness_free(fake);
}

/* ---- what the fake knows by itself ---- */

static const struct {
    const char *line, *body, *path, *text;
} known[] = {
    {"POST /stores/v1/products/query", "{}", "totalResults", "1"},
    {"GET /stores-reader/v1/products/query-platformized?.r=e30", NULL, "products.0.name",
     "Sourdough loaf"},
    {"POST /stores/v3/products/query", "{}", "products.0.revision", "1"},
    {"GET /stores/v3/provision/version", NULL, "version", "V1_CATALOG"},
    {"GET /site-properties/v4/properties", NULL, "properties.paymentCurrency", "USD"},
};

START_TEST(known_path_answers)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, known[_i].line, "Authorization: $TOKEN", known[_i].body);
    ck_assert_msg(answer.status == 200, "%s", buf_str(&answer.body));
    answer_expect(&answer, known[_i].path, known[_i].text);
    OWNED(answer_free)
    struct answer stranger = harness_ask(fake, known[_i].line, NULL, known[_i].body);
    answer_expect_refusal(&stranger, fake, 401, "api-token-missing");
}
END_TEST

/* ---- what a config adds ---- */

static const struct {
    const char *row, *line, *body;
    int status;
    const char *answer;
} added[] = {
    {"{'method':'GET','path':'/blog/v3/posts','body':{'posts':[]}}", "GET /blog/v3/posts?a=b", NULL,
     200, "{'posts':[]}"},
    {"{'method':'GET','path':'/blog/v3/posts'}", "GET /blog/v3/posts", NULL, 200, "{}"},
    {"{'method':'*','path':'/crm/*','status':201,'body':{'a':['{{siteId}}',{'b':"
     "'x {{instanceId}} {{appId}} {{other}}'}]}}",
     "PATCH /crm/v1/contacts/7", "{'a':1}", 201,
     "{'a':['$SITE',{'b':'x $INSTANCE $APP {{other}}'}]}"},
    {"{'method':'POST','path':'/x/v1/y','status':503,'body':'down for {{siteId}}'}", "POST /x/v1/y",
     NULL, 503, "down for $SITE"},
    {"{'method':'POST','path':'/stores/v1/products/query','body':{'products':[]}}",
     "POST /stores/v1/products/query", "{}", 200, "{'products':[]}"},
    {"{'method':'GET','path':'/v/v1/list','body':[1,null,true]}", "GET /v/v1/list", NULL, 200,
     "[1,null,true]"},
};

START_TEST(config_answers)
{
    harness_do(fake, 201, "POST /_fakewix/api", added[_i].row);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, added[_i].line, "Authorization: $TOKEN", added[_i].body);
    ck_assert_msg(answer.status == added[_i].status, "%s", buf_str(&answer.body));
    OWNED(mem_text_free) char *body = harness_expand(fake, added[_i].answer);
    ck_assert_str_eq(buf_str(&answer.body), body);
    ck_assert_str_eq(harness_outcome(fake), "ok");
    OWNED(answer_free)
    struct answer stranger = harness_ask(fake, added[_i].line, NULL, added[_i].body);
    answer_expect_refusal(&stranger, fake, 401, "api-token-missing");
}
END_TEST

START_TEST(row_may_ask_for_a_permission_and_set_headers)
{
    harness_do(fake, 201, "POST /_fakewix/api",
               "{'method':'GET','path':'/x/v1/y','permission':'X.READ','headers':"
               "{'ETag':'1','Content-Type':'text/x','Bad':'a\\r\\nSet-Cookie: b'},'body':'hi'}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /x/v1/y", "Authorization: $TOKEN", NULL);
    answer_expect_header(&answer, "ETag", "1");
    answer_expect_header(&answer, "Content-Type", "text/x");
    answer_expect_header(&answer, "Set-Cookie", NULL);
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'$APP','app_secret':'$SECRET','permissions':['Y.READ']}");
    OWNED(answer_free)
    struct answer refused = harness_ask(fake, "GET /x/v1/y", "Authorization: $TOKEN", NULL);
    answer_expect_refusal(&refused, fake, 403, "api-permission-missing");
}
END_TEST

START_TEST(row_is_replaced_never_doubled)
{
    harness_do(fake, 201, "POST /_fakewix/api", "{'method':'GET','path':'/x/v1/y','body':1}");
    harness_do(fake, 201, "POST /_fakewix/api", "{'method':'GET','path':'/x/v1/y','body':2}");
    OWNED(answer_free) struct answer list = harness_ask(fake, "GET /_fakewix/api", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&list, "api")), 1);
    answer_expect(&list, "api.0.body", "2");
    OWNED(answer_free) struct answer keys = harness_ask(fake, "GET /_fakewix/api-keys", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&keys, "api_keys")), 2);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    OWNED(answer_free) struct answer empty = harness_ask(fake, "GET /_fakewix/api", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&empty, "api")), 0);
}
END_TEST

static const char *const bad_rows[] = {
    "{}",
    "{'method':'GET'}",
    "{'method':7,'path':'/x'}",
    "{'method':'GET','path':'/x','status':99}",
    "{'method':'GET','path':'/x','status':'200'}",
    "{'method':'GET','path':'/x','bodies':1}",
    "{'method':'get','path':'/x'}",
    "{'method':'GET','path':'x'}",
    "{'method':'POST','path':'/oauth2/token'}",
};

START_TEST(bad_row_is_refused)
{
    harness_do(fake, 400, "POST /_fakewix/api", bad_rows[_i]);
}
END_TEST

START_TEST(api_key_of_an_unknown_site_is_refused)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/api-keys", NULL,
                                       "{'api_key':'IST.x','site_ids':['$SITE','nowhere']}");
    ck_assert_int_eq(answer.status, 404);
    answer_expect(&answer, "message",
                  "There is no such item in this world. (site_ids: site nowhere; add it with POST "
                  "/_fakewix/sites, or correct it)");
    OWNED(answer_free) struct answer keys = harness_ask(fake, "GET /_fakewix/api-keys", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&keys, "api_keys")), 2);
}
END_TEST

START_TEST(api_key_outlives_its_site_without_it)
{
    OWNED(answer_free)
    struct answer config = harness_ask(fake, "GET /_fakewix/config", NULL, NULL);
    OWNED(mem_text_free) char *before = mem_text(buf_str(&config.body));
    harness_do(fake, 200, "PUT /_fakewix/config", "{'sites':[{'site_id':'other'}]}");
    OWNED(answer_free) struct answer keys = harness_ask(fake, "GET /_fakewix/api-keys", NULL, NULL);
    answer_expect(&keys, "api_keys.0.api_key", "IST.one");
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&keys, "api_keys.0.site_ids")), 0);
    OWNED(answer_free) struct answer now = harness_ask(fake, "GET /_fakewix/config", NULL, NULL);
    harness_do(fake, 200, "PUT /_fakewix/config", buf_str(&now.body));
    harness_do(fake, 200, "PUT /_fakewix/config", before);
}
END_TEST

START_TEST(unlisted_path_wants_a_token_first)
{
    OWNED(answer_free) struct answer stranger = harness_ask(fake, "GET /blog/v3/posts", NULL, NULL);
    answer_expect_refusal(&stranger, fake, 401, "api-token-missing");
    OWNED(answer_free)
    struct answer known_caller =
        harness_ask(fake, "GET /blog/v3/posts", "Authorization: $TOKEN", NULL);
    answer_expect_refusal(&known_caller, fake, 404, "api-not-found");
}
END_TEST

/* ---- API keys ---- */

static const struct {
    const char *line, *headers, *body;
    int status;
    const char *outcome;
} keyed[] = {
    {"GET /site-properties/v4/properties", "Authorization: IST.one\nwix-site-id: $SITE", NULL, 200,
     "ok"},
    {"GET /site-properties/v4/properties", "Authorization: Bearer IST.one\nWix-Site-Id: $SITE",
     NULL, 200, "ok"},
    {"POST /stores/v1/products/query", "Authorization: IST.one\nwix-site-id: $SITE", "{}", 200,
     "ok"},
    {"GET /conformance/probe", "Authorization: IST.one", NULL, 200, "ok"},
    {"GET /site-properties/v4/properties", "Authorization: IST.one", NULL, 401, "api-no-site"},
    {"GET /site-properties/v4/properties", "Authorization: IST.one\nwix-site-id: nowhere", NULL,
     403, "api-site-forbidden"},
    {"GET /site-properties/v4/properties", "Authorization: IST.one\nwix-site-id: site-2", NULL, 403,
     "api-site-forbidden"},
    {"GET /site-properties/v4/properties", "Authorization: IST.all\nwix-site-id: site-2", NULL, 200,
     "ok"},
    {"GET /site-properties/v4/properties", "Authorization: IST.two\nwix-site-id: $SITE", NULL, 401,
     "api-key-unknown"},
    {"GET /apps/v1/instance", "Authorization: IST.all\nwix-site-id: $SITE", NULL, 403,
     "api-identity"},
    {"GET /conformance/probe", "Authorization: $TOKEN\nwix-site-id: anything", NULL, 200, "ok"},
};

START_TEST(api_key_opens_what_it_may)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, keyed[_i].line, keyed[_i].headers, keyed[_i].body);
    ck_assert_msg(answer.status == keyed[_i].status, "%s", buf_str(&answer.body));
    ck_assert_str_eq(harness_outcome(fake), keyed[_i].outcome);
}
END_TEST

START_TEST(api_key_has_permissions)
{
    harness_do(fake, 201, "POST /_fakewix/api",
               "{'method':'GET','path':'/x/v1/y','permission':'X.READ'}");
    OWNED(answer_free)
    struct answer refused =
        harness_ask(fake, "GET /x/v1/y", "Authorization: IST.one\nwix-site-id: $SITE", NULL);
    answer_expect_refusal(&refused, fake, 403, "api-permission-missing");
    OWNED(answer_free)
    struct answer granted = harness_ask(fake, "GET /x/v1/y", "Authorization: IST.all", NULL);
    ck_assert_int_eq(granted.status, 200);
}
END_TEST

/* ---- BI events ---- */

static const struct {
    const char *body, *outcome;
} events[] = {
    {"{'eventName':'APP_DASHBOARD_LOADED'}", "ok"},
    {"{'eventName':'APP_UPGRADED'}", "ok"},
    {"{'eventName':'APP_FINISH_BUSINESS_SETUP'}", "ok"},
    {"{'eventName':'APP_DEPLOYED'}", "ok"},
    {"{'eventName':'APP_SETUP_FINISHED'}", "ok"},
    {"{'eventName':'UNKNOWN'}", "api-event-name"},
    {"{'eventName':'app_upgraded'}", "api-event-name"},
    {"{'eventName':'CUSTOM','customEventName':'ab'}", "ok"},
    {"{'eventName':'CUSTOM','customEventName':'a'}", "api-custom-event"},
    {"{'eventName':'CUSTOM'}", "api-custom-event"},
    {"{'eventName':'CUSTOM','customEventName':12}", "api-custom-event"},
    {"{'eventName':'CHARGE','eventData':{'sum':'9.90','currency':'USD'}}", "ok"},
    {"{'eventName':'CHARGE','eventData':{'currency':'USD'}}", "api-event-data"},
    {"{'eventName':'CHARGE','eventData':{'sum':9.9}}", "api-event-data"},
    {"{'eventName':'FUNDS_RETURNED'}", "api-event-data"},
    {"{'eventName':'FUNDS_RETURNED','eventData':{'sum':'1'}}", "ok"},
    {"{'eventName':'APP_UPGRADED','eventData':{'a':'b'}}", "ok"},
    {"{'eventName':'APP_UPGRADED','eventData':null}", "ok"},
    {"{'eventName':'APP_UPGRADED','eventData':{'a':1}}", "api-event-data"},
    {"{'eventName':'APP_UPGRADED','eventData':'a'}", "api-event-data"},
};

START_TEST(event_is_checked)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /apps/v1/bi-event", "Authorization: $TOKEN", events[_i].body);
    if (strcmp(events[_i].outcome, "ok") != 0) {
        answer_expect_refusal(&answer, fake, 400, events[_i].outcome);
        return;
    }
    ck_assert_msg(answer.status == 200, "%s", buf_str(&answer.body));
    ck_assert_str_eq(buf_str(&answer.body), "{}");
}
END_TEST

/* ---- the owner ---- */

static const struct {
    const char *permissions;
    const char *email;
} owners[] = {
    {"", "owner@bakery.example.com"},
    {",'permissions':['WIX_DEVELOPERS.MANAGE_APP_INSTANCE','WIX_DEVELOPERS.READ_SITE_OWNER_EMAIL']",
     "owner@bakery.example.com"},
    {",'permissions':['WIX_DEVELOPERS.MANAGE_APP_INSTANCE']", NULL},
};

START_TEST(owner_is_told_to_who_may_know)
{
    OWNED(mem_text_free)
    char *app = mem_format("{'app_id':'$APP','app_secret':'$SECRET'%s}", owners[_i].permissions);
    harness_do(fake, 201, "POST /_fakewix/apps", app);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(answer.status, 200);
    answer_expect(&answer, "site.ownerInfo.email", owners[_i].email);
    answer_expect(&answer, "site.ownerEmail", owners[_i].email);
}
END_TEST

/* ---- the rate limit ---- */

static void call(int times, int status)
{
    for (int i = 0; i < times; i++) {
        OWNED(answer_free)
        struct answer answer =
            harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL);
        ck_assert_int_eq(answer.status, status);
    }
}

START_TEST(rate_limit_is_200_a_minute)
{
    call(201, 200); /* off by default */
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'rate_limit':'on'}");
    harness_advance(fake, 59000); /* 00:00:59 */
    call(200, 200);
    OWNED(answer_free)
    struct answer over = harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL);
    answer_expect_refusal(&over, fake, 429, "api-rate-limit");
    answer_expect_header(&over, "Retry-After", NULL);
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'retry_after':'seconds'}");
    OWNED(answer_free)
    struct answer told = harness_ask(fake, "GET /conformance/probe", "Authorization: $TOKEN", NULL);
    answer_expect_header(&told, "Retry-After", "1");
    harness_do(fake, 201, "POST /_fakewix/instances",
               "{'instance_id':'other','app_id':'$APP','site_id':'site-2'}");
    OWNED(answer_free)
    struct answer minted = harness_ask(
        fake, "POST /oauth2/token", NULL,
        "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"
        "'instance_id':'other'}");
    harness_keep_member(fake, "OTHER", &minted, "access_token");
    OWNED(answer_free)
    struct answer other =
        harness_ask(fake, "GET /conformance/probe", "Authorization: $OTHER", NULL);
    ck_assert_int_eq(other.status, 200);
    harness_advance(fake, 1000);
    call(1, 200);
}
END_TEST

/* ---- browsers ---- */

static const struct {
    const char *line, *headers;
    const char *allow_origin; /* NULL: none */
} origins[] = {
    {"POST /oauth2/token", "Origin: https://shop.example", "https://shop.example"},
    {"GET /apps/v1/instance", "Origin: null", "null"},
    {"GET /nowhere", "Origin: https://shop.example", "https://shop.example"},
    {"POST /oauth2/token", NULL, NULL},
    {"POST /oauth/access", "Origin: https://shop.example", NULL},
    {"GET /installer/install", "Origin: https://shop.example", NULL},
    {"GET /_fakewix/health", "Origin: http://localhost:3000", NULL},
};

START_TEST(page_of_another_origin_may_read)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, origins[_i].line, origins[_i].headers, NULL);
    answer_expect_header(&answer, "Access-Control-Allow-Origin", origins[_i].allow_origin);
    answer_expect_header(&answer, "Vary", origins[_i].allow_origin ? "Origin" : NULL);
}
END_TEST

static const char *const preflights[] = {
    "OPTIONS /oauth2/token",
    "OPTIONS /oauth2/token-info",
    "OPTIONS /apps/v1/bi-event",
    "OPTIONS /anything/v1/at/all",
};

START_TEST(preflight_lets_the_call_pass)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, preflights[_i],
                    "Origin: https://shop.example\nAccess-Control-Request-Method: POST\n"
                    "Access-Control-Request-Headers: authorization,x-wix-bi-gateway",
                    NULL);
    ck_assert_int_eq(answer.status, 204);
    ck_assert_uint_eq(answer.body.len, 0);
    answer_expect_header(&answer, "Access-Control-Allow-Origin", "https://shop.example");
    answer_expect_header(&answer, "Access-Control-Allow-Headers", "authorization,x-wix-bi-gateway");
    answer_expect_header(&answer, "Access-Control-Allow-Methods",
                         "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    ck_assert_str_eq(harness_outcome(fake), "ok");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, known_path_answers, known);
    suite_rows(tcase, config_answers, added);
    tcase_add_test(tcase, row_may_ask_for_a_permission_and_set_headers);
    tcase_add_test(tcase, row_is_replaced_never_doubled);
    suite_rows(tcase, bad_row_is_refused, bad_rows);
    tcase_add_test(tcase, api_key_of_an_unknown_site_is_refused);
    tcase_add_test(tcase, api_key_outlives_its_site_without_it);
    tcase_add_test(tcase, unlisted_path_wants_a_token_first);
    suite_rows(tcase, api_key_opens_what_it_may, keyed);
    tcase_add_test(tcase, api_key_has_permissions);
    suite_rows(tcase, event_is_checked, events);
    suite_rows(tcase, owner_is_told_to_who_may_know, owners);
    tcase_add_test(tcase, rate_limit_is_200_a_minute);
    suite_rows(tcase, page_of_another_origin_may_read, origins);
    suite_rows(tcase, preflight_lets_the_call_pass, preflights);
    return suite_run("stub", tcase);
}
