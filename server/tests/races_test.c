/* Single use means once, however many clients come at the same moment: each round, all threads send
 * the same request, and exactly one may win. FAKEWIX_LONG=1 plays 10,000 rounds. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "shared/mem.h"
#include "suite.h"

enum { THREADS = 64, ROUNDS_SHORT = 150, ROUNDS_LONG = 10000 };

enum { HELD = -1 };

/* A thing that can be taken once: what makes one, what takes it, and the status of the winner; HELD
 * where the winner is the one who waits. */
struct race {
    const char *title;
    void (*make)(struct harness *fake);
    const char *line, *body;
    int won;
};

static void make_code(struct harness *fake)
{
    harness_install(fake);
}

static void make_ticket(struct harness *fake)
{
    OWNED(answer_free)
    struct answer answer =
        harness_ask(fake, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'$SITE'}");
    const char *url = cJSON_GetStringValue(answer_at(&answer, "app_url"));
    harness_keep(fake, "TICKET", strstr(url, "token=") + strlen("token="));
}

static void make_fault(struct harness *fake)
{
    harness_do(fake, 204, "DELETE /_fakewix/faults", NULL); /* spent ones count to the limit */
    harness_do(fake, 201, "POST /_fakewix/faults",
               "{'on':{'route':'GET /conformance/probe'},'do':{'fault':'status','status':418}}");
}

/* The last round's winner is let go with its fault. */
static void make_gate(struct harness *fake, const char *stage)
{
    OWNED(mem_text_free)
    char *rule = mem_format("{'on':{'route':'GET /conformance/probe'},'times':1,'stage':'%s',"
                            "'do':{'fault':'hold'}}",
                            stage);
    harness_do(fake, 204, "DELETE /_fakewix/faults", NULL);
    harness_do(fake, 201, "POST /_fakewix/faults", rule);
}

static void make_gate_after(struct harness *fake)
{
    make_gate(fake, "after");
}

static void make_gate_before(struct harness *fake)
{
    make_gate(fake, "before");
}

static void make_device(struct harness *fake)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /oauth2/device/code?clientId=$APP", NULL, NULL);
    harness_keep_member(fake, "DEVICE", &answer, "deviceCode");
    harness_keep_member(fake, "USERCODE", &answer, "userCode");
    harness_do(fake, 200, "POST /_fakewix/devices/approve", "{'user_code':'$USERCODE'}");
}

/* A refresh token that the first refresh retires. */
static void make_rotation(struct harness *fake)
{
    harness_do(fake, 200, "PUT /_fakewix/profile",
               "{'rotate_refresh_tokens':true,'access_token_alg':'HS256'}");
    harness_connect(fake);
}

#define CLIENT "'client_id':'$APP','client_secret':'$SECRET'"

static const struct race races[] = {
    {"an authorization code", make_code, "POST /oauth/access",
     "{'grant_type':'authorization_code'," CLIENT ",'code':'$CODE'}", 200},
    {"an installer token", make_ticket, "POST /installer/install",
     "appId=$APP&redirectUrl=http%3A%2F%2Flocalhost%3A3000%2Flogin&token=$TICKET&decision=agree",
     302},
    {"a one-shot fault", make_fault, "GET /conformance/probe", "", 418},
    {"a device code", make_device, "POST /oauth2/token",
     "{'grantType':'urn:ietf:params:oauth:grant-type:device_code','clientId':'$APP',"
     "'deviceCode':'$DEVICE','scope':'offline_access'}",
     200},
    {"a gate behind the handler", make_gate_after, "GET /conformance/probe", "", HELD},
    {"a gate before the handler", make_gate_before, "GET /conformance/probe", "", HELD},
    {"a rotated refresh token", make_rotation, "POST /oauth/access",
     "{'grant_type':'refresh_token'," CLIENT ",'refresh_token':'$REFRESH'}", 200},
};

/* What the threads share in a round. */
struct field {
    struct harness *fake;
    struct request request;
    struct header type;
    pthread_barrier_t start, end;
    atomic_int winners;
    int won;
    bool over;
};

static void *run(void *context)
{
    struct field *field = context;
    for (;;) {
        pthread_barrier_wait(&field->start);
        if (field->over)
            return NULL;
        struct response response = {0};
        app_handle(&field->fake->fake, &field->request, &response);
        bool is_held = response.ticket || response.delivery.hold;
        if (field->won == HELD ? is_held : response.status == field->won)
            atomic_fetch_add(&field->winners, 1);
        response_free(&response);
        pthread_barrier_wait(&field->end);
    }
}

static int play_round(struct field *field, const struct race *race)
{
    race->make(field->fake);
    OWNED(mem_text_free) char *body = harness_expand(field->fake, race->body);
    const char *space = strchr(race->line, ' ');
    OWNED(mem_text_free) char *method = mem_text_n(race->line, (size_t)(space - race->line));
    field->type = (struct header){
        "Content-Type", *body == '{' ? "application/json" : "application/x-www-form-urlencoded"};
    field->request = (struct request){.method = method,
                                      .target = space + 1,
                                      .headers = &field->type,
                                      .n_headers = 1,
                                      .body = body,
                                      .body_len = strlen(body)};
    atomic_store(&field->winners, 0);
    pthread_barrier_wait(&field->start);
    pthread_barrier_wait(&field->end);
    return atomic_load(&field->winners);
}

static void play(const struct race *race, const char *state_file)
{
    struct harness_wish wish = {.state_file = state_file, .journal_max = 100};
    struct field field = {.fake = harness_new(&wish), .won = race->won};
    harness_do(field.fake, 200, "PUT /_fakewix/profile", "{'access_token_alg':'HS256'}");
    pthread_barrier_init(&field.start, NULL, THREADS + 1);
    pthread_barrier_init(&field.end, NULL, THREADS + 1);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, &field);
    int rounds = getenv("FAKEWIX_LONG") ? ROUNDS_LONG : ROUNDS_SHORT;
    int wrong = 0;
    for (int i = 0; i < rounds; i++)
        wrong += play_round(&field, race) != 1;
    field.over = true;
    pthread_barrier_wait(&field.start);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&field.start);
    pthread_barrier_destroy(&field.end);
    harness_free(field.fake);
    ck_assert_msg(!wrong, "%s was not won exactly once in %d of %d rounds", race->title, wrong,
                  rounds);
}

START_TEST(one_wins_in_memory)
{
    play(&races[_i], NULL);
}
END_TEST

START_TEST(one_wins_on_file)
{
    char directory[] = "/tmp/fakewix-races-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    OWNED(mem_text_free) char *file = mem_format("%s/state", directory);
    play(&races[_i], file);
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        OWNED(mem_text_free) char *name = mem_format("%s%s", file, endings[i]);
        unlink(name);
    }
    rmdir(directory);
}
END_TEST

static void nothing(void)
{
}

int main(void)
{
    TCase *tcase = suite_case(nothing, nothing);
    tcase_set_timeout(tcase, 900);
    suite_rows(tcase, one_wins_in_memory, races);
    suite_rows(tcase, one_wins_on_file, races);
    return suite_run("races", tcase);
}
