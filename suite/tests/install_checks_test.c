/* The checks that look at what a browser saw of an install: the installer's URL, redirects,
 * headers, and what the client said of the callback. */
#include "checks/checks.h"
#include "evidence/url.h"
#include "tests/wire.h"

#define WIX "https://www.wix.com/installer/install?"
#define WAY WIX "token=T&appId=app&redirectUrl=https%3A%2F%2Fa.example%2Fcb%3Fx%3D1%26y%3D2&state=S"
#define TOKENS "{\"access_token\":\"A1.1\",\"refresh_token\":\"R1\"}"
#define CLOSE "https://www.wix.com/installer/close-window"

static const struct wire_line lines[] = {
    {"POST", "/w/test/oauth/access", NULL, 200, NULL,
     "{\"grant_type\":\"authorization_code\",\"code\":\"C+1\"}", TOKENS},
    {0},
};

static void take(char **to, const char *text)
{
    *to = text ? mem_text(text) : NULL;
}

static void judge(const char *check, const struct performance *performance,
                  enum finding_kind expected, int row)
{
    static char base[] = "http://127.0.0.1:1/w/test";
    struct stage stage = wire_stage();
    stage.world.base = base;
    struct evidence evidence = {.stage = &stage, .performance = *performance};
    wire_write(lines, &evidence.wire);
    evidence_name_secrets(&evidence);
    OWNED(finding_free) struct finding finding = {.seq = -1};
    checks_find(check)->fn(&evidence, NULL, &finding);
    ck_assert_msg(finding.kind == expected, "%s (row %d) found %d: %s", check, row,
                  (int)finding.kind, buf_str(&finding.seen));
    ck_assert(finding.expected.len > 0 && finding.seen.len > 0);
    evidence_free(&evidence);
}

/* Ways to the installer. given: the redirect URL that the client was told; NULL: it has its own. */
static const struct {
    const char *check;
    const char *url;
    const char *given;
    enum finding_kind kind;
} ways[] = {
    {"installer-asked", WAY, NULL, FINDING_HOLDS},
    {"installer-asked",
     "http://127.0.0.1:1/w/test/installer/install?token=T&appId=app&redirectUrl=x", NULL,
     FINDING_HOLDS},
    {"installer-asked", "http://127.0.0.1:1/installer/install?token=T&appId=app&redirectUrl=x",
     NULL, FINDING_HOLDS},
    {"installer-asked", NULL, NULL, FINDING_BROKEN},
    {"installer-asked", WIX "appId=app&redirectUrl=x", NULL, FINDING_BROKEN},
    {"installer-asked", WIX "token=U&appId=app&redirectUrl=x", NULL, FINDING_BROKEN},
    {"installer-asked", WIX "token=T&appId=other&redirectUrl=x", NULL, FINDING_BROKEN},
    {"installer-asked", WIX "token=T&client_id=app&redirectUrl=x", NULL, FINDING_BROKEN},
    {"installer-asked", WIX "token=T&appId=app", NULL, FINDING_BROKEN},
    {"installer-asked", "https://evil.example/installer/install?token=T&appId=app&redirectUrl=x",
     NULL, FINDING_BROKEN},
    {"installer-asked", "https://www.wix.com/installer/installed?token=T&appId=app&redirectUrl=x",
     NULL, FINDING_BROKEN},
    {"redirect-url-whole", WAY, "https://a.example/cb?x=1&y=2", FINDING_HOLDS},
    {"redirect-url-whole", WIX "redirectUrl=https://a.example/cb?x=1&y=2&token=T",
     "https://a.example/cb?x=1&y=2", FINDING_BROKEN},
    {"redirect-url-whole", WIX "token=T", "https://a.example/cb", FINDING_BROKEN},
    {"redirect-url-whole", WAY, NULL, FINDING_HOLDS},
    {"redirect-url-whole", WIX "redirectUrl=https://a.example/cb&token=T", NULL, FINDING_HOLDS},
    {"redirect-url-whole", WIX "redirectUrl=https://a.example/cb?x=1&y=2", NULL, FINDING_BROKEN},
    {"redirect-url-whole", WIX "redirectUrl=%252Fcb", NULL, FINDING_BROKEN},
    {"state-sent", WAY, NULL, FINDING_HOLDS},
    {"state-sent", WIX "token=T", NULL, FINDING_BROKEN},
    {"state-sent", WIX "token=T&state=", NULL, FINDING_BROKEN},
    {"no-state-sent", WIX "token=T", NULL, FINDING_HOLDS},
    {"no-state-sent", WAY, NULL, FINDING_BROKEN},
    {"state-unpredictable", WIX "token=T", NULL, FINDING_BROKEN},
    {"state-unpredictable", WAY, NULL, FINDING_UNDECIDED},
    {"front-channel-clean", WAY, NULL, FINDING_HOLDS},
    {"front-channel-clean", WIX "state=s3cret", NULL, FINDING_BROKEN},
    {"front-channel-clean", WIX "state=%733cret", NULL, FINDING_BROKEN},
};

START_TEST(a_way_to_the_installer_is_judged)
{
    struct performance performance = {0};
    struct install *install = performance_add_install(&performance);
    take(&install->url, ways[_i].url);
    take(&install->given_token, "T");
    take(&install->given_redirect_url, ways[_i].given);
    if (ways[_i].url) {
        install->token = url_param(install->url, "token");
        install->app_id = url_param(install->url, "appId");
        install->redirect_url = url_param(install->url, "redirectUrl");
        install->state = url_param(install->url, "state");
    }
    judge(ways[_i].check, &performance, ways[_i].kind, _i);
}
END_TEST

/* One visit to the app, and what it was answered with. */
static const struct {
    const char *check;
    enum visit_kind kind;
    const char *location;
    const char *name;
    const char *value;
    enum finding_kind found;
    const char *seen; /* of what is measured */
} visits[] = {
    {"front-channel-clean", VISIT_CALLBACK, CLOSE "?access_token=A1.1", NULL, NULL,
     FINDING_UNDECIDED, NULL},
    {"front-channel-clean", VISIT_CALLBACK, "/done?access_token=A1.1", NULL, NULL, FINDING_BROKEN,
     NULL},
    {"front-channel-clean", VISIT_CALLBACK, CLOSE "?access_token=A1%2E1&refresh_token=R1", NULL,
     NULL, FINDING_BROKEN, NULL},
    {"front-channel-clean", VISIT_INSTALLER, "https://a.example/cb?x=s3cret", NULL, NULL,
     FINDING_UNDECIDED, NULL},
    {"window-closed-measured", VISIT_CALLBACK, CLOSE "?access_token=A1%2E1", NULL, NULL,
     FINDING_MEASURED, "the browser is sent to close-window with this install's access token"},
    {"window-closed-measured", VISIT_CALLBACK, CLOSE "?access_token=A0", NULL, NULL,
     FINDING_MEASURED, "the browser is sent to close-window with another access token"},
    {"window-closed-measured", VISIT_CALLBACK, CLOSE, NULL, NULL, FINDING_MEASURED,
     "the browser is sent to close-window with no access token"},
    {"window-closed-measured", VISIT_CALLBACK, "/done", NULL, NULL, FINDING_MEASURED,
     "the browser is not sent to close-window"},
    {"opener-allowed", VISIT_APP, NULL, "X-Other", "1", FINDING_HOLDS, NULL},
    {"opener-allowed", VISIT_APP, NULL, "cross-origin-opener-policy", "unsafe-none", FINDING_HOLDS,
     NULL},
    {"opener-allowed", VISIT_CALLBACK, NULL, "Cross-Origin-Opener-Policy",
     "unsafe-none; report-to=\"x\"", FINDING_HOLDS, NULL},
    {"opener-allowed", VISIT_CALLBACK, NULL, "Cross-Origin-Opener-Policy",
     "same-origin-allow-popups", FINDING_BROKEN, NULL},
    {"opener-allowed", VISIT_INSTALLER, NULL, "Cross-Origin-Opener-Policy", "same-origin",
     FINDING_UNDECIDED, NULL},
    {"frames-measured", VISIT_APP, NULL, "X-Frame-Options", "DENY", FINDING_MEASURED,
     "X-Frame-Options: DENY at the App URL"},
    {"frames-measured", VISIT_CALLBACK, NULL, "Content-Security-Policy",
     "default-src 'self'; frame-ancestors 'none'; x", FINDING_MEASURED,
     "frame-ancestors 'none' at the redirect URL"},
    {"frames-measured", VISIT_CALLBACK, NULL, "Content-Security-Policy", "default-src 'self'",
     FINDING_MEASURED, "nothing is said of frames"},
    {"code-exact", VISIT_CALLBACK, NULL, NULL, NULL, FINDING_HOLDS, NULL},
    {"code-exact", VISIT_APP, NULL, NULL, NULL, FINDING_BROKEN, NULL},
};

START_TEST(a_visit_is_judged)
{
    struct performance performance = {0};
    struct visit *visit = performance_add_visit(&performance);
    visit->kind = visits[_i].kind;
    visit->status = 302;
    take(&visit->url, "https://a.example/cb?code=C%2B1");
    take(&visit->location, visits[_i].location);
    if (visits[_i].name) {
        visit->headers = cJSON_CreateArray();
        cJSON *pair = tree_put(visit->headers, NULL, cJSON_CreateArray());
        tree_put(pair, NULL, cJSON_CreateString(visits[_i].name));
        tree_put(pair, NULL, cJSON_CreateString(visits[_i].value));
    }
    if (visits[_i].seen) {
        struct stage stage = wire_stage();
        struct evidence evidence = {.stage = &stage, .performance = performance};
        OWNED(finding_free) struct finding finding = {.seq = -1};
        wire_write(lines, &evidence.wire);
        checks_find(visits[_i].check)->fn(&evidence, NULL, &finding);
        ck_assert_str_eq(buf_str(&finding.seen), visits[_i].seen);
        wire_free(&evidence.wire);
    }
    judge(visits[_i].check, &performance, visits[_i].found, _i);
}
END_TEST

/* Twenty states, each made of a part that does not change and a part that does. */
enum { STATES = 20 };
enum making { RANDOM_HEX, RANDOM_UUID, COUNTED, SAME };

static void make_state(enum making making, int number, unsigned *seed, char *out, size_t room)
{
    static const char uuid[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
    static const char hex[] = "0123456789abcdef";
    if (making == COUNTED || making == SAME) {
        snprintf(out, room, "install-of-my-app-2026-11-22-0000%04d", making == SAME ? 7 : number);
        return;
    }
    snprintf(out, room, "%s", making == RANDOM_UUID ? uuid : "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    for (char *c = out; *c; c++) {
        *seed = *seed * 1664525U + 1013904223U;
        unsigned nibble = *seed >> 28;
        *c = *c == 'x' ? hex[nibble] : *c == 'v' ? hex[8 + nibble % 4] : *c;
    }
}

static const enum finding_kind makings[] = {
    [RANDOM_HEX] = FINDING_HOLDS,
    [RANDOM_UUID] = FINDING_HOLDS,
    [COUNTED] = FINDING_BROKEN,
    [SAME] = FINDING_BROKEN,
};

START_TEST(states_are_guessed_at)
{
    unsigned seed = 1;
    for (int round = 0; round < 50; round++) {
        struct performance performance = {0};
        for (int i = 0; i < STATES; i++) {
            char state[64];
            make_state((enum making)_i, i, &seed, state, sizeof state);
            struct install *install = performance_add_install(&performance);
            take(&install->url, WAY);
            take(&install->state, state);
        }
        judge("state-unpredictable", &performance, makings[_i], _i);
    }
}
END_TEST

/* What a client says of a callback whose code was refused. status: of a page, or 0. */
static const struct {
    bool has_answer;
    bool ok;
    int status;
    enum client_end end;
    const char *location;
    enum finding_kind kind;
} claims[] = {
    {false, false, 0, CLIENT_OK, NULL, FINDING_BROKEN},
    {false, false, 0, CLIENT_ERROR, NULL, FINDING_HOLDS},
    {true, true, 0, CLIENT_OK, NULL, FINDING_BROKEN},
    {true, false, 0, CLIENT_ERROR, NULL, FINDING_HOLDS},
    {true, true, 200, CLIENT_OK, NULL, FINDING_HOLDS},
    {true, false, 502, CLIENT_ERROR, NULL, FINDING_HOLDS},
    {true, true, 200, CLIENT_OK, CLOSE "?access_token=", FINDING_BROKEN},
};

START_TEST(a_claim_is_judged)
{
    static const struct wire_line refused[] = {
        {"POST", "/w/test/oauth/access", NULL, 400, "access-grant",
         "{\"grant_type\":\"authorization_code\",\"code\":\"C1\"}", "{}"},
        {0},
    };
    struct stage stage = wire_stage();
    OWNED(evidence_free) struct evidence evidence = {.stage = &stage};
    wire_write(refused, &evidence.wire);
    evidence.performance.end = claims[_i].end;
    if (claims[_i].has_answer) {
        struct answer *answer = performance_add_answer(&evidence.performance);
        answer->step = "callback";
        answer->ok = claims[_i].ok;
        answer->status = claims[_i].status;
    }
    struct visit *visit = performance_add_visit(&evidence.performance);
    visit->kind = VISIT_CALLBACK;
    take(&visit->location, claims[_i].location);
    OWNED(finding_free) struct finding finding = {.seq = -1};
    checks_find("install-not-claimed")->fn(&evidence, NULL, &finding);
    ck_assert_msg(finding.kind == claims[_i].kind, "row %d: %s", _i, buf_str(&finding.seen));
}
END_TEST

START_TEST(a_client_that_said_nothing_gets_its_due)
{
    struct performance idle = {0};
    performance_settle(&idle);
    ck_assert_int_eq(idle.end, CLIENT_ERROR);
    performance_free(&idle);
    struct performance sent = {0};
    take(&performance_add_install(&sent)->url, WAY);
    performance_settle(&sent);
    ck_assert_int_eq(sent.end, CLIENT_OK);
    take(&performance_add_install(&sent)->trouble, "it rained");
    free(sent.detail);
    sent.detail = NULL;
    performance_settle(&sent);
    ck_assert_int_eq(sent.end, CLIENT_ERROR);
    ck_assert_str_eq(sent.detail, "came to no end of its own: it rained");
    performance_free(&sent);
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("install_checks", &tests);
    tcase_add_loop_test(tests, a_way_to_the_installer_is_judged, 0, sizeof ways / sizeof *ways);
    tcase_add_loop_test(tests, a_visit_is_judged, 0, sizeof visits / sizeof *visits);
    tcase_add_loop_test(tests, states_are_guessed_at, 0, sizeof makings / sizeof *makings);
    tcase_add_loop_test(tests, a_claim_is_judged, 0, sizeof claims / sizeof *claims);
    tcase_add_test(tests, a_client_that_said_nothing_gets_its_due);
    return suite_run(suite);
}
