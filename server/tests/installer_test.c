/* The installer's pages, as a browser without scripts sees them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/text.h"
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

#define INSTALL "GET /installer/install?appId=$APP"
#define LOGIN "http%3A%2F%2Flocalhost%3A3000%2Flogin"
#define FORM "appId=$APP&redirectUrl=" LOGIN

static char *location_of(const struct answer *answer)
{
    struct response shown = {.head = answer->head};
    return response_header_value(&shown, "Location");
}

/* The decoded value of a query parameter of a URL; caller frees with free(). */
static char *param_of(const char *url, const char *name)
{
    OWNED(mem_text_free) char *mark = mem_format("%s=", name);
    for (const char *at = strchr(url, '?'); at; at = strchr(at, '&')) {
        at++;
        if (strncmp(at, mark, strlen(mark)) != 0)
            continue;
        at += strlen(mark);
        struct buf value = {0};
        text_add_unescaped(&value, at, strcspn(at, "&"), false);
        return buf_take(&value);
    }
    return NULL;
}

/* An App URL with a fresh token, kept as $TICKET. */
static void keep_ticket(void)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'$SITE'}");
    OWNED(mem_text_free) char *ticket = param_of(tree_text(answer.json, "app_url"), "token");
    harness_keep(fake, "TICKET", ticket);
}

START_TEST(page_asks_for_consent)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, INSTALL "&redirectUrl=" LOGIN "&state=s%22%3E%3Cb%3E", NULL, NULL);
    const char *page = buf_str(&answer.body);
    ck_assert_int_eq(answer.status, 200);
    answer_expect_header(&answer, "Content-Type", "text/html; charset=utf-8");
    answer_expect_header(&answer, "Cross-Origin-Opener-Policy", "unsafe-none");
    answer_expect_header(&answer, "X-Frame-Options", NULL);
    ck_assert_ptr_nonnull(strstr(page, "Acme Orders"));
    ck_assert_ptr_nonnull(strstr(page, "Corner Bakery"));
    ck_assert_ptr_nonnull(strstr(page, "method=\"post\" action=\"/installer/install\""));
    ck_assert_ptr_nonnull(strstr(page, "s&quot;&gt;&lt;b&gt;"));
    ck_assert_ptr_null(strstr(page, "<b>"));
}
END_TEST

START_TEST(agreeing_redirects_with_code_state_and_instance)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /installer/install", NULL,
                                       FORM "&state=a%26b+c&siteId=$SITE&decision=agree");
    ck_assert_int_eq(answer.status, 302);
    OWNED(mem_text_free) char *url = location_of(&answer);
    ck_assert_int_eq(strncmp(url, "http://localhost:3000/login?code=OAUTH2.", 40), 0);
    const char *state = strstr(url, "&state=");
    const char *instance = strstr(url, "&instanceId=");
    ck_assert(state && instance && state < instance);
    OWNED(mem_text_free) char *value = param_of(url, "state");
    ck_assert_str_eq(value, "a&b c");
    OWNED(mem_text_free) char *id = param_of(url, "instanceId");
    ck_assert_str_eq(id, harness_value(fake, "INSTANCE"));
    OWNED(mem_text_free) char *code = param_of(url, "code");
    harness_keep(fake, "CODE", code);
    harness_do(fake, 200, "POST /oauth/access",
               "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"
               "'code':'$CODE'}");
}
END_TEST

START_TEST(consent_auto_redirects_at_once)
{
    fake->fake.consent_auto = true;
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, INSTALL "&redirectUrl=" LOGIN, NULL, NULL);
    ck_assert_int_eq(answer.status, 302);
    OWNED(mem_text_free) char *url = location_of(&answer);
    OWNED(mem_text_free) char *state = param_of(url, "state");
    ck_assert_ptr_null(state);
    OWNED(mem_text_free) char *id = param_of(url, "instanceId");
    ck_assert_str_eq(id, harness_value(fake, "INSTANCE"));
}
END_TEST

START_TEST(redirect_url_with_a_query_is_appended_to)
{
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'q','app_secret':'s','redirect_urls':['https://a.example/?x=1']}");
    fake->fake.consent_auto = true;
    OWNED(answer_free)
    struct answer answer = harness_ask(
        fake, "GET /installer/install?appId=q&redirectUrl=https%3A%2F%2Fa.example%2F%3Fx%3D1", NULL,
        NULL);
    OWNED(mem_text_free) char *url = location_of(&answer);
    ck_assert_int_eq(strncmp(url, "https://a.example/?x=1&code=", 28), 0);
}
END_TEST

START_TEST(declining_stays_or_redirects_by_profile)
{
    OWNED(answer_free)
    struct answer stay =
        harness_ask(fake, "POST /installer/install", NULL, FORM "&state=s&decision=decline");
    ck_assert_int_eq(stay.status, 200);
    answer_expect_header(&stay, "Location", NULL);
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'consent_declined':'redirect'}");
    OWNED(answer_free)
    struct answer away =
        harness_ask(fake, "POST /installer/install", NULL, FORM "&state=s&decision=decline");
    answer_expect_header(&away, "Location",
                         "http://localhost:3000/login?error=access_denied&state=s");
}
END_TEST

/* ---- what is refused: always a page, never a redirect ---- */

static const struct {
    const char *line, *outcome;
} refused[] = {
    {"GET /installer/install", "install-app-unknown"},
    {"GET /installer/install?appId=nobody&redirectUrl=" LOGIN, "install-app-unknown"},
    {"GET /installer/install?client_id=$APP&redirect_uri=" LOGIN, "install-app-unknown"},
    {INSTALL, "install-redirect-unknown"},
    {INSTALL "&redirectUrl=", "install-redirect-unknown"},
    {INSTALL "&redirectUrl=https%3A%2F%2Fevil.example%2Flogin", "install-redirect-unknown"},
    {INSTALL "&redirectUrl=" LOGIN "%2F", "install-redirect-unknown"},
    {INSTALL "&redirectUrl=" LOGIN "%3Fx%3D1", "install-redirect-unknown"},
    {INSTALL "&redirectUrl=HTTP%3A%2F%2Flocalhost%3A3000%2Flogin", "install-redirect-unknown"},
    {INSTALL "&redirectUrl=" LOGIN "&token=abc", "install-token-invalid"},
    {INSTALL "&redirectUrl=" LOGIN "&token=$TICKET0", "install-token-invalid"},
    {INSTALL "&redirectUrl=" LOGIN "&siteId=nowhere", "install-site-unknown"},
};

START_TEST(wrong_request_gets_an_error_page)
{
    keep_ticket();
    fake->fake.consent_auto = _i % 2;
    OWNED(answer_free) struct answer answer = harness_ask(fake, refused[_i].line, NULL, NULL);
    answer_expect_refusal(&answer, fake, 400, refused[_i].outcome);
    answer_expect_header(&answer, "Location", NULL);
    if (strstr(refused[_i].outcome, "redirect") || strstr(refused[_i].outcome, "app-unknown"))
        ck_assert_ptr_nonnull(strstr(buf_str(&answer.body), "find an app with this redirect url"));
}
END_TEST

/* ---- the App URL's token ---- */

#define WITH_TICKET FORM "&token=$TICKET&decision=agree"

START_TEST(ticket_is_416_hexadecimal_digits)
{
    keep_ticket();
    const char *ticket = harness_value(fake, "TICKET");
    ck_assert_uint_eq(strlen(ticket), 416);
    ck_assert_uint_eq(strspn(ticket, "0123456789abcdef"), 416);
}
END_TEST

START_TEST(ticket_serves_one_installation)
{
    keep_ticket();
    harness_do(fake, 302, "POST /installer/install", WITH_TICKET);
    harness_do(fake, 400, "POST /installer/install", WITH_TICKET);
    ck_assert_str_eq(harness_outcome(fake), "install-token-invalid");
}
END_TEST

START_TEST(ticket_lives_ten_minutes)
{
    keep_ticket();
    harness_advance(fake, 600000 - _i);
    harness_do(fake, _i ? 302 : 400, "POST /installer/install", WITH_TICKET);
}
END_TEST

START_TEST(ticket_of_another_app_is_invalid)
{
    keep_ticket();
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'b','app_secret':'s','redirect_urls':['http://localhost:3000/login']}");
    harness_do(fake, 400, "POST /installer/install",
               "appId=b&redirectUrl=" LOGIN "&token=$TICKET&decision=agree");
}
END_TEST

START_TEST(longest_ids_fit_into_a_ticket)
{
    static const char id[] = "a123456789012345678901234567890123456789012345678901234567890123";
    harness_keep(fake, "LONG", id);
    ck_assert_uint_eq(strlen(id), MODEL_ID_MAX);
    harness_do(fake, 201, "POST /_fakewix/apps",
               "{'app_id':'$LONG','app_secret':'s','app_url':'http://localhost/',"
               "'redirect_urls':['http://localhost:3000/login']}");
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'$LONG'}");
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$LONG','site_id':'$LONG'}");
    ck_assert_int_eq(answer.status, 201);
    OWNED(mem_text_free) char *ticket = param_of(tree_text(answer.json, "app_url"), "token");
    harness_keep(fake, "TICKET", ticket);
    harness_do(fake, 302, "POST /installer/install",
               "appId=$LONG&redirectUrl=" LOGIN "&token=$TICKET&decision=agree");
}
END_TEST

/* ---- the end of the window ---- */

static const struct {
    const char *line;
    int status;
} windows[] = {
    {"GET /installer/close-window?access_token=$ACCESS", 200},
    {"GET /installer/close-window?access_token=$TOKEN", 200},
    {"GET /installer/close-window?access_token=$REFRESH", 400},
    {"GET /installer/close-window?access_token=garbage", 400},
    {"GET /installer/close-window?access_token=", 400},
    {"GET /installer/close-window", 400},
};

START_TEST(window_closes_for_a_good_token)
{
    harness_connect(fake);
    harness_mint(fake);
    OWNED(answer_free) struct answer answer = harness_ask(fake, windows[_i].line, NULL, NULL);
    ck_assert_int_eq(answer.status, windows[_i].status);
    answer_expect_header(&answer, "Content-Type", "text/html; charset=utf-8");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, page_asks_for_consent);
    tcase_add_test(tcase, agreeing_redirects_with_code_state_and_instance);
    tcase_add_test(tcase, consent_auto_redirects_at_once);
    tcase_add_test(tcase, redirect_url_with_a_query_is_appended_to);
    tcase_add_test(tcase, declining_stays_or_redirects_by_profile);
    suite_rows(tcase, wrong_request_gets_an_error_page, refused);
    tcase_add_test(tcase, ticket_is_416_hexadecimal_digits);
    tcase_add_test(tcase, ticket_serves_one_installation);
    tcase_add_loop_test(tcase, ticket_lives_ten_minutes, 0, 2);
    tcase_add_test(tcase, ticket_of_another_app_is_invalid);
    tcase_add_test(tcase, longest_ids_fit_into_a_ticket);
    suite_rows(tcase, window_closes_for_a_good_token, windows);
    return suite_run("installer", tcase);
}
