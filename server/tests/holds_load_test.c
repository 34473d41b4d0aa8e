/* 200 requests that wait must not slow the rest: the 99th percentile of normal traffic, with and
 * without them, in turns. Prints both. The bound is twice the idle value and a millisecond, since
 * other programs share the machine. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"
#include "served_fake.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "suite.h"

enum { HELD = 200, WORKERS = 256, CLIENTS = 8, ROUNDS = 5, REQUESTS = 2000 };

static void start(void)
{
    served_fake_start(WORKERS);
}

static const char normal[] = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* ---- normal traffic: CLIENTS connections, one request at a time each ---- */

struct client {
    pthread_t thread;
    const char *request;
    int64_t took_us[REQUESTS];
};

static void ask_once(int fd, const char *request, struct buf *got)
{
    buf_clear(got);
    client_say(fd, request);
    if (!client_read_to(fd, got, "}")) /* ck_assert is for one thread */
        ck_abort_msg("no answer");
}

static void *work(void *argument)
{
    struct client *client = argument;
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_fake_port());
    for (int i = 0; i < REQUESTS; i++) {
        int64_t begun_us = now_steady_us();
        ask_once(fd, client->request, &got);
        client->took_us[i] = now_steady_us() - begun_us;
    }
    close(fd);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The 99th percentile in microseconds. */
static int64_t measure(const char *request)
{
    struct client *clients = mem_new(CLIENTS, sizeof *clients);
    int64_t *all = mem_new(CLIENTS * REQUESTS, sizeof *all);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].request = request;
        pthread_create(&clients[i].thread, NULL, work, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        memcpy(all + (size_t)i * REQUESTS, clients[i].took_us, sizeof clients[i].took_us);
    }
    qsort(all, CLIENTS * REQUESTS, sizeof *all, by_size);
    int64_t p99_us = all[CLIENTS * REQUESTS * 99 / 100];
    free(all);
    free(clients);
    return p99_us;
}

/* ---- those who wait ---- */

static int held[HELD];

static void hold_all(void)
{
    OWNED(mem_text_free)
    char *id = served_fake_get("POST /_fakewix/faults",
                               "{'on':{'route':'GET /held'},'times':200,"
                               "'do':{'fault':'hold','max_ms':600000}}",
                               201, "fault_id");
    served_fake_keep("FAULT", id);
    OWNED(mem_text_free) char *request = served_fake_request("GET /held", "", "");
    for (int i = 0; i < HELD; i++) {
        held[i] = client_connect("127.0.0.1", served_fake_port());
        client_say(held[i], request);
    }
    OWNED(tree_free) cJSON *json = NULL;
    served_fake_ask("GET /_fakewix/faults/$FAULT?waiting=200&wait_ms=$SOON", "", NULL, &json);
    int64_t waiting = 0;
    ck_assert(tree_int(json, "waiting", &waiting));
    ck_assert_int_eq(waiting, HELD);
}

static void let_go(void)
{
    free(served_fake_get("DELETE /_fakewix/faults/$FAULT", "", 204, NULL));
    for (int i = 0; i < HELD; i++) {
        OWNED(buf_free) struct buf got = {0};
        ck_assert(client_read_to(held[i], &got, "}"));
        close(held[i]);
    }
}

static int64_t median(int64_t *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

START_TEST(holds_do_not_slow_the_rest)
{
    int64_t idle_us[ROUNDS], held_us[ROUNDS];
    measure(normal); /* warm */
    for (int i = 0; i < ROUNDS; i++) {
        idle_us[i] = measure(normal);
        hold_all();
        held_us[i] = measure(normal);
        let_go();
    }
    int64_t idle = median(idle_us), beside = median(held_us);
    printf("p99 of %d x %d requests: %lld us idle, %lld us beside %d that wait\n", CLIENTS,
           REQUESTS, (long long)idle, (long long)beside, HELD);
    ck_assert_int_le(beside, 2 * idle + patience(1000));
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case_served(start, served_fake_stop);
    tcase_add_test(tcase, holds_do_not_slow_the_rest);
    return suite_run_served("holds_load", tcase);
}
