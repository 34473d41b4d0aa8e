/* The library as a stranger uses it: nothing of the fake is known here but fakewix.h. */
#include <arpa/inet.h>
#include <check.h>
#include <fakewix.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1024, ANSWER_MAX_LEN = 16384 };

static fakewix *start(const fakewix_options *options)
{
    char *problem = NULL;
    fakewix *fake = fakewix_start(options, &problem);
    ck_assert_msg(fake != NULL, "%s", problem);
    return fake;
}

/* Connect to where http://127.0.0.1:PORT points. */
static int connect_to(const char *url)
{
    int port = 0;
    ck_assert_int_eq(sscanf(url, "http://127.0.0.1:%d", &port), 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Mint a token over HTTP; gives the status. */
static int mint(const fakewix_world *world)
{
    char body[LINE_MAX_LEN], text[2 * LINE_MAX_LEN], answer[ANSWER_MAX_LEN] = "";
    const char *path = strchr(world->url + strlen("http://"), '/');
    int len = snprintf(body, sizeof body,
                       "{\"grant_type\":\"client_credentials\",\"client_id\":\"%s\","
                       "\"client_secret\":\"%s\",\"instance_id\":\"%s\"}",
                       world->app_id, world->app_secret, world->instance_id);
    int size = snprintf(text, sizeof text,
                        "POST %s/oauth2/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        path ? path : "", len, body);
    int fd = connect_to(world->url);
    ck_assert_int_eq(send(fd, text, (size_t)size, MSG_NOSIGNAL), size);
    ck_assert_int_gt(recv(fd, answer, sizeof answer - 1, MSG_WAITALL), 0);
    close(fd);
    int status = 0;
    ck_assert_int_eq(sscanf(answer, "HTTP/1.1 %d", &status), 1);
    return status;
}

static void expect_mints(const fakewix_world *world, int count)
{
    char question[LINE_MAX_LEN];
    char *report = NULL;
    snprintf(question, sizeof question,
             "{\"expect\":[{\"route\":\"POST /oauth2/token\",\"count\":%d}]}", count);
    ck_assert_msg(fakewix_verify(world, question, &report), "%s: %s", world->name, report);
    free(report);
}

static char *ask(const fakewix_world *world, const char *path)
{
    char *answer = NULL;
    ck_assert_int_eq(fakewix_call(world, "GET", path, NULL, &answer), 200);
    return answer;
}

START_TEST(a_client_finds_the_fake)
{
    fakewix *fake = start(NULL);
    const fakewix_world *world = fakewix_default_world(fake);
    ck_assert_str_eq(world->name, "default");
    ck_assert_str_eq(world->url, fakewix_url(fake));
    ck_assert_int_eq(mint(world), 200);
    expect_mints(world, 1);
    fakewix_stop(fake);
}
END_TEST

START_TEST(options_are_taken)
{
    fakewix *fake = start(
        &(fakewix_options){.config = "{\"apps\":[{\"app_id\":\"mine\",\"app_secret\":\"s\"}]}",
                           .clock = "2030-01-01T00:00:00Z!",
                           .seed = 7,
                           .workers = 2});
    const fakewix_world *world = fakewix_default_world(fake);
    ck_assert_str_eq(world->app_id, "mine");
    ck_assert_str_eq(world->app_secret, "s");
    ck_assert_str_eq(world->instance_id, "");
    ck_assert(fakewix_advance(world, 90, NULL));
    char *clock = ask(world, "/clock");
    ck_assert_str_eq(clock, "{\"now\":\"2030-01-01T00:01:30.000Z\",\"now_ms\":1893456090000,"
                            "\"mode\":\"frozen\",\"rate\":1}");
    free(clock);
    fakewix_stop(fake);
}
END_TEST

static const struct {
    fakewix_options options;
    const char *sentence;
} bad_starts[] = {
    {{.config = "{"}, "JSON"},
    {{.config = "{\"aps\":[]}"}, "did you mean \"apps\"?"},
    {{.clock = "tomorrow"}, "2030-01-01T00:00:00Z"},
    {{.listen = "0.0.0.0:0"}, "can be reached by others"},
    {{.listen = "127.0.0.1:nowhere"}, "127.0.0.1:nowhere"},
    {{.state_file = "/nowhere/at/all"}, "/nowhere/at/all"},
};

START_TEST(a_bad_start_says_why)
{
    char *problem = NULL;
    ck_assert_ptr_null(fakewix_start(&bad_starts[_i].options, &problem));
    ck_assert_msg(problem && strstr(problem, bad_starts[_i].sentence), "%s", problem);
    free(problem);
    ck_assert_ptr_null(fakewix_start(&bad_starts[_i].options, NULL));
}
END_TEST

START_TEST(an_address_in_use_is_told)
{
    char *problem = NULL;
    fakewix *first = start(NULL);
    const char *address = fakewix_url(first) + strlen("http://");
    ck_assert_ptr_null(fakewix_start(&(fakewix_options){.listen = address}, &problem));
    ck_assert_msg(problem && strstr(problem, address), "%s", problem);
    free(problem);
    fakewix_stop(first);
}
END_TEST

START_TEST(several_fakes_live_side_by_side)
{
    enum { FAKES = 4 };
    fakewix *fakes[FAKES];
    for (int i = 0; i < FAKES; i++)
        fakes[i] = start(&(fakewix_options){.clock = "2030-01-01T00:00:00Z!", .workers = 2});
    for (int i = 0; i < FAKES; i++) {
        const fakewix_world *world = fakewix_default_world(fakes[i]);
        ck_assert(fakewix_advance(world, 3600 * i, NULL));
        for (int k = 0; k < i; k++)
            ck_assert_int_eq(mint(world), 200);
    }
    for (int i = 0; i < FAKES; i++) {
        char hour[32];
        snprintf(hour, sizeof hour, "2030-01-01T%02d:00", i);
        char *clock = ask(fakewix_default_world(fakes[i]), "/clock");
        ck_assert_msg(strstr(clock, hour) != NULL, "%s", clock);
        free(clock);
        expect_mints(fakewix_default_world(fakes[i]), i);
    }
    fakewix_stop(fakes[1]); /* one may go while others work */
    ck_assert_int_eq(mint(fakewix_default_world(fakes[2])), 200);
    fakewix_stop(fakes[0]);
    fakewix_stop(fakes[2]);
    fakewix_stop(fakes[3]);
}
END_TEST

START_TEST(worlds_come_and_go)
{
    char *problem = NULL;
    fakewix *fake = start(NULL);
    const fakewix_world *one = fakewix_world_new(fake, "{\"world\":\"one\"}", &problem);
    const fakewix_world *two = fakewix_world_new(fake, NULL, &problem);
    ck_assert_msg(one && two, "%s", problem);
    ck_assert_str_eq(one->name, "one");
    ck_assert_str_ne(one->app_id, two->app_id);
    ck_assert_int_eq(mint(one), 200);
    expect_mints(one, 1);
    expect_mints(two, 0);
    ck_assert_ptr_null(fakewix_world_new(fake, "{\"world\":\"one\"}", &problem));
    ck_assert_msg(problem && strstr(problem, "already"), "%s", problem);
    free(problem);
    fakewix_world_delete(one);
    fakewix_world_delete(NULL);
    fakewix_world_delete(fakewix_default_world(fake)); /* stays */
    one = fakewix_world_new(fake, "{\"world\":\"one\"}", NULL);
    ck_assert_ptr_nonnull(one);
    expect_mints(one, 0);
    fakewix_stop(fake); /* with two worlds that nobody deleted */
}
END_TEST

START_TEST(faults_are_armed_and_disarmed)
{
    static const char fault[] = "{\"on\":{\"route\":\"POST /oauth2/token\"},\"times\":-1,"
                                "\"do\":{\"fault\":\"status\",\"status\":503}}";
    char *problem = NULL;
    fakewix *fake = start(NULL);
    const fakewix_world *world = fakewix_default_world(fake);
    ck_assert(fakewix_arm(world, fault, &problem));
    ck_assert_int_eq(mint(world), 503);
    ck_assert(fakewix_disarm_all(world, &problem));
    ck_assert_int_eq(mint(world), 200);
    ck_assert_ptr_null(problem);
    ck_assert(!fakewix_arm(world, "{\"do\":{\"fault\":\"no-such\"}}", &problem));
    ck_assert_msg(problem && strstr(problem, "no-such"), "%s", problem);
    free(problem);
    fakewix_stop(fake);
}
END_TEST

START_TEST(what_was_not_so_is_told)
{
    char *report = NULL;
    fakewix *fake = start(NULL);
    const fakewix_world *world = fakewix_default_world(fake);
    ck_assert_int_eq(mint(world), 200);
    ck_assert(!fakewix_verify(
        world, "{\"expect\":[{\"route\":\"POST /oauth2/token\",\"count\":2}]}", &report));
    ck_assert_msg(strstr(report, "\"expected\":\"exactly 2\",\"seen\":1"), "%s", report);
    free(report);
    ck_assert(!fakewix_verify(world, "{\"hope\":[]}", &report));
    ck_assert_msg(strstr(report, "hope"), "%s", report);
    /* cppcheck-suppress doubleFree ; the call before gave another one */
    free(report);
    ck_assert(!fakewix_verify(world, "{", NULL));
    fakewix_stop(fake);
}
END_TEST

START_TEST(a_reset_and_a_call_that_fails)
{
    char *problem = NULL;
    fakewix *fake = start(NULL);
    const fakewix_world *world = fakewix_default_world(fake);
    ck_assert_int_eq(mint(world), 200);
    ck_assert(fakewix_reset(world, &problem));
    expect_mints(world, 0);
    ck_assert_int_eq(fakewix_call(world, "GET", "/nowhere", NULL, NULL), 404);
    ck_assert_int_eq(fakewix_call(world, "PUT", "/clock/advance", "{}", NULL), 405);
    ck_assert(!fakewix_advance(world, INT64_C(1) << 50, &problem));
    ck_assert_msg(problem && strstr(problem, "1970 to 9999"), "%s", problem);
    free(problem);
    fakewix_stop(fake);
    fakewix_stop(NULL);
}
END_TEST

START_TEST(state_outlives_the_fake)
{
    char file[] = "/tmp/fakewix-embed-XXXXXX";
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    close(fd);
    fakewix_options options = {.state_file = file, .clock = "2030-01-01T00:00:00Z!"};
    fakewix *fake = start(&options);
    ck_assert(fakewix_advance(fakewix_default_world(fake), 60, NULL));
    fakewix_stop(fake);
    fake = start(&options);
    char *clock = ask(fakewix_default_world(fake), "/clock");
    ck_assert_msg(strstr(clock, "00:01:00") != NULL, "%s", clock);
    free(clock);
    fakewix_stop(fake);
    unlink(file);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 12 };

struct tester {
    fakewix *fake;
    pthread_t thread;
    bool good;
};

/* A test of its own in a world of its own, in every thread at once. */
static void *test_in_a_world(void *context)
{
    struct tester *tester = context;
    tester->good = true;
    for (int i = 0; i < ROUNDS && tester->good; i++) {
        const fakewix_world *world = fakewix_world_new(tester->fake, NULL, NULL);
        tester->good = world && fakewix_advance(world, i, NULL) && mint(world) == 200 &&
                       mint(world) == 200 &&
                       fakewix_verify(world, "{\"expect\":[{\"status\":200,\"count\":2}]}", NULL);
        fakewix_world_delete(world);
    }
    return NULL;
}

START_TEST(every_thread_has_its_world)
{
    struct tester testers[THREADS];
    fakewix *fakes[] = {start(NULL), start(NULL)};
    for (int i = 0; i < THREADS; i++) {
        testers[i].fake = fakes[i % 2];
        pthread_create(&testers[i].thread, NULL, test_in_a_world, &testers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(testers[i].thread, NULL);
        ck_assert(testers[i].good);
    }
    fakewix_stop(fakes[0]);
    fakewix_stop(fakes[1]);
}
END_TEST

static volatile sig_atomic_t signals_seen;
static pthread_t main_thread;

static void on_signal(int number)
{
    (void)number;
    if (pthread_equal(pthread_self(), main_thread))
        signals_seen = signals_seen + 1;
}

START_TEST(signals_stay_with_the_program)
{
    main_thread = pthread_self();
    sigset_t before, now;
    struct sigaction action = {.sa_handler = on_signal}, old;
    sigaction(SIGUSR1, &action, &old);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    fakewix *fake = start(NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    ck_assert_int_eq(sigismember(&before, SIGUSR1), sigismember(&now, SIGUSR1));
    for (int i = 0; i < 20; i++)
        kill(getpid(), SIGUSR1);
    ck_assert_int_eq(signals_seen, 20);
    fakewix_stop(fake);
    sigaction(SIGUSR1, &old, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed");
    TCase *tcase = tcase_create("core");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_client_finds_the_fake);
    tcase_add_test(tcase, options_are_taken);
    tcase_add_loop_test(tcase, a_bad_start_says_why, 0, sizeof bad_starts / sizeof *bad_starts);
    tcase_add_test(tcase, an_address_in_use_is_told);
    tcase_add_test(tcase, several_fakes_live_side_by_side);
    tcase_add_test(tcase, worlds_come_and_go);
    tcase_add_test(tcase, faults_are_armed_and_disarmed);
    tcase_add_test(tcase, what_was_not_so_is_told);
    tcase_add_test(tcase, a_reset_and_a_call_that_fails);
    tcase_add_test(tcase, state_outlives_the_fake);
    tcase_add_test(tcase, every_thread_has_its_world);
    tcase_add_test(tcase, signals_stay_with_the_program);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
