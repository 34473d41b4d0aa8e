/* How each fault looks to a client, and that every wait ends with the client, the gate or the
 * server. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "listener_served.h"
#include "shared/mem.h"
#include "shared/now.h"

START_TEST(fault_looks_as_it_should)
{
    const struct fault_case *row = &served_faults[_i];
    OWNED(buf_free) struct buf request = {0};
    OWNED(buf_free) struct buf got = {0};
    bool stays = row->ending == ENDING_OPEN;
    buf_format(&request, "GET /fault/%d HTTP/1.1\r\n" HOST "\r\n", _i);
    if (stays)
        buf_text(&request, "GET /next HTTP/1.1\r\n" HOST CLOSE "\r\n");
    int64_t start_ms = now_steady_ms();
    enum ending ending = client_ask(served_port(), request.data, &got);
    ck_assert_int_ge(now_steady_ms() - start_ms, row->at_least_ms);
    ck_assert_msg(ending == (stays ? ENDING_CLOSE : row->ending), "%s: ending %d", row->name,
                  (int)ending);
    const char *body = buf_str(&got);
    if (row->head) {
        ck_assert_msg(strstr(body, row->head) != NULL, "%s: %s", row->name, body);
        body = strstr(body, "\r\n\r\n") + 4;
        if (row->delivery.interim_status)
            body = strstr(body, "\r\n\r\n") + 4;
    }
    ck_assert_msg(strncmp(body, row->rest, strlen(row->rest)) == 0, "%s: %s", row->name, body);
    const char *rest = body + strlen(row->rest);
    ck_assert_msg(stays ? strstr(rest, "GET /next ") != NULL : *rest == '\0', "%s: then %s",
                  row->name, rest);
}
END_TEST

static void wait_for_counts(const char *text)
{
    int64_t end_ms = now_steady_ms() + 2000;
    OWNED(buf_free) struct buf got = {0};
    while (!strstr(buf_str(&got), text) && now_steady_ms() < end_ms) {
        buf_clear(&got);
        client_ask(served_port(), "GET /counts HTTP/1.1\r\n" HOST CLOSE "\r\n", &got);
    }
    ck_assert_msg(strstr(got.data, text) != NULL, "%s, not %s", got.data, text);
}

/* In one test, since all of it counts in the listener's own process: a silent answer and an
 * endless stream end when the client goes, a held one when the gate opens. */
START_TEST(waits_end_with_the_client_or_the_gate)
{
    OWNED(buf_free) struct buf got = {0};
    int silent = client_connect("127.0.0.1", served_port());
    client_say(silent, "GET /silent HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(client_read(silent, &got, 120), ENDING_OPEN);
    ck_assert_uint_eq(got.len, 0);
    close(silent);
    wait_for_counts("sent=1 released=0.");

    int endless = client_connect("127.0.0.1", served_port());
    client_say(endless, "GET /stream/0 HTTP/1.1\r\n" HOST "\r\n");
    ck_assert(client_read_to(endless, &got, "part -9."));
    close(endless);
    wait_for_counts("sent=2 released=0.");

    buf_clear(&got);
    int gone = client_connect("127.0.0.1", served_port());
    int held = client_connect("127.0.0.1", served_port());
    client_say(gone, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    client_say(held, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(client_read(held, &got, 120), ENDING_OPEN);
    close(gone);
    wait_for_counts("sent=3 released=1.");
    OWNED(buf_free) struct buf opened = {0};
    client_ask(served_port(), "GET /open HTTP/1.1\r\n" HOST CLOSE "\r\n", &opened);
    ck_assert(client_read_to(held, &got, "\r\n\r\nheld"));
    wait_for_counts("sent=4 released=2.");
    close(held);
}
END_TEST

START_TEST(stream_is_framed_for_the_client)
{
    static const struct {
        const char *request;
        const char *body;
    } rows[] = {
        {"GET /stream/2 HTTP/1.1\r\n" HOST CLOSE "\r\n",
         "\r\n\r\n7\r\npart 2.\r\n7\r\npart 1.\r\n0\r\n\r\n"},
        {"GET /stream/2 HTTP/1.0\r\n\r\n", "\r\n\r\npart 2.part 1."},
    };
    OWNED(buf_free) struct buf got = {0};
    ck_assert_int_eq(client_ask(served_port(), rows[_i].request, &got), ENDING_CLOSE);
    ck_assert_str_eq(strstr(got.data, "\r\n\r\n"), rows[_i].body);
}
END_TEST

TCase *listener_fault_cases(void)
{
    TCase *tcase = tcase_create("faults");
    tcase_add_unchecked_fixture(tcase, served_start, served_stop);
    tcase_add_loop_test(tcase, fault_looks_as_it_should, 0, served_n_faults);
    tcase_add_test(tcase, waits_end_with_the_client_or_the_gate);
    tcase_add_loop_test(tcase, stream_is_framed_for_the_client, 0, 2);
    return tcase;
}
