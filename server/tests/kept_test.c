/* What a state file keeps and what it does not: the table of docs/CONTROL-API.md, a row for each
 * thing it names. Each is done in the default world and in another one, asked for, and asked for
 * again when another process has taken up the file. Webhooks are in redelivery_test.c, ports of
 * worlds in launch/serve_test.py: they need somebody who takes them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "state_file.h"
#include "suite.h"

static struct harness *fake;
static const char *file;

static void set_up(void)
{
    file = state_file_new();
    fake = harness_new(&(struct harness_wish){.state_file = file});
}

static void tear_down(void)
{
    harness_free(fake);
}

/* $C is the world's control plane, $W what stands before Wix's paths in it. */
#define C "/_fakewix$C"
#define MINT                                                                                       \
    "'client_id':'$APP','client_secret':'$SECRET','instance_id':'$INSTANCE',"                      \
    "'grant_type':'client_credentials'}"
#define SPENT                                                                                      \
    "{'client_id':'$APP','client_secret':'$SECRET','grant_type':'authorization_code','code':'$"    \
    "KEPT'}"
#define REFRESHED                                                                                  \
    "{'client_id':'$APP','client_secret':'$SECRET','grant_type':'refresh_token',"                  \
    "'refresh_token':'$KEPT'}"

static const struct {
    struct {
        const char *line, *body;
        const char *keep; /* the answer's member that becomes $KEPT, or NULL */
    } steps[3];
    const char *ask, *headers, *body;
    const char *path;          /* a member of what is answered */
    const char *before, *then; /* it; NULL: there is none */
} rows[] = {
    /* ---- outlives the process ---- */
    {{{"POST " C "/apps", "{'app_id':'more','app_secret':'s'}", NULL}},
     "GET " C "/config",
     NULL,
     NULL,
     "apps.1.app_id",
     "more",
     "more"},
    {{{"POST " C "/sites", "{'site_id':'more','locale':'de'}", NULL}},
     "GET " C "/sites",
     NULL,
     NULL,
     "sites.1.locale",
     "de",
     "de"},
    {{{"POST " C "/sites", "{'site_id':'more'}", NULL},
      {"POST " C "/installs", "{'app_id':'$APP','site_id':'more'}", NULL}},
     "GET " C "/instances",
     NULL,
     NULL,
     "instances.1.site_id",
     "more",
     "more"},
    {{{"POST " C "/instances/$INSTANCE/uninstall", NULL, NULL}},
     "GET " C "/instances",
     NULL,
     NULL,
     "instances.0.state",
     "UNINSTALLED",
     "UNINSTALLED"},
    {{{"POST " C "/api", "{'method':'GET','path':'/a','body':{'b':1}}", NULL}},
     "GET " C "/api",
     NULL,
     NULL,
     "api.0.body.b",
     "1",
     "1"},
    {{{"POST " C "/api-keys", "{'api_key':'IST.k','site_ids':['$SITE']}", NULL}},
     "GET " C "/api-keys",
     NULL,
     NULL,
     "api_keys.0.api_key",
     "IST.k",
     "IST.k"},
    {{{"PUT " C "/profile", "{'access_refusals':'ietf'}", NULL}},
     "GET " C "/profile",
     NULL,
     NULL,
     "access_refusals",
     "ietf",
     "ietf"},
    {{{"PUT " C "/lifetimes", "{'code_s':7}", NULL}},
     "GET " C "/lifetimes",
     NULL,
     NULL,
     "code_s",
     "7",
     "7"},
    {{{"PUT " C "/clock", "{'now':'2041-02-03T04:05:06Z','mode':'frozen'}", NULL}},
     "GET " C "/clock",
     NULL,
     NULL,
     "now",
     "2041-02-03T04:05:06.000Z",
     "2041-02-03T04:05:06.000Z"},
    {{{"PUT " C "/clock", "{'mode':'real'}", NULL}},
     "GET " C "/clock",
     NULL,
     NULL,
     "mode",
     "real",
     "real"},
    {{{"PUT " C "/clock", "{'mode':'scaled','rate':60}", NULL}},
     "GET " C "/clock",
     NULL,
     NULL,
     "rate",
     "60",
     "60"},
    {{{"POST $W/oauth2/token", "{" MINT, "access_token"}},
     "GET $W/apps/v1/instance",
     "Authorization: $KEPT",
     NULL,
     "instance.instanceId",
     "$INSTANCE",
     "$INSTANCE"},
    {{{"POST " C "/installs", "{'app_id':'$APP','site_id':'$SITE'}", "code"},
      {"POST $W/oauth/access", SPENT, NULL}},
     "POST $W/oauth/access",
     NULL,
     SPENT,
     "success",
     "false",
     "false"},
    {{{"POST $W/oauth2/token", "{" MINT, "access_token"},
      {"POST " C "/tokens/expire", "{'token':'$KEPT'}", NULL}},
     "POST $W/oauth2/token-info",
     NULL,
     "{'token':'$KEPT'}",
     "active",
     "false",
     "false"},
    {{{"POST $W/oauth2/token", "{" MINT, "access_token"},
      {"POST " C "/tokens/revoke", "{'app_id':'$APP'}", NULL}},
     "POST $W/oauth2/token-info",
     NULL,
     "{'token':'$KEPT'}",
     "active",
     "false",
     "false"},
    {{{"POST " C "/installs", "{'app_id':'$APP','site_id':'$SITE'}", "code"},
      {"POST $W/oauth/access", SPENT, "refresh_token"},
      {"POST " C "/tokens/revoke", "{'token':'$KEPT'}", NULL}},
     "POST $W/oauth/access",
     NULL,
     REFRESHED,
     "success",
     "false",
     "false"},
    /* ---- does not ---- */
    {{{"POST " C "/faults", "{'do':{'fault':'unavailable'}}", NULL}},
     "GET " C "/faults",
     NULL,
     NULL,
     "faults.0.fault_id",
     "f1",
     NULL},
    {{{"POST $W/oauth2/token", "{" MINT, NULL}},
     "GET " C "/journal",
     NULL,
     NULL,
     "entries.0.seq",
     "1",
     NULL},
    {{{"POST $W/oauth2/token?client_secret=$SECRET", "{" MINT, NULL}},
     "GET " C "/lint",
     NULL,
     NULL,
     "findings.0.last_seq",
     "1",
     NULL},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static void enter_another_world(void)
{
    static const char *const members[][2] = {{"APP", "app_id"},
                                             {"SECRET", "app_secret"},
                                             {"INSTANCE", "instance_id"},
                                             {"SITE", "site_id"}};
    OWNED(answer_free)
    struct answer made = harness_ask(fake, "POST /_fakewix/worlds", NULL, "{'world':'b'}");
    for (size_t i = 0; i < 4; i++)
        harness_keep_member(fake, members[i][0], &made, members[i][1]);
}

static void expect(int row, const char *text)
{
    OWNED(mem_text_free) char *wanted = text ? harness_expand(fake, text) : NULL;
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, rows[row].ask, rows[row].headers, rows[row].body);
    answer_expect(&answer, rows[row].path, wanted);
}

START_TEST(state_file_keeps_what_the_page_says)
{
    int row = _i % N_ROWS;
    bool is_default = _i < N_ROWS;
    if (!is_default)
        enter_another_world();
    harness_keep(fake, "C", is_default ? "" : "/worlds/b");
    harness_keep(fake, "W", is_default ? "" : "/w/b");
    for (size_t i = 0; i < 3 && rows[row].steps[i].line; i++) {
        OWNED(answer_free)
        struct answer done =
            harness_ask(fake, rows[row].steps[i].line, NULL, rows[row].steps[i].body);
        ck_assert_msg(done.status / 100 == 2, "%s: %s", rows[row].steps[i].line,
                      buf_str(&done.body));
        if (rows[row].steps[i].keep)
            harness_keep_member(fake, "KEPT", &done, rows[row].steps[i].keep);
    }
    expect(row, rows[row].before);
    fake = harness_reopen(fake, file);
    expect(row, rows[row].then);
}
END_TEST

START_TEST(a_world_outlives_the_process)
{
    enter_another_world();
    fake = harness_reopen(fake, file);
    OWNED(answer_free) struct answer worlds = harness_ask(fake, "GET /_fakewix/worlds", NULL, NULL);
    ck_assert_ptr_nonnull(strstr(buf_str(&worlds.body), "{\"world\":\"b\"}"));
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_loop_test(tcase, state_file_keeps_what_the_page_says, 0, 2 * N_ROWS);
    tcase_add_test(tcase, a_world_outlives_the_process);
    return suite_run("kept", tcase);
}
