/* The checks that look at what the client answers to what Wix sends: webhooks, signed instances. */
#include "checks/checks.h"
#include "shared/tree.h"
#include "tests/suite.h"

static char no_text[] = "";
static char shop[] = "http://127.0.0.1:1/shop?instance=1";
static char login[] = "http://127.0.0.1:1/login";

#define HOOK(ok, status, handled)                                                                  \
    {                                                                                              \
        "webhook", ok, status, no_text, handled, 1300, 0, false                                    \
    }
#define SHOW(status)                                                                               \
    {                                                                                              \
        "instance", (status) == 200, status, no_text, -1, 1, 0, false                              \
    }

enum { MOST_ANSWERS = 2 };

static const struct {
    const char *check;
    const char *params;
    enum finding_kind kind;
    struct answer answers[MOST_ANSWERS];
    char *pages[MOST_ANSWERS];
} received[] = {
    {"webhook-taken", NULL, FINDING_HOLDS, {HOOK(true, 200, -1), HOOK(true, 0, 1)}, {0}},
    {"webhook-taken", NULL, FINDING_BROKEN, {HOOK(true, 204, -1)}, {0}},
    {"webhook-taken", NULL, FINDING_BROKEN, {HOOK(true, 0, 0)}, {0}},
    {"webhook-taken", NULL, FINDING_UNDECIDED, {SHOW(200)}, {0}},
    {"webhook-in-time", "{\"max_ms\":1400}", FINDING_HOLDS, {HOOK(true, 200, -1)}, {0}},
    {"webhook-in-time", NULL, FINDING_BROKEN, {HOOK(true, 200, -1)}, {0}},
    {"webhook-in-time", NULL, FINDING_UNDECIDED, {{0}}, {0}},
    {"webhook-refused", NULL, FINDING_HOLDS, {HOOK(false, 401, -1), HOOK(false, 0, 0)}, {0}},
    {"webhook-refused", NULL, FINDING_BROKEN, {HOOK(false, 401, -1), HOOK(true, 202, -1)}, {0}},
    {"webhook-refused", NULL, FINDING_BROKEN, {HOOK(false, 0, 1)}, {0}},
    {"webhook-not-handled", NULL, FINDING_HOLDS, {HOOK(false, 401, -1), HOOK(true, 0, 0)}, {0}},
    {"webhook-not-handled", NULL, FINDING_BROKEN, {HOOK(true, 0, 1)}, {0}},
    {"webhook-not-handled", NULL, FINDING_MEASURED, {HOOK(true, 200, -1)}, {0}},
    {"webhook-handled-once", NULL, FINDING_HOLDS, {HOOK(true, 0, 1), HOOK(true, 0, 0)}, {0}},
    {"webhook-handled-once", NULL, FINDING_BROKEN, {HOOK(true, 0, 1), HOOK(true, 0, 1)}, {0}},
    {"webhook-handled-once",
     NULL,
     FINDING_MEASURED,
     {HOOK(true, 200, -1), HOOK(true, 200, -1)},
     {0}},
    {"webhook-handled-once", NULL, FINDING_UNDECIDED, {{0}}, {0}},
    {"webhook-survived", NULL, FINDING_HOLDS, {HOOK(false, 404, -1), HOOK(true, 0, 0)}, {0}},
    {"webhook-survived", NULL, FINDING_BROKEN, {HOOK(false, 500, -1)}, {0}},
    {"webhook-survived", NULL, FINDING_BROKEN, {HOOK(false, 0, -1)}, {0}},
    {"instance-taken", NULL, FINDING_HOLDS, {SHOW(200)}, {0}},
    {"instance-taken", NULL, FINDING_BROKEN, {SHOW(403)}, {0}},
    {"instance-taken", NULL, FINDING_UNDECIDED, {{0}}, {0}},
    {"instance-refused", NULL, FINDING_HOLDS, {SHOW(403), SHOW(200)}, {shop, shop}},
    {"instance-refused", NULL, FINDING_HOLDS, {SHOW(200), SHOW(200)}, {login, shop}},
    {"instance-refused", NULL, FINDING_BROKEN, {SHOW(200), SHOW(200)}, {shop, shop}},
    {"instance-refused", NULL, FINDING_UNDECIDED, {SHOW(403), SHOW(403)}, {shop, shop}},
    {"instance-refused", NULL, FINDING_UNDECIDED, {{0}}, {0}},
};

START_TEST(an_answer_is_looked_at)
{
    struct answer answers[MOST_ANSWERS];
    struct visit visits[MOST_ANSWERS] = {0};
    struct evidence evidence = {.performance = {.answers = answers, .visits = visits}};
    struct performance *performance = &evidence.performance;
    memcpy(answers, received[_i].answers, sizeof answers);
    while (performance->n_answers < MOST_ANSWERS && answers[performance->n_answers].step)
        performance->n_answers++;
    for (size_t i = 0; i < MOST_ANSWERS && received[_i].pages[i]; i++, performance->n_visits++)
        visits[i] = (struct visit){.kind = VISIT_INSTANCE, .url = received[_i].pages[i]};
    OWNED(tree_free)
    cJSON *params = received[_i].params ? cJSON_Parse(received[_i].params) : NULL;
    OWNED(finding_free) struct finding finding = {.seq = -1};
    checks_find(received[_i].check)->fn(&evidence, params, &finding);
    ck_assert_msg(finding.kind == received[_i].kind, "%s (row %d) found %d: %s", received[_i].check,
                  _i, (int)finding.kind, buf_str(&finding.seen));
}
END_TEST

START_TEST(every_such_check_is_tested_here)
{
    size_t n = 0;
    const struct check *all = checks_all(&n);
    for (size_t i = 0; i < n; i++) {
        bool found =
            strncmp(all[i].name, "webhook-", 8) != 0 && strncmp(all[i].name, "instance-", 9) != 0;
        for (size_t c = 0; c < sizeof received / sizeof *received; c++)
            found = found || strcmp(received[c].check, all[i].name) == 0;
        ck_assert_msg(found, "%s has no row in this test", all[i].name);
    }
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("receive_checks", &tests);
    tcase_add_loop_test(tests, an_answer_is_looked_at, 0, sizeof received / sizeof *received);
    tcase_add_test(tests, every_such_check_is_tested_here);
    return suite_run(suite);
}
