/* Each row of refusals.def is reached over a socket and looks as its row says. The rows and their
 * requests are paired by the compiler: a refusal that no request reaches does not build. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "harness.h"
#include "http/listener.h"
#include "patience.h"
#include "receiver.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"
#include "webhooks/courier.h"

enum { MAX_BODY = 65536, MAX_HEAD = 8192, REQUEST_MS = 300, CALLS_A_MINUTE = 200 };

static struct harness *fake;
static struct listener *listener;
static char huge[MAX_HEAD + 64]; /* a request whose head is too large */
#define HUGE huge

static void answer_request(void *context, const struct request *request, struct response *response)
{
    app_handle(context, request, response);
}

static void set_up(void)
{
    static const char *const addresses[] = {"127.0.0.1:0"};
    OWNED(err_free) struct err err = {0};
    fake = harness_new(&(struct harness_wish){.max_holds = 1});
    struct listener_config config = {.addresses = addresses,
                                     .n_addresses = 1,
                                     .workers = 8,
                                     .max_body = MAX_BODY,
                                     .max_head = MAX_HEAD,
                                     .idle_ms = 400,
                                     .request_ms = REQUEST_MS,
                                     .answer = answer_request,
                                     .context = &fake->fake};
    listener = listener_start(&config, &err);
    ck_assert_msg(listener != NULL, "%s", err.text ? err.text : "");
    static const char head[] = "GET / HTTP/1.1\r\nHost: localhost\r\nA: ";
    for (size_t i = 0; i < sizeof huge - 1; i++)
        huge[i] = i < sizeof head - 1 ? head[i] : 'a';
}

static void tear_down(void)
{
    listener_stop(listener, 0);
    harness_free(fake);
}

/* ---- what happens before ---- */

static void keep_member(const char *name, const char *member, const char *line, const char *body)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, line, NULL, body);
    harness_keep_member(fake, name, &answer, member);
}

static void visit(void)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL,
                                       "{'clientId':'$APP','grantType':'anonymous'}");
    harness_keep_member(fake, "VISITOR", &answer, "access_token");
    harness_keep_member(fake, "REFRESH", &answer, "refresh_token");
}

static void log_in(void)
{
    OWNED(answer_free)
    struct answer page =
        harness_ask(fake,
                    "GET /oauth2/authorize?client_id=$APP&response_type=code&response_mode=query"
                    "&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Flogin&code_challenge_method=S256"
                    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                    NULL, NULL);
    struct response shown = {.head = page.head};
    OWNED(mem_text_free) char *location = response_header_value(&shown, "Location");
    ck_assert_ptr_nonnull(location);
    harness_keep(fake, "CODE", strstr(location, "code=") + strlen("code="));
}

static void show_code(void)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /oauth2/device/code?clientId=$APP", NULL, NULL);
    harness_keep_member(fake, "DEVICE", &answer, "deviceCode");
    harness_keep_member(fake, "USERCODE", &answer, "userCode");
}

static void use_up(void)
{
    for (int i = 0; i < CALLS_A_MINUTE; i++) {
        OWNED(answer_free)
        struct answer answer =
            harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
        ck_assert_int_eq(answer.status, 200);
    }
}

static void install(void)
{
    harness_install(fake);
}

static void connect_app(void)
{
    harness_connect(fake);
}

static void mint(void)
{
    harness_mint(fake);
}

static void guard(void)
{
    fake->fake.control_token = "secret";
}

static const struct {
    const char *word;
    void (*run)(void);
} words[] = {
    {"install", install}, {"connect", connect_app}, {"mint", mint},     {"visit", visit},
    {"log-in", log_in},   {"show-code", show_code}, {"use-up", use_up}, {"guard", guard},
};

static bool run_word(const char *step)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, step) == 0) {
            words[i].run();
            return true;
        }
    return false;
}

/* "METHOD /path {body}", or "NAME.member = METHOD /path {body}"; cut up in place. */
static void run_step(char *step)
{
    if (run_word(step))
        return;
    char *name = NULL;
    char *member = NULL;
    char *equals = strstr(step, " = ");
    if (equals && equals < strchr(step, '/')) {
        name = step;
        *equals = '\0';
        member = strchr(name, '.');
        *member++ = '\0';
        step = equals + 3;
    }
    char *body = strstr(step, " {");
    if (body)
        *body++ = '\0';
    if (name) {
        keep_member(name, member, step, body);
        return;
    }
    OWNED(answer_free) struct answer answer = harness_ask(fake, step, NULL, body);
    ck_assert_msg(answer.status / 100 == 2, "%s: %s", step, buf_str(&answer.body));
}

static void run_steps(const char *text)
{
    OWNED(mem_text_free) char *steps = mem_text(text);
    for (char *step = steps, *next; *step; step = next) {
        next = step + strcspn(step, "\n");
        if (*next)
            *next++ = '\0';
        run_step(step);
    }
}

/* ---- over the socket ---- */

/* "POST /path", headers and body as the bytes of a request; caller frees with free(). */
static char *write_request(const char *line, const char *headers, const char *body)
{
    OWNED(mem_text_free) char *target = harness_expand(fake, line);
    OWNED(mem_text_free) char *lines = harness_expand(fake, headers ? headers : "");
    OWNED(mem_text_free) char *content = harness_expand(fake, body ? body : "");
    struct buf out = {0};
    buf_format(&out, "%s HTTP/1.1\r\nConnection: close\r\n", target);
    if (strncmp(lines, "Host:", 5) != 0)
        buf_text(&out, "Host: localhost\r\n");
    for (const char *at = lines; *at; at += strspn(at, "\n")) {
        size_t len = strcspn(at, "\n");
        buf_add(&out, at, len);
        buf_text(&out, "\r\n");
        at += len;
    }
    if (*content && !strstr(lines, "Content-Type"))
        buf_format(&out, "Content-Type: application/%s\r\n",
                   strchr("{[", *content) ? "json" : "x-www-form-urlencoded");
    buf_format(&out, "Content-Length: %zu\r\n\r\n%s", strlen(content), content);
    return buf_take(&out);
}

/* The bytes that came, as an answer. */
static struct answer read_answer(const struct buf *got)
{
    struct answer answer = {0};
    const char *text = buf_str(got);
    const char *head = strstr(text, "\r\n");
    const char *body = strstr(text, "\r\n\r\n");
    int64_t status;
    OWNED(mem_text_free) char *digits = mem_text_n(text + strlen("HTTP/1.1 "), 3);
    ck_assert_msg(head && body && text_parse_int(digits, 100, 599, &status), "%s", text);
    answer.status = (int)status;
    buf_add(&answer.head, head + 2, (size_t)(body - head));
    buf_text(&answer.body, body + 4);
    answer.json = tree_parse(buf_str(&answer.body), answer.body.len, NULL);
    return answer;
}

static struct answer ask(const char *line, const char *headers, const char *body)
{
    OWNED(mem_text_free) char *request = write_request(line, headers, body);
    OWNED(buf_free) struct buf got = {0};
    client_ask(listener_port(listener, false), request, &got);
    return read_answer(&got);
}

/* ---- the rows ---- */

static const struct reach {
    enum refusal refusal;
    const char *steps, *line, *headers, *body;
} reaches[] = {
#define REACH(symbol, steps, line, headers, body) {REFUSAL_##symbol, steps, line, headers, body},
#define BYTES(symbol, bytes)
#define HALF(symbol, bytes)
#define WEBHOOK(symbol, status)
#define HELD(symbol, fault)
#include "refusals_reached.def"
#undef REACH
#undef BYTES
#undef HALF
#undef WEBHOOK
#undef HELD
};

static const struct bytes {
    enum refusal refusal;
    const char *bytes;
    bool half;
} raw[] = {
#define REACH(symbol, steps, line, headers, body)
#define BYTES(symbol, bytes) {REFUSAL_##symbol, bytes, false},
#define HALF(symbol, bytes) {REFUSAL_##symbol, bytes, true},
#define WEBHOOK(symbol, status)
#define HELD(symbol, fault)
#include "refusals_reached.def"
#undef REACH
#undef BYTES
#undef HALF
#undef WEBHOOK
#undef HELD
};

static const struct webhook {
    enum refusal refusal;
    int status;
} webhooks[] = {
#define REACH(symbol, steps, line, headers, body)
#define BYTES(symbol, bytes)
#define HALF(symbol, bytes)
#define WEBHOOK(symbol, status) {REFUSAL_##symbol, status},
#define HELD(symbol, fault)
#include "refusals_reached.def"
#undef REACH
#undef BYTES
#undef HALF
#undef WEBHOOK
#undef HELD
};

static const struct held {
    enum refusal refusal;
    const char *fault;
} helds[] = {
#define REACH(symbol, steps, line, headers, body)
#define BYTES(symbol, bytes)
#define HALF(symbol, bytes)
#define WEBHOOK(symbol, status)
#define HELD(symbol, fault) {REFUSAL_##symbol, fault},
#include "refusals_reached.def"
#undef REACH
#undef BYTES
#undef HALF
#undef WEBHOOK
#undef HELD
};

/* Each row of refusals.def names a row of refusals_reached.def, or this does not compile. */
enum {
#define REACH(symbol, steps, line, headers, body) REACHED_##symbol,
#define BYTES(symbol, bytes) REACHED_##symbol,
#define HALF(symbol, bytes) REACHED_##symbol,
#define WEBHOOK(symbol, status) REACHED_##symbol,
#define HELD(symbol, fault) REACHED_##symbol,
#include "refusals_reached.def"
#undef REACH
#undef BYTES
#undef HALF
#undef WEBHOOK
#undef HELD
    REACHED_COUNT
};

static const int reached[] = {
#define REFUSAL(symbol, status, shape, code, sentence, source) REACHED_##symbol,
#include "shared/refusals.def"
#undef REFUSAL
};

START_TEST(each_row_is_reached)
{
    ck_assert_int_eq(REACHED_COUNT, REFUSAL_COUNT - 1);
    bool seen[REACHED_COUNT] = {false};
    for (size_t i = 0; i < sizeof reached / sizeof *reached; i++) {
        ck_assert(!seen[reached[i]]);
        seen[reached[i]] = true;
    }
}
END_TEST

/* Whether a body has the row's sentence; what stands for its "…" is the request's own. */
static bool tells(const struct answer *answer, const struct refusal_row *row)
{
    const char *gap = strstr(row->sentence, "…");
    if (!gap)
        return strstr(buf_str(&answer->body), row->sentence);
    OWNED(mem_text_free)
    char *before = mem_text_n(row->sentence, (size_t)(gap - row->sentence));
    const char *at = strstr(buf_str(&answer->body), before);
    return at && strstr(at, gap + strlen("…"));
}

START_TEST(request_is_refused_as_its_row_says)
{
    const struct reach *reach = &reaches[_i];
    const struct refusal_row *row = refusal_row(reach->refusal);
    run_steps(reach->steps);
    OWNED(answer_free) struct answer answer = ask(reach->line, reach->headers, reach->body);
    ck_assert_msg(answer.status == row->status, "%s: %d %s", row->name, answer.status,
                  buf_str(&answer.body));
    if (row->shape != SHAPE_CONTROL)
        ck_assert_str_eq(harness_outcome(fake), row->name);
    answer_expect_row(&answer, reach->refusal);
    bool told = row->shape != SHAPE_PAGE && row->shape != SHAPE_OLD;
    ck_assert_msg(!told || tells(&answer, row), "%s: %s", row->name, buf_str(&answer.body));
}
END_TEST

START_TEST(bytes_are_refused_as_their_row_says)
{
    const struct refusal_row *row = refusal_row(raw[_i].refusal);
    OWNED(buf_free) struct buf got = {0};
    int fd = client_connect("127.0.0.1", listener_port(listener, false));
    client_say(fd, raw[_i].bytes);
    if (raw[_i].half)
        shutdown(fd, SHUT_WR);
    client_read(fd, &got, patience(2000));
    close(fd);
    OWNED(answer_free) struct answer answer = read_answer(&got);
    ck_assert_msg(answer.status == row->status, "%s: %s", row->name, buf_str(&got));
    answer_expect_row(&answer, raw[_i].refusal);
    ck_assert_ptr_nonnull(strstr(buf_str(&answer.body), row->sentence));
}
END_TEST

START_TEST(webhook_ends_as_its_row_says)
{
    const struct webhook *webhook = &webhooks[_i];
    int status = webhook->status ? webhook->status : RECEIVER_SILENT;
    const int statuses[] = {status, 0};
    struct receiver *app = webhook->status < 0 ? NULL : receiver_new(statuses);
    fake->fake.courier = courier_new(fake->fake.worlds);
    harness_keep(fake, "HOOK", app ? receiver_url(app) : "http://127.0.0.1:1/hook");
    run_steps("POST /_fakewix/apps {'app_id':'$APP','app_secret':'$SECRET','webhook_url':'$HOOK'}");
    OWNED(answer_free)
    struct answer answer = ask("POST /_fakewix/events", NULL,
                               "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    answer_expect(&answer, "events.0.attempts.0.outcome", refusal_row(webhook->refusal)->name);
    courier_free(fake->fake.courier);
    fake->fake.courier = NULL;
    receiver_free(app);
}
END_TEST

static void hold_one(const char *fault)
{
    OWNED(mem_text_free) char *rule = mem_format("{'times':-1,'stage':'before','do':%s}", fault);
    harness_do(fake, 201, "POST /_fakewix/faults", rule);
}

static int say(const char *line)
{
    OWNED(mem_text_free) char *request = write_request(line, NULL, NULL);
    int fd = client_connect("127.0.0.1", listener_port(listener, false));
    client_say(fd, request);
    return fd;
}

/* What is left in the journal, as nobody got an answer to look at. */
static void expect_outcome(const char *name)
{
    OWNED(mem_text_free)
    char *line = mem_format("GET /_fakewix/journal?outcome=%s&wait_ms=$SOON", name);
    OWNED(answer_free) struct answer journal = harness_ask(fake, line, NULL, NULL);
    ck_assert_msg(cJSON_GetArraySize(answer_at(&journal, "entries")) == 1, "%s: %s", name,
                  buf_str(&journal.body));
}

START_TEST(held_request_ends_as_its_row_says)
{
    const struct refusal_row *row = refusal_row(helds[_i].refusal);
    hold_one(helds[_i].fault);
    int fd = say("GET /conformance/probe");
    if (helds[_i].refusal == REFUSAL_FAULT) {
        OWNED(buf_free) struct buf got = {0};
        ck_assert(client_read_to(fd, &got, "\r\n\r\n"));
        ck_assert_int_eq(strncmp(buf_str(&got), "HTTP/1.1 503 ", 13), 0);
    } else if (helds[_i].refusal == REFUSAL_NOT_ANSWERED) {
        OWNED(buf_free) struct buf got = {0};
        ck_assert_int_eq(client_read(fd, &got, patience(2000)), ENDING_RESET);
        ck_assert_uint_eq(got.len, 0);
    } else {
        harness_do(fake, 200, "GET /_fakewix/faults/f1?waiting=1&wait_ms=$SOON", NULL);
    }
    if (helds[_i].refusal == REFUSAL_HOLD_LIMIT) {
        OWNED(answer_free) struct answer answer = ask("GET /conformance/probe", NULL, NULL);
        ck_assert_int_eq(answer.status, row->status);
        answer_expect_row(&answer, helds[_i].refusal);
    }
    close(fd);
    expect_outcome(row->name);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, each_row_is_reached);
    suite_rows(tcase, request_is_refused_as_its_row_says, reaches);
    suite_rows(tcase, bytes_are_refused_as_their_row_says, raw);
    suite_rows(tcase, webhook_ends_as_its_row_says, webhooks);
    suite_rows(tcase, held_request_ends_as_its_row_says, helds);
    return suite_run("refusals", tcase);
}
