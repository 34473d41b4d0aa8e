/* A wire written down in a few lines, for tests of checks and verdicts.
 *
 * Each line is one exchange: "method path token status outcome {request body} {response body}",
 * with
 * - for what is missing: "POST /oauth2/token - 200 ok {…} {…}". */
#ifndef FAKEWIX_SUITE_TESTS_WIRE_H
#define FAKEWIX_SUITE_TESTS_WIRE_H

#include <stdio.h>

#include "evidence/evidence.h"
#include "shared/tree.h"
#include "tests/suite.h"

struct wire_line {
    const char *method, *target, *token;
    int status;
    const char *outcome, *request, *response;
};

static inline cJSON *wire_entry(const struct wire_line *line, int seq)
{
    cJSON *entry = cJSON_CreateObject();
    tree_put_int(entry, "seq", seq);
    tree_put_int(entry, "at_ms", 1000 + seq);
    tree_put_int(entry, "real_ms", 2000 + seq);
    tree_put_text(entry, "method", line->method);
    tree_put_text(entry, "target", line->target);
    tree_put_int(entry, "status", line->status);
    tree_put_text(entry, "outcome", line->outcome ? line->outcome : "ok");
    cJSON *request = tree_put(entry, "request", cJSON_CreateObject());
    cJSON *headers = tree_put(request, "headers", cJSON_CreateArray());
    if (line->token) {
        cJSON *pair = tree_put(headers, NULL, cJSON_CreateArray());
        tree_put(pair, NULL, cJSON_CreateString("authorization"));
        tree_put(pair, NULL, cJSON_CreateString(line->token));
    }
    tree_put_text(request, "body", line->request ? line->request : "");
    cJSON *response = tree_put(entry, "response", cJSON_CreateObject());
    tree_put_text(response, "body", line->response ? line->response : "");
    return entry;
}

/* Lines up to the first without a method. */
static inline void wire_write(const struct wire_line *lines, struct wire *ret_wire)
{
    OWNED(tree_free) cJSON *journal = cJSON_CreateObject();
    cJSON *entries = tree_put(journal, "entries", cJSON_CreateArray());
    for (int i = 0; lines[i].method; i++)
        tree_put(entries, NULL, wire_entry(&lines[i], i + 1));
    OWNED(err_free) struct err err = {0};
    ck_assert_msg(wire_read(journal, "/w/test", ret_wire, &err), "%s", err.text);
}

/* A stage that lives in the test: nothing in it is freed. */
static inline struct stage wire_stage(void)
{
    static char app_id[] = "app", secret[] = "s3cret", instance[] = "inst", refresh[] = "R1";
    static char name[] = "test";
    struct stage stage = {.refresh_token = refresh};
    stage.world.name = name;
    stage.world.app_id = app_id;
    stage.world.app_secret = secret;
    stage.world.instance_id = instance;
    return stage;
}

#endif
