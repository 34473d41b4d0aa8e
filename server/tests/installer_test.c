/* The installer's pages, as a browser without scripts sees them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/text.h"
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

#define INSTALL "GET /installer/install?appId=$APP"
#define LOGIN "http%3A%2F%2Flocalhost%3A3000%2Flogin"
#define FORM "appId=$APP&redirectUrl=" LOGIN

/* An App URL with a fresh token, kept as $TICKET. */
static void keep_ticket(void)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'$SITE'}");
    OWNED(mem_text_free) char *ticket = visit_param(tree_text(answer.json, "app_url"), "token");
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
    ck_assert_ptr_nonnull(strstr(page, "method=\"post\" action=\"/installer/install?appId="));
    ck_assert_ptr_nonnull(strstr(page, "&amp;state=s%22%3E%3Cb%3E\""));
    ck_assert_ptr_null(strstr(page, "<b>"));
}
END_TEST

START_TEST(agreeing_redirects_with_code_state_and_instance)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /installer/install", NULL,
                                       FORM "&state=a%26b+c&siteId=$SITE&decision=agree");
    ck_assert_int_eq(answer.status, 302);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    ck_assert_int_eq(strncmp(url, "http://localhost:3000/login?code=OAUTH2.", 40), 0);
    const char *state = strstr(url, "&state=");
    const char *instance = strstr(url, "&instanceId=");
    ck_assert(state && instance && state < instance);
    OWNED(mem_text_free) char *value = visit_param(url, "state");
    ck_assert_str_eq(value, "a&b c");
    OWNED(mem_text_free) char *id = visit_param(url, "instanceId");
    ck_assert_str_eq(id, harness_value(fake, "INSTANCE"));
    OWNED(mem_text_free) char *code = visit_param(url, "code");
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
    OWNED(mem_text_free) char *url = visit_location(&answer);
    OWNED(mem_text_free) char *state = visit_param(url, "state");
    ck_assert_ptr_null(state);
    OWNED(mem_text_free) char *id = visit_param(url, "instanceId");
    ck_assert_str_eq(id, harness_value(fake, "INSTANCE"));
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

/* ---- URLs as apps register and clients send them ---- */

/* What is registered, what the query says, and where the browser goes (up to the code); NULL for
 * the error page. */
static const struct {
    const char *registered, *sent, *before, *after;
} urls[] = {
    {"https://a.example/cb", "https%3A%2F%2Fa.example%2Fcb", "https://a.example/cb?code=", ""},
    {"https://a.example/cb", "https://a.example/cb", "https://a.example/cb?code=", ""},
    {"https://a.example/cb?x=1", "https%3A%2F%2Fa.example%2Fcb%3Fx%3D1",
     "https://a.example/cb?x=1&code=", ""},
    {"https://a.example/cb?x=1", "https://a.example/cb?x=1", "https://a.example/cb?x=1&code=", ""},
    {"https://a.example/cb?x=1&y=2", "https%3A%2F%2Fa.example%2Fcb%3Fx%3D1%26y%3D2",
     "https://a.example/cb?x=1&y=2&code=", ""},
    {"https://a.example/cb?x=1&y=2", "https://a.example/cb?x=1&y=2", NULL, NULL},
    {"https://a.example/cb?", "https%3A%2F%2Fa.example%2Fcb%3F", "https://a.example/cb?code=", ""},
    {"https://a.example/cb#done", "https%3A%2F%2Fa.example%2Fcb%23done",
     "https://a.example/cb?code=", "#done"},
    {"https://a.example/cb?x=1#done", "https%3A%2F%2Fa.example%2Fcb%3Fx%3D1%23done",
     "https://a.example/cb?x=1&code=", "#done"},
    {"https://a.example/cb", "https%253A%252F%252Fa.example%252Fcb", NULL, NULL},
    {"https://a.example/c%20b", "https%3A%2F%2Fa.example%2Fc%2520b",
     "https://a.example/c%20b?code=", ""},
    {"https://a.example/c%20b", "https://a.example/c%20b", NULL, NULL},
    {"https://a.example/c+b", "https%3A%2F%2Fa.example%2Fc%2Bb", "https://a.example/c+b?code=", ""},
    {"https://a.example/c+b", "https://a.example/c+b", NULL, NULL},
    {"https://a.example/cb", "https%3a%2f%2fa.example%2fcb", "https://a.example/cb?code=", ""},
    {"https://a.example/cb", "https%3A%2F%2Fa.example%3A443%2Fcb", NULL, NULL},
    {"https://a.example/cb", "https%3A%2F%2FA.example%2Fcb", NULL, NULL},
    {"https://a.example/cb", "https%3A%2F%2Fa.example%2Fcb&redirectUrl=https%3A%2F%2Fevil.example",
     NULL, NULL},
    {"https://a.example/\\u00e9", "https%3A%2F%2Fa.example%2F%C3%A9",
     "https://a.example/\xC3\xA9?code=", ""},
};

START_TEST(redirect_urls_are_compared_by_character)
{
    OWNED(mem_text_free)
    char *app =
        mem_format("{'app_id':'q','app_secret':'s','redirect_urls':['%s']}", urls[_i].registered);
    harness_do(fake, 201, "POST /_fakewix/apps", app);
    fake->fake.consent_auto = true;
    OWNED(mem_text_free)
    char *line = mem_format("GET /installer/install?appId=q&redirectUrl=%s", urls[_i].sent);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    if (!urls[_i].before) {
        ck_assert_int_eq(answer.status, 400);
        ck_assert_ptr_null(url);
        return;
    }
    ck_assert_int_eq(answer.status, 302);
    ck_assert_msg(strncmp(url, urls[_i].before, strlen(urls[_i].before)) == 0, "%s", url);
    ck_assert_str_eq(url + strlen(url) - strlen(urls[_i].after), urls[_i].after);
}
END_TEST

/* What a client sends as state, and what comes back, both as they are in the URL. */
static const struct {
    const char *sent, *back;
} states[] = {
    {"plain", "plain"},
    {"", ""},
    {"a%26b%3Dc%23d", "a%26b%3Dc%23d"},
    {"a+b", "a%20b"},
    {"%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E"},
    {"%0D%0ASet-Cookie%3A%20x%3D1", "%0D%0ASet-Cookie%3A%20x%3D1"},
    {"%E2%9C%93%F0%9F%98%80", "%E2%9C%93%F0%9F%98%80"},
    {"%25%2541", "%25%2541"},
    {"%7B%22a%22%3A1%7D", "%7B%22a%22%3A1%7D"},
};

START_TEST(state_comes_back_as_it_was)
{
    fake->fake.consent_auto = true;
    OWNED(mem_text_free)
    char *line = mem_format("%s&state=%s", INSTALL "&redirectUrl=" LOGIN, states[_i].sent);
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, NULL);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    OWNED(mem_text_free) char *expected = mem_format("&state=%s&instanceId=", states[_i].back);
    ck_assert_msg(url && strstr(url, expected) != NULL, "%s", url);
}
END_TEST

/* ---- an installation that starts with the app id alone ---- */

START_TEST(app_id_alone_asks_for_the_site)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, INSTALL, NULL, NULL);
    const char *page = buf_str(&answer.body);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(page, "name=\"siteId\""));
    ck_assert_ptr_nonnull(strstr(page, "value=\"continue\""));
    ck_assert_ptr_null(strstr(page, "value=\"agree\""));
}
END_TEST

START_TEST(a_chosen_site_leads_to_the_app_url)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /installer/install?appId=$APP", NULL,
                                       "siteId=$SITE&decision=continue");
    ck_assert_int_eq(answer.status, 302);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    ck_assert_int_eq(strncmp(url, "http://localhost:3000/signup?token=", 35), 0);
    OWNED(mem_text_free) char *ticket = visit_param(url, "token");
    harness_keep(fake, "TICKET", ticket);
    harness_do(fake, 302, "POST /installer/install", FORM "&token=$TICKET&decision=agree");
}
END_TEST

START_TEST(app_id_alone_goes_on_by_itself_where_consent_is_automatic)
{
    fake->fake.consent_auto = true;
    OWNED(answer_free) struct answer answer = harness_ask(fake, INSTALL, NULL, NULL);
    OWNED(mem_text_free) char *url = visit_location(&answer);
    ck_assert_int_eq(strncmp(url, "http://localhost:3000/signup?token=", 35), 0);
}
END_TEST

/* ---- what is refused: always a page, never a redirect ---- */

static const struct {
    const char *line, *outcome;
} refused[] = {
    {"GET /installer/install", "install-app-unknown"},
    {"GET /installer/install?appId=nobody&redirectUrl=" LOGIN, "install-app-unknown"},
    {"GET /installer/install?client_id=$APP&redirect_uri=" LOGIN, "install-app-unknown"},
    {INSTALL "&redirect_uri=" LOGIN, "install-redirect-unknown"},
    {INSTALL "&token=$TICKET", "install-redirect-unknown"},
    {"GET /installer/install?appId=bare", "install-redirect-unknown"},
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
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'bare','app_secret':'s'}");
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

/* In a world with a name of the longest kind. */
START_TEST(longest_ids_fit_into_a_ticket)
{
    static const char id[] = "a123456789012345678901234567890123456789012345678901234567890123";
    static const char world[] = "w1234567890123456789012345678901";
    harness_keep(fake, "LONG", id);
    harness_keep(fake, "WORLD", world);
    ck_assert_uint_eq(strlen(id), MODEL_ID_MAX);
    ck_assert_uint_eq(strlen(world), MODEL_WORLD_MAX);
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'$WORLD'}");
    harness_do(fake, 201, "POST /_fakewix/worlds/$WORLD/apps",
               "{'app_id':'$LONG','app_secret':'s','app_url':'http://localhost/',"
               "'redirect_urls':['http://localhost:3000/login']}");
    harness_do(fake, 201, "POST /_fakewix/worlds/$WORLD/sites", "{'site_id':'$LONG'}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/worlds/$WORLD/installs", NULL,
                                       "{'app_id':'$LONG','site_id':'$LONG'}");
    ck_assert_int_eq(answer.status, 201);
    OWNED(mem_text_free) char *ticket = visit_param(tree_text(answer.json, "app_url"), "token");
    harness_keep(fake, "TICKET", ticket);
    harness_do(fake, 302, "POST /w/$WORLD/installer/install",
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
    {"GET /installer/token-received?access_token=$ACCESS", 200},
    {"GET /_api/site-apps/v1/site-apps/token-received?access_token=$ACCESS", 200},
    {"GET /app-oauth-installation/token-received?access_token=$ACCESS", 200},
    {"GET /app-oauth-installation/token-received", 400},
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

static const char *const finish_calls[] = {"POST /installer/token-received",
                                           "POST /_api/site-apps/v1/site-apps/token-received",
                                           "POST /app-oauth-installation/token-received"};

START_TEST(older_finish_calls_still_answer)
{
    harness_connect(fake);
    OWNED(answer_free)
    struct answer body = harness_ask(fake, finish_calls[_i], NULL, "{'access_token':'$ACCESS'}");
    ck_assert_int_eq(body.status, 200);
    answer_expect(&body, "finished", "true");
    OWNED(mem_text_free) char *line = mem_format("%s?access_token=$ACCESS", finish_calls[_i]);
    harness_do(fake, 200, line, NULL);
    OWNED(answer_free)
    struct answer header = harness_ask(fake, finish_calls[_i], "Authorization: $ACCESS", NULL);
    ck_assert_int_eq(header.status, 200);
    harness_do(fake, 400, finish_calls[_i], "{'access_token':'garbage'}");
}
END_TEST

START_TEST(the_old_consent_page_answers)
{
    harness_do(fake, 200, "GET /app-oauth-installation/consent?appId=$APP&redirectUrl=" LOGIN,
               NULL);
    harness_do(fake, 302, "POST /app-oauth-installation/consent?appId=$APP&redirectUrl=" LOGIN,
               "decision=agree");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, page_asks_for_consent);
    tcase_add_test(tcase, agreeing_redirects_with_code_state_and_instance);
    tcase_add_test(tcase, consent_auto_redirects_at_once);
    suite_rows(tcase, redirect_urls_are_compared_by_character, urls);
    suite_rows(tcase, state_comes_back_as_it_was, states);
    tcase_add_test(tcase, app_id_alone_asks_for_the_site);
    tcase_add_test(tcase, a_chosen_site_leads_to_the_app_url);
    tcase_add_test(tcase, app_id_alone_goes_on_by_itself_where_consent_is_automatic);
    tcase_add_test(tcase, declining_stays_or_redirects_by_profile);
    suite_rows(tcase, wrong_request_gets_an_error_page, refused);
    tcase_add_test(tcase, ticket_is_416_hexadecimal_digits);
    tcase_add_test(tcase, ticket_serves_one_installation);
    tcase_add_loop_test(tcase, ticket_lives_ten_minutes, 0, 2);
    tcase_add_test(tcase, ticket_of_another_app_is_invalid);
    tcase_add_test(tcase, longest_ids_fit_into_a_ticket);
    suite_rows(tcase, window_closes_for_a_good_token, windows);
    suite_rows(tcase, older_finish_calls_still_answer, finish_calls);
    tcase_add_test(tcase, the_old_consent_page_answers);
    return suite_run("installer", tcase);
}
