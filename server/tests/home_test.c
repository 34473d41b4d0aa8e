/* The page of the control plane for people: what it shows, and that nothing of it is obeyed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
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

static void expect_on(const char *page, const char *part, bool there)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, page, NULL, NULL);
    OWNED(mem_text_free) char *wanted = harness_expand(fake, part);
    ck_assert_int_eq(answer.status, 200);
    answer_expect_header(&answer, "Content-Type", "text/html; charset=utf-8");
    answer_expect_header(&answer, "X-Frame-Options", "DENY");
    ck_assert_msg((strstr(buf_str(&answer.body), wanted) != NULL) == there, "%s\n%s", wanted,
                  buf_str(&answer.body));
}

START_TEST(a_fresh_world_says_how_to_begin)
{
    static const char *const pages[] = {"GET /_fakewix", "GET /_fakewix/"};
    static const char *const parts[] = {"<strong>default</strong>",
                                        "Nothing was asked so far",
                                        "$INSTANCE",
                                        "Corner Bakery",
                                        "clock is frozen and shows "
                                        "2030-01-01T00:00:00.000Z",
                                        "&quot;$APP&quot;",
                                        "$SECRET",
                                        "&quot;instance_id&quot;:&quot;$INSTANCE&quot;",
                                        "href=\"/_fakewix/journal?format=har\""};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            expect_on(pages[i], parts[j], true);
    expect_on("GET /_fakewix", "Armed faults", false);
    expect_on("GET /_fakewix", "What clients did wrong", false);
}
END_TEST

/* Said where it is of use: the harness's clock is frozen in 2030. */
START_TEST(moved_clock_is_shown_its_way_back)
{
    static const char back[] = "<code>{\"mode\":\"real\",\"now\":\"machine\"}</code>";
    expect_on("GET /_fakewix/", "<code>PUT /_fakewix/clock</code>", true);
    expect_on("GET /_fakewix/", back, true);
    harness_do(fake, 200, "PUT /_fakewix/clock", "{'mode':'real','now':'machine'}");
    expect_on("GET /_fakewix/", back, false);
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'b','clock':'2040-01-01T00:00:00Z'}");
    expect_on("GET /_fakewix/worlds/b/", "<code>PUT /_fakewix/worlds/b/clock</code>", true);
}
END_TEST

static const struct {
    const char *line, *headers;
    const char *part; /* of a page, or NULL where it is Wix's JSON */
} fronts[] = {
    {"GET /", NULL, NULL},
    {"GET /", "Accept: */*", NULL},
    {"GET /", "Accept: application/json, text/plain, */*", NULL},
    {"POST /", "Accept: text/html", NULL},
    {"GET /x", "Accept: text/html", NULL},
    {"GET /", "Accept: text/html,application/xhtml+xml,*/*;q=0.8", "href=\"/_fakewix/\""},
    {"GET /w/b/", "Accept: text/html", "href=\"/_fakewix/worlds/b/\""},
};

START_TEST(browser_at_the_front_is_shown_the_way)
{
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'b'}");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, fronts[_i].line, fronts[_i].headers, NULL);
    ck_assert_int_eq(answer.status, 404);
    if (!fronts[_i].part) {
        answer_expect_row(&answer, REFUSAL_API_NOT_FOUND);
        return;
    }
    answer_expect_header(&answer, "Content-Type", "text/html; charset=utf-8");
    ck_assert_ptr_nonnull(strstr(buf_str(&answer.body), fronts[_i].part));
}
END_TEST

START_TEST(what_happened_is_shown)
{
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'route':'POST /oauth2/token','nth':2},'times':-1,"
               "'do':[{'fault':'unavailable'},[{'fault':'edit','omit':['x']},{'fault':'reset'}]]}");
    harness_mint(fake);
    harness_do(fake, 503, "POST /oauth2/token", NULL);
    harness_do(fake, 401, "GET /apps/v1/instance", NULL);
    static const char *const parts[] = {
        "<td>f1</td><td>POST /oauth2/token, nth 2</td><td>unavailable, edit, reset</td>"
        "<td>no end</td><td>1</td>",
        "<td>2</td><td>POST /oauth2/token</td><td>503</td><td>fault</td><td>f1</td>",
        "<td>3</td><td>GET /apps/v1/instance</td><td>401</td><td>api-token-missing</td><td></td>",
        "<td>MUST</td><td>An API call has no token",
    };
    for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
        expect_on("GET /_fakewix/", parts[j], true);
}
END_TEST

/* As many as fit a screen, the latest first. */
START_TEST(long_journal_is_cut_short)
{
    for (int i = 0; i < 40; i++)
        harness_do(fake, 401, "GET /conformance/probe", NULL);
    expect_on("GET /_fakewix/", "<tr><td>40</td>", true);
    expect_on("GET /_fakewix/", "<tr><td>16</td>", true);
    expect_on("GET /_fakewix/", "<tr><td>15</td>", false);
}
END_TEST

START_TEST(names_are_no_markup)
{
    harness_do(fake, 201, "POST /_fakewix/sites",
               "{'site_id':'$SITE','display_name':'<script>a</script>'}");
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'body_contains':'<script>'},'do':{'fault':'unavailable'}}");
    harness_do(fake, 404, "GET /<script>x", NULL);
    expect_on("GET /_fakewix/", "&lt;script&gt;", true);
    expect_on("GET /_fakewix/", "<script", false);
}
END_TEST

START_TEST(every_world_has_its_own)
{
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'mine'}");
    harness_do(fake, 404, "GET /w/mine/its/own", NULL);
    expect_on("GET /_fakewix/worlds/mine/", "<strong>mine</strong>", true);
    expect_on("GET /_fakewix/worlds/mine/", "href=\"/_fakewix/worlds/mine/journal\"", true);
    expect_on("GET /_fakewix/worlds/mine/", "/w/mine/oauth2/token", true);
    expect_on("GET /_fakewix/worlds/mine/", "<td>GET /its/own</td>", true);
    expect_on("GET /_fakewix/", "/its/own", false);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, a_fresh_world_says_how_to_begin);
    tcase_add_test(tcase, what_happened_is_shown);
    tcase_add_test(tcase, moved_clock_is_shown_its_way_back);
    suite_rows(tcase, browser_at_the_front_is_shown_the_way, fronts);
    tcase_add_test(tcase, long_journal_is_cut_short);
    tcase_add_test(tcase, names_are_no_markup);
    tcase_add_test(tcase, every_world_has_its_own);
    return suite_run("home", tcase);
}
