/* The control plane: the journal, asked, waited for, verified, exported. */
#include <stdlib.h>
#include <string.h>

#include "routes/control.h"
#include "routes/har.h"
#include "routes/redact.h"
#include "routes/router.h"
#include "routes/verify.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { WAIT_MAX_MS = 60000, FOLLOW_SLICE_MS = 1000 };

static struct journal_query read_query(const struct exchange *x)
{
    return (struct journal_query){
        .since = control_query_int(x, "since", 0),
        .until = control_query_int(x, "until", 0),
        .from_ms = control_query_int(x, "from_ms", 0),
        .to_ms = control_query_int(x, "to_ms", 0),
        .route = exchange_query(x, "route"),
        .app_id = exchange_query(x, "app"),
        .instance_id = exchange_query(x, "instance"),
        .grant = exchange_query(x, "grant"),
        .outcome = exchange_query(x, "outcome"),
        .fault_id = exchange_query(x, "fault"),
        .text = exchange_query(x, "text"),
        .status = (int)control_query_int(x, "status", 0),
        .limit = (size_t)control_query_int(x, "limit", 0),
    };
}

/* A value that is passed over would show the wrong entries, or secrets. */
static enum refusal check_value(struct exchange *x, const char *name, const char *value)
{
    static const struct {
        const char *name;
        int64_t max;
    } numbers[] = {{"since", INT64_MAX}, {"until", INT64_MAX},   {"from_ms", INT64_MAX},
                   {"to_ms", INT64_MAX}, {"limit", INT64_MAX},   {"count", INT64_MAX},
                   {"status", 599},      {"wait_ms", INT64_MAX}, {"follow", 1},
                   {"redact", 1}};
    int64_t number;
    for (size_t i = 0; value && i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(name, numbers[i].name) == 0 &&
            !text_parse_int(value, 0, numbers[i].max, &number))
            return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                                   numbers[i].max == 1 ? "%s must be 0 or 1, not %s"
                                                       : "%s must be a whole number, not %s",
                                   name, value);
    if (value && strcmp(name, "format") == 0 && strcmp(value, "json") != 0 &&
        strcmp(value, "ndjson") != 0 && strcmp(value, "har") != 0)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "format must be json, ndjson or har, not %s", value);
    return REFUSAL_NONE;
}

static enum refusal check_query(struct exchange *x)
{
    static const char known[] = " since until from_ms to_ms route app instance grant outcome fault "
                                "text status limit wait_ms count format follow redact ";
    enum refusal refusal = control_check_keys(x, x->query, known);
    const cJSON *member;
    cJSON_ArrayForEach(member, x->query) if (!refusal) refusal =
        check_value(x, member->string, cJSON_GetStringValue(member));
    return refusal;
}

/* Until so many entries fit, the world is gone, or the time is up; the lock is free meanwhile. */
static void wait_for(struct exchange *x, const struct journal_query *query, size_t wanted,
                     int64_t wait_ms)
{
    int64_t deadline = now_steady_ms() + (wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS);
    while (!x->world->gone && journal_count(&x->world->journal, query) < wanted) {
        int64_t left = deadline - now_steady_ms();
        if (left <= 0)
            return;
        world_wait(x->world, left);
    }
}

static bool wants(const struct exchange *x, const char *format, const char *type)
{
    const char *asked = exchange_query(x, "format");
    const char *accept = request_header(x->request, "Accept");
    return asked ? strcmp(asked, format) == 0 : accept && strstr(accept, type);
}

static void add_line(struct buf *out, cJSON *entry, bool redacted)
{
    if (redacted)
        redact_entry(entry);
    OWNED(mem_text_free) char *line = tree_print(entry);
    buf_text(out, line);
    buf_char(out, '\n');
}

static void add_lines(const struct world *world, const struct journal_query *query, bool redacted,
                      struct buf *out)
{
    for (size_t i = 0; i < world->journal.count; i++) {
        const struct journal_entry *entry = journal_at(&world->journal, i);
        if (!journal_matches(entry, query))
            continue;
        OWNED(tree_free) cJSON *json = journal_entry_json(entry, world->id);
        add_line(out, json, redacted);
    }
}

/* A stream of lines that goes on as the journal grows. */
struct follower {
    struct world *world; /* a user of it */
    int64_t life;        /* of the world, whose numbers begin again after a reset */
    struct journal_query query;
    char *texts[6]; /* the query's texts, owned */
    bool redacted;
};

static void follower_free(void *context)
{
    struct follower *follower = context;
    world_release(follower->world);
    for (size_t i = 0; i < 6; i++)
        free(follower->texts[i]);
    free(follower);
}

static bool follow_more(void *context, struct buf *more)
{
    struct follower *follower = context;
    struct world *world = follower->world;
    pthread_mutex_lock(&world->lock);
    if (!world->gone && world->life == follower->life &&
        world->journal.next_seq <= follower->query.since)
        world_wait(world, FOLLOW_SLICE_MS);
    if (world->life != follower->life)
        follower->query.since = 1;
    follower->life = world->life;
    bool goes_on = !world->gone;
    add_lines(world, &follower->query, follower->redacted, more);
    follower->query.since = world->journal.next_seq;
    pthread_mutex_unlock(&world->lock);
    if (!more->len)
        buf_char(more, '\n'); /* tells us when the reader has left */
    return goes_on;
}

static char *keep(const char **text)
{
    char *copy = *text ? mem_text(*text) : NULL;
    *text = copy;
    return copy;
}

static void follow(struct exchange *x, struct journal_query query, bool redacted)
{
    struct follower *follower = mem_new(1, sizeof *follower);
    const char **texts[] = {&query.route, &query.app_id,  &query.instance_id,
                            &query.grant, &query.outcome, &query.text};
    for (size_t i = 0; i < 6; i++)
        follower->texts[i] = keep(texts[i]);
    if (query.since < 1)
        query.since = 1;
    follower->query = query;
    follower->redacted = redacted;
    follower->world = x->world;
    follower->life = x->world->life;
    atomic_fetch_add(&x->world->users, 1);
    add_lines(x->world, &query, redacted, &x->response->body);
    follower->query.since = x->world->journal.next_seq;
    x->response->stream = follow_more;
    x->response->stream_free = follower_free;
    x->response->stream_context = follower;
}

enum refusal control_journal(struct exchange *x)
{
    enum refusal refusal = check_query(x);
    if (refusal)
        return refusal;
    struct journal_query query = read_query(x);
    bool redacted = control_query_int(x, "redact", 0) != 0;
    wait_for(x, &query, (size_t)control_query_int(x, "count", 1),
             control_query_int(x, "wait_ms", 0));
    if (wants(x, "ndjson", "application/x-ndjson")) {
        response_text(x->response, 200, "application/x-ndjson", "");
        x->response->body.max = (size_t)1 << 30;
        if (control_query_int(x, "follow", 0))
            follow(x, query, redacted);
        else
            add_lines(x->world, &query, redacted, &x->response->body);
        return REFUSAL_NONE;
    }
    cJSON *answer = journal_json(&x->world->journal, x->world->id, &query);
    cJSON *entry;
    if (redacted)
        cJSON_ArrayForEach(entry, tree_get(answer, "entries")) redact_entry(entry);
    x->response->body.max = (size_t)1 << 30;
    if (wants(x, "har", "application/har+json")) {
        OWNED(tree_free) cJSON *har = har_from_entries(tree_get(answer, "entries"));
        OWNED(mem_text_free) char *text = tree_print(har);
        cJSON_Delete(answer);
        response_text(x->response, 200, "application/har+json", text);
        return REFUSAL_NONE;
    }
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal control_journal_clear(struct exchange *x)
{
    journal_clear(&x->world->journal);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_journal_verify(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    OWNED(err_free) struct err err = {0};
    int64_t wait_ms = 0;
    tree_int(x->body, "wait_ms", &wait_ms);
    int64_t deadline = now_steady_ms() + (wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS);
    cJSON *answer = verify_journal(x->world, x->body, &err);
    while (answer && !tree_flag(answer, "ok", false) && now_steady_ms() < deadline &&
           !x->world->gone) {
        world_wait(x->world, deadline - now_steady_ms());
        cJSON_Delete(answer);
        answer = verify_journal(x->world, x->body, &err);
    }
    if (!answer)
        return control_argument(x, &err);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
