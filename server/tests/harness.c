/* What unit tests of the whole pipeline share. Failures name the answer that was seen, since the
 * line that Check prints is one in here. */
#include "harness.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "defaults.h"
#include "patience.h"
#include "routes/control.h"
#include "shared/mem.h"
#include "shared/refusal.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "state/world.h"

enum { DEFAULT_JOURNAL = 1000, DEFAULT_JOURNAL_BYTES = 16 << 20, DEFAULT_WORLDS = 16 };

static const struct {
    const char *name, *list, *key;
} known[] = {
    {"APP", "apps", "app_id"},
    {"SECRET", "apps", "app_secret"},
    {"INSTANCE", "instances", "instance_id"},
    {"SITE", "sites", "site_id"},
};

static void keep_config(struct harness *harness, const cJSON *config)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const cJSON *row = cJSON_GetArrayItem(tree_get(config, known[i].list), 0);
        if (row)
            harness_keep(harness, known[i].name, tree_text(row, known[i].key));
    }
}

/* Ten seconds or what an instrumented build needs, within what the control plane lets wait. */
static void keep_patience(struct harness *harness)
{
    enum { SOON_MS = 10000, WAIT_MAX_MS = 60000 };
    int soon_ms = patience(SOON_MS);
    OWNED(mem_text_free)
    char *text = mem_format("%d", soon_ms < WAIT_MAX_MS ? soon_ms : WAIT_MAX_MS);
    harness_keep(harness, "SOON", text);
}

struct harness *harness_new(const struct harness_wish *asked)
{
    struct harness_wish wish = asked ? *asked : (struct harness_wish){0};
    OWNED(err_free) struct err err = {0};
    struct harness *harness = mem_new(1, sizeof *harness);
    struct worlds_options options = {
        .state_file = wish.state_file,
        .seed = wish.seed ? wish.seed : 1,
        .seeded = true,
        .time = {.mode = wish.running ? TIME_REAL : TIME_FROZEN,
                 .base_ms = HARNESS_START_MS,
                 .anchor_ms = 0,
                 .rate = 1},
        .max_worlds = wish.max_worlds ? wish.max_worlds : DEFAULT_WORLDS,
        .max_holds = wish.max_holds,
        .journal_max = wish.journal_max ? wish.journal_max : DEFAULT_JOURNAL,
        .journal_max_bytes = wish.journal_bytes ? wish.journal_bytes : DEFAULT_JOURNAL_BYTES,
        .journal_sum_bytes = wish.journal_total,
    };
    if (wish.running)
        options.time = timeline_real(HARNESS_START_MS);
    mem_adopt_cjson();
    harness->fake.worlds = worlds_open(&options, &err);
    ck_assert_msg(harness->fake.worlds != NULL, "%s", err.text ? err.text : "");
    harness->fake.http_url = "http://127.0.0.1:8420";
    const char *text = wish.config ? wish.config : defaults_config;
    OWNED(mem_text_free) char *expanded = wish.config ? harness_expand(harness, text) : NULL;
    text = expanded ? expanded : text;
    OWNED(tree_free) cJSON *config = tree_parse(text, strlen(text), &err);
    ck_assert_msg(config != NULL, "%s", err.text ? err.text : "");
    keep_config(harness, config);
    keep_patience(harness);
    struct world *world = worlds_find(harness->fake.worlds, "default");
    pthread_mutex_lock(&world->lock);
    if (wish.config || !world->restored) /* as the program does */
        control_fill_world(world, config);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
    return harness;
}

void harness_free(struct harness *harness)
{
    if (!harness)
        return;
    for (size_t i = 0; i < harness->n_values; i++) {
        free(harness->values[i].name);
        free(harness->values[i].value);
    }
    worlds_close(harness->fake.worlds);
    free(harness);
}

void harness_keep(struct harness *harness, const char *name, const char *value)
{
    ck_assert_msg(value != NULL, "there is no value for $%s", name);
    char *copy = mem_text(value); /* the old value may be part of what `value` came from */
    for (size_t i = 0; i < harness->n_values; i++)
        if (strcmp(harness->values[i].name, name) == 0) {
            free(harness->values[i].value);
            harness->values[i].value = copy;
            return;
        }
    ck_assert_uint_lt(harness->n_values, HARNESS_VALUES_MAX);
    harness->values[harness->n_values].name = mem_text(name);
    harness->values[harness->n_values++].value = copy;
}

struct harness *harness_reopen(struct harness *last, const char *state_file)
{
    struct harness kept = *last;
    last->n_values = 0;
    harness_free(last); /* a state file has one fake at a time */
    struct harness *next = harness_new(&(struct harness_wish){.state_file = state_file});
    for (size_t i = 0; i < kept.n_values; i++) {
        harness_keep(next, kept.values[i].name, kept.values[i].value);
        free(kept.values[i].name);
        free(kept.values[i].value);
    }
    return next;
}

void harness_keep_member(struct harness *harness, const char *name, const struct answer *answer,
                         const char *path)
{
    const char *text = cJSON_GetStringValue(answer_at(answer, path));
    ck_assert_msg(text != NULL, "no %s in %d %s", path, answer->status, buf_str(&answer->body));
    harness_keep(harness, name, text);
}

static const char *find_value(const struct harness *harness, const char *name, size_t len)
{
    for (size_t i = 0; i < harness->n_values; i++)
        if (strlen(harness->values[i].name) == len &&
            memcmp(harness->values[i].name, name, len) == 0)
            return harness->values[i].value;
    return NULL;
}

const char *harness_value(const struct harness *harness, const char *name)
{
    const char *value = find_value(harness, name, strlen(name));
    ck_assert_msg(value != NULL, "$%s was never kept", name);
    return value;
}

char *harness_expand(const struct harness *harness, const char *text)
{
    struct buf out = {0};
    for (; *text; text++) {
        size_t len = 0;
        while (*text == '$' && isupper((unsigned char)text[1 + len]))
            len++;
        const char *value = len ? find_value(harness, text + 1, len) : NULL;
        if (value) {
            buf_text(&out, value);
            text += len;
            continue;
        }
        buf_char(&out, *text == '\'' ? '"' : *text);
    }
    return buf_take(&out);
}

enum { HEADERS_MAX = 16 };

/* "Name: value" lines into pairs, in place. */
static size_t split_headers(char *lines, struct header *ret_headers)
{
    size_t n = 0;
    for (char *line = lines, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        char *colon = strchr(line, ':');
        ck_assert_msg(colon != NULL && n < HEADERS_MAX, "not a header: %s", line);
        *colon = '\0';
        const char *value = colon + 1 + strspn(colon + 1, " ");
        ret_headers[n++] = (struct header){line, value};
    }
    return n;
}

static struct answer take_answer(struct response *response)
{
    struct answer answer = {.status = response->status,
                            .head = response->head,
                            .body = response->body,
                            .delivery = response->delivery};
    response->head = response->body = (struct buf){0};
    answer.json = tree_parse(buf_str(&answer.body), answer.body.len, NULL);
    answer.delivery.hold = NULL; /* released with the response */
    response_free(response);
    return answer;
}

struct answer harness_ask(struct harness *harness, const char *line, const char *headers,
                          const char *body)
{
    OWNED(mem_text_free) char *method = harness_expand(harness, line);
    OWNED(mem_text_free) char *lines = harness_expand(harness, headers ? headers : "");
    OWNED(mem_text_free) char *content = harness_expand(harness, body ? body : "");
    char *target = strchr(method, ' ');
    if (!target) /* ck_assert is for one thread */
        ck_abort_msg("not a request: %s", line);
    *target++ = '\0';
    struct header pairs[HEADERS_MAX + 2];
    size_t n = split_headers(lines, pairs);
    struct request request = {.method = method,
                              .target = target,
                              .headers = pairs,
                              .n_headers = n,
                              .body = content,
                              .body_len = strlen(content),
                              .entrance = harness->entrance};
    if (!request_header(&request, "Host"))
        pairs[n++] = (struct header){"Host", "localhost:8420"};
    bool json = *content == '{' || *content == '[';
    if (*content && !request_header(&request, "Content-Type"))
        pairs[n++] = (struct header){"Content-Type", json ? "application/json"
                                                          : "application/x-www-form-urlencoded"};
    request.n_headers = n;
    struct response response = {0};
    app_handle(&harness->fake, &request, &response);
    return take_answer(&response);
}

void answer_free(struct answer *answer)
{
    buf_free(&answer->head);
    buf_free(&answer->body);
    cJSON_Delete(answer->json);
    *answer = (struct answer){0};
}

void harness_do(struct harness *harness, int status, const char *line, const char *body)
{
    OWNED(answer_free) struct answer answer = harness_ask(harness, line, NULL, body);
    ck_assert_msg(answer.status == status, "%s %s: %d %s", line, body ? body : "", answer.status,
                  buf_str(&answer.body));
}

void harness_advance(struct harness *harness, int64_t ms)
{
    OWNED(mem_text_free) char *body = mem_format("{'ms':%lld}", (long long)ms);
    harness_do(harness, 200, "POST /_fakewix/clock/advance", body);
}

void harness_install(struct harness *harness)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(harness, "POST /_fakewix/installs", NULL,
                                       "{'app_id':'$APP','site_id':'$SITE'}");
    ck_assert_int_eq(answer.status, 201);
    harness_keep_member(harness, "CODE", &answer, "code");
}

void harness_connect(struct harness *harness)
{
    harness_install(harness);
    OWNED(answer_free)
    struct answer answer = harness_ask(harness, "POST /oauth/access", NULL,
                                       "{'grant_type':'authorization_code','client_id':'$APP',"
                                       "'client_secret':'$SECRET','code':'$CODE'}");
    ck_assert_int_eq(answer.status, 200);
    harness_keep_member(harness, "ACCESS", &answer, "access_token");
    harness_keep_member(harness, "REFRESH", &answer, "refresh_token");
}

void harness_mint(struct harness *harness)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(harness, "POST /oauth2/token", NULL,
                                       "{'grant_type':'client_credentials','client_id':'$APP',"
                                       "'client_secret':'$SECRET','instance_id':'$INSTANCE'}");
    ck_assert_int_eq(answer.status, 200);
    harness_keep_member(harness, "TOKEN", &answer, "access_token");
}

const char *harness_outcome(struct harness *harness)
{
    struct world *world = worlds_find(harness->fake.worlds, "default");
    ck_assert_uint_gt(world->journal.count, 0);
    const struct journal_entry *newest = journal_at(&world->journal, world->journal.count - 1);
    const char *name = refusal_row(newest->facts.outcome)->name;
    world_release(world);
    return name;
}

const cJSON *answer_at(const struct answer *answer, const char *path)
{
    const cJSON *at = answer->json;
    while (at && *path) {
        size_t len = strcspn(path, ".");
        OWNED(mem_text_free) char *name = mem_text_n(path, len);
        int64_t index;
        if (cJSON_IsArray(at))
            at = text_parse_int(name, 0, 1 << 20, &index) ? cJSON_GetArrayItem(at, (int)index)
                                                          : NULL;
        else
            at = tree_get(at, name);
        path += len + (path[len] == '.');
    }
    return at;
}

void answer_expect(const struct answer *answer, const char *path, const char *text)
{
    const cJSON *member = answer_at(answer, path);
    OWNED(mem_text_free) char *seen = NULL;
    if (cJSON_IsString(member))
        seen = mem_text(member->valuestring);
    else if (member)
        seen = tree_print(member);
    bool same = text && seen ? strcmp(text, seen) == 0 : !text && !seen;
    ck_assert_msg(same, "%s is %s, not %s, in %d %s", path, seen ? seen : "missing",
                  text ? text : "missing", answer->status, buf_str(&answer->body));
}

void answer_expect_header(const struct answer *answer, const char *name, const char *value)
{
    struct response shown = {.head = answer->head};
    OWNED(mem_text_free) char *seen = response_header_value(&shown, name);
    bool same = value && seen ? strcmp(value, seen) == 0 : !value && !seen;
    ck_assert_msg(same, "%s is %s, not %s", name, seen ? seen : "missing",
                  value ? value : "missing");
}

void answer_expect_members(const struct answer *answer, const char *names)
{
    OWNED(buf_free) struct buf seen = {0};
    const cJSON *member;
    ck_assert_msg(cJSON_IsObject(answer->json), "no object: %s", buf_str(&answer->body));
    cJSON_ArrayForEach(member, answer->json)
        buf_format(&seen, "%s%s", seen.len ? " " : "", member->string);
    ck_assert_str_eq(buf_str(&seen), names);
}

static void expect_old_body(const struct answer *answer, const struct refusal_row *row)
{
    answer_expect_members(answer, "errorCode errorDescription success payload");
    answer_expect(answer, "success", "false");
    answer_expect(answer, "payload", "null");
    const char *text = tree_text(answer->json, "errorDescription");
    OWNED(mem_text_free) char *end = mem_format(" - %s", row->code);
    ck_assert_msg(text && strstr(text, end), "errorDescription is %s", text ? text : "missing");
}

static void expect_body(const struct answer *answer, const struct refusal_row *row)
{
    switch (row->shape) {
    case SHAPE_IETF:
        answer_expect_members(answer, "error error_description");
        answer_expect(answer, "error", row->code);
        break;
    case SHAPE_OLD:
        expect_old_body(answer, row);
        break;
    case SHAPE_WIX:
    case SHAPE_CONTROL:
        answer_expect_members(answer, "message details");
        answer_expect(answer, "details.applicationError.code", row->code);
        break;
    case SHAPE_VALIDATION:
        answer_expect_members(answer, "message details");
        answer_expect(answer, "details.validationError.fieldViolations.0.field", row->code);
        break;
    case SHAPE_BARE:
        ck_assert_str_eq(buf_str(&answer->body), "{\"message\":\"\",\"details\":{}}");
        break;
    case SHAPE_MESSAGE:
        answer_expect_members(answer, "message");
        break;
    case SHAPE_PAGE:
        ck_assert_ptr_nonnull(strstr(buf_str(&answer->body), "<!doctype html>"));
        break;
    }
}

void answer_expect_refusal(const struct answer *answer, struct harness *harness, int status,
                           const char *outcome)
{
    ck_assert_msg(answer->status == status, "%d, not %d: %s", answer->status, status,
                  buf_str(&answer->body));
    ck_assert_str_eq(harness_outcome(harness), outcome);
    answer_expect_row(answer, refusal_by_name(outcome));
}

void answer_expect_row(const struct answer *answer, enum refusal refusal)
{
    const struct refusal_row *row = refusal_row(refusal);
    answer_expect_header(answer, "Content-Type",
                         row->shape == SHAPE_PAGE ? "text/html; charset=utf-8"
                                                  : "application/json");
    expect_body(answer, row);
}

/* The part-th segment of the JWT that is the end of a token. */
static cJSON *segment(const char *token, int part)
{
    const char *start[5] = {token};
    int n = 1;
    for (const char *at = token; *at; at++)
        if (*at == '.' && n < 5)
            start[n++] = at + 1;
    ck_assert_int_ge(n, 3);
    const char *text = start[n - 3 + part];
    OWNED(buf_free) struct buf json = {0};
    ck_assert(text_decode_base64url(&json, text, strcspn(text, "."), false));
    cJSON *tree = tree_parse(buf_str(&json), json.len, NULL);
    ck_assert_ptr_nonnull(tree);
    return tree;
}

cJSON *harness_jwt_header(const char *token)
{
    return segment(token, 0);
}

cJSON *harness_claims(const char *token)
{
    return segment(token, 1);
}
