/* Faults of the wire from end to end: armed over the control plane, seen on a raw socket, and what
 * they leave in the store. Each row spends a fresh code; whether it was spent tells whether the
 * fault came before the commit or after it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"
#include "served_fake.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "suite.h"

static void start(void)
{
    served_fake_start(32);
}

#define EXCHANGE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"

static void fresh_code(void)
{
    OWNED(mem_text_free)
    char *code = served_fake_get("POST /_fakewix/installs", "{'app_id':'$APP','site_id':'$SITE'}",
                                 201, "code");
    served_fake_keep("CODE", code);
}

static void arm(const char *rule)
{
    OWNED(mem_text_free) char *id = served_fake_get("POST /_fakewix/faults", rule, 201, "fault_id");
    served_fake_keep("FAULT", id);
}

static bool code_is_spent(void)
{
    OWNED(tree_free) cJSON *json = NULL;
    int status = served_fake_ask("POST /oauth/access", "", EXCHANGE, &json);
    ck_assert(status == 200 || status == 400);
    return status == 400;
}

enum { NOT_DONE, DONE };
#define OPEN ENDING_OPEN
#define CLOSE ENDING_CLOSE
#define RESET ENDING_RESET
#define OK "HTTP/1.1 200 OK\r\n"

/* An answer that leaves the connection open is followed by another one; `has` and `lacks` are
 * pieces of what came, NULL for none. at_least_ms is from the request to the end. */
static const struct {
    const char *rule;
    enum ending ending;
    int done;
    const char *has, *lacks;
    int at_least_ms;
} rows[] = {
    {"{'do':{'fault':'pass'}}", OPEN, DONE, OK, NULL, 0},
    {"{'do':{'fault':'status','status':503}}", OPEN, NOT_DONE, "HTTP/1.1 503 ", "token", 0},
    {"{'stage':'after','do':{'fault':'status','status':503}}", OPEN, DONE, "HTTP/1.1 503 ",
     "_token", 0},
    {"{'do':{'fault':'delay','ms':60}}", OPEN, DONE, OK, NULL, 60},
    {"{'stage':'before','do':{'fault':'delay','ms':60}}", OPEN, DONE, OK, NULL, 60},
    {"{'do':{'fault':'hold','max_ms':60}}", OPEN, DONE, OK, NULL, 60},
    {"{'stage':'before','do':{'fault':'hold','max_ms':60}}", OPEN, DONE, OK, NULL, 60},
    {"{'stage':'before','do':{'fault':'reset'}}", RESET, NOT_DONE, NULL, "H", 0},
    {"{'do':{'fault':'reset'}}", RESET, DONE, NULL, "H", 0},
    {"{'do':{'fault':'reset','after_bytes':0}}", RESET, DONE, OK, "access_token", 0},
    {"{'do':{'fault':'reset','after_bytes':20}}", RESET, DONE, "{\"refresh_token\":", "access_", 0},
    {"{'do':{'fault':'reset','after_bytes':100000}}", RESET, DONE, "access_token", NULL, 0},
    {"{'stage':'before','do':{'fault':'close'}}", CLOSE, NOT_DONE, NULL, "H", 0},
    {"{'do':{'fault':'close'}}", CLOSE, DONE, NULL, "H", 0},
    {"{'do':{'fault':'close','after_bytes':20}}", CLOSE, DONE, "refresh", "access_token", 0},
    {"{'stage':'before','do':{'fault':'silence','max_ms':60}}", CLOSE, NOT_DONE, NULL, "H", 60},
    {"{'do':{'fault':'silence','max_ms':60}}", CLOSE, DONE, NULL, "H", 60},
    {"{'do':{'fault':'silence','max_ms':60,'after_bytes':20}}", CLOSE, DONE, "refresh",
     "access_token", 60},
    {"{'do':{'fault':'truncate','bytes':20}}", CLOSE, DONE, "refresh", "access_token", 0},
    {"{'do':{'fault':'truncate','bytes':20,'right_length':true}}", OPEN, DONE,
     "Content-Length: 20\r\n", "access_token", 0},
    {"{'do':{'fault':'drip','bytes':400,'ms':20}}", OPEN, DONE, "access_token", NULL, 40},
    {"{'do':{'fault':'stall','ms':60,'after_bytes':20}}", OPEN, DONE, "access_token", NULL, 60},
    {"{'do':{'fault':'length','offset':5}}", CLOSE, DONE, "access_token", NULL, 0},
    {"{'do':{'fault':'length','offset':-5}}", CLOSE, DONE, "access_token", NULL, 0},
    {"{'do':{'fault':'endless','max_bytes':200000}}", OPEN, DONE, "chunked", NULL, 0},
    {"{'do':{'fault':'chunked','bytes':7}}", OPEN, DONE, "\r\n\r\n7\r\n{\"refre\r\n", NULL, 0},
    {"{'do':{'fault':'chunked','no_last_chunk':true}}", CLOSE, DONE, "chunked", "\r\n0\r\n", 0},
    {"{'do':{'fault':'http10'}}", CLOSE, DONE, "HTTP/1.0 200 OK\r\n", "Length", 0},
    {"{'do':{'fault':'interim','status':103}}", OPEN, DONE,
     "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK", NULL, 0},
    {"{'do':{'fault':'interim','status':100}}", OPEN, DONE,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", NULL, 0},
    {"{'do':{'fault':'header-case','case':'lower'}}", OPEN, DONE, "\r\ncontent-type: ", NULL, 0},
    {"{'do':{'fault':'header-case','case':'upper'}}", OPEN, DONE, "\r\nCONTENT-LENGTH: ", NULL, 0},
    {"{'do':{'fault':'garbage'}}", CLOSE, DONE, "this is not HTTP", "HTTP/1.1", 0},
    {"{'do':[[{'fault':'edit','status':500},{'fault':'chunked','bytes':1},"
     "{'fault':'reset','after_bytes':3}]]}",
     RESET, DONE, "500 Internal Server Error\r\n", "0\r\n\r\n", 0},
};

START_TEST(fault_looks_and_leaves_as_it_should)
{
    fresh_code();
    arm(rows[_i].rule);
    OWNED(mem_text_free) char *request = served_fake_request("POST /oauth/access", "", EXCHANGE);
    OWNED(buf_free) struct buf got = {0};
    int64_t start_ms = now_steady_ms();
    int fd = client_connect("127.0.0.1", served_fake_port());
    client_say(fd, request);
    if (rows[_i].ending == OPEN)
        client_say(fd, "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    enum ending ending = client_read(fd, &got, patience(5000));
    close(fd);
    const char *text = buf_str(&got);
    ck_assert_int_ge(now_steady_ms() - start_ms, rows[_i].at_least_ms);
    ck_assert_msg(ending == (rows[_i].ending == OPEN ? CLOSE : rows[_i].ending), "%s: %d %.2000s",
                  rows[_i].rule, (int)ending, text);
    if (rows[_i].ending == OPEN)
        ck_assert_msg(strstr(text, "HTTP/1.1 404") != NULL, "%s: %.2000s", rows[_i].rule, text);
    if (rows[_i].has)
        ck_assert_msg(strstr(text, rows[_i].has) != NULL, "%s: %.2000s", rows[_i].rule, text);
    if (rows[_i].lacks)
        ck_assert_msg(strstr(text, rows[_i].lacks) == NULL, "%s: %.2000s", rows[_i].rule, text);
    ck_assert_msg(code_is_spent() == (rows[_i].done == DONE), "%s: the code", rows[_i].rule);
}
END_TEST

/* ---- holds, over real connections ---- */

static void await_waiting(const char *count)
{
    OWNED(mem_text_free)
    char *line = mem_format("GET /_fakewix/faults/$FAULT?waiting=%s&wait_ms=$SOON", count);
    OWNED(tree_free) cJSON *json = NULL;
    ck_assert_int_eq(served_fake_ask(line, "", NULL, &json), 200);
    OWNED(mem_text_free) char *seen = tree_print(tree_get(json, "waiting"));
    ck_assert_str_eq(seen, count);
}

static const char *const stages[] = {"before", "after"};

START_TEST(held_answer_comes_when_it_is_let_go)
{
    fresh_code();
    OWNED(mem_text_free)
    char *rule = mem_format("{'stage':'%s','do':{'fault':'hold'}}", stages[_i]);
    arm(rule);
    OWNED(mem_text_free) char *request = served_fake_request("POST /oauth/access", "", EXCHANGE);
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_fake_port());
    client_say(fd, request);
    await_waiting("1");
    ck_assert_int_eq(client_read(fd, &got, 0), ENDING_OPEN);
    ck_assert_uint_eq(got.len, 0);
    free(served_fake_get("POST /_fakewix/faults/$FAULT/release", "", 200, NULL));
    ck_assert(client_read_to(fd, &got, "access_token"));
    close(fd);
}
END_TEST

START_TEST(client_that_leaves_is_noticed)
{
    fresh_code();
    OWNED(mem_text_free)
    char *rule = mem_format("{'stage':'%s','do':{'fault':'hold'}}", stages[_i]);
    arm(rule);
    OWNED(mem_text_free) char *request = served_fake_request("POST /oauth/access", "", EXCHANGE);
    int fd = client_connect("127.0.0.1", served_fake_port());
    client_say(fd, request);
    await_waiting("1");
    close(fd);
    /* Before the commit the journal tells when it was noticed; after it, the entry is there. */
    OWNED(tree_free) cJSON *json = NULL;
    const char *line = _i == 0 ? "GET /_fakewix/journal?outcome=client-left&wait_ms=$SOON"
                               : "GET /_fakewix/journal?outcome=ok&wait_ms=$SOON";
    ck_assert_int_eq(served_fake_ask(line, "", NULL, &json), 200);
    ck_assert_int_ge(cJSON_GetArraySize(tree_get(json, "entries")), 1);
    ck_assert(code_is_spent() == (_i == 1));
}
END_TEST

/* Come back once the fake has noticed that all have left. */
static void await_nobody(void)
{
    int64_t end_ms = now_steady_ms() + 10000;
    int64_t waiting = 1;
    while (waiting) {
        OWNED(tree_free) cJSON *json = NULL;
        served_fake_ask("GET /_fakewix/faults/$FAULT", "", NULL, &json);
        ck_assert(tree_int(json, "waiting", &waiting));
        ck_assert_int_lt(now_steady_ms(), end_ms);
    }
}

/* The fake's clock stands at the first second of 2030. */
START_TEST(date_header_follows_the_world_and_the_fault)
{
    static const struct {
        const char *action, *date;
    } dates[] = {
        {"{'fault':'pass'}", "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n"},
        {"{'fault':'date','offset_s':86400}", "Date: Wed, 02 Jan 2030 00:00:00 GMT\r\n"},
        {"{'fault':'date','offset_s':-1}", "Date: Mon, 31 Dec 2029 23:59:59 GMT\r\n"},
    };
    free(served_fake_get("PUT /_fakewix/profile", "{'date_header':'world'}", 200, NULL));
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        OWNED(mem_text_free) char *rule = mem_format("{'do':%s}", dates[i].action);
        arm(rule);
        OWNED(mem_text_free)
        char *request = served_fake_request("GET /nowhere", "Connection: close\r\n", "");
        OWNED(buf_free) struct buf got = {0};
        client_ask(served_fake_port(), request, &got);
        ck_assert_msg(strstr(buf_str(&got), dates[i].date) != NULL, "%s: %s", dates[i].action,
                      buf_str(&got));
    }
    free(served_fake_get("PUT /_fakewix/profile", "{'date_header':'real'}", 200, NULL));
}
END_TEST

/* Silence ends for a client that gives up, too, and its thread is free again. */
START_TEST(silent_connections_give_their_threads_back)
{
    for (int round = 0; round < 3; round++) {
        int fds[20];
        arm("{'on':{'route':'GET /nowhere*'},'times':20,'do':{'fault':'silence'}}");
        OWNED(mem_text_free) char *request = served_fake_request("GET /nowhere/else", "", "");
        for (int i = 0; i < 20; i++) {
            fds[i] = client_connect("127.0.0.1", served_fake_port());
            client_say(fds[i], request);
        }
        await_waiting("20");
        for (int i = 0; i < 20; i++)
            close(fds[i]);
        await_nobody();
    }
    fresh_code();
    ck_assert(!code_is_spent());
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case_served(start, served_fake_stop);
    suite_rows(tcase, fault_looks_and_leaves_as_it_should, rows);
    suite_rows(tcase, held_answer_comes_when_it_is_let_go, stages);
    suite_rows(tcase, client_that_leaves_is_noticed, stages);
    tcase_add_test(tcase, date_header_follows_the_world_and_the_fault);
    tcase_add_test(tcase, silent_connections_give_their_threads_back);
    return suite_run_served("fault_wire", tcase);
}
