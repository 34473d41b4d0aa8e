/* Addresses, and stopping: each test has a listener of its own. */
#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "listener_served.h"
#include "patience.h"
#include "shared/mem.h"
#include "shared/now.h"

static struct listener *start_with(int workers, const char *address, struct err *err)
{
    struct listener_config config = served_config(&address, 1);
    config.workers = workers;
    config.world = "w1";
    return listener_start(&config, err);
}

static struct listener *start_on(const char *address, struct err *err)
{
    return start_with(4, address, err);
}

static int count_threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    while (readdir(tasks) != NULL)
        n++;
    closedir(tasks);
    return n;
}

static const struct {
    const char *address;
    const char *says;
} impossible[] = {
    {"", "HOST:PORT or unix:PATH"},
    {"65536", "HOST:PORT or unix:PATH"},
    {"-1", "HOST:PORT or unix:PATH"},
    {"84x", "HOST:PORT or unix:PATH"},
    {"localhost:", "HOST:PORT or unix:PATH"},
    {"localhost:65536", "HOST:PORT or unix:PATH"},
    {"localhost:-1", "HOST:PORT or unix:PATH"},
    {"example.com:80", "the host is localhost"},
    {"256.0.0.1:80", "the host is localhost"},
    {"::1:80", "the host is localhost"},
    {"[::1:80", "the host is localhost"},
    {"192.0.2.1:0", "this machine has no such"},
    {"unix:", "not a socket path"},
    {"unix:/nowhere/a/b", "No such file"},
    {"unix:/", "there is a file of that name"},
};

START_TEST(address_that_cannot_be_is_explained)
{
    OWNED(err_free) struct err err = {0};
    ck_assert_ptr_null(start_on(impossible[_i].address, &err));
    ck_assert_msg(strstr(err.text, impossible[_i].says) != NULL, "%s", err.text);
}
END_TEST

START_TEST(port_in_use_is_explained)
{
    OWNED(err_free) struct err err = {0};
    struct listener *first = start_on("127.0.0.1:0", &err);
    ck_assert_ptr_nonnull(first);
    OWNED(mem_text_free) char *same = mem_format("localhost:%d", listener_port(first, false));
    ck_assert_ptr_null(start_on(same, &err));
    ck_assert_ptr_nonnull(strstr(err.text, same));
    ck_assert_ptr_nonnull(strstr(err.text, "another program has that port"));
    listener_stop(first, 0);
}
END_TEST

START_TEST(free_port_is_one_port_in_both_families)
{
    OWNED(err_free) struct err err = {0};
    for (int i = 0; i < 8; i++) {
        struct listener *listener = start_on("localhost:0", &err);
        ck_assert_msg(listener != NULL, "%s", err.text);
        int number = listener_port(listener, false);
        OWNED(mem_text_free) char *url = mem_format("http://127.0.0.1:%d", number);
        ck_assert_str_eq(listener_url(listener, false), url);
        ck_assert_ptr_null(listener_url(listener, true));
        close(client_connect("127.0.0.1", number));
        close(client_connect("::1", number));
        listener_stop(listener, 0);
    }
}
END_TEST

START_TEST(url_and_entrance_follow_the_address)
{
    static const struct {
        const char *address;
        const char *url;
        const char *host;
        const char *says;
    } rows[] = {
        {"127.0.0.1:0", "http://127.0.0.1:%d", "127.0.0.1", "entrance=0 secure=0 world=w1"},
        {"[::1]:0", "http://[::1]:%d", "::1", "entrance=0 secure=0 world=w1"},
        {"0.0.0.0:0", "http://127.0.0.1:%d", "127.0.0.1", "entrance=1 secure=0 world=w1"},
        {"[::]:0", "http://[::1]:%d", "::1", "entrance=1 secure=0 world=w1"},
    };
    OWNED(err_free) struct err err = {0};
    OWNED(buf_free) struct buf got = {0};
    struct listener *listener = start_on(rows[_i].address, &err);
    ck_assert_msg(listener != NULL, "%s", err.text);
    char url[64];
    int number = listener_port(listener, false);
    snprintf(url, sizeof(url), _i % 2 ? "http://[::1]:%d" : "http://127.0.0.1:%d", number);
    ck_assert_str_eq(listener_url(listener, false), url);
    int fd = client_connect(rows[_i].host, number);
    client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_msg(client_read_to(fd, &got, rows[_i].says), "%s", buf_str(&got));
    close(fd);
    listener_stop(listener, 100);
}
END_TEST

START_TEST(stale_socket_file_is_replaced_and_a_live_one_not)
{
    OWNED(err_free) struct err err = {0};
    OWNED(mem_text_free) char *path = served_temp_path("stale");
    OWNED(mem_text_free) char *address = mem_format("unix:%s", path);
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    memcpy(local.sun_path, path, strlen(path));
    int left_over = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(left_over, (const struct sockaddr *)&local, sizeof(local)), 0);
    close(left_over);
    struct listener *listener = start_on(address, &err);
    ck_assert_msg(listener != NULL, "%s", err.text);
    ck_assert_str_eq(listener_url(listener, false), address);
    ck_assert_ptr_null(start_on(address, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "another program listens there"));
    close(client_connect(address, 0));
    listener_stop(listener, 0);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static int64_t stop_beside_idle_ones(void)
{
    OWNED(err_free) struct err err = {0};
    OWNED(buf_free) struct buf got = {0};
    struct listener *listener = start_on("127.0.0.1:0", &err);
    int number = listener_port(listener, false);
    int fresh = client_connect("127.0.0.1", number);
    int idle = client_connect("127.0.0.1", number);
    client_say(idle, "GET / HTTP/1.1\r\n" HOST "\r\n");
    ck_assert(client_read_to(idle, &got, "\n\n"));
    int64_t start_ms = now_steady_ms();
    listener_stop(listener, patience(2000));
    int64_t took_ms = now_steady_ms() - start_ms;
    ck_assert_int_eq(client_read(idle, &got, patience(500)), ENDING_CLOSE);
    close(idle);
    close(fresh);
    return took_ms;
}

/* A busy machine makes some stops slow, not all of them. */
START_TEST(stop_is_quick_beside_idle_connections)
{
    int64_t shortest_ms = INT64_MAX;
    for (int i = 0; i < 5 && shortest_ms >= patience(300); i++) {
        int64_t took_ms = stop_beside_idle_ones();
        ck_assert_int_lt(took_ms, patience(1500)); /* and not the grace */
        shortest_ms = took_ms < shortest_ms ? took_ms : shortest_ms;
    }
    ck_assert_int_lt(shortest_ms, patience(300));
}
END_TEST

/* What is being answered comes out whole within the grace; past it the wait ends. */
START_TEST(stop_finishes_what_is_in_flight)
{
    static const struct {
        const char *target;
        int grace_ms;
        const char *says;
    } rows[] = {
        {"/slow", 2000, "late"},         {"/slow", 0, ""},
        {"/silent", 2000, ""},           {"/hold", 2000, ""},
        {"/stream/0", 2000, "part -1."},
    };
    OWNED(err_free) struct err err = {0};
    OWNED(buf_free) struct buf got = {0};
    struct listener *listener = start_on("127.0.0.1:0", &err);
    int fd = client_connect("127.0.0.1", listener_port(listener, false));
    OWNED(mem_text_free) char *ask = mem_format("GET %s HTTP/1.1\r\n" HOST "\r\n", rows[_i].target);
    int before = served_asked();
    client_say(fd, ask);
    if (rows[_i].says[0] == 'p')
        ck_assert(client_read_to(fd, &got, rows[_i].says));
    while (served_asked() == before)
        poll(NULL, 0, 1); /* then it is in flight */
    int64_t start_ms = now_steady_ms();
    listener_stop(listener, patience(rows[_i].grace_ms));
    ck_assert_int_lt(now_steady_ms() - start_ms, patience(1500)); /* and not the grace */
    ck_assert_int_ne(client_read(fd, &got, patience(500)), ENDING_OPEN);
    ck_assert_ptr_nonnull(strstr(buf_str(&got), rows[_i].says));
    close(fd);
}
END_TEST

/* Each waits for its answer in a thread of its own, the last of them all the same. */
START_TEST(threads_begin_as_clients_come)
{
    enum { N = 64, BEGIN_WITH = 4, OF_THE_LISTENER = 2 };
    OWNED(err_free) struct err err = {0};
    int n_before = count_threads();
    struct listener *listener = start_with(N, "127.0.0.1:0", &err);
    int number = listener_port(listener, false);
    ck_assert_int_le(count_threads(), n_before + BEGIN_WITH + OF_THE_LISTENER);
    int held[N - 1];
    for (int i = 0; i < N - 1; i++) {
        held[i] = client_connect("127.0.0.1", number);
        client_say(held[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    }
    OWNED(buf_free) struct buf got = {0};
    client_ask(number, "GET /open HTTP/1.1\r\n" HOST CLOSE "\r\n", &got);
    for (int i = 0; i < N - 1; i++) {
        buf_clear(&got);
        ck_assert(client_read_to(held[i], &got, "held"));
        close(held[i]);
    }
    int n_after = count_threads();
    ck_assert_int_ge(n_after, n_before + N);
    ck_assert_int_le(n_after, n_before + N + OF_THE_LISTENER);
    listener_stop(listener, 0);
}
END_TEST

TCase *listener_start_cases(void)
{
    TCase *tcase = tcase_create("start and stop");
    tcase_add_loop_test(tcase, address_that_cannot_be_is_explained, 0, (int)COUNT(impossible));
    tcase_add_test(tcase, port_in_use_is_explained);
    tcase_add_test(tcase, free_port_is_one_port_in_both_families);
    tcase_add_loop_test(tcase, url_and_entrance_follow_the_address, 0, 4);
    tcase_add_test(tcase, stale_socket_file_is_replaced_and_a_live_one_not);
    tcase_add_test(tcase, stop_is_quick_beside_idle_connections);
    tcase_add_loop_test(tcase, stop_finishes_what_is_in_flight, 0, 5);
    tcase_add_test(tcase, threads_begin_as_clients_come);
    return tcase;
}
