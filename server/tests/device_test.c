/* The device flow: a command line shows a code, and somebody decides. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
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
    guest_refused(POLL, 400, "token-device-pending");
    harness_do(fake, 200, "POST /_fakewix/devices/approve", "{'user_code':'$USERCODE'}");
    OWNED(answer_free) struct answer answer = guest_token(POLL);
    answer_expect_members(&answer, "access_token token_type expires_in refresh_token");
    harness_keep_member(fake, "USER", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
    guest_refused(POLL, 400, "token-device-unknown");
    OWNED(answer_free)
    struct answer who = harness_ask(fake, "GET /_serverless/wix-cli-userinfo/userinfo",
                                    "Authorization: Bearer $USER", NULL);
    answer_expect_members(&who, "userId email");
    OWNED(answer_free) struct answer site = guest_token(REFRESH_BODY ",'siteId':'$SITE'}");
    answer_expect(&site, "expires_in", "900");
    harness_keep_member(fake, "USER", &site, "access_token");
    guest_expect_info("USER", "USER");
}
END_TEST

START_TEST(pending_device_is_answered_in_either_observed_shape)
{
    show_code();
    OWNED(answer_free) struct answer ietf = guest_token(POLL);
    answer_expect(&ietf, "error", "authorization_pending");
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'device_pending':'wix'}");
    OWNED(answer_free) struct answer wix = guest_token(POLL);
    ck_assert_int_eq(wix.status, 400);
    ck_assert_str_eq(buf_str(&wix.body), "{\"message\":\"Device code is not yet verified\"}");
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
        guest_refused(POLL, 400, "token-device-denied");
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
    guest_refused(POLL, 400, "token-device-denied"); /* the first decision stands */
    show_code();
    harness_advance(fake, 600000);
    guest_refused(POLL, 400, "token-device-expired");
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

int main(void)
{
    TCase *tcase = suite_case(guest_set_up, guest_tear_down);
    tcase_add_test(tcase, device_is_approved);
    tcase_add_test(tcase, pending_device_is_answered_in_either_observed_shape);
    tcase_add_loop_test(tcase, person_decides_on_the_page, 0, 2);
    tcase_add_test(tcase, device_is_refused);
    return suite_run("device", tcase);
}
