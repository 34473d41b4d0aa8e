/* The journal as a stream of lines that goes on: what was there, what comes, and its end. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"
#include "served_fake.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

static void start(void)
{
    served_fake_start(8);
}

static int follow(const char *target)
{
    OWNED(mem_text_free) char *request = served_fake_request(target, "Connection: close\r\n", "");
    int fd = client_connect("127.0.0.1", served_fake_port());
    client_say(fd, request);
    return fd;
}

static void probe(const char *path)
{
    OWNED(mem_text_free) char *line = mem_format("GET %s", path);
    free(served_fake_get(line, NULL, 401, NULL));
}

START_TEST(what_comes_is_told)
{
    OWNED(buf_free) struct buf got = {0};
    probe("/conformance/probe?n=1");
    probe("/apps/v1/instance?n=2");
    int fd = follow("GET /_fakewix/journal?format=ndjson&follow=1&route=*%20/conformance/probe");
    ck_assert(client_read_to(fd, &got, "?n=1"));
    ck_assert_ptr_nonnull(strstr(buf_str(&got), "application/x-ndjson"));
    for (int i = 3; i < 6; i++) {
        OWNED(mem_text_free) char *path = mem_format("/conformance/probe?n=%d", i);
        OWNED(mem_text_free) char *mark = mem_format("?n=%d\"", i);
        ck_assert_ptr_null(strstr(buf_str(&got), mark));
        probe(path);
        ck_assert(client_read_to(fd, &got, mark));
    }
    ck_assert_ptr_null(strstr(buf_str(&got), "?n=2"));
    close(fd);
}
END_TEST

START_TEST(each_line_is_one_exchange)
{
    OWNED(buf_free) struct buf got = {0};
    int fd = follow("GET /_fakewix/journal?format=ndjson&follow=1&redact=1&since=1");
    probe("/apps/v1/instance?last");
    ck_assert(client_read_to(fd, &got, "/apps/v1/instance?last\""));
    const char *line = strstr(buf_str(&got), "/apps/v1/instance?last\"");
    ck_assert_ptr_nonnull(line);
    while (line > buf_str(&got) && line[-1] != '\n')
        line--;
    ck_assert_int_eq(strncmp(line, "{\"seq\":", 7), 0);
    close(fd);
}
END_TEST

/* Numbers begin again, and what comes is told all the same. */
START_TEST(stream_outlives_a_reset)
{
    OWNED(buf_free) struct buf got = {0};
    free(served_fake_get("POST /_fakewix/worlds", "{'world':'again'}", 201, NULL));
    for (int i = 0; i < 5; i++)
        probe("/w/again/conformance/probe?before");
    int fd = follow("GET /_fakewix/worlds/again/journal?format=ndjson&follow=1");
    ck_assert(client_read_to(fd, &got, "\"seq\":5,"));
    free(served_fake_get("POST /_fakewix/worlds/again/reset", NULL, 200, NULL));
    probe("/w/again/conformance/probe?after");
    ck_assert(client_read_to(fd, &got, "?after"));
    close(fd);
}
END_TEST

START_TEST(stream_ends_with_its_world)
{
    OWNED(buf_free) struct buf got = {0};
    free(served_fake_get("POST /_fakewix/worlds", "{'world':'brief'}", 201, NULL));
    int fd = follow("GET /_fakewix/worlds/brief/journal?format=ndjson&follow=1");
    probe("/w/brief/conformance/probe");
    ck_assert(client_read_to(fd, &got, "/conformance/probe"));
    free(served_fake_get("DELETE /_fakewix/worlds/brief", NULL, 204, NULL));
    ck_assert_int_eq(client_read(fd, &got, patience(5000)), ENDING_CLOSE);
    close(fd);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case_served(start, served_fake_stop);
    tcase_add_test(tcase, what_comes_is_told);
    tcase_add_test(tcase, each_line_is_one_exchange);
    tcase_add_test(tcase, stream_outlives_a_reset);
    tcase_add_test(tcase, stream_ends_with_its_world);
    return suite_run_served("stream", tcase);
}
