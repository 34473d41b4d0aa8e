/* A world saved, loaded and reloaded: whole or not at all. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state_file.h"
#include "suite.h"

static struct harness *fake;
static struct harness *other; /* a fresh process, as far as a snapshot can tell */

static void set_up(void)
{
    fake = harness_new(NULL);
    other = harness_new(&(struct harness_wish){.seed = 99});
}

static void tear_down(void)
{
    harness_free(fake);
    harness_free(other);
}

static char *save(struct harness *from, const char *line)
{
    OWNED(answer_free) struct answer answer = harness_ask(from, line, NULL, NULL);
    ck_assert_int_eq(answer.status, 200);
    return buf_take(&answer.body);
}

static void carry_values(const struct harness *from, struct harness *to)
{
    for (size_t i = 0; i < from->n_values; i++)
        harness_keep(to, from->values[i].name, from->values[i].value);
}

/* Save the default world of `fake` and load it into `other`. */
static void move(void)
{
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    harness_do(other, 204, "PUT /_fakewix/snapshot", text);
    carry_values(fake, other);
}

#define REFRESH                                                                                    \
    "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"                  \
    "'refresh_token':'$REFRESH'}"
#define EXCHANGE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"
#define MINT                                                                                       \
    "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"             \
    "'instance_id':'$INSTANCE'}"

START_TEST(snapshot_is_the_same_after_a_round_trip)
{
    harness_connect(fake);
    harness_advance(fake, 1234567);
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'code_s':7}");
    harness_do(fake, 200, "PUT /_fakewix/profile", "{'rotate_refresh_tokens':true}");
    harness_do(fake, 200, "POST /_fakewix/tokens/expire", "{'app_id':'$APP','kind':'access'}");
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/reinstall", NULL);
    harness_do(
        fake, 200, "PUT /_fakewix/config",
        "{'apps':[{'app_id':'$APP','app_secret':'x'}],'sites':[{'site_id':'$SITE'}],"
        "'api':[{'method':'GET','path':'/a/b','body':{'c':1}}],'api_keys':[{'api_key':'k'}]}");
    move();
    OWNED(mem_text_free) char *left = save(fake, "GET /_fakewix/snapshot");
    OWNED(mem_text_free) char *right = save(other, "GET /_fakewix/snapshot");
    ck_assert_str_eq(left, right);
    OWNED(mem_text_free) char *clock = save(other, "GET /_fakewix/clock");
    ck_assert_ptr_nonnull(strstr(clock, "\"now_ms\":1893457234567"));
}
END_TEST

/* What was so before the snapshot is so after it: {request, status, outcome}. */
static const struct {
    const char *line, *headers, *body;
    int status;
    const char *outcome;
} after[] = {
    {"POST /oauth/access", NULL, REFRESH, 200, "ok"},
    {"POST /oauth/access", NULL, EXCHANGE, 400, "code-reused"},
    {"GET /apps/v1/instance", "Authorization: $ACCESS", NULL, 200, "ok"},
    {"GET /apps/v1/instance", "Authorization: $EXPIRED", NULL, 401, "api-token-expired"},
    {"POST /oauth2/token", NULL, MINT, 200, "ok"},
};

static void fill_for_after(void)
{
    harness_mint(fake);
    harness_keep(fake, "EXPIRED", harness_value(fake, "TOKEN"));
    harness_connect(fake);
    harness_do(fake, 200, "POST /_fakewix/tokens/expire", "{'token':'$EXPIRED'}");
}

START_TEST(tokens_outlive_the_process)
{
    fill_for_after();
    move();
    OWNED(answer_free)
    struct answer answer = harness_ask(other, after[_i].line, after[_i].headers, after[_i].body);
    ck_assert_msg(answer.status == after[_i].status, "%d %s", answer.status, buf_str(&answer.body));
    ck_assert_str_eq(harness_outcome(other), after[_i].outcome);
}
END_TEST

START_TEST(tokens_are_known_under_another_name)
{
    fill_for_after();
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    harness_do(other, 201, "POST /_fakewix/worlds", "{'world':'copy'}");
    harness_do(other, 204, "PUT /_fakewix/worlds/copy/snapshot", text);
    carry_values(fake, other);
    OWNED(mem_text_free) char *line = mem_text_n(after[_i].line, strcspn(after[_i].line, " "));
    OWNED(mem_text_free)
    char *prefixed = mem_format("%s /w/copy%s", line, strchr(after[_i].line, ' ') + 1);
    OWNED(answer_free)
    struct answer answer = harness_ask(other, prefixed, after[_i].headers, after[_i].body);
    ck_assert_msg(answer.status == after[_i].status, "%d %s", answer.status, buf_str(&answer.body));
}
END_TEST

/* An installation by chance, as $NAME. */
static void install_on_second_site(struct harness *on, const char *name)
{
    harness_do(on, 201, "POST /_fakewix/sites", "{'site_id':'s2'}");
    OWNED(answer_free)
    struct answer made =
        harness_ask(on, "POST /_fakewix/installs", NULL, "{'app_id':'$APP','site_id':'s2'}");
    harness_keep_member(on, name, &made, "instance_id");
}

/* The same requests after the same snapshot get the same answers. */
START_TEST(chance_goes_on_where_it_was)
{
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    harness_do(other, 204, "PUT /_fakewix/snapshot", text);
    harness_mint(fake);
    harness_mint(other);
    ck_assert_str_eq(harness_value(fake, "TOKEN"), harness_value(other, "TOKEN"));
    install_on_second_site(fake, "MADE");
    install_on_second_site(other, "MADE");
    ck_assert_str_eq(harness_value(fake, "MADE"), harness_value(other, "MADE"));
}
END_TEST

/* Whatever was asked before; only the tokens are told from those of before. */
START_TEST(chance_goes_back_to_where_it_was)
{
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    install_on_second_site(fake, "MADE");
    harness_mint(fake);
    harness_keep(fake, "FIRST", harness_value(fake, "TOKEN"));
    harness_do(fake, 204, "PUT /_fakewix/snapshot", text);
    install_on_second_site(fake, "AGAIN");
    harness_mint(fake);
    ck_assert_str_eq(harness_value(fake, "MADE"), harness_value(fake, "AGAIN"));
    ck_assert_str_ne(harness_value(fake, "FIRST"), harness_value(fake, "TOKEN"));
}
END_TEST

/* The tokens of before the snapshot stay good however often it is loaded, and however often a world
 * is saved and loaded: more often than there is room for names. */
START_TEST(tokens_outlive_any_number_of_loads)
{
    harness_connect(fake);
    for (int i = 0; i < 20; i++) {
        harness_mint(fake);
        OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
        harness_do(fake, 200, "POST /oauth/access", REFRESH);
        harness_do(fake, 204, "PUT /_fakewix/snapshot", text);
    }
    harness_do(fake, 200, "POST /oauth/access", REFRESH);
    OWNED(answer_free)
    struct answer last = harness_ask(fake, "GET /apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(last.status, 200);
}
END_TEST

START_TEST(later_tokens_are_strangers)
{
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    harness_do(other, 201, "POST /_fakewix/worlds", "{'world':'copy'}");
    harness_do(other, 204, "PUT /_fakewix/worlds/copy/snapshot", text);
    harness_mint(fake);
    carry_values(fake, other);
    OWNED(answer_free)
    struct answer answer =
        harness_ask(other, "GET /w/copy/apps/v1/instance", "Authorization: $TOKEN", NULL);
    ck_assert_int_eq(answer.status, 401);
}
END_TEST

START_TEST(copies_keep_the_names_of_copies)
{
    fill_for_after();
    OWNED(mem_text_free) char *first = save(fake, "GET /_fakewix/snapshot");
    harness_do(other, 201, "POST /_fakewix/worlds", "{'world':'copy'}");
    harness_do(other, 204, "PUT /_fakewix/worlds/copy/snapshot", first);
    OWNED(mem_text_free) char *second = save(other, "GET /_fakewix/worlds/copy/snapshot");
    harness_do(other, 201, "POST /_fakewix/worlds", "{'world':'third'}");
    harness_do(other, 204, "PUT /_fakewix/worlds/third/snapshot", second);
    carry_values(fake, other);
    harness_do(other, 200, "POST /w/third/oauth/access", REFRESH);
}
END_TEST

START_TEST(a_loaded_world_is_in_the_state_file)
{
    const char *file = state_file_new();
    fill_for_after();
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    harness_free(other);
    other = harness_new(&(struct harness_wish){.state_file = file});
    harness_do(other, 201, "POST /_fakewix/worlds", "{'world':'copy'}");
    harness_do(other, 204, "PUT /_fakewix/worlds/copy/snapshot", text);
    OWNED(mem_text_free) char *before = save(other, "GET /_fakewix/worlds/copy/snapshot");
    harness_free(other);
    other = harness_new(&(struct harness_wish){.state_file = file});
    OWNED(mem_text_free) char *behind = save(other, "GET /_fakewix/worlds/copy/config");
    ck_assert_ptr_nonnull(strstr(before, behind));
    carry_values(fake, other);
    harness_do(other, 200, "POST /w/copy/oauth/access", REFRESH);
    harness_do(other, 400, "POST /w/copy/oauth/access", EXCHANGE);
}
END_TEST

/* What a test armed and wished for goes on where it was: {what is done after the snapshot was
 * loaded, its status}. The second of the queue of three comes first, as the first was had. */
static const char *const armed_and_wished[][2] = {
    {"{'on':{'route':'POST /oauth2/token','nth':2},'times':2,'do':[{'fault':'status','status':501},"
     "{'fault':'status','status':502},{'fault':'pass'}]}",
     "POST /_fakewix/faults"},
    {"{'on':{'service':'api','header':{'x-no':null},'after':{'route':'POST /oauth2/token',"
     "'status':200}},'times':-1,'do':[[{'fault':'delay','ms':0},{'fault':'403-bare'}]]}",
     "POST /_fakewix/faults"},
    {"{'app_id':'$APP','next':2,'oauth_access_token_s':77}", "PUT /_fakewix/lifetimes"},
};

static void arm_and_wish(void)
{
    for (size_t i = 0; i < sizeof armed_and_wished / sizeof *armed_and_wished; i++) {
        OWNED(answer_free)
        struct answer answer =
            harness_ask(fake, armed_and_wished[i][1], NULL, armed_and_wished[i][0]);
        ck_assert_msg(answer.status / 100 == 2, "%s", buf_str(&answer.body));
    }
}

START_TEST(faults_and_wishes_go_on_where_they_were)
{
    arm_and_wish();
    OWNED(answer_free) struct answer first = harness_ask(fake, "POST /oauth2/token", NULL, MINT);
    answer_expect(&first, "expires_in", "77");
    harness_do(fake, 501, "POST /oauth2/token", MINT);
    move();
    OWNED(mem_text_free) char *left = save(fake, "GET /_fakewix/snapshot");
    OWNED(mem_text_free) char *right = save(other, "GET /_fakewix/snapshot");
    ck_assert_str_eq(left, right);
    harness_do(other, 403, "GET /conformance/probe", NULL);
    harness_do(other, 502, "POST /oauth2/token", MINT);
    OWNED(answer_free) struct answer next = harness_ask(other, "POST /oauth2/token", NULL, MINT);
    answer_expect(&next, "expires_in", "77");
    OWNED(answer_free) struct answer last = harness_ask(other, "POST /oauth2/token", NULL, MINT);
    answer_expect(&last, "expires_in", "14400");
    OWNED(answer_free)
    struct answer armed =
        harness_ask(other, "POST /_fakewix/faults", NULL, "{'do':{'fault':'pass'}}");
    answer_expect(&armed, "fault_id", "f3");
}
END_TEST

START_TEST(later_faults_and_the_journal_do_not_survive_a_load)
{
    OWNED(mem_text_free) char *text = save(fake, "GET /_fakewix/snapshot");
    harness_do(fake, 201, "POST /_fakewix/faults", "{'do':{'fault':'status','status':503}}");
    harness_do(fake, 503, "POST /oauth2/token", MINT);
    harness_do(fake, 201, "POST /_fakewix/faults", "{'do':{'fault':'status','status':503}}");
    harness_do(fake, 204, "PUT /_fakewix/snapshot", text);
    OWNED(mem_text_free) char *faults = save(fake, "GET /_fakewix/faults");
    ck_assert_str_eq(faults, "{\"faults\":[]}");
    OWNED(answer_free)
    struct answer journal = harness_ask(fake, "GET /_fakewix/journal", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&journal, "entries")), 0);
    harness_do(fake, 200, "POST /oauth2/token", MINT);
}
END_TEST

/* Each spoils one member; "" removes it. The sentence names it, and nothing has changed. */
static const struct {
    const char *member, *value, *sentence;
} spoilt[] = {
    {"schema", "2", "schema: this fakewix reads schema 1"},
    {"schema", "", "schema: is missing"},
    {"world", "'no such name!'", "world: must be the name"},
    {"world", "", "world: is missing"},
    {"config", "{'apps':[{'app_id':'a'}]}", "apps[0].app_secret: is missing"},
    {"config", "[]", "must be an object"},
    {"config", "", "config: is missing"},
    {"start", "{'aps':[]}", "did you mean \"apps\"?"},
    {"installations", "{}", "installations: must be a list"},
    {"installations", "[{'instance_id':'nobody','state':'ACTIVE','generation':1}]",
     "installations[0]: instance_id must be one of config.instances"},
    {"installations", "[{'instance_id':'$INSTANCE','state':'GONE','generation':1}]",
     "state must be SETUP_INCOMPLETE"},
    {"installations", "[{'instance_id':'$INSTANCE','state':'ACTIVE','generation':0}]",
     "generation must be"},
    {"clock", "{'mode':'fast','now':'2030-01-01T00:00:00Z'}", "clock.mode"},
    {"clock", "{'mode':'real','now':'tomorrow'}", "clock.now"},
    {"clock", "{'mode':'real','now':'2030-01-01T00:00:00Z','machine':1}", "clock.machine"},
    {"clock", "{'mode':'real','now':'2030-01-01T00:00:00Z','rate':-1}", "clock.rate"},
    {"marks", "[]", "marks: must be an object"},
    {"marks", "{'spent/1':'x'}", "marks.spent/1: must be a whole"},
    {"next_serial", "1.5", "next_serial: must be a whole"},
    {"first_serial", "-1", "first_serial: must be a whole"},
    {"aliases", "[{'world':'a','from':'x','below':2}]", "aliases: each needs"},
    {"next_serial", "", "next_serial: is missing"},
    {"aliases", "[{'world':'a'}]", "aliases: each needs"},
    {"chance", "{'seed':'0'}", "chance.seed"},
    {"kill_on_reuse", "1", "kill_on_reuse: must be true"},
    {"journal", "[]", "journal: is not known here"},
    {"lifetime_rules", "{}", "lifetime_rules: must be a list"},
    {"lifetime_rules", "[{'code_s':0}]", "lifetime_rules[0]: lifetimes.code_s"},
    {"lifetime_rules", "[{'code_s':1},{'next':0,'code_s':1}]", "lifetime_rules[1]: next is how"},
    {"lifetime_rules", "[7]", "lifetime_rules[0]: "},
    {"faults", "{}", "faults: must be a list"},
    {"faults", "[{'do':{'fault':'reset'}}]", "faults: fault_id must be"},
    {"faults", "[{'fault_id':'f1','left':-2,'do':{'fault':'reset'}}]", "faults: left must be"},
    {"faults", "[{'fault_id':'f1','left':1,'taken':0,'seen':0,'begun':0,'ended':0}]",
     "faults: do is missing"},
    {"faults",
     "[{'fault_id':'f1','left':1,'taken':0,'seen':0,'begun':0,'ended':0,"
     "'do':{'fault':'refuse-connections'}}]",
     "faults: f1 is a fault of a port"},
    {"faults",
     "[{'fault_id':'f1','left':1,'taken':0,'seen':0,'begun':0,'ended':0,"
     "'do':{'fault':'redirect'}}]",
     "needs a fake that listens"},
};

START_TEST(spoilt_snapshots_change_nothing)
{
    OWNED(mem_text_free) char *before = save(fake, "GET /_fakewix/snapshot");
    OWNED(tree_free) cJSON *snapshot = tree_parse(before, strlen(before), NULL);
    cJSON_DeleteItemFromObjectCaseSensitive(snapshot, spoilt[_i].member);
    if (*spoilt[_i].value) {
        OWNED(mem_text_free) char *value = harness_expand(fake, spoilt[_i].value);
        tree_put(snapshot, spoilt[_i].member, tree_parse(value, strlen(value), NULL));
    }
    OWNED(mem_text_free) char *text = tree_print(snapshot);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "PUT /_fakewix/snapshot", NULL, text);
    ck_assert_int_eq(answer.status, 400);
    const char *message = cJSON_GetStringValue(answer_at(&answer, "message"));
    ck_assert_msg(message && strstr(message, spoilt[_i].sentence), "%s", buf_str(&answer.body));
    OWNED(mem_text_free) char *behind = save(fake, "GET /_fakewix/snapshot");
    ck_assert_str_eq(before, behind);
}
END_TEST

START_TEST(all_problems_are_told_at_once)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "PUT /_fakewix/snapshot", NULL,
                                       "{'schema':7,'odd':1,'config':{'apps':[{}]}}");
    const char *message = cJSON_GetStringValue(answer_at(&answer, "message"));
    const char *wanted[] = {
        "odd: is not",        "schema: this",           "world: is missing",
        "app_id: is missing", "app_secret: is missing", "next_serial: is missing"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_msg(message && strstr(message, wanted[i]), "%s", message);
}
END_TEST

/* ---- reload ---- */

#define ONE_MORE                                                                                   \
    "{'apps':[{'app_id':'$APP','app_secret':'new'},{'app_id':'second','app_secret':'s'}],"         \
    "'sites':[{'site_id':'$SITE'}],'instances':[{'instance_id':'$INSTANCE','app_id':'$APP',"       \
    "'site_id':'$SITE'}],'lifetimes':{'code_s':60}}"

START_TEST(a_reload_keeps_what_it_does_not_name)
{
    harness_connect(fake);
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'by-hand','app_secret':'x'}");
    harness_do(fake, 200, "PUT /_fakewix/lifetimes", "{'custom_access_token_s':77}");
    harness_do(fake, 200, "PUT /_fakewix/config", ONE_MORE);
    harness_keep(fake, "SECRET", "new");
    harness_do(fake, 200, "POST /oauth/access", REFRESH);
    OWNED(answer_free) struct answer now = harness_ask(fake, "GET /_fakewix/config", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&now, "apps")), 3);
    answer_expect(&now, "lifetimes.code_s", "60");
    answer_expect(&now, "lifetimes.custom_access_token_s", "77");
    OWNED(answer_free) struct answer seen = harness_ask(fake, "GET /_fakewix/journal", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&seen, "entries")), 2);
}
END_TEST

START_TEST(a_reload_drops_what_the_config_had)
{
    harness_do(fake, 200, "PUT /_fakewix/config", ONE_MORE);
    harness_do(fake, 201, "POST /_fakewix/installs", "{'app_id':'second','site_id':'$SITE'}");
    harness_do(fake, 200, "PUT /_fakewix/config",
               "{'apps':[{'app_id':'third','app_secret':'t'}],'sites':[{'site_id':'$SITE'}],"
               "'profile':{'rotate_refresh_tokens':true},'api':[{'method':'GET','path':'/a'}]}");
    OWNED(answer_free) struct answer now = harness_ask(fake, "GET /_fakewix/config", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&now, "apps")), 1);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&now, "instances")), 0);
    answer_expect(&now, "lifetimes.code_s", "600");
    answer_expect(&now, "profile.rotate_refresh_tokens", "true");
    harness_do(fake, 200, "PUT /_fakewix/config", "{}");
    OWNED(answer_free) struct answer bare = harness_ask(fake, "GET /_fakewix/config", NULL, NULL);
    answer_expect(&bare, "profile.rotate_refresh_tokens", "false");
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&bare, "api")), 0);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&bare, "apps")), 0);
}
END_TEST

START_TEST(reset_goes_back_to_the_reloaded_config)
{
    harness_do(fake, 200, "PUT /_fakewix/config", ONE_MORE);
    harness_do(fake, 201, "POST /_fakewix/apps", "{'app_id':'by-hand','app_secret':'x'}");
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    OWNED(answer_free) struct answer now = harness_ask(fake, "GET /_fakewix/config", NULL, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&now, "apps")), 2);
}
END_TEST

static const struct {
    const char *body, *sentence;
} bad_configs[] = {
    {"{'apps':[{'app_id':'a','app_secret':'s'}],'instances':[{'instance_id':'i','app_id':'b',"
     "'site_id':'c'}]}",
     "\"b\" is not among the apps here"},
    {"{'apps':[{'app_id':'a','app_secret':'s'}],'instances':[{'instance_id':'i','app_id':'a',"
     "'site_id':'c'}]}",
     "\"c\" is not among the sites here"},
    {"{'lifetime':{}}", "did you mean \"lifetimes\"?"},
    {"{'lifetimes':{'code_s':0}}", "lifetimes.code_s"},
    {"{'profile':{'no_such':1}}", "profile.no_such"},
    {"[]", "JSON object"},
    {"{", "JSON object"},
    {NULL, "JSON object"},
};

START_TEST(a_bad_config_changes_nothing)
{
    OWNED(mem_text_free) char *before = save(fake, "GET /_fakewix/snapshot");
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "PUT /_fakewix/config", NULL, bad_configs[_i].body);
    ck_assert_int_eq(answer.status, 400);
    const char *message = cJSON_GetStringValue(answer_at(&answer, "message"));
    ck_assert_msg(message && strstr(message, bad_configs[_i].sentence), "%s", message);
    OWNED(mem_text_free) char *behind = save(fake, "GET /_fakewix/snapshot");
    ck_assert_str_eq(before, behind);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, snapshot_is_the_same_after_a_round_trip);
    suite_rows(tcase, tokens_outlive_the_process, after);
    suite_rows(tcase, tokens_are_known_under_another_name, after);
    tcase_add_test(tcase, chance_goes_on_where_it_was);
    tcase_add_test(tcase, chance_goes_back_to_where_it_was);
    tcase_add_test(tcase, tokens_outlive_any_number_of_loads);
    tcase_add_test(tcase, later_tokens_are_strangers);
    tcase_add_test(tcase, copies_keep_the_names_of_copies);
    tcase_add_test(tcase, a_loaded_world_is_in_the_state_file);
    tcase_add_test(tcase, faults_and_wishes_go_on_where_they_were);
    tcase_add_test(tcase, later_faults_and_the_journal_do_not_survive_a_load);
    suite_rows(tcase, spoilt_snapshots_change_nothing, spoilt);
    tcase_add_test(tcase, all_problems_are_told_at_once);
    tcase_add_test(tcase, a_reload_keeps_what_it_does_not_name);
    tcase_add_test(tcase, a_reload_drops_what_the_config_had);
    tcase_add_test(tcase, reset_goes_back_to_the_reloaded_config);
    suite_rows(tcase, a_bad_config_changes_nothing, bad_configs);
    return suite_run("snapshot", tcase);
}
