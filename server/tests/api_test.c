/* The API: who gets in, what it answers, and what every path says to a wrong path or method. */
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

static const char *const calls[][2] = {
    {"GET /apps/v1/instance", NULL},
    {"POST /apps/v1/bi-event", "{'eventName':'APP_FINISHED_CONFIGURATION'}"},
    {"POST /stores/v1/products/query", "{}"},
    {"GET /conformance/probe", NULL},
    {"POST /conformance/probe", "{}"},
};

/* ---- who gets in ---- */

static const char *const good_headers[] = {
    "Authorization: $TOKEN",         "Authorization: Bearer $TOKEN",  "authorization: $ACCESS",
    "Authorization: Bearer $ACCESS", "AUTHORIZATION: bearer $ACCESS", "Authorization:   $TOKEN",
};

START_TEST(token_gets_in)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, calls[i][0], good_headers[_i], calls[i][1]);
        ck_assert_msg(answer.status == 200, "%s: %s", calls[i][0], buf_str(&answer.body));
        ck_assert(cJSON_IsObject(answer.json));
    }
}
END_TEST

static const struct {
    const char *headers, *outcome;
} bad_headers[] = {
    {NULL, "api-token-missing"},
    {"Authorization: ", "api-token-missing"},
    {"Authorization: Bearer ", "api-token-missing"},
    {"X-Authorization: $TOKEN", "api-token-missing"},
    {"Authorization: garbage", "api-token-malformed"},
    {"Authorization: Basic $TOKEN", "api-token-malformed"},
    {"Authorization: $TOKENx", "api-token-malformed"},
    {"Authorization: x$TOKEN", "api-token-malformed"},
    {"Authorization: OAUTH2.$TOKEN", "api-token-malformed"},
    {"Authorization: OauthNG.JWS.a.b.c", "api-token-malformed"},
    {"Authorization: OauthNG.JWS.", "api-token-malformed"},
    {"Authorization: OAUTH2...", "api-token-malformed"},
    {"Authorization: $TOKEN,$TOKEN", "api-token-malformed"},
    {"Authorization: $CODE", "api-token-kind"},
    {"Authorization: Bearer $REFRESH", "api-token-kind"},
};

START_TEST(nothing_else_gets_in)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, calls[i][0], bad_headers[_i].headers, calls[i][1]);
        answer_expect_refusal(&answer, fake, 401, bad_headers[_i].outcome);
        answer_expect(&answer, "details.applicationError.code", "UNAUTHENTICATED");
    }
}
END_TEST

static const struct {
    const char *line, *body, *outcome;
} deaths[] = {
    {"POST /_fakewix/tokens/expire", "{'token':'$TOKEN'}", "api-token-expired"},
    {"POST /_fakewix/tokens/revoke", "{'token':'$TOKEN'}", "api-token-revoked"},
    {"POST /_fakewix/tokens/expire", "{'instance_id':'$INSTANCE'}", "api-token-expired"},
    {"POST /_fakewix/tokens/revoke", "{'app_id':'$APP'}", "api-token-revoked"},
    {"POST /_fakewix/instances/$INSTANCE/uninstall", NULL, "api-app-uninstalled"},
    {"POST /_fakewix/instances/$INSTANCE/reinstall", NULL, "api-app-uninstalled"},
    {"POST /_fakewix/clock/advance", "{'seconds':14400}", "api-token-expired"},
};

START_TEST(dead_token_does_not_get_in)
{
    harness_do(fake, 200, deaths[_i].line, deaths[_i].body);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    answer_expect_refusal(&answer, fake, 401, deaths[_i].outcome);
}
END_TEST

START_TEST(oauth_token_lives_four_hours)
{
    harness_advance(fake, 14400000 - _i);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(answer.status, _i ? 200 : 401);
}
END_TEST

START_TEST(clock_set_back_makes_it_valid_again)
{
    harness_advance(fake, 14400000);
    harness_advance(fake, -1);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(token_without_a_site_opens_the_probe_only)
{
    OWNED(answer_free)
    struct answer minted = harness_ask(fake, "POST /oauth2/token", NULL,
                                       "{'grant_type':'client_credentials','client_id':'$APP',"
                                       "'client_secret':'$SECRET'}");
    harness_keep_member(fake, "BARE", &minted, "access_token");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        OWNED(answer_free)
        struct answer answer = harness_ask(fake, calls[i][0], "Authorization: $BARE", calls[i][1]);
        if (strstr(calls[i][0], "probe")) {
            ck_assert_int_eq(answer.status, 200);
            continue;
        }
        answer_expect_refusal(&answer, fake, 401, "api-no-site");
        answer_expect(&answer, "message", "No Metasite Context in identity.");
    }
}
END_TEST

START_TEST(permission_that_lacks_is_403)
{
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'$APP','app_secret':'$SECRET','permissions':['NONE']}");
    OWNED(answer_free)
    struct answer products =
        harness_ask(fake, "POST /stores/v1/products/query", "Authorization: $TOKEN", "{}");
    answer_expect_refusal(&products, fake, 403, "api-permission-missing");
    answer_expect(&products, "message", "Permission WIX_STORES.READ_PRODUCTS is required");
    answer_expect(&products, "details.applicationError.description",
                  "Permission WIX_STORES.READ_PRODUCTS is required");
    OWNED(answer_free)
    struct answer event = harness_ask(fake, "POST /apps/v1/bi-event", "Authorization: $TOKEN",
                                      "{'eventName':'APP_UPGRADED'}");
    answer_expect_refusal(&event, fake, 403, "api-permission-missing");
    OWNED(answer_free)
    struct answer instance =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    answer_expect_refusal(&instance, fake, 403, "api-permission-missing");
}
END_TEST

START_TEST(unauthenticated_is_the_bare_403_by_profile)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'api_unauthenticated':403}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /apps/v1/instance", NULL, NULL);
    ck_assert_int_eq(answer.status, 403);
    ck_assert_str_eq(buf_str(&answer.body), "{\"message\":\"\",\"details\":{}}");
}
END_TEST

/* ---- answers ---- */

START_TEST(instance_is_described)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    answer_expect_members(&answer, "instance site");
    /* In the documented sample's order; billing only where the instance is not free. */
    OWNED(answer_free)
    struct answer instance = {.json = cJSON_Duplicate(answer_at(&answer, "instance"), true)};
    answer_expect_members(&instance, "appName appVersion instanceId isFree permissions");
    OWNED(answer_free)
    struct answer site = {.json = cJSON_Duplicate(answer_at(&answer, "site"), true)};
    answer_expect_members(&site, "locale multilingual paymentCurrency siteDisplayName url "
                                 "ownerEmail ownerInfo siteId");
    answer_expect(&answer, "instance.appName", "Acme Orders");
    answer_expect(&answer, "instance.instanceId", harness_value(fake, "INSTANCE"));
    answer_expect(&answer, "instance.isFree", "true");
    answer_expect(&answer, "instance.permissions.0", "WIX_DEVELOPERS.MANAGE_APP_INSTANCE");
    answer_expect(&answer, "site.siteDisplayName", "Corner Bakery");
    answer_expect(&answer, "site.siteId", harness_value(fake, "SITE"));
    answer_expect(&answer, "site.ownerInfo.emailStatus", "VERIFIED_OPT_IN");
    answer_expect(&answer, "site.multilingual.isMultiLingual", "false");
}
END_TEST

static const struct {
    const char *headers, *body;
    int status;
    const char *outcome;
} events[] = {
    {"Authorization: $TOKEN", "{'eventName':'APP_FINISHED_CONFIGURATION'}", 200, "ok"},
    {"Authorization: $TOKEN\nContent-Type: application/x-www-form-urlencoded",
     "{'eventName':'PRIMARY_ACTION_PERFORMED'}", 200, "ok"},
    {"Authorization: $TOKEN", "{}", 400, "api-event-name"},
    {"Authorization: $TOKEN", "{'eventName':'NONSENSE'}", 400, "api-event-name"},
    {"Authorization: $TOKEN", "{'eventName':1}", 400, "api-event-name"},
    {"Authorization: $TOKEN", "[]", 400, "api-body-malformed"},
    {"Authorization: $TOKEN", NULL, 400, "api-body-malformed"},
};

static const struct {
    const char *body, *rule;
} violations[] = {
    {"{}", "REQUIRED_FIELD"},
    {"{'eventName':'app_upgraded'}", "FORMAT"},
    {"{'eventName':'CUSTOM'}", "REQUIRED_FIELD"},
    {"{'eventName':'CUSTOM','customEventName':'x'}", "FORMAT"},
    {"{'eventName':'CHARGE'}", "REQUIRED_FIELD"},
    {"{'eventName':'CHARGE','eventData':{'sum':1}}", "FORMAT"},
};

START_TEST(violation_names_the_rule_that_was_broken)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /apps/v1/bi-event", "Authorization: $TOKEN", violations[_i].body);
    ck_assert_int_eq(answer.status, 400);
    answer_expect(&answer, "details.validationError.fieldViolations.0.violatedRule",
                  violations[_i].rule);
}
END_TEST

START_TEST(event_is_taken_or_refused)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /apps/v1/bi-event", events[_i].headers, events[_i].body);
    if (events[_i].status == 200) {
        ck_assert_int_eq(answer.status, 200);
        ck_assert_str_eq(buf_str(&answer.body), "{}");
        return;
    }
    answer_expect_refusal(&answer, fake, events[_i].status, events[_i].outcome);
}
END_TEST

START_TEST(finished_configuration_ends_the_setup)
{
    OWNED(answer_free)
    struct answer before = harness_ask(fake, "GET /_fakewix/instances", NULL, NULL);
    answer_expect(&before, "instances.0.state", "SETUP_INCOMPLETE");
    OWNED(answer_free)
    struct answer event = harness_ask(fake, "POST /apps/v1/bi-event", "Authorization: $TOKEN",
                                      "{'eventName':'APP_FINISHED_CONFIGURATION'}");
    ck_assert_int_eq(event.status, 200);
    OWNED(answer_free)
    struct answer after = harness_ask(fake, "GET /_fakewix/instances", NULL, NULL);
    answer_expect(&after, "instances.0.state", "ACTIVE");
}
END_TEST

START_TEST(every_answer_has_a_request_id_of_wix_s_form)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /nowhere", NULL, NULL);
    struct response shown = {.head = answer.head};
    OWNED(mem_text_free) char *id = response_header_value(&shown, "X-Wix-Request-Id");
    ck_assert_ptr_nonnull(id);
    ck_assert_int_eq(strncmp(id, "1893456000.", 11), 0);
    ck_assert_uint_eq(strlen(id), 32);
    ck_assert_uint_eq(strspn(id, "0123456789."), 32);
}
END_TEST

/* ---- wrong path, wrong method: in the shape of the service ---- */

static const struct {
    const char *line;
    int status;
    const char *outcome, *allow;
} lost[] = {
    {"GET /", 404, "api-not-found", NULL},
    {"GET /favicon.ico", 404, "api-not-found", NULL},
    {"GET /apps/v1/nothing", 401, "api-token-missing", NULL},
    {"GET /apps/v1/instance/", 401, "api-token-missing", NULL},
    {"GET /apps%2Fv1/instance", 404, "api-not-found", NULL},
    {"GET //apps/v1/instance", 401, "api-token-missing", NULL},
    {"DELETE /apps/v1/instance", 405, "api-method", "GET"},
    {"GET /apps/v1/bi-event", 405, "api-method", "POST"},
    {"PUT /conformance/probe", 405, "api-method", "GET, POST"},
    {"POST /oauth2/nothing", 404, "token-not-found", NULL},
    {"POST /oauth2/token/", 404, "token-not-found", NULL},
    {"GET /oauth2/token", 405, "token-method", "POST"},
    {"OPTIONS /oauth/access", 405, "access-method", "POST"},
    {"POST /oauth/access/x", 404, "access-not-found", NULL},
    {"GET /oauth/access", 405, "access-method", "POST"},
    {"PATCH /oauth/access.json", 405, "access-method", "POST"},
    {"GET /installer/nothing", 404, "page-not-found", NULL},
    {"DELETE /installer/install", 405, "page-method", "GET, POST"},
    {"POST /installer/close-window", 405, "page-method", "GET"},
};

START_TEST(lost_request_is_answered_in_the_service_s_shape)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, lost[_i].line, NULL, NULL);
    answer_expect_refusal(&answer, fake, lost[_i].status, lost[_i].outcome);
    answer_expect_header(&answer, "Allow", lost[_i].allow);
}
END_TEST

START_TEST(head_is_answered_like_get_without_a_body)
{
    const char *line = "HEAD /apps/v1/instance";
    struct request request = {.method = "HEAD", .target = strchr(line, ' ') + 1, .body = ""};
    OWNED(response_free) struct response response = {0};
    app_handle(&fake->fake, &request, &response);
    ck_assert_int_eq(response.status, 401);
    ck_assert(response.no_body);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, token_gets_in, good_headers);
    suite_rows(tcase, nothing_else_gets_in, bad_headers);
    suite_rows(tcase, dead_token_does_not_get_in, deaths);
    tcase_add_loop_test(tcase, oauth_token_lives_four_hours, 0, 2);
    tcase_add_test(tcase, clock_set_back_makes_it_valid_again);
    tcase_add_test(tcase, token_without_a_site_opens_the_probe_only);
    tcase_add_test(tcase, permission_that_lacks_is_403);
    tcase_add_test(tcase, unauthenticated_is_the_bare_403_by_profile);
    tcase_add_test(tcase, instance_is_described);
    suite_rows(tcase, event_is_taken_or_refused, events);
    suite_rows(tcase, violation_names_the_rule_that_was_broken, violations);
    tcase_add_test(tcase, finished_configuration_ends_the_setup);
    tcase_add_test(tcase, every_answer_has_a_request_id_of_wix_s_form);
    suite_rows(tcase, lost_request_is_answered_in_the_service_s_shape, lost);
    tcase_add_test(tcase, head_is_answered_like_get_without_a_body);
    return suite_run("api", tcase);
}
