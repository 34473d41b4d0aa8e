/* Any bytes as the rule of a fault: refused with a sentence, or armed; and then requests of several
 * kinds go through it, so that what it does to them is done. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "live.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { RESET_EVERY = 500 };

static const struct ask {
    const char *method, *target, *body;
} asks[] = {
    {"POST", "/oauth2/token",
     "{\"grant_type\":\"client_credentials\",\"client_id\":\"$APP\",\"client_secret\":\"$SECRET\","
     "\"instance_id\":\"$INSTANCE\"}"},
    {"POST", "/oauth/access",
     "{\"grant_type\":\"refresh_token\",\"client_id\":\"$APP\",\"client_secret\":\"$SECRET\","
     "\"refresh_token\":\"$REFRESH\"}"},
    {"GET", "/installer/install?appId=$APP&redirectUrl=http%3A%2F%2Flocalhost%2Fl&state=s", ""},
    {"GET", "/conformance/probe", ""},
};

static int ask(struct live *fake, const struct ask *what, const char *body)
{
    OWNED(mem_text_free) char *target = live_expand(fake, what->target);
    OWNED(mem_text_free) char *token = live_expand(fake, "$TOKEN");
    const struct header headers[] = {{"Content-Type", "application/json"},
                                     {"Authorization", token}};
    struct request request = {.method = what->method,
                              .target = target,
                              .headers = headers,
                              .n_headers = 2,
                              .body = body,
                              .body_len = strlen(body),
                              .entrance = ENTRANCE_UNIX};
    OWNED(response_free) struct response first = {0};
    OWNED(response_free) struct response second = {0};
    app_handle(&fake->fake, &request, &first);
    if (!first.ticket)
        return first.status;
    /* It would wait at a gate: its client leaves. */
    request.ticket = first.ticket;
    request.is_gone = true;
    app_handle(&fake->fake, &request, &second);
    return second.status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ask arm = {"POST", "/_fakewix/faults", NULL};
    static const struct ask disarm = {"DELETE", "/_fakewix/faults", NULL};
    struct live *fake = live_of_run(RESET_EVERY);
    OWNED(mem_text_free) char *raw = mem_text_n((const char *)data, size);
    OWNED(mem_text_free) char *rule = live_expand(fake, raw);
    if (ask(fake, &arm, rule) >= 300)
        return 0;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        OWNED(mem_text_free) char *body = live_expand(fake, asks[i].body);
        ask(fake, &asks[i], body);
    }
    int status = ask(fake, &disarm, "");
    assert(status < 300);
    return 0;
}
