/* The clock moves back: what expired is alive again, and what was done stays done
 * (docs/CONTROL-API.md, Clock). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

enum { HOUR_MS = 3600 * 1000 };

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define EXCHANGE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"
#define REFRESH                                                                                    \
    "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"                  \
    "'refresh_token':'$REFRESH'}"
#define CALL "GET /apps/v1/instance"

static void expect(int status, const char *line, const char *headers, const char *body)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, headers, body);
    ck_assert_msg(answer.status == status, "%s: %d %s", line, answer.status, buf_str(&answer.body));
}

START_TEST(what_expired_is_alive_again)
{
    harness_mint(fake);
    harness_install(fake);
    harness_advance(fake, 5 * HOUR_MS);
    expect(401, CALL, "Authorization: $TOKEN", NULL);
    expect(400, "POST /oauth/access", NULL, EXCHANGE);
    harness_advance(fake, -5 * HOUR_MS);
    expect(200, CALL, "Authorization: $TOKEN", NULL);
    expect(200, "POST /oauth/access", NULL, EXCHANGE);
}
END_TEST

START_TEST(what_comes_from_the_future_is_good)
{
    harness_advance(fake, 5 * HOUR_MS);
    harness_connect(fake);
    harness_advance(fake, -5 * HOUR_MS);
    expect(200, CALL, "Authorization: $ACCESS", NULL);
    expect(200, "POST /oauth/access", NULL, REFRESH);
}
END_TEST

/* What was done by hand: {call, body, what the spent code is since}. */
static const struct {
    const char *line, *body, *outcome;
} deeds[] = {
    {"POST /_fakewix/tokens/revoke", "{'app_id':'$APP'}", "code-unknown"},
    {"POST /_fakewix/tokens/expire", "{'app_id':'$APP'}", "code-expired"},
    {"POST /_fakewix/tokens/revoke", "{'token':'$ACCESS'}", "code-reused"},
    {"POST /_fakewix/tokens/expire", "{'token':'$ACCESS'}", "code-reused"},
    {"POST /_fakewix/instances/$INSTANCE/uninstall", NULL, "code-unknown"},
};

START_TEST(what_was_done_stays_done)
{
    harness_connect(fake);
    harness_do(fake, 200, deeds[_i].line, deeds[_i].body);
    expect(401, CALL, "Authorization: $ACCESS", NULL);
    harness_advance(fake, -5 * HOUR_MS);
    expect(401, CALL, "Authorization: $ACCESS", NULL);
    expect(400, "POST /oauth/access", NULL, EXCHANGE);
    ck_assert_str_eq(harness_outcome(fake), deeds[_i].outcome);
}
END_TEST

START_TEST(numbers_go_on)
{
    harness_mint(fake);
    harness_keep(fake, "FIRST", harness_value(fake, "TOKEN"));
    harness_advance(fake, -5 * HOUR_MS);
    harness_mint(fake);
    ck_assert_str_ne(harness_value(fake, "FIRST"), harness_value(fake, "TOKEN"));
    OWNED(answer_free) struct answer seen = harness_ask(fake, "GET /_fakewix/journal", NULL, NULL);
    int64_t first = 0, second = 0, then = 0, now = 0;
    tree_int(answer_at(&seen, "entries.0"), "seq", &first);
    tree_int(answer_at(&seen, "entries.1"), "seq", &second);
    tree_int(answer_at(&seen, "entries.0"), "at_ms", &then);
    tree_int(answer_at(&seen, "entries.1"), "at_ms", &now);
    ck_assert_int_eq(second, first + 1);
    ck_assert_int_eq(now, then - 5 * (int64_t)HOUR_MS);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, what_expired_is_alive_again);
    tcase_add_test(tcase, what_comes_from_the_future_is_good);
    suite_rows(tcase, what_was_done_stays_done, deeds);
    tcase_add_test(tcase, numbers_go_on);
    return suite_run("backwards", tcase);
}
