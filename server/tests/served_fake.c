/* See served_fake.h. */
#include "served_fake.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embed/host.h"
#include "harness.h"
#include "patience.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static struct harness *harness; /* for its values alone: the default world's are the same */
static struct host *host;

void served_fake_start(int workers)
{
    static const char *const address = "localhost:0";
    OWNED(err_free) struct err err = {0};
    harness = harness_new(NULL);
    struct host_config config = {
        .worlds = {.seed = 1,
                   .seeded = true,
                   .time = {.mode = TIME_FROZEN, .base_ms = HARNESS_START_MS, .rate = 1},
                   .max_worlds = 64,
                   .max_holds = workers - 4,
                   .journal_max = 1000,
                   .journal_max_bytes = 16 << 20},
        .listener = {.addresses = &address,
                     .n_addresses = 1,
                     .workers = workers,
                     .max_body = 1 << 20,
                     .max_head = 32768,
                     .idle_ms = 5000,
                     .request_ms = 5000}};
    host = host_start(&config, &err);
    ck_assert_msg(host != NULL, "%s", err.text);
}

void served_fake_stop(void)
{
    host_stop(host, 1000);
    host_free(host);
    harness_free(harness);
}

int served_fake_port(void)
{
    return listener_port(host->listener, false);
}

char *served_fake_request(const char *line, const char *headers, const char *body)
{
    OWNED(mem_text_free) char *content = harness_expand(harness, body ? body : "");
    OWNED(mem_text_free) char *whole = harness_expand(harness, line);
    OWNED(mem_text_free) char *more = harness_expand(harness, headers);
    return mem_format("%s HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: application/json\r\n"
                      "Content-Length: %zu\r\n\r\n%s",
                      whole, more, strlen(content), content);
}

int served_fake_ask(const char *line, const char *headers, const char *body, cJSON **ret_json)
{
    OWNED(mem_text_free) char *lines = mem_format("%sConnection: close\r\n", headers);
    OWNED(mem_text_free) char *request = served_fake_request(line, lines, body);
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", served_fake_port());
    int64_t status = 0;
    client_say(fd, request);
    client_read(fd, &got, patience(10000));
    close(fd);
    const char *text = buf_str(&got);
    const char *content = strstr(text, "\r\n\r\n");
    ck_assert_msg(content != NULL, "%s: no answer: %s", line, text);
    OWNED(mem_text_free) char *code = mem_text_n(text + strlen("HTTP/1.1 "), 3);
    ck_assert(text_parse_int(code, 100, 599, &status));
    *ret_json = tree_parse(content + 4, strlen(content + 4), NULL);
    return (int)status;
}

char *served_fake_get(const char *line, const char *body, int status, const char *member)
{
    OWNED(tree_free) cJSON *json = NULL;
    int seen = served_fake_ask(line, "", body, &json);
    OWNED(mem_text_free) char *shown = json ? tree_print(json) : NULL;
    ck_assert_msg(seen == status, "%s %s: %d %s", line, body ? body : "", seen, shown ? shown : "");
    const char *text = member ? tree_text(json, member) : NULL;
    return text ? mem_text(text) : NULL;
}

void served_fake_keep(const char *name, const char *value)
{
    harness_keep(harness, name, value);
}
