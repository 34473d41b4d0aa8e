/* The command line and the environment. */
#include "options.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "suite.h"

static void set_up(void)
{
}

static void tear_down(void)
{
}

enum { WORDS_MAX = 40 };

/* Parse "--a b --c": words are split at blanks. */
static bool parse(const char *line, struct options *ret_options, struct err *err)
{
    static char text[1024]; /* the options borrow from it */
    char *words[WORDS_MAX];
    int n = 0;
    ck_assert_uint_lt(strlen(line), sizeof text);
    memcpy(text, line, strlen(line) + 1);
    for (char *at = text; *at;) {
        size_t len = strcspn(at, " ");
        words[n++] = at;
        at += len;
        if (*at)
            *at++ = '\0';
    }
    static const char *const more[] = {"route", "proxy-others", NULL};
    static const struct options_caller caller = {"run", more};
    return options_parse(n, words, &caller, ret_options, err);
}

static struct options parsed(const char *line)
{
    struct options options = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(parse(line, &options, &err), "%s", err.text ? err.text : "");
    return options;
}

START_TEST(defaults_are_these)
{
    struct options options = parsed("");
    ck_assert_uint_eq(options.listen.n, 1);
    ck_assert_str_eq(options.listen.items[0], "localhost:8420");
    ck_assert_int_eq(options.workers, 64);
    ck_assert_str_eq(options.consent, "ask");
    ck_assert_str_eq(options.lint, "report");
    ck_assert_str_eq(options.log, "text");
    ck_assert_int_eq(options.max_body, 1 << 20);
    ck_assert_int_eq(options.max_worlds, 1024);
    ck_assert_int_eq(options.journal_max, 10000);
    ck_assert_int_eq(options.idle_ms, 75000);
    ck_assert_int_eq(options.request_ms, 30000);
    ck_assert(!options.seeded && !options.quiet && !options.state && !options.port_file);
}
END_TEST

START_TEST(values_follow_or_are_joined)
{
    struct options options =
        parsed("--seed 7 --state=x=y --quiet --workers=1 --listen a:1 --listen=b:2 --idle-ms 100");
    ck_assert(options.seeded && options.quiet);
    ck_assert_int_eq(options.seed, 7);
    ck_assert_str_eq(options.state, "x=y");
    ck_assert_int_eq(options.workers, 1);
    ck_assert_uint_eq(options.listen.n, 2);
    ck_assert_str_eq(options.listen.items[1], "b:2");
    ck_assert_int_eq(options.idle_ms, 100);
}
END_TEST

START_TEST(tls_alone_listens_on_nothing_else)
{
    struct options options = parsed("--tls-listen localhost:0");
    ck_assert_uint_eq(options.listen.n, 0);
    ck_assert_uint_eq(options.tls_listen.n, 1);
}
END_TEST

START_TEST(environment_does_the_same)
{
    setenv("FAKEWIX_LISTEN", "127.0.0.1:5", 1);
    setenv("FAKEWIX_MAX_BODY", "2048", 1);
    setenv("FAKEWIX_QUIET", "1", 1);
    setenv("FAKEWIX_STATE", "", 1); /* empty is as good as not there */
    struct options options = parsed("");
    ck_assert_str_eq(options.listen.items[0], "127.0.0.1:5");
    ck_assert_int_eq(options.max_body, 2048);
    ck_assert(options.quiet);
    ck_assert_ptr_null(options.state);
}
END_TEST

START_TEST(arguments_rule_over_the_environment)
{
    setenv("FAKEWIX_LISTEN", "127.0.0.1:5", 1);
    setenv("FAKEWIX_WORKERS", "9", 1);
    setenv("FAKEWIX_QUIET", "1", 1);
    struct options options = parsed("--listen a:1 --listen b:2 --workers 3 --quiet=false");
    ck_assert_uint_eq(options.listen.n, 2);
    ck_assert_str_eq(options.listen.items[0], "a:1");
    ck_assert_int_eq(options.workers, 3);
    ck_assert(!options.quiet);
}
END_TEST

static const struct {
    const char *line, *sentence;
} mistakes[] = {
    {"--nonsense", "--nonsense is not known; `fakewix run --help` lists the options"},
    {"--", "-- is not known; `fakewix run --help` lists the options"},
    {"--seeds 5",
     "--seeds is not known; did you mean \"--seed\"? `fakewix run --help` lists the options"},
    {"--rout=proxy", "--rout is not known; did you mean \"--route\"? `fakewix run --help`"},
    {"-x", "\"-x\" is no option; `fakewix run --help` lists them"},
    {"-listen", "\"-listen\" is no option; did you mean \"--listen\"? `fakewix run --help`"},
    {"stray", "\"stray\" is no option; `fakewix run --help` lists them"},
    {"--seed", "--seed needs a value: --seed N"},
    {"--seed x", "--seed takes a whole number from 0 to "},
    {"--seed -1", "--seed takes a whole number from 0 to "},
    {"--seed 99999999999999999999", "--seed takes a whole number from 0 to "},
    {"--seed 1.5", "--seed takes a whole number from 0 to "},
    {"--seed=", "--seed takes a whole number from 0 to "},
    {"--workers 0", "--workers takes a whole number from 1 to 2048, not \"0\""},
    {"--workers 2049", "--workers takes a whole number from 1 to 2048, not \"2049\""},
    {"--max-body 1023", "--max-body takes a whole number from 1024 to 67108864"},
    {"--max-worlds 0", "--max-worlds takes a whole number from 1 to 100000"},
    {"--journal 0", "--journal takes a whole number from 1 to 10000000"},
    {"--idle-ms 99", "--idle-ms takes a whole number from 100 to 3600000"},
    {"--consent yes", "--consent takes ask|auto, not \"yes\""},
    {"--consent a", "--consent takes ask|auto, not \"a\""},
    {"--log xml", "--log takes text|json, not \"xml\""},
    {"--lint", "--lint needs a value: --lint report|fail|off"},
    {"--listen a --listen a --listen a --listen a --listen a --listen a --listen a --listen a "
     "--listen a --listen a --listen a --listen a --listen a --listen a --listen a --listen a "
     "--listen a",
     "--listen may stand at most 16 times"},
};

START_TEST(mistake_is_one_sentence_with_the_fix)
{
    struct options options = {.seed = -5};
    OWNED(err_free) struct err err = {0};
    ck_assert(!parse(mistakes[_i].line, &options, &err));
    ck_assert_int_eq(options.seed, -5); /* untouched on failure */
    size_t len = strlen(mistakes[_i].sentence);
    ck_assert_msg(err.text && strncmp(err.text, mistakes[_i].sentence, len) == 0, "%s",
                  err.text ? err.text : "no sentence");
}
END_TEST

START_TEST(mistake_in_the_environment_names_the_variable)
{
    setenv("FAKEWIX_MAX_BODY", "much", 1);
    struct options options;
    OWNED(err_free) struct err err = {0};
    ck_assert(!parse("", &options, &err));
    ck_assert_str_eq(err.text,
                     "FAKEWIX_MAX_BODY takes a whole number from 1024 to 67108864, not \"much\"");
}
END_TEST

START_TEST(help_has_every_option_and_its_variable)
{
    static const char *const parts[] = {"--listen ADDR",      "[localhost:8420] (FAKEWIX_LISTEN)",
                                        "--tls-listen ADDR",  "(FAKEWIX_TLS_LISTEN)",
                                        "--consent ask|auto", "(FAKEWIX_QUIET)"};
    OWNED(buf_free) struct buf text = {0};
    options_help(&text, NULL, NULL);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(buf_str(&text), parts[i]) != NULL, "%s", parts[i]);
}
END_TEST

/* `run` takes free ports; serve's default is not its own. */
START_TEST(help_leaves_out_a_default_that_does_not_hold)
{
    OWNED(buf_free) struct buf text = {0};
    options_help(&text, NULL, "listen");
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "again for more (FAKEWIX_LISTEN)"));
    ck_assert_ptr_null(strstr(buf_str(&text), "localhost:8420"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "[ask] (FAKEWIX_CONSENT)"));
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, defaults_are_these);
    tcase_add_test(tcase, values_follow_or_are_joined);
    tcase_add_test(tcase, tls_alone_listens_on_nothing_else);
    tcase_add_test(tcase, environment_does_the_same);
    tcase_add_test(tcase, arguments_rule_over_the_environment);
    suite_rows(tcase, mistake_is_one_sentence_with_the_fix, mistakes);
    tcase_add_test(tcase, mistake_in_the_environment_names_the_variable);
    tcase_add_test(tcase, help_has_every_option_and_its_variable);
    tcase_add_test(tcase, help_leaves_out_a_default_that_does_not_hold);
    return suite_run("options", tcase);
}
