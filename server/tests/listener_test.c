/* The listener over real sockets: what it takes and what it refuses, slow clients, ways in. How
 * faults look is in listener_fault_test.c, start and stop in listener_start_test.c. */
#include <check.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener_served.h"
#include "patience.h"
#include "shared/mem.h"
#include "shared/now.h"

#define G "GET / HTTP/1.1\r\n" HOST
#define P "POST / HTTP/1.1\r\n" HOST
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    int status;
    const char *name;
    const char *request;
} request_cases[] = {
#define REQUEST(status, name, bytes) {status, name, bytes},
#include "listener_requests.def"
#undef REQUEST
};

START_TEST(request_is_taken_or_refused)
{
    OWNED(buf_free) struct buf sent = {0};
    OWNED(buf_free) struct buf got = {0};
    buf_text(&sent, request_cases[_i].request);
    for (size_t i = 0; i < sent.len; i++)
        if (sent.data[i] == '\1' && strstr(request_cases[_i].name, "NUL"))
            sent.data[i] = '\0';
    int fd = client_connect("127.0.0.1", served_port());
    client_send(fd, sent.data, sent.len);
    enum ending ending = client_read(fd, &got, patience(2000));
    close(fd);
    ck_assert_msg(served_status(&got) == request_cases[_i].status, "%s: %s", request_cases[_i].name,
                  buf_str(&got));
    ck_assert_msg(ending == ENDING_CLOSE, "%s: ending %d", request_cases[_i].name, (int)ending);
    ck_assert_ptr_nonnull(strstr(got.data, "Connection: close\r\n"));
}
END_TEST

START_TEST(target_and_headers_come_raw)
{
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_port(),
               "GET /a%2Fb//..\\c.?x=%00&y=?z HTTP/1.1\r\n" HOST CLOSE
               "X-Two: 1\r\nX-Two: 2  \r\n\r\n",
               &got);
    ck_assert_ptr_nonnull(strstr(got.data, "GET /a%2Fb//..\\c.?x=%00&y=?z entrance=0 secure=0 "));
    ck_assert_ptr_nonnull(strstr(got.data, "\nX-Two=1\nX-Two=2\n"));
}
END_TEST

START_TEST(request_to_a_proxy_names_its_host)
{
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_port(), "GET http://www.example.test:80/a?b HTTP/1.1\r\n" HOST "\r\n", &got);
    ck_assert_int_eq(served_status(&got), 200);
    ck_assert_ptr_nonnull(strstr(got.data, "GET /a?b "));
    ck_assert_ptr_nonnull(strstr(got.data, "\nHost=www.example.test:80\n"));
}
END_TEST

START_TEST(connection_serves_many_requests)
{
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_port());
    for (int i = 0; i < 20; i++) {
        buf_clear(&got);
        client_say(fd, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
        ck_assert(client_read_to(fd, &got, "\n\nhello"));
        ck_assert_ptr_nonnull(strstr(got.data, "Connection: keep-alive\r\nKeep-Alive: timeout="));
    }
    close(fd);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_port(),
               "GET /first HTTP/1.1\r\n" HOST "\r\n"
               "POST /second HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
               "POST /third HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nwxyz"
               "GET /fourth HTTP/1.1\r\n" HOST CLOSE "\r\n",
               &got);
    const char *at = got.data;
    static const char *const in_order[] = {"GET /first ",  "POST /second ", "\n\nabcde",
                                           "POST /third ", "\n\nwxyz",      "GET /fourth "};
    for (size_t i = 0; i < COUNT(in_order); i++) {
        at = strstr(at, in_order[i]);
        ck_assert_msg(at != NULL, "%s in %s", in_order[i], got.data);
    }
}
END_TEST

START_TEST(body_of_the_largest_size_is_taken)
{
    OWNED(buf_free) struct buf request = {0};
    OWNED(buf_free) struct buf got = {0};
    bool chunked = _i == 1;
    buf_format(&request, "POST / HTTP/1.1\r\n" HOST CLOSE);
    if (chunked)
        buf_text(&request, "Transfer-Encoding: chunked\r\n\r\n");
    else
        buf_format(&request, "Content-Length: %d\r\n\r\n", MAX_BODY);
    for (int i = 0; i < MAX_BODY / 16; i++)
        buf_text(&request, chunked ? "10\r\n0123456789abcdef\r\n" : "0123456789abcdef");
    if (chunked)
        buf_text(&request, "0\r\n\r\n");
    client_ask(served_port(), request.data, &got);
    ck_assert_int_eq(served_status(&got), 200);
    ck_assert_ptr_nonnull(strstr(got.data, "len=65536"));
    ck_assert_str_eq(got.data + got.len - 16, "0123456789abcdef");
}
END_TEST

/* The client goes on sending; the answer must reach it all the same. */
START_TEST(body_beyond_the_limit_is_refused_readably)
{
    OWNED(buf_free) struct buf request = {0};
    OWNED(buf_free) struct buf got = {0};
    buf_text(&request, "POST / HTTP/1.1\r\n" HOST "Content-Length: 2000000\r\n\r\n");
    for (int i = 0; i < 2000000 / 16; i++)
        buf_text(&request, "0123456789abcdef");
    ck_assert_int_eq(client_ask(served_port(), request.data, &got), ENDING_CLOSE);
    ck_assert_int_eq(served_status(&got), 413);
    ck_assert_ptr_nonnull(strstr(got.data, "{\"message\":"));
    ck_assert_ptr_nonnull(strstr(got.data, "\"data\":{}}}}"));
    ck_assert_ptr_nonnull(strstr(got.data, "\r\nX-Wix-Request-Id: "));
}
END_TEST

START_TEST(head_beyond_the_limit_is_refused)
{
    OWNED(buf_free) struct buf request = {0};
    OWNED(buf_free) struct buf got = {0};
    buf_text(&request, _i == 0 ? "GET /" : "GET / HTTP/1.1\r\n" HOST "X: ");
    for (int i = 0; _i < 2 && i < 200000; i++)
        buf_char(&request, 'x');
    if (_i == 0)
        buf_text(&request, " HTTP/1.1\r\n" HOST);
    for (int i = 0; _i == 2 && i < 70; i++)
        buf_format(&request, "1\r\nX-%d: ", i);
    buf_text(&request, "\r\n\r\n");
    ck_assert_int_eq(client_ask(served_port(), request.data, &got), ENDING_CLOSE);
    ck_assert_int_eq(served_status(&got), 431);
}
END_TEST

START_TEST(client_that_waits_is_told_to_go_on)
{
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_port());
    client_say(fd,
               "PUT / HTTP/1.1\r\n" HOST CLOSE "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ck_assert(client_read_to(fd, &got, "HTTP/1.1 100 Continue\r\n\r\n"));
    client_say(fd, "hello");
    ck_assert(client_read_to(fd, &got, "\n\nhello"));
    close(fd);
}
END_TEST

START_TEST(head_has_no_body)
{
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_port(), "HEAD / HTTP/1.1\r\n" HOST CLOSE "\r\n", &got);
    ck_assert_int_eq(served_status(&got), 200);
    ck_assert_ptr_nonnull(strstr(got.data, "Content-Length: "));
    ck_assert_ptr_null(strstr(got.data, "Content-Length: 0"));
    ck_assert_str_eq(strstr(got.data, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

START_TEST(no_content_has_no_length)
{
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_port(), "GET /204 HTTP/1.1\r\n" HOST CLOSE "\r\n", &got);
    ck_assert_int_eq(served_status(&got), 204);
    ck_assert_ptr_null(strstr(got.data, "Content-Length"));
}
END_TEST

START_TEST(large_answer_comes_whole)
{
    OWNED(buf_free) struct buf got = {.max = 8000000};
    client_ask(served_port(), "GET /big/3000000 HTTP/1.1\r\n" HOST CLOSE "\r\n", &got);
    ck_assert_ptr_nonnull(strstr(got.data, "Content-Length: 3000000\r\n"));
    ck_assert_uint_eq(strlen(strstr(got.data, "\r\n\r\n") + 4), 3000000);
}
END_TEST

START_TEST(handler_has_a_deep_stack)
{
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_port(), "GET /deep HTTP/1.1\r\n" HOST CLOSE "\r\n", &got);
    ck_assert_ptr_nonnull(strstr(buf_str(&got), "\r\n\r\ndeep"));
}
END_TEST

/* Parts in writes of their own take 40 ms with Nagle's algorithm; a busy machine makes some answers
 * slow, not most. */
START_TEST(answers_do_not_wait_for_acknowledgements)
{
    enum { N = 20, SLOW_MS = 38 };
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_port());
    int n_slow = 0;
    for (int i = 0; i < N; i++) {
        int64_t start_ms = now_steady_ms();
        buf_clear(&got);
        client_say(fd, "GET /stream/3 HTTP/1.1\r\n" HOST "\r\n");
        ck_assert(client_read_to(fd, &got, "\r\n0\r\n\r\n"));
        n_slow += now_steady_ms() - start_ms >= patience(SLOW_MS);
    }
    ck_assert_int_lt(n_slow, N / 2);
    close(fd);
}
END_TEST

/* ---- time ---- */

/* A byte every 20 ms never stops coming: only the deadline for the whole ends it. */
START_TEST(request_that_drips_is_cut_off)
{
    static const char *const starts[] = {
        P "Content-Length: 1000\r\n\r\n",
        P CHUNKED "3e8\r\n",
        "GET / HTTP/1.1\r\nX: ",
    };
    enum { N = COUNT(starts) };
    int fds[N];
    struct buf got[N] = {{0}};
    int64_t start_ms = now_steady_ms();
    for (size_t i = 0; i < N; i++) {
        fds[i] = client_connect("127.0.0.1", served_port());
        client_say(fds[i], starts[i]);
    }
    for (size_t open = N; open && now_steady_ms() - start_ms < patience(3000);) {
        open = 0;
        for (size_t i = 0; i < N; i++)
            if (client_read(fds[i], &got[i], 7) == ENDING_OPEN) {
                client_say(fds[i], "x");
                open++;
            }
    }
    int64_t took_ms = now_steady_ms() - start_ms;
    ck_assert_int_ge(took_ms, REQUEST_MS - 50);
    ck_assert_int_lt(took_ms, patience(3 * REQUEST_MS));
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(served_status(&got[i]), 408);
        buf_free(&got[i]);
        close(fds[i]);
    }
}
END_TEST

START_TEST(body_that_ends_early_is_refused)
{
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_port());
    client_say(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 30\r\n\r\nshort");
    shutdown(fd, SHUT_WR);
    ck_assert_int_eq(client_read(fd, &got, patience(2000)), ENDING_CLOSE);
    close(fd);
    ck_assert_int_eq(served_status(&got), 400);
}
END_TEST

START_TEST(idle_connection_is_closed_without_a_word)
{
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_port());
    client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    ck_assert(client_read_to(fd, &got, "\n\n"));
    size_t len = got.len;
    int64_t start_ms = now_steady_ms();
    ck_assert_int_eq(client_read(fd, &got, patience(2000)), ENDING_CLOSE);
    ck_assert_int_ge(now_steady_ms() - start_ms, IDLE_MS - 50);
    ck_assert_uint_eq(got.len, len);
    close(fd);
}
END_TEST

/* ---- ways in ---- */

START_TEST(every_way_in_is_told_apart)
{
    OWNED(mem_text_free) char *unix_host = mem_format("unix:%s", served_socket());
    const struct {
        const char *host;
        const char *says;
    } ways[] = {
        {"127.0.0.1", "entrance=0"},
        {"::1", "entrance=0"},
        {unix_host, "entrance=2"},
    };
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect(ways[_i].host, served_port());
    client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_msg(client_read_to(fd, &got, ways[_i].says), "%s", buf_str(&got));
    close(fd);
}
END_TEST

START_TEST(tls_is_served)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    char text[2048] = "";
    int fd = client_connect(_i == 0 ? "127.0.0.1" : "::1", served_tls_port());
    SSL_set_fd(ssl, fd);
    ck_assert_int_eq(SSL_connect(ssl), 1);
    static const char ask[] = "POST / HTTP/1.1\r\n" HOST CLOSE "Content-Length: 5\r\n\r\n";
    SSL_write(ssl, ask, sizeof(ask) - 1);
    SSL_write(ssl, "hello", 5); /* a record of its own */
    for (int n, at = 0; (n = SSL_read(ssl, text + at, (int)sizeof(text) - 1 - at)) > 0;)
        at += n;
    ck_assert_msg(strstr(text, "secure=1") && strstr(text, "\n\nhello"), "%s", text);
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
}
END_TEST

START_TEST(many_connections_at_once)
{
    enum { N = WORKERS - 4, ROUNDS = 10 };
    int fds[N];
    for (int i = 0; i < N; i++)
        fds[i] = client_connect(i % 2 ? "127.0.0.1" : "::1", served_port());
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < N; i++)
            client_say(fds[i], "GET /counts HTTP/1.1\r\n" HOST "\r\n");
        for (int i = 0; i < N; i++) {
            OWNED(buf_free) struct buf got = {0};
            ck_assert(client_read_to(fds[i], &got, "released="));
            ck_assert(client_read_to(fds[i], &got, "."));
        }
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
}
END_TEST

static TCase *requests_and_answers(void)
{
    TCase *tcase = tcase_create("requests and answers");
    tcase_add_unchecked_fixture(tcase, served_start, served_stop);
    tcase_add_loop_test(tcase, request_is_taken_or_refused, 0, (int)COUNT(request_cases));
    tcase_add_test(tcase, target_and_headers_come_raw);
    tcase_add_test(tcase, request_to_a_proxy_names_its_host);
    tcase_add_test(tcase, connection_serves_many_requests);
    tcase_add_test(tcase, pipelined_requests_are_answered_in_order);
    tcase_add_loop_test(tcase, body_of_the_largest_size_is_taken, 0, 2);
    tcase_add_test(tcase, body_beyond_the_limit_is_refused_readably);
    tcase_add_loop_test(tcase, head_beyond_the_limit_is_refused, 0, 3);
    tcase_add_test(tcase, client_that_waits_is_told_to_go_on);
    tcase_add_test(tcase, head_has_no_body);
    tcase_add_test(tcase, no_content_has_no_length);
    tcase_add_test(tcase, large_answer_comes_whole);
    tcase_add_test(tcase, handler_has_a_deep_stack);
    tcase_add_test(tcase, answers_do_not_wait_for_acknowledgements);
    tcase_add_test(tcase, request_that_drips_is_cut_off);
    tcase_add_test(tcase, body_that_ends_early_is_refused);
    tcase_add_test(tcase, idle_connection_is_closed_without_a_word);
    tcase_add_loop_test(tcase, every_way_in_is_told_apart, 0, 3);
    tcase_add_loop_test(tcase, tls_is_served, 0, 2);
    tcase_add_test(tcase, many_connections_at_once);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("listener");
    /* First: these start threads of their own, which a child of a threaded parent must not. */
    suite_add_tcase(suite, listener_start_cases());
    suite_add_tcase(suite, requests_and_answers());
    suite_add_tcase(suite, listener_fault_cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
