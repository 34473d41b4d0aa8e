/* A fake in memory for unit tests: no port, no thread, a clock that stands still, a fixed seed.
 *
 * Requests are written as people say them: harness_ask(h, "POST /oauth2/token", NULL, body), where
 * every ' is a " (so that JSON stays readable in C) and $NAME is a value that was kept before.
 * $APP, $SECRET, $INSTANCE and $SITE are the default world's; $SOON is how many ms to wait at most
 * for what comes soon. A body that starts with { or [ goes as JSON, any other as a form, unless the
 * headers say otherwise. May depend on: everything but http/listener, Check. Owner: server/tests.
 */
#ifndef FAKEWIX_TESTS_HARNESS_H
#define FAKEWIX_TESTS_HARNESS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "app.h"
#include "shared/buf.h"

/* 2030-01-01T00:00:00Z: where the harness's clock stands at first. */
#define HARNESS_START_MS INT64_C(1893456000000)

enum { HARNESS_VALUES_MAX = 32 };

struct harness {
    struct fake fake;
    struct {
        char *name, *value;
    } values[HARNESS_VALUES_MAX]; /* what $NAME stands for; owned */
    size_t n_values;
    enum entrance entrance; /* of the requests to come */
};

struct harness_wish {
    const char *config; /* JSON; NULL: the default world's */
    const char *state_file;
    uint64_t seed;        /* 0: 1 */
    bool running;         /* the clock follows the machine's */
    size_t journal_max;   /* 0: 1000 */
    size_t journal_bytes; /* 0: 16 MiB */
    size_t journal_total; /* of all worlds; 0: any */
    int max_worlds;       /* 0: 16 */
    int max_holds;        /* 0: any number */
};

/* Caller frees with harness_free. NULL stands for an all-zero wish. */
struct harness *harness_new(const struct harness_wish *wish);
void harness_free(struct harness *harness);

/* The process ends and another one takes up its state file; kept values stay. Takes `last`. */
struct harness *harness_reopen(struct harness *last, const char *state_file);

struct answer {
    int status;
    struct buf head; /* "Name: value\r\n" lines */
    struct buf body;
    cJSON *json; /* NULL where the body is no JSON */
    struct delivery delivery;
};

/* Send one request. `line` is method and target, `headers` lines of "Name: value" or NULL, `body`
 * text or NULL. Caller frees with answer_free. */
struct answer harness_ask(struct harness *harness, const char *line, const char *headers,
                          const char *body);
void answer_free(struct answer *answer);

/* The same where only the status matters: fails the test when it is another one. */
void harness_do(struct harness *harness, int status, const char *line, const char *body);

/* Expand 's and $NAMEs as in a request; caller frees with free(). */
char *harness_expand(const struct harness *harness, const char *text);

/* Remember a value as $NAME, replacing an older one; from a text, or from an answer's member. */
void harness_keep(struct harness *harness, const char *name, const char *value);
void harness_keep_member(struct harness *harness, const char *name, const struct answer *answer,
                         const char *path);
const char *harness_value(const struct harness *harness, const char *name);

void harness_advance(struct harness *harness, int64_t ms);

/* Install the default app on the default site and keep the code as $CODE. */
void harness_install(struct harness *harness);
/* Install and exchange the code: keeps $CODE, $REFRESH and $ACCESS. */
void harness_connect(struct harness *harness);
/* An access token of /oauth2/token for the default instance, kept as $TOKEN. */
void harness_mint(struct harness *harness);

/* The outcome of the newest exchange in the default world's journal; static text. */
const char *harness_outcome(struct harness *harness);

/* The member at a path such as "details.fieldViolations.0.field", or NULL. */
const cJSON *answer_at(const struct answer *answer, const char *path);
/* Fail the test unless the member is `text`: a string's content, anything else as JSON; NULL: not
 * there. */
void answer_expect(const struct answer *answer, const char *path, const char *text);
/* Fail the test unless the header has that value; NULL: not there. */
void answer_expect_header(const struct answer *answer, const char *name, const char *value);
/* Fail the test unless the body has exactly these members, blank-separated. */
void answer_expect_members(const struct answer *answer, const char *names);
/* Fail the test unless content type and body are those of the refusal's row. */
void answer_expect_row(const struct answer *answer, enum refusal refusal);
/* Fail the test unless status, outcome and the whole body are those of the refusal. */
void answer_expect_refusal(const struct answer *answer, struct harness *harness, int status,
                           const char *outcome);

/* The claims of a token, whatever its prefix: the JWT's payload. Caller deletes. */
cJSON *harness_claims(const char *token);
cJSON *harness_jwt_header(const char *token);

#endif
