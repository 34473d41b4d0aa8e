/* The scenario language: what it takes, and the sentence for what it does not. */
#include "tests/suite.h"

#include "scenario/catalogue.h"
#include "scenario/traps.h"
#include "shared/tree.h"

#define HEAD                                                                                       \
    "\"code\":\"X-1\",\"title\":\"t\",\"requirement\":\"r\",\"why\":\"w\",\"source\":\"own\","     \
    "\"level\":\"MUST\""
#define EXPECT "\"expect\":{\"client\":\"ok\",\"checks\":[\"api-answered\"]}"
#define WHOLE "{" HEAD ",\"steps\":[\"call\"]," EXPECT "}"

static bool parse(const char *text, struct scenario *scenario, struct err *err)
{
    struct mistakes found = {0};
    bool sound = scenario_parse("area/name", "file.json", text, strlen(text), scenario, &found);
    ck_assert_int_eq(sound, mistakes_are_none(&found, err));
    mistakes_free(&found);
    return sound;
}

static const struct {
    const char *text;
    const char *sentence; /* a part of it */
} mistakes[] = {
    {"", "file.json:1: is not JSON"},
    {"[]", "must hold one JSON object"},
    {"{" HEAD ",\"stpes\":[]}",
     "has the unknown key \"stpes\"; did you mean \"steps\"? known here: code title"},
    {"{" HEAD ",\"level\":\"MUST\"}", "has the key \"level\" twice"},
    {"{\"code\":\"X\"}", "needs \"title\""},
    {"{" HEAD ",\"steps\":[]," EXPECT "}", "steps never let the client do anything"},
    {"{" HEAD ",\"steps\":[{\"advance_s\":1}]," EXPECT "}",
     "steps never let the client do anything"},
    {"{" HEAD ",\"steps\":[\"dance\"]," EXPECT "}",
     "steps[0] is the unknown step \"dance\"; `fakewix"},
    {"{" HEAD ",\"steps\":[{\"call\":-1}]," EXPECT "}", "steps[0] must be a number of calls"},
    {"{" HEAD ",\"steps\":[{\"call\":1,\"expire\":\"code\"}]," EXPECT "}",
     "steps[0] must be a word"},
    {"{" HEAD ",\"steps\":[\"call\",{\"advance_s\":\"1\"}]," EXPECT "}",
     "steps[1] \"advance_s\" takes a whole number from 0 on"},
    {"{" HEAD ",\"steps\":[\"call\"]}", "expect must be an object"},
    {"{" HEAD ",\"steps\":[\"call\"],\"expect\":{\"client\":\"fine\"}}", "expect needs \"client\""},
    {"{" HEAD ",\"steps\":[\"call\"],\"expect\":{\"client\":\"ok\",\"checks\":[\"no-such\"]}}",
     "expect.checks[0] names the unknown check \"no-such\""},
    {"{" HEAD ",\"steps\":[\"call\"],\"expect\":{\"client\":\"ok\",\"checks\":[{\"check\":\"api-"
     "answered\",\"mni\":1}]}}",
     "expect.checks[0] has the unknown key \"mni\"; did you mean \"min\"? known here: check level "
     "min"},
    {"{" HEAD ",\"steps\":[\"call\"],\"expect\":{\"client\":\"ok\",\"checks\":[{\"check\":\"api-"
     "answered\",\"min\":-1}]}}",
     "expect.checks[0].min must be a whole number from 0 on"},
    {"{" HEAD ",\"needs\":[\"wings\"],\"steps\":[\"call\"]," EXPECT "}",
     "needs has the unknown word \"wings\""},
    {"{" HEAD ",\"given\":{\"flow\":\"magic\"},\"steps\":[\"call\"]," EXPECT "}",
     "given has a \"flow\""},
    {"{" HEAD
     ",\"given\":{\"faults\":[{\"fault\":\"status\",\"on\":\"moon\"}]},\"steps\":[\"call\"]," EXPECT
     "}",
     "given.faults[0] has \"on\": \"moon\""},
    {"{" HEAD
     ",\"given\":{\"faults\":[{\"fault\":\"stauts\",\"on\":\"api\"}]},\"steps\":[\"call\"]," EXPECT
     "}",
     "given.faults[0] names the unknown fault \"stauts\"; did you mean \"status\"?"},
    {"{" HEAD ",\"given\":{\"faults\":[{\"fault\":\"delay\",\"on\":\"api\",\"seconds\":1}]},"
     "\"steps\":[\"call\"]," EXPECT "}",
     "given.faults[0] has the unknown key \"seconds\""},
    {"{" HEAD ",\"given\":{\"faults\":[{\"fault\":\"delay\",\"on\":\"api\",\"times\":\"often\"}]},"
     "\"steps\":[\"call\"]," EXPECT "}",
     "given.faults[0].times must be a whole number from 1 on, or \"always\""},
    {"{" HEAD ",\"variants\":[{}],\"steps\":[\"call\"]," EXPECT "}", "variants[0] needs \"name\""},
    {"{" HEAD ",\"allow\":[{\"client\":\"ok\",\"verdict\":\"FAIL\",\"note\":\"n\"}],\"steps\":["
     "\"call\"]," EXPECT "}",
     "allow[0] needs \"verdict\""},
    {"{" HEAD ",\"given\":{\"installed\":\"no\"},\"steps\":[\"call\"]," EXPECT "}",
     "given.installed must be true or false"},
    {"{" HEAD ",\"given\":{\"faults\":[{\"fault\":\"bad-certificate\",\"on\":\"api\"}]},\"steps\":"
     "[\"call\"]," EXPECT "}",
     "which comes before any request; a scenario has \"given\": {\"tls\""},
    {"{" HEAD ",\"steps\":[\"install\",{\"callback\":{\"state\":\"altred\"}}]," EXPECT "}",
     "steps[1].state must be one of altered/missing/escaped, not \"altred\""},
    {"{" HEAD ",\"steps\":[\"call\",{\"webhook\":{\"events\":\"AppInstalled\"}}]," EXPECT "}",
     "steps[1].events must be a list of texts"},
    {"{" HEAD ",\"steps\":[\"call\",{\"expire\":\"acces\"}]," EXPECT "}",
     "takes one of: access refresh code; not \"acces\"; did you mean \"access\"?"},
    {"{" HEAD ",\"given\":[\"call\"],\"variants\":[{\"name\":\"a\",\"given\":{}}],\"steps\":["
     "\"call\"]," EXPECT "}",
     "given must be an object"},
    {"{\"source\":\"rfc6749\"}", "source is not understood at \"rfc6749\"; it takes \"own\""},
    {"{\"source\":\"own; RFC 6749 section\"}", "source is not understood at \"RFC 6749 section\""},
    {"{\"source\":\"own;\"}", "source is not understood at \"\""},
    {"{\"source\":\"custom-aut\"}", "did you mean \"custom-auth\"?"},
};

START_TEST(a_mistake_is_a_sentence_with_its_place)
{
    OWNED(scenario_free) struct scenario scenario = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert(!parse(mistakes[_i].text, &scenario, &err));
    ck_assert_ptr_nonnull(err.text);
    ck_assert_msg(strstr(err.text, mistakes[_i].sentence), "%s\n  lacks: %s", err.text,
                  mistakes[_i].sentence);
    ck_assert_msg(strstr(err.text, "file.json:1: "), "%s", err.text);
}
END_TEST

START_TEST(what_is_no_json_is_told_with_its_line)
{
    OWNED(scenario_free) struct scenario scenario = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert(!parse("{\n \"code\": 1,\n \"title\": \"t\",\n}\n", &scenario, &err));
    ck_assert_str_eq(err.text, "file.json:3: is not JSON: the JSON breaks off or is malformed near "
                               "line 3, column 14");
}
END_TEST

START_TEST(all_mistakes_are_told_at_once_with_their_lines)
{
    static const char text[] =
        "{" HEAD ",\n"
        " \"given\": {\n"
        "  \"flow\": \"magic\",\n"
        "  \"faults\": [{\"fault\": \"status\", \"on\": \"api\", \"status\": 500},\n"
        "             {\"fault\": \"nothing-like-it\", \"on\": \"api\"}]},\n"
        " \"steps\": [\"call\",\n"
        "           \"dance\"],\n"
        " \"expect\": {\"client\": \"fine\",\n"
        "            \"checks\": []},\n"
        " \"variants\": [{\"name\": \"a\"},\n"
        "              {\"name\": \"b\",\n"
        "               \"steps\": []}]}";
    static const char *const sentences[] = {
        "5 mistakes in scenarios:",
        "file.json:2: given has a \"flow\"",
        "file.json:5: given.faults[1] names the unknown fault",
        "file.json:7: steps[1] is the unknown step",
        "file.json:8: expect needs \"client\"",
        "file.json:12: variants[1].steps never let the client do anything",
    };
    OWNED(scenario_free) struct scenario scenario = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert(!parse(text, &scenario, &err));
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        ck_assert_msg(strstr(err.text, sentences[i]), "%s\n  lacks: %s", err.text, sentences[i]);
    ck_assert_uint_eq(scenario.variants[0].n_traps, 1);
}
END_TEST

START_TEST(what_the_fake_refuses_has_a_place_in_the_file)
{
    static const char text[] =
        "{" HEAD
        ",\"given\":{\"faults\":[{\"fault\":\"status\",\"on\":\"api\",\n\"status\":\"503\",\n"
        "\"before\":{\"route\":\"api\",\"count\":\"x\"}}]},\"steps\":[\"call\"]," EXPECT "}";
    static const struct {
        const char *refusal;
        const char *sentence;
        const char *member;
    } rows[] = {
        {"do.status must be a status", "f:2: given.faults[0].status must be a status", "status"},
        {"on.route \"x\" fits none", "f:1: given.faults[0].on \"x\" fits none", "on"},
        {"on.until.count must be", "f:3: given.faults[0].before.count must be", "before"},
        {"on.status is known", "f:1: given.faults[0].status_is is known", "status_is"},
        {"we are full", "f:1: given.faults[0] is refused by the fake: we are full", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED(scenario_free) struct scenario scenario = {0};
        struct mistakes found = {0};
        ck_assert(scenario_parse("a/b", "f", text, strlen(text), &scenario, &found));
        struct reader reader = scenario_reader(&scenario, &found);
        OWNED(mem_text_free)
        char *member = traps_blame(&reader, &scenario.variants[0].traps[0], rows[i].refusal);
        ck_assert_str_eq(found.list[0], rows[i].sentence);
        ck_assert_pstr_eq(member, rows[i].member);
        mistakes_free(&found);
    }
}
END_TEST

START_TEST(the_smallest_scenario)
{
    OWNED(scenario_free) struct scenario scenario = {0};
    ck_assert(parse(WHOLE, &scenario, NULL));
    ck_assert_str_eq(scenario.id, "area/name");
    ck_assert_uint_eq(scenario.n_variants, 1);
    const struct variant *variant = &scenario.variants[0];
    ck_assert_int_eq(variant->flow, FLOW_CLIENT_CREDENTIALS);
    ck_assert(variant->installed);
    ck_assert_int_eq(variant_count_calls(variant), 1);
    ck_assert_int_eq(variant->expect.demands[0].level, LEVEL_MUST);
    ck_assert(scenario_answers_to(&scenario, "X-*"));
    ck_assert(scenario_answers_to(&scenario, "x-*"));
    ck_assert(scenario_answers_to(&scenario, "area/*"));
    ck_assert(scenario_answers_to(&scenario, "Area/*"));
    ck_assert(!scenario_answers_to(&scenario, "area"));
}
END_TEST

START_TEST(a_variant_is_laid_over_the_file)
{
    const char *text =
        "{" HEAD ",\"given\":{\"flow\":\"legacy\",\"faults\":[{\"fault\":\"refuse\",\"on\":"
        "\"token\",\"refusal\":\"x\",\"times\":\"always\"}]},\"steps\":[{\"call\":{\"n\":16,"
        "\"parallel\":8}},{\"advance_s\":301},\"call\"]," EXPECT
        ",\"variants\":[{\"name\":\"same\"},{\"name\":\"other\",\"given\":{\"flow\":"
        "\"client_credentials\"},\"steps\":[\"call\"]}]}";
    OWNED(scenario_free) struct scenario scenario = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(parse(text, &scenario, &err), "%s", err.text);
    ck_assert_uint_eq(scenario.n_variants, 2);
    const struct variant *same = &scenario.variants[0];
    const struct variant *other = &scenario.variants[1];
    ck_assert_int_eq(variant_count_calls(same), 17);
    ck_assert_int_eq(same->steps[0].parallel, 8);
    ck_assert_int_eq(variant_count_calls(other), 1);
    ck_assert_uint_eq(other->n_traps, 1);
    ck_assert_str_eq(tree_text(tree_get(same->traps[0].rule, "on"), "route"),
                     "POST /oauth/access*");
    ck_assert_str_eq(tree_text(tree_get(other->traps[0].rule, "on"), "route"),
                     "POST /oauth2/token");
    OWNED(mem_text_free) char *rule = tree_print(other->traps[0].rule);
    ck_assert_str_eq(rule, "{\"on\":{\"route\":\"POST /oauth2/token\"},\"times\":-1,"
                           "\"do\":{\"fault\":\"refuse\",\"refusal\":\"x\"}}");
}
END_TEST

START_TEST(the_catalogue_is_sound)
{
    OWNED(catalogue_free) struct catalogue catalogue = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(catalogue_load(NULL, &catalogue, &err), "%s", err.text);
    ck_assert_msg(mistakes_are_none(&catalogue.mistakes, &err), "%s", err.text);
    ck_assert_uint_ge(catalogue.n, 15);
    for (size_t i = 1; i < catalogue.n; i++)
        ck_assert_str_lt(catalogue.list[i - 1].id, catalogue.list[i].id);
    ck_assert_str_eq(catalogue_find(&catalogue, "REF-04")->id, "refresh/reply-omits-refresh-token");
    ck_assert_ptr_null(catalogue_find(&catalogue, "REF-99"));
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("scenario", &tests);
    tcase_add_loop_test(tests, a_mistake_is_a_sentence_with_its_place, 0,
                        sizeof mistakes / sizeof *mistakes);
    tcase_add_test(tests, what_is_no_json_is_told_with_its_line);
    tcase_add_test(tests, all_mistakes_are_told_at_once_with_their_lines);
    tcase_add_test(tests, what_the_fake_refuses_has_a_place_in_the_file);
    tcase_add_test(tests, the_smallest_scenario);
    tcase_add_test(tests, a_variant_is_laid_over_the_file);
    tcase_add_test(tests, the_catalogue_is_sound);
    return suite_run(suite);
}
