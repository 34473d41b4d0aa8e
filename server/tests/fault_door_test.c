/* Worlds with a port of their own, the faults that come before any byte of a request, and the other
 * origin that redirects lead to. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"
#include "served_fake.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"

static void start(void)
{
    served_fake_start(16);
}

/* ---- a world of its own for each test: $WORLD, at `port` ---- */

static int port;

static int port_of(const char *url)
{
    int64_t number = 0;
    ck_assert(text_parse_int(strrchr(url, ':') + 1, 1, 65535, &number));
    return (int)number;
}

static void make_world(void)
{
    OWNED(tree_free) cJSON *world = NULL;
    ck_assert_int_eq(served_fake_ask("POST /_fakewix/worlds", "", "{'listener':true}", &world),
                     201);
    static const char *const names[][2] = {
        {"WORLD", "world"}, {"ID", "app_id"}, {"KEY", "app_secret"}, {"PLACE", "instance_id"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        served_fake_keep(names[i][0], tree_text(world, names[i][1]));
    ck_assert_str_eq(tree_text(world, "prefix"), "");
    port = port_of(tree_text(world, "http"));
}

static void drop_world(void)
{
    free(served_fake_get("DELETE /_fakewix/worlds/$WORLD", "", 204, NULL));
}

#define MINT                                                                                       \
    "{'grant_type':'client_credentials','client_id':'$ID','client_secret':'$KEY',"                 \
    "'instance_id':'$PLACE'}"

/* Connect on loopback: 0, or errno. */
static int connect_to(int family, int to, int *ret_fd)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)to)};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    bool is_v4 = family == AF_INET;
    *ret_fd = socket(family, SOCK_STREAM, 0);
    const struct sockaddr *address = is_v4 ? (const void *)&v4 : (const void *)&v6;
    return connect(*ret_fd, address, is_v4 ? sizeof v4 : sizeof v6) == 0 ? 0 : errno;
}

/* Connect to the world's port and, unless `is_quiet`, ask for a token: how it ended, what came. */
static enum ending knock(struct buf *got, int silence_ms, bool is_quiet)
{
    int fd;
    int reason = connect_to(AF_INET, port, &fd);
    enum ending ending = ENDING_RESET;
    if (!reason) {
        OWNED(mem_text_free)
        char *request = served_fake_request("POST /oauth2/token", "Connection: close\r\n", MINT);
        if (!is_quiet) /* writing would be told of the reset in place of reading */
            client_say(fd, request);
        ending = client_read(fd, got, silence_ms);
    }
    close(fd);
    return ending;
}

static bool serves(void)
{
    OWNED(buf_free) struct buf got = {0};
    return knock(&got, patience(5000), false) == ENDING_CLOSE &&
           strstr(buf_str(&got), "HTTP/1.1 200 OK");
}

static void arm(const char *action)
{
    OWNED(mem_text_free) char *rule = mem_format("{'do':%s}", action);
    OWNED(mem_text_free)
    char *id = served_fake_get("POST /_fakewix/worlds/$WORLD/faults", rule, 201, "fault_id");
    served_fake_keep("FAULT", id);
}

START_TEST(world_has_a_port_of_its_own)
{
    make_world();
    ck_assert(serves());
    OWNED(tree_free) cJSON *journal = NULL;
    served_fake_ask("GET /_fakewix/worlds/$WORLD/journal", "", NULL, &journal);
    ck_assert_int_eq(cJSON_GetArraySize(tree_get(journal, "entries")), 1);
    /* Its control plane is the world's, too. */
    int fd;
    OWNED(buf_free) struct buf got = {0};
    ck_assert_int_eq(connect_to(AF_INET6, port, &fd), 0);
    client_say(fd,
               "GET /_fakewix/journal HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client_read(fd, &got, patience(5000));
    close(fd);
    ck_assert_ptr_nonnull(strstr(buf_str(&got), "POST /oauth2/token"));
    int was = port;
    drop_world();
    ck_assert_int_eq(connect_to(AF_INET, was, &fd), ECONNREFUSED);
    close(fd);
}
END_TEST

/* What ends a mood: disarming one, disarming all, a reset. */
static const char *const ends[][2] = {
    {"DELETE /_fakewix/worlds/$WORLD/faults/$FAULT", "204"},
    {"DELETE /_fakewix/worlds/$WORLD/faults", "204"},
    {"POST /_fakewix/worlds/$WORLD/reset", "200"},
};

START_TEST(refused_connections_come_again)
{
    make_world();
    arm("{'fault':'refuse-connections'}");
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++) {
        int fd;
        ck_assert_int_eq(connect_to(families[i], port, &fd), ECONNREFUSED);
        close(fd);
    }
    free(served_fake_get(ends[_i][0], "", ends[_i][1][2] == '4' ? 204 : 200, NULL));
    ck_assert(serves());
    drop_world();
}
END_TEST

START_TEST(refusal_ends_by_itself)
{
    make_world();
    bool was_refused = false;
    for (int ms = 80; ms < 10000 && !was_refused; ms *= 5) { /* a busy machine is slow to knock */
        OWNED(mem_text_free)
        char *action = mem_format("{'fault':'refuse-connections','ms':%d}", ms);
        int64_t start_ms = now_steady_ms();
        arm(action);
        int fd, reason;
        while ((reason = connect_to(AF_INET, port, &fd)) != 0) {
            ck_assert_int_eq(reason, ECONNREFUSED);
            close(fd);
            was_refused = true;
            ck_assert_int_lt(now_steady_ms() - start_ms, 20000);
        }
        close(fd);
        ck_assert(!was_refused || now_steady_ms() - start_ms >= ms);
    }
    ck_assert(was_refused);
    ck_assert(serves());
    drop_world();
}
END_TEST

static const struct {
    const char *action;
    enum ending ending;
} moods[] = {
    {"{'fault':'accept-silence'}", ENDING_OPEN},
    {"{'fault':'accept-silence','ms':1000}", ENDING_CLOSE}, /* time to knock on a busy machine */
    {"{'fault':'reset-connections'}", ENDING_RESET},
};

START_TEST(connection_is_not_served_and_is_told_of)
{
    make_world();
    arm(moods[_i].action);
    OWNED(buf_free) struct buf got = {0};
    int silence_ms = moods[_i].ending == ENDING_OPEN ? 100 : 5000;
    bool is_quiet = moods[_i].ending == ENDING_RESET;
    ck_assert_int_eq(knock(&got, silence_ms, is_quiet), moods[_i].ending);
    ck_assert_uint_eq(got.len, 0);
    OWNED(tree_free) cJSON *journal = NULL;
    served_fake_ask("GET /_fakewix/worlds/$WORLD/journal?route=CONNECT&wait_ms=$SOON", "", NULL,
                    &journal);
    const cJSON *entry = cJSON_GetArrayItem(tree_get(journal, "entries"), 0);
    ck_assert_str_eq(tree_text(entry, "outcome"), "not-answered");
    OWNED(tree_free) cJSON *fault = NULL;
    served_fake_ask("GET /_fakewix/worlds/$WORLD/faults/$FAULT", "", NULL, &fault);
    ck_assert_str_eq(tree_text(entry, "fault_id"), tree_text(fault, "fault_id"));
    ck_assert_int_eq(cJSON_GetArraySize(tree_get(fault, "hits")), 1);
    drop_world();
}
END_TEST

static const char *const wrong[][2] = {
    {"POST /_fakewix/faults", "{'do':{'fault':'refuse-connections'}}"},
    {"POST /_fakewix/worlds/$WORLD/faults", "{'on':{'nth':2},'do':{'fault':'accept-silence'}}"},
    {"POST /_fakewix/worlds/$WORLD/faults", "{'times':2,'do':{'fault':'accept-silence'}}"},
    {"POST /_fakewix/worlds/$WORLD/faults", "{'do':[{'fault':'accept-silence'},{'fault':'pass'}]}"},
    {"POST /_fakewix/worlds/$WORLD/faults", "{'do':{'fault':'redirect','scheme':'https'}}"},
    {"POST /_fakewix/worlds", "{'listener':'yes'}"},
};

START_TEST(door_faults_are_checked)
{
    make_world();
    free(served_fake_get(wrong[_i][0], wrong[_i][1], 400, NULL));
    ck_assert(serves());
    drop_world();
}
END_TEST

/* Connections stay where they were made: many worlds, one listener. */
START_TEST(doors_are_many)
{
    enum { MANY = 40 };
    int ports[MANY];
    OWNED(tree_free) cJSON *worlds = cJSON_CreateArray();
    for (int i = 0; i < MANY; i++) {
        make_world();
        ports[i] = port;
        OWNED(mem_text_free) char *id = served_fake_get("GET /_fakewix/worlds", "", 200, NULL);
        OWNED(mem_text_free) char *name = mem_format("door-%d", i);
        OWNED(mem_text_free) char *body = mem_format("{'app_id':'%s','app_secret':'x'}", name);
        free(served_fake_get("POST /_fakewix/worlds/$WORLD/apps", body, 201, NULL));
    }
    for (int i = 0; i < MANY; i++) {
        OWNED(buf_free) struct buf got = {0};
        OWNED(mem_text_free) char *name = mem_format("door-%d\"", i);
        client_ask(ports[i],
                   "GET /_fakewix/apps HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                   &got);
        ck_assert_msg(strstr(buf_str(&got), name) != NULL, "%d: %s", i, buf_str(&got));
    }
    OWNED(tree_free) cJSON *list = NULL;
    served_fake_ask("GET /_fakewix/worlds", "", NULL, &list);
    const cJSON *world;
    cJSON_ArrayForEach(world, tree_get(list, "worlds"))
    {
        served_fake_keep("WORLD", tree_text(world, "world"));
        if (strcmp(tree_text(world, "world"), "default") != 0)
            drop_world();
    }
}
END_TEST

/* ---- the other origin ---- */

static const int statuses[] = {301, 302, 303, 307, 308};

/* Ask the default world's fake, follow its redirect by hand, with everything, and see it told. */
START_TEST(redirect_leads_to_another_origin)
{
    OWNED(mem_text_free)
    char *rule = mem_format("{'do':{'fault':'redirect','status':%d}}", statuses[_i]);
    free(served_fake_get("POST /_fakewix/faults", rule, 201, NULL));
    free(served_fake_get("DELETE /_fakewix/journal", "", 204, NULL));
    OWNED(mem_text_free)
    char *request = served_fake_request("POST /oauth2/token?x=1", "Connection: close\r\n",
                                        "{'client_secret':'$SECRET'}");
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_fake_port(), request, &got);
    OWNED(mem_text_free) char *line = mem_format("HTTP/1.1 %d ", statuses[_i]);
    ck_assert_ptr_nonnull(strstr(buf_str(&got), line));
    const char *location = strstr(buf_str(&got), "Location: http://127.0.0.1:");
    ck_assert_msg(location != NULL, "%s", buf_str(&got));
    location = strstr(location, "127.0.0.1:") + strlen("127.0.0.1:");
    OWNED(mem_text_free) char *digits = mem_text_n(location, strspn(location, "0123456789"));
    int64_t other = 0;
    ck_assert(text_parse_int(digits, 1, 65535, &other));
    ck_assert_int_ne(other, served_fake_port());
    location += strlen(digits);
    ck_assert_int_eq(strncmp(location, "/leak/default/oauth2/token?x=1\r\n", 32), 0);

    OWNED(mem_text_free)
    char *follow = served_fake_request("POST /leak/default/oauth2/token?x=1",
                                       "Connection: close\r\nAuthorization: $SECRET\r\n",
                                       "{'client_secret':'$SECRET'}");
    OWNED(buf_free) struct buf stolen = {0};
    client_ask((int)other, follow, &stolen);
    ck_assert_ptr_nonnull(strstr(buf_str(&stolen), "HTTP/1.1 200 OK"));
    OWNED(tree_free) cJSON *leaks = NULL;
    served_fake_ask("GET /_fakewix/leaks", "", NULL, &leaks);
    const cJSON *leak = cJSON_GetArrayItem(tree_get(leaks, "leaks"), 0);
    OWNED(mem_text_free) char *secrets = tree_print(tree_get(leak, "secrets"));
    ck_assert_str_eq(secrets, "[\"Authorization\",\"client_secret\"]");
    ck_assert_str_eq(tree_text(leak, "target"), "/leak/default/oauth2/token?x=1");
    ck_assert_int_eq(cJSON_GetArraySize(tree_get(leaks, "leaks")), 1);
}
END_TEST

START_TEST(redirect_may_go_anywhere)
{
    free(served_fake_get("POST /_fakewix/faults",
                         "{'do':{'fault':'redirect','to':'http://x.example/'}}", 201, NULL));
    OWNED(buf_free) struct buf got = {0};
    client_ask(served_fake_port(),
               "GET /apps/v1/instance HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
               &got);
    ck_assert_ptr_nonnull(strstr(buf_str(&got), "HTTP/1.1 307 "));
    ck_assert_ptr_nonnull(strstr(buf_str(&got), "\r\nLocation: http://x.example/\r\n"));
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case_served(start, served_fake_stop);
    tcase_add_test(tcase, world_has_a_port_of_its_own);
    suite_rows(tcase, refused_connections_come_again, ends);
    tcase_add_test(tcase, refusal_ends_by_itself);
    suite_rows(tcase, connection_is_not_served_and_is_told_of, moods);
    suite_rows(tcase, door_faults_are_checked, wrong);
    tcase_add_test(tcase, doors_are_many);
    suite_rows(tcase, redirect_leads_to_another_origin, statuses);
    tcase_add_test(tcase, redirect_may_go_anywhere);
    return suite_run_served("fault_door", tcase);
}
