/* Installations that do not begin in the app: "add to site", as the App Market does it, and the
 * external install flow. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"
#include "tokens/seal.h"
#include "visit.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define INSTALL                                                                                    \
    "GET /installer/install?appId=$APP&redirectUrl=http%3A%2F%2Flocalhost%3A3000%2Flogin"

/* ---- "add to site" ---- */

START_TEST(a_page_lists_apps_and_sites)
{
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'i','app_secret':'s','name':'<script>'}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/installs", NULL, NULL);
    const char *page = buf_str(&answer.body);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(page, "Acme Orders"));
    ck_assert_ptr_nonnull(strstr(page, "Corner Bakery"));
    ck_assert_ptr_nonnull(strstr(page, "It has no app_url"));
    ck_assert_ptr_null(strstr(page, "<script>"));
}
END_TEST

#define START "GET /_fakewix/installs/start?appId=$APP&siteId=$SITE"

START_TEST(adding_to_a_site_calls_the_app_url)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, START, NULL, NULL);
    ck_assert_int_eq(answer.status, 302);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    ck_assert_int_eq(strncmp(url, "http://localhost:3000/signup?token=", 35), 0);
    harness_do(fake, 400, "GET /_fakewix/installs/start?appId=nobody", NULL);
    harness_do(fake, 400, "GET /_fakewix/installs/start?appId=$APP&siteId=nowhere", NULL);
}
END_TEST

START_TEST(consent_may_be_asked_before_the_app_url)
{
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'consent_asked':'before-app-url'}");
    OWNED(answer_free) struct answer page = harness_ask(fake, START, NULL, NULL);
    ck_assert_int_eq(page.status, 200);
    ck_assert_ptr_nonnull(strstr(buf_str(&page.body), "value=\"agree\""));
    harness_do(fake, 200, "POST /_fakewix/installs/start?appId=$APP&siteId=$SITE",
               "decision=decline");
    OWNED(answer_free)
    struct answer answer = harness_ask(
        fake, "POST /_fakewix/installs/start?appId=$APP&siteId=$SITE", NULL, "decision=agree");
    OWNED(mem_text_free) char *url = visit_location(&answer);
    OWNED(mem_text_free) char *ticket = visit_param(url, "token");
    harness_keep(fake, "TICKET", ticket);
    harness_do(fake, 200, INSTALL, NULL);
    harness_do(fake, 302, INSTALL "&token=$TICKET", NULL);
    harness_do(fake, 400, INSTALL "&token=$TICKET", NULL);
}
END_TEST

/* ---- the external install flow ---- */

#define EXTERNAL "/app-installer?appId=$APP&shareUrlId=5a1e0000-0000-4000-8000-000000000001"
#define RETURN                                                                                     \
    "&postInstallationUrl=https%3A%2F%2Fapp.example%2Fdone%3Fuser%3D7%26x%3Da%2520b%23top"

START_TEST(the_external_flow_ends_with_a_signed_instance)
{
    harness_do(fake, 200, "GET " EXTERNAL RETURN, NULL);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST " EXTERNAL RETURN, NULL, "siteId=$SITE&decision=agree");
    ck_assert_int_eq(answer.status, 302);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    OWNED(mem_text_free)
    char *expected = harness_expand(fake, "https://app.example/done?user=7&x=a%20b&appId=$APP"
                                          "&tenantId=$SITE&instanceId=$INSTANCE&signedInstance=");
    ck_assert_msg(strncmp(url, expected, strlen(expected)) == 0, "%s", url);
    ck_assert_str_eq(url + strlen(url) - 4, "#top");
    url[strlen(url) - 4] = '\0';
    OWNED(mem_text_free) char *sealed = visit_param(url, "signedInstance");
    OWNED(buf_free) struct buf json = {0};
    ck_assert(seal_open_instance(harness_value(fake, "SECRET"), sealed, &json));
    OWNED(tree_free) cJSON *payload = tree_parse(buf_str(&json), json.len, NULL);
    ck_assert_str_eq(tree_text(payload, "instanceId"), harness_value(fake, "INSTANCE"));
}
END_TEST

START_TEST(declining_the_external_flow_tells_nothing)
{
    OWNED(answer_free)
    struct answer stay = harness_ask(fake, "POST " EXTERNAL RETURN, NULL, "decision=decline");
    ck_assert_int_eq(stay.status, 200);
    answer_expect_header(&stay, "Location", NULL);
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'consent_declined':'redirect'}");
    OWNED(answer_free)
    struct answer away = harness_ask(fake, "POST " EXTERNAL RETURN, NULL, "decision=decline");
    answer_expect_header(&away, "Location", "https://app.example/done?user=7&x=a%20b#top");
}
END_TEST

START_TEST(the_external_flow_needs_no_callback)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /app-installer?appId=$APP", NULL, "decision=agree");
    ck_assert_int_eq(answer.status, 200);
    fake->fake.consent_auto = true;
    harness_do(fake, 200, "GET /app-installer?appId=$APP", NULL);
    harness_do(fake, 302, "GET " EXTERNAL RETURN, NULL);
}
END_TEST

/* Where a browser must not be sent. */
static const char *const bad_returns[] = {
    "http%3A%2F%2Fapp.example%2F",
    "javascript%3Aalert(1)",
    "http%3A%2F%2Flocalhost.evil.example%2F",
    "http%3A%2F%2Flocalhost%40evil.example%2F",
    "%2F%2Fevil.example",
    "https%3A%2F%2F%2Fevil",
    "https%3A%2F%2Fa.example%2F%0D%0AX%3A1",
    "https%3A%2F%2Fa.example%5C%40evil.example",
};

START_TEST(a_bad_callback_gets_an_error_page)
{
    fake->fake.consent_auto = true;
    OWNED(mem_text_free)
    char *line =
        mem_format("GET /app-installer?appId=$APP&postInstallationUrl=%s", bad_returns[_i]);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    answer_expect_refusal(&answer, fake, 400, "install-return-url");
    answer_expect_header(&answer, "Location", NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, a_page_lists_apps_and_sites);
    tcase_add_test(tcase, adding_to_a_site_calls_the_app_url);
    tcase_add_test(tcase, consent_may_be_asked_before_the_app_url);
    tcase_add_test(tcase, the_external_flow_ends_with_a_signed_instance);
    tcase_add_test(tcase, declining_the_external_flow_tells_nothing);
    tcase_add_test(tcase, the_external_flow_needs_no_callback);
    suite_rows(tcase, a_bad_callback_gets_an_error_page, bad_returns);
    return suite_run("external", tcase);
}
