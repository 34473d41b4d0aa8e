/* When armed faults fire: conditions, counting, and which request gets which. */
#include "faults/armed.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

static struct hold_limit limit = {.max = 4};
static struct armed_faults *faults;

static void set_up(void)
{
    faults = armed_new(&limit);
}

static void tear_down(void)
{
    armed_free(faults);
}

static bool arm(const char *rule)
{
    OWNED(tree_free) cJSON *json = tree_parse(rule, strlen(rule), NULL);
    ck_assert_ptr_nonnull(json);
    OWNED(err_free) struct err err = {0};
    OWNED(tree_free) cJSON *armed = armed_add(faults, json, &err);
    return armed != NULL;
}

/* One request to the probe, answered with `status`: the ids of the faults that fired, as "f1 f3 ".
 */
static void request(int status, struct buf *ret_ids)
{
    static const struct request empty = {.body = ""};
    struct fault_probe probe = {
        .request = &empty, .route = "GET /conformance/probe", .chance = 0.5};
    struct fault_shot shots[ARMED_TAKE_MAX];
    size_t n = armed_take(faults, &probe, 0, shots);
    probe.status = status;
    n = armed_take(faults, &probe, n, shots);
    for (size_t i = 0; i < n; i++)
        buf_format(ret_ids, "%s ", shots[i].id);
    armed_note_answer(faults, &probe, shots, n);
}

#define ADVANCE(nth)                                                                               \
    "{\"on\":{\"route\":\"* /conformance/probe\",\"status\":200,\"nth\":" nth                      \
    "},\"do\":{\"fault\":\"advance\",\"seconds\":301}}"

static const struct {
    const char *what;
    const char *rules[3];
    int statuses[5];
    const char *fired[5];
} cases[] = {
    {"each waits for its own number, though all are of one kind",
     {ADVANCE("1"), ADVANCE("2"), ADVANCE("3")},
     {200, 200, 200, 200},
     {"f1 ", "f2 ", "f3 ", ""}},
    {"only answers with the status count",
     {ADVANCE("2")},
     {401, 200, 401, 200, 200},
     {"", "", "", "f1 ", ""}},
    {"an answer in place of the service, and an effect after it",
     {"{\"on\":{\"nth\":2},\"do\":{\"fault\":\"status\",\"status\":200}}", ADVANCE("2")},
     {200, 200, 200},
     {"", "f1 f2 ", ""}},
    {"every second one, without end",
     {"{\"on\":{\"every\":2},\"times\":-1,\"do\":{\"fault\":\"status\",\"status\":503}}"},
     {200, 503, 200, 503},
     {"", "f1 ", "", "f1 "}},
    {"not before an answer elsewhere",
     {"{\"on\":{\"after\":{\"route\":\"* /conformance/*\",\"count\":2}},\"times\":2,\"do\":"
      "{\"fault\":\"status\",\"status\":503}}"},
     {200, 200, 503, 503, 200},
     {"", "", "f1 ", "f1 ", ""}},
};

START_TEST(a_fault_fires_when_it_is_its_turn)
{
    for (size_t i = 0; i < 3 && cases[_i].rules[i]; i++)
        ck_assert(arm(cases[_i].rules[i]));
    for (size_t i = 0; i < 5 && cases[_i].fired[i]; i++) {
        OWNED(buf_free) struct buf ids = {0};
        request(cases[_i].statuses[i], &ids);
        ck_assert_msg(strcmp(buf_str(&ids), cases[_i].fired[i]) == 0,
                      "%s: request %zu fired \"%s\"", cases[_i].what, i + 1, buf_str(&ids));
    }
}
END_TEST

static const struct {
    const char *rule;
    const char *sentence;
} mistakes[] = {
    {"{\"do\":{\"fault\":\"refuse\",\"refusal\":\"no-such\"}}",
     "do.refusal must be one of the names"},
    {"{\"on\":{\"status\":200},\"do\":{\"fault\":\"status\",\"status\":503}}",
     "on.status is known only after the answer"},
    {"{\"on\":{\"nth\":0},\"do\":{\"fault\":\"silence\"}}", "on.nth must be a whole number from 1"},
    {"{\"do\":{\"fault\":\"delay\"}}", "do.ms is missing"},
    {"{\"do\":{\"fault\":\"delya\",\"ms\":1}}",
     "do.fault \"delya\" is not known; did you mean \"delay\"?"},
    {"{\"times\":0,\"do\":{\"fault\":\"silence\"}}", "times must be a whole number from 1"},
};

START_TEST(a_mistake_is_a_sentence)
{
    const char *text = mistakes[_i].rule;
    OWNED(tree_free) cJSON *rule = tree_parse(text, strlen(text), NULL);
    OWNED(err_free) struct err err = {0};
    ck_assert_ptr_null(armed_add(faults, rule, &err));
    ck_assert_msg(strstr(err.text, mistakes[_i].sentence), "%s", err.text);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, a_fault_fires_when_it_is_its_turn, cases);
    suite_rows(tcase, a_mistake_is_a_sentence, mistakes);
    return suite_run("armed", tcase);
}
