/* Children that hang, flood, fork, close what they should not, and die: the judge ends in bounded
 * time, knows what happened, and leaves nothing behind. */
#include "host/process.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "host/orphans.h"
#include "shared/now.h"
#include "shared/text.h"
#include "tests/suite.h"

static struct process_result try(const char *command, int timeout_ms)
{
    OWNED(process_env_free) struct process_env env = {0};
    process_env_inherit(&env);
    process_env_set(&env, "GREETING", "good day");
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct process_spec spec = {.argv = argv, .env = &env, .mark = "GREETING=good day"};
    struct process process = {0};
    struct process_result result = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(process_start(&spec, &process, &err), "%s", err.text);
    process_finish(&process, now_steady_ms() + timeout_ms, 50, -1, &result);
    return result;
}

static const struct {
    const char *command;
    enum process_end end;
    int status;
    const char *out;
} cases[] = {
    {"exit 0", PROCESS_EXITED, 0, ""},
    {"exit 77", PROCESS_EXITED, 77, ""},
    {"echo \"$GREETING\"; exit 1", PROCESS_EXITED, 1, "good day\n"},
    {"kill -11 $$", PROCESS_SIGNALLED, SIGSEGV, ""},
    {"echo a; exec 1>&- 2>&-; exit 3", PROCESS_EXITED, 3, "a\n"},
    {"kill -9 0", PROCESS_SIGNALLED, SIGKILL, ""},
    {"echo x; cat", PROCESS_EXITED, 0, "x\n"}, /* stdin is empty */
    {"trap '' TERM INT; while :; do sleep 1; done", PROCESS_TIMED_OUT, SIGKILL, ""},
    {"(sleep 100 & echo left)", PROCESS_EXITED, 0, "left\n"},
    {"no-such-program-anywhere 2>&-", PROCESS_EXITED, 127, ""},
};

START_TEST(a_child_ends_and_we_know_how)
{
    int64_t started_ms = now_steady_ms();
    bool hangs = cases[_i].end == PROCESS_TIMED_OUT;
    OWNED(process_result_free)
    struct process_result result = try(cases[_i].command, hangs ? 200 : 10000);
    ck_assert_int_eq(result.end, cases[_i].end);
    ck_assert_int_eq(result.status, cases[_i].status);
    ck_assert_str_eq(buf_str(&result.out.text), cases[_i].out);
    ck_assert_int_lt(now_steady_ms() - started_ms, 5000);
}
END_TEST

/* A dead child that nobody has waited for counts as dead. */
static bool is_alive(int64_t pid)
{
    OWNED(mem_text_free) char *path = mem_format("/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    char state = 'Z';
    bool read = fscanf(file, "%*d %*s %c", &state) == 1;
    fclose(file);
    return read && state != 'Z';
}

START_TEST(what_is_left_behind_is_ended)
{
    OWNED(process_result_free)
    struct process_result result = try("sleep 1000 >/dev/null 2>&1 & echo $!", 10000);
    ck_assert(result.left_children);
    int64_t pid = 0;
    OWNED(mem_text_free) char *text = mem_text_n(result.out.text.data, result.out.text.len - 1);
    ck_assert(text_parse_int(text, 2, INT32_MAX, &pid));
    int64_t deadline_ms = now_steady_ms() + 5000;
    while (is_alive(pid) && now_steady_ms() < deadline_ms)
        poll(NULL, 0, 1); /* a signal takes its moment */
    ck_assert(!is_alive(pid));
}
END_TEST

static int64_t number_in(const struct process_result *result)
{
    int64_t pid = 0;
    OWNED(mem_text_free)
    char *text = mem_text_n(result->out.text.data, strcspn(result->out.text.data, "\n"));
    ck_assert_msg(text_parse_int(text, 2, INT32_MAX, &pid), "%s", text);
    return pid;
}

/* The child goes when the runaway has said that it runs. */
#define ONCE_TOLD "sleep 10 & wait"
#define TELL "kill -USR1 $0; "

/* They make a session of their own, so that their group's end is not theirs. */
static const char *const runaways[] = {
    "setsid sleep 1000 >/dev/null 2>&1 & echo $!; sleep 0.1",
    "trap 'exit 0' USR1; setsid -f sh -c 'echo $$; " TELL
    "exec sleep 1000 >/dev/null 2>&1' $$; " ONCE_TOLD,
    "trap 'exit 0' USR1; setsid -f sh -c 'echo $$; trap \"\" TERM HUP; " TELL
    "while :; do sleep 1; done' $$ 2>/dev/null; " ONCE_TOLD,
    "trap 'kill -9 0' USR1; setsid -f sh -c 'echo $$; setsid -f sleep 999; " TELL
    "exec sleep 1000' $$ 2>/dev/null; " ONCE_TOLD,
};

START_TEST(who_ran_away_is_ended)
{
    orphans_adopt();
    int64_t started_ms = now_steady_ms();
    OWNED(process_result_free) struct process_result result = try(runaways[_i], 10000);
    int64_t pid = number_in(&result);
    ck_assert(!is_alive(pid));
    ck_assert(!orphans_exist(NULL));
    ck_assert_int_lt(now_steady_ms() - started_ms, 5000);
}
END_TEST

START_TEST(who_changed_its_environment_is_ended_with_the_run)
{
    orphans_adopt();
    OWNED(process_result_free)
    struct process_result result = try("trap 'exit 0' USR1; setsid -f env -i sh -c 'echo $$; " TELL
                                       "exec sleep 1000' $$ 2>/dev/null; " ONCE_TOLD,
                                       10000);
    int64_t pid = number_in(&result);
    ck_assert(is_alive(pid));
    ck_assert(orphans_exist(NULL));
    ck_assert_uint_ge(orphans_end(NULL), 1);
    ck_assert(!is_alive(pid));
}
END_TEST

START_TEST(a_child_of_ours_is_no_orphan)
{
    orphans_adopt();
    OWNED(process_env_free) struct process_env env = {0};
    process_env_inherit(&env);
    const char *const argv[] = {"/bin/sh", "-c", "exec sleep 100", NULL};
    struct process_spec spec = {.argv = argv, .env = &env};
    struct process process = {0};
    ck_assert(process_start(&spec, &process, NULL));
    ck_assert(!orphans_exist(NULL));
    ck_assert_uint_eq(orphans_end(NULL), 0);
    ck_assert(is_alive(process.pid));
    process_stop(&process, 2000);
}
END_TEST

START_TEST(what_is_said_to_a_child_is_bounded_too)
{
    OWNED(process_env_free) struct process_env env = {0};
    process_env_inherit(&env);
    const char *const argv[] = {"/bin/sh", "-c", "read -r line; echo \"$line!\"; exec sleep 100",
                                NULL};
    struct process_spec spec = {.argv = argv, .env = &env, .talk = true, .feed = true};
    struct process process = {0};
    ck_assert(process_start(&spec, &process, NULL));
    ck_assert(process_write(&process, "hello\n", now_steady_ms() + 5000));
    OWNED(buf_free) struct buf line = {0};
    ck_assert(process_read_line(&process, now_steady_ms() + 5000, -1, &line));
    ck_assert_str_eq(buf_str(&line), "hello!");
    char *much = mem_new(1000001, 1);
    for (size_t i = 0; i < 1000000; i++)
        much[i] = 'x';
    int64_t started_ms = now_steady_ms();
    ck_assert(!process_write(&process, much, now_steady_ms() + 50));
    ck_assert_int_lt(now_steady_ms() - started_ms, 2000);
    free(much);
    process_stop(&process, 2000);
}
END_TEST

START_TEST(a_flood_is_bounded)
{
    OWNED(process_result_free)
    struct process_result result =
        try("head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end >&2", 10000);
    ck_assert_int_eq(result.end, PROCESS_EXITED);
    ck_assert_uint_eq(result.out.text.len, PROCESS_OUTPUT_MAX);
    ck_assert_uint_eq(result.out.n_bytes, 20000001);
    ck_assert_str_eq(buf_str(&result.err.text), "end\n");
}
END_TEST

/* A child begins with the peak of who started it, which is then no measure of the child. */
START_TEST(memory_is_told_apart_from_ours)
{
    enum { OURS_MB = 64, KB_PER_MB = 1024 };
    OWNED(mem_text_free) char *ours = mem_new(OURS_MB * KB_PER_MB, KB_PER_MB);
    for (size_t i = 0; i < (size_t)OURS_MB * KB_PER_MB * KB_PER_MB; i += KB_PER_MB)
        *(volatile char *)&ours[i] = 1;
    OWNED(process_result_free) struct process_result small = try("exit 0", 10000);
    ck_assert_int_gt(small.rss_floor_kb, OURS_MB * KB_PER_MB);
    ck_assert_int_le(small.max_rss_kb, small.rss_floor_kb);
    OWNED(mem_text_free)
    char *greedy = mem_format("dd if=/dev/zero of=/dev/null count=1 bs=%lldK 2>/dev/null",
                              (long long)small.rss_floor_kb + OURS_MB * KB_PER_MB);
    OWNED(process_result_free) struct process_result large = try(greedy, 10000);
    ck_assert_int_eq(large.status, 0);
    ck_assert_int_gt(large.max_rss_kb, large.rss_floor_kb);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_a_sentence)
{
    OWNED(process_env_free) struct process_env env = {0};
    process_env_inherit(&env);
    const char *const argv[] = {"/no/such/program", NULL};
    struct process_spec spec = {.argv = argv, .env = &env};
    struct process process = {0};
    OWNED(err_free) struct err err = {0};
    ck_assert(!process_start(&spec, &process, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/no/such/program could not be started"));
}
END_TEST

START_TEST(an_environment_is_changed_not_doubled)
{
    OWNED(process_env_free) struct process_env env = {0};
    process_env_set(&env, "A", "1");
    process_env_set(&env, "AB", "2");
    process_env_set(&env, "A", "3");
    ck_assert_uint_eq(env.n, 2);
    process_env_unset(&env, "A");
    ck_assert_uint_eq(env.n, 1);
    ck_assert_str_eq(env.list[0], "AB=2");
    process_env_unset_prefix(&env, "A");
    ck_assert_uint_eq(env.n, 0);
    ck_assert_ptr_null(env.list[0]);
}
END_TEST

START_TEST(a_line_is_read_or_not)
{
    OWNED(process_env_free) struct process_env env = {0};
    process_env_inherit(&env);
    const char *const argv[] = {"/bin/sh", "-c", "echo first; echo second; exec sleep 100", NULL};
    struct process_spec spec = {.argv = argv, .env = &env, .talk = true};
    struct process process = {0};
    ck_assert(process_start(&spec, &process, NULL));
    OWNED(buf_free) struct buf line = {0};
    ck_assert(process_read_line(&process, now_steady_ms() + 5000, -1, &line));
    ck_assert_str_eq(buf_str(&line), "first");
    buf_clear(&line);
    ck_assert(process_read_line(&process, now_steady_ms() + 5000, -1, &line));
    ck_assert(!process_read_line(&process, now_steady_ms() + 20, -1, &line));
    process_stop(&process, 2000);
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("process", &tests);
    tcase_add_loop_test(tests, a_child_ends_and_we_know_how, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tests, what_is_left_behind_is_ended);
    tcase_add_loop_test(tests, who_ran_away_is_ended, 0, sizeof runaways / sizeof *runaways);
    tcase_add_test(tests, who_changed_its_environment_is_ended_with_the_run);
    tcase_add_test(tests, a_child_of_ours_is_no_orphan);
    tcase_add_test(tests, what_is_said_to_a_child_is_bounded_too);
    tcase_add_test(tests, a_flood_is_bounded);
    tcase_add_test(tests, memory_is_told_apart_from_ours);
    tcase_add_test(tests, a_program_that_is_not_there_is_a_sentence);
    tcase_add_test(tests, an_environment_is_changed_not_doubled);
    tcase_add_test(tests, a_line_is_read_or_not);
    return suite_run(suite);
}
