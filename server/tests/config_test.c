/* Configs: each mistake is one line that names file, key and fix; what is sound is applied. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"
#include "suite.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

static cJSON *parse(const char *text)
{
    OWNED(mem_text_free) char *json = harness_expand(fake, text);
    cJSON *tree = tree_parse(json, strlen(json), NULL);
    ck_assert_msg(tree != NULL, "not JSON: %s", json);
    return tree;
}

#define A "'app_id':'a','app_secret':'s'"
#define APPS(members) "{'apps':[{" members "}]}"
#define WITH(members) "{'apps':[{" A "," members "}]}"

#define ANSWER(method, path) "{'api':[{'method':'" method "','path':'" path "'}]}"

/* ---- mistakes ---- */

static const struct {
    const char *config, *line;
} mistakes[] = {
    {"[]", "f.json: (whole file): must be an object: { … }"},
    {"'x'", "f.json: (whole file): must be an object: { … }"},
    {"{'app':[]}", "f.json: app: this key is not known; did you mean \"apps\"? the keys here are"},
    {"{'colour':1}", "f.json: colour: this key is not known; the keys here are apps, sites,"},
    {"{'apps':{}}", "f.json: apps: must be a list: [ … ]"},
    {"{'apps':null}", "f.json: apps: must be a list: [ … ]"},
    {"{'apps':[1]}", "f.json: apps[0]: must be an object: { … }"},
    {APPS("'app_id':'a'"), "f.json: apps[0].app_secret: is missing and has no default; add it"},
    {APPS("'app_secret':'s'"), "f.json: apps[0].app_id: is missing and has no default; add it"},
    {APPS("'app_id':'','app_secret':'s'"), "f.json: apps[0].app_id: must be a text of 1 to 64"},
    {APPS("'app_id':'a b','app_secret':'s'"), "f.json: apps[0].app_id: must be a text of 1 to 64"},
    {APPS("'app_id':'a|b','app_secret':'s'"), "f.json: apps[0].app_id: must be a text of 1 to 64"},
    {APPS("'app_id':7,'app_secret':'s'"), "f.json: apps[0].app_id: must be a text of 1 to 64"},
    {APPS("'app_id':'a','app_secret':''"),
     "f.json: apps[0].app_secret: must be a text that is not empty"},
    {APPS("'app_id':'a','app_secret':9"),
     "f.json: apps[0].app_secret: must be a text that is not empty"},
    {WITH("'secret':'s'"), "f.json: apps[0].secret: this key is not known; the keys here are"},
    {WITH("'redirect_url':[]"),
     "f.json: apps[0].redirect_url: this key is not known; did you mean \"redirect_urls\"?"},
    {WITH("'redirect_urls':'x'"), "f.json: apps[0].redirect_urls: must be a list of texts"},
    {WITH("'redirect_urls':[1]"), "f.json: apps[0].redirect_urls: must be a list of texts"},
    {WITH("'permissions':{}"), "f.json: apps[0].permissions: must be a list of texts"},
    {WITH("'authentication':[]"), "f.json: apps[0].authentication: must be [\"oauth\"]"},
    {WITH("'authentication':['basic']"), "f.json: apps[0].authentication: must be [\"oauth\"]"},
    {WITH("'authentication':'oauth'"), "f.json: apps[0].authentication: must be [\"oauth\"]"},
    {WITH("'name':null"), "f.json: apps[0].name: must be a text that is not empty"},
    {WITH("'app_secret':'t'"), "f.json: apps[0].app_secret: stands here more than once; keep one"},
    {"{'apps':[{" A "},{" A "}]}",
     "f.json: apps[1].app_id: \"a\" is the id of apps[0] already; give this one its own"},
    {"{'sites':[{'site_id':'x'},{'site_id':'x'}]}",
     "f.json: sites[1].site_id: \"x\" is the id of sites[0] already"},
    {"{'sites':[{'site_id':'x','siteid':'x'}]}",
     "f.json: sites[0].siteid: this key is not known; did you mean \"site_id\"?"},
    {"{'apps':[{" A "}],'sites':[{'site_id':'s'}],'instances':["
     "{'instance_id':'i','app_id':'a','site_id':'s'},{'instance_id':'i','app_id':'a','site_id':'s'}"
     "]}",
     "f.json: instances[1].instance_id: \"i\" is the id of instances[0] already"},
    {"{'apps':[{" A "}],'instances':[{'instance_id':'i','app_id':'b','site_id':'s'}]}",
     "f.json: instances[0].app_id: \"b\" is not among the apps here; add it there"},
    {"{'sites':[],'instances':[{'instance_id':'i','app_id':'b','site_id':'s'}]}",
     "f.json: instances[0].site_id: \"s\" is not among the sites here; add it there"},
    {"{'lifetimes':{'code':1}}",
     "f.json: lifetimes.code: this key is not known; did you mean \"code_s\"?"},
    {"{'lifetimes':{'code_s':0}}", "f.json: lifetimes.code_s: must be a whole number of seconds"},
    {"{'lifetimes':{'code_s':1.5}}", "f.json: lifetimes.code_s: must be a whole number of seconds"},
    {"{'lifetimes':{'code_s':'600'}}",
     "f.json: lifetimes.code_s: must be a whole number of seconds"},
    {"{'lifetimes':{'code_s':315360001}}",
     "f.json: lifetimes.code_s: must be a whole number of seconds from 1 to 315360000"},
    {"{'lifetimes':[]}", "f.json: lifetimes: must be an object: { … }"},
    {"{'profile':['rotate']}", "f.json: profile: must be an object: { … }"},
    {"{'api':[{'method':'GET','path':'/x','headers':['a']}]}",
     "f.json: api[0].headers: must be an object: { … }"},
    {WITH("'redirect_urls':['https://a.example/cb','localhost:3000/cb']"),
     "f.json: apps[0].redirect_urls[1]: \"localhost:3000/cb\" is no URL; write it whole, such as"},
    {WITH("'redirect_urls':['']"), "f.json: apps[0].redirect_urls[0]: must be a text that is not"},
    {WITH("'app_url':'/signup'"), "f.json: apps[0].app_url: \"/signup\" is no URL; write it whole"},
    {WITH("'app_url':'http://'"), "f.json: apps[0].app_url: \"http://\" is no URL; write it whole"},
    {WITH("'webhook_url':'127.0.0.1:3000/hook'"),
     "f.json: apps[0].webhook_url: \"127.0.0.1:3000/hook\" is no URL of http or https; write it"},
    {WITH("'webhook_url':'ftp://a.example/hook'"),
     "f.json: apps[0].webhook_url: \"ftp://a.example/hook\" is no URL of http or https; write it"},
    {WITH("'service_plugins':[{'type':'T','url':'localhost'}]"),
     "f.json: apps[0].service_plugins[0].url: \"localhost\" is no URL of http or https; write it"},
    {ANSWER("get", "/a"),
     "f.json: api[0].method: \"get\" is not known; did you mean \"GET\"? known "
     "here: GET HEAD POST PUT PATCH DELETE *\n"},
    {ANSWER("FETCH", "/a"), "f.json: api[0].method: \"FETCH\" is not known; known here: GET HEAD"},
    {ANSWER("GET POST", "/a"), "f.json: api[0].method: \"GET POST\" is not known; known here:"},
    {ANSWER("OPTIONS", "/a"), "f.json: api[0].method: \"OPTIONS\" is not known; known here:"},
    {ANSWER("GET", "blog/v3"),
     "f.json: api[0].path: \"blog/v3\" is no path: it must begin with a slash, without a host"},
    {ANSWER("GET", "https://www.wixapis.com/blog"),
     "f.json: api[0].path: \"https://www.wixapis.com/blog\" is no path: it must begin with a"},
    {ANSWER("POST", "/oauth2/token"),
     "f.json: api[0].path: POST \"/oauth2/token\" can never be answered by this row, as the fake "
     "answers there itself (the token service, /oauth2/); take another path, or arm a fault\n"},
    {ANSWER("*", "/oauth/access"),
     "f.json: api[0].path: * \"/oauth/access\" can never be answered"},
    {ANSWER("GET", "/_fakewix/x"),
     "f.json: api[0].path: GET \"/_fakewix/x\" can never be answered"},
    {ANSWER("GET", "/oauth2/*"), "f.json: api[0].path: GET \"/oauth2/*\" can never be answered"},
    {ANSWER("GET", "/apps/v1/instance"),
     "f.json: api[0].path: GET \"/apps/v1/instance\" can never be answered by this row, as the "
     "fake "
     "answers there itself (GET /apps/v1/instance); take another path"},
    {ANSWER("GET", "/stores/v1/products/query"),
     "f.json: api[0].path: GET \"/stores/v1/products/query\" can never be answered by this row, as "
     "the fake answers there itself (POST /stores/v1/products/query); take another path"},
    {"{'sites':[{'site_id':'s'}],'api_keys':[{'api_key':'k','site_ids':['s','t']}]}",
     "f.json: api_keys[0].site_ids[1]: \"t\" is not among the sites here; add it there or correct"},
    {"{'profile':{'rotate':true}}", "f.json: profile.rotate: is not a switch"},
    {"{'profile':{'consent_askd':true}}",
     "f.json: profile.consent_askd: is not a switch; did you mean \"consent_asked\"?"},
    {"{'profile':{'access_refusals':'new'}}",
     "f.json: profile.access_refusals: takes one of old|ietf"},
};

START_TEST(mistake_is_one_line_with_file_key_and_fix)
{
    OWNED(tree_free) cJSON *config = parse(mistakes[_i].config);
    OWNED(buf_free) struct buf problems = {0};
    ck_assert_uint_eq(config_check(config, "f.json", &problems), 1);
    const char *seen = buf_str(&problems);
    ck_assert_msg(strncmp(seen, mistakes[_i].line, strlen(mistakes[_i].line)) == 0, "%s", seen);
    ck_assert_ptr_eq(strchr(seen, '\n'), seen + problems.len - 1);
}
END_TEST

static const struct {
    const char *config;
    const char *text; /* all that is said of it as a world's whole content */
} wholes[] = {
    {"{'apps':[{" A "}],'sites':[{'site_id':'s'}],"
     "'instances':[{'instance_id':'i','app_id':'a','site_id':'s'}]}",
     ""},
    {"{'apps':[{" A "}],'instances':[{'instance_id':'i','app_id':'a','site_id':'s'}]}",
     "f: instances[0].site_id: \"s\" is not among the sites here; add it there or correct it\n"},
    {"{'sites':[{'site_id':'s'}],'instances':[{'instance_id':'i','app_id':'a','site_id':'s'}]}",
     "f: instances[0].app_id: \"a\" is not among the apps here; add it there or correct it\n"},
    {"{'api_keys':[{'api_key':'k','site_ids':['s']}]}",
     "f: api_keys[0].site_ids[0]: \"s\" is not among the sites here; add it there or correct it\n"},
};

/* As a part it is sound: the list may be in another file. */
START_TEST(list_left_out_of_the_whole_is_empty)
{
    OWNED(tree_free) cJSON *config = parse(wholes[_i].config);
    OWNED(buf_free) struct buf problems = {0};
    ck_assert_uint_eq(config_check(config, "f", &problems), 0);
    ck_assert_str_eq(buf_str(&problems), "");
    config_check_whole(config, "f", &problems);
    ck_assert_str_eq(buf_str(&problems), wholes[_i].text);
}
END_TEST

/* What somebody may well mean: nothing is said of it. */
static const char *const sound[] = {
    WITH(
        "'redirect_urls':['https://a.example/cb?x=1','http://localhost:3000','HTTPS://A.example',"
        "'http://[::1]:3000/cb','https://u:p@a.example:443/','https://a.example/\\u00e9']"),
    WITH("'redirect_urls':['com.example.app:/cb','exp://127.0.0.1:19000/--/cb']"),
    WITH("'webhook_url':'http://127.0.0.1:8000/hook','app_url':'https://a.example'"),
    ANSWER("*", "/*"),
    ANSWER("GET", "/apps/*"),
    ANSWER("PATCH", "/blog/v3/posts"),
    ANSWER("DELETE", "/oauth2"),
    ANSWER("POST", "/stores/v1/products/query"),
    ANSWER("*", "/stores/v1/products/query"),
    ANSWER("HEAD", "/stores/v3/provision/version"),
    "{'api_keys':[{'api_key':'k','site_ids':[]},{'api_key':'l'}]}",
};

START_TEST(what_is_sound_is_not_refused)
{
    OWNED(tree_free) cJSON *config = parse(sound[_i]);
    OWNED(buf_free) struct buf problems = {0};
    config_check_whole(config, "f", &problems);
    ck_assert_str_eq(buf_str(&problems), "");
}
END_TEST

START_TEST(all_mistakes_are_told_unknown_keys_first)
{
    OWNED(tree_free) cJSON *config = parse("{'apps':[{'app_id':1,'appsecret':'s'}],'x':1}");
    OWNED(buf_free) struct buf problems = {0};
    ck_assert_uint_eq(config_check(config, "f", &problems), 4);
    const char *text = buf_str(&problems);
    const char *const order[] = {"f: x: ", "f: apps[0].appsecret: ", "f: apps[0].app_id: ",
                                 "f: apps[0].app_secret: is missing"};
    for (size_t i = 0; i < 4; i++) {
        const char *next = strstr(text, order[i]);
        ck_assert_msg(next != NULL, "%s in %s", order[i], buf_str(&problems));
        text = next;
    }
}
END_TEST

static const struct {
    const char *url;
    bool warned;
} urls[] = {
    {"https://a.example/", false},
    {"http://localhost:3000/", false},
    {"http://127.0.0.1/", false},
    {"http://[::1]:3/", false},
    {"http://a.example/", true},
    {"ftp://localhost/", true},
    {"http://localhost.evil.example/", true},
    {"http://127.0.0.1.evil.example/", true},
};

START_TEST(app_url_neither_https_nor_local_is_a_warning)
{
    OWNED(mem_text_free)
    char *text = mem_format(WITH("'app_url':'%s'"), urls[_i].url);
    OWNED(tree_free) cJSON *config = parse(text);
    OWNED(buf_free) struct buf problems = {0};
    ck_assert_uint_eq(config_check(config, "f", &problems), 0);
    bool warned = strncmp(buf_str(&problems), "warning: f: apps[0].app_url: ", 29) == 0;
    ck_assert_msg(warned == urls[_i].warned, "%s: %s", urls[_i].url, buf_str(&problems));
}
END_TEST

static const struct {
    const char *url, *warning;
} redirects[] = {
    {"https://a.example/back", ""},
    {"HTTP://localhost:3000/callback?a=b", ""},
    {"com.example.app:/back", ""},
    {"ftp://a.example/", ""},
    {"htp://localhost:3000/callback", "the scheme \"htp\"; did you mean \"http\"?\n"},
    {"htpps://a.example/", "the scheme \"htpps\"; did you mean \"https\"?\n"},
    {"https://a.example/#/back", "a redirect URL has no fragment (RFC 6749 section 3.1.2); leave "
                                 "out what begins with #\n"},
};

START_TEST(redirect_url_that_is_a_slip_is_a_warning)
{
    const char *wanted = redirects[_i].warning;
    OWNED(mem_text_free)
    char *text = mem_format(WITH("'redirect_urls':['https://a.example/','%s']"), redirects[_i].url);
    OWNED(tree_free) cJSON *config = parse(text);
    OWNED(buf_free) struct buf problems = {0};
    OWNED(mem_text_free)
    char *line = mem_format("warning: f: apps[0].redirect_urls[1]: %s", wanted);
    ck_assert_uint_eq(config_check(config, "f", &problems), 0);
    ck_assert_str_eq(buf_str(&problems), *wanted ? line : "");
}
END_TEST

/* ---- files ---- */

static const struct {
    const char *content, *part;
} files[] = {
    {NULL, "cannot be read: No such file or directory; check the name"},
    {"", "JSON was expected and nothing came; it must be one JSON object"},
    {"{\"apps\":[", "it must be one JSON object"},
    {"{} {}", "something follows the JSON value at byte 3; it must be one JSON object"},
    {"{\"a\":\"\xff\"}", "not valid UTF-8 text at byte 6; it must"},
    {"{\n\"apps\": [],\n\"sites\": []\n\"api\": []\n}", "malformed near line 4, column 1; it must"},
};

static cJSON *load(const char *file, struct buf *problems)
{
    return config_load(&file, 1, problems);
}

START_TEST(file_that_is_no_config_is_named)
{
    char name[] = "/tmp/fakewix-config-XXXXXX";
    FILE *out = fdopen(mkstemp(name), "w");
    ck_assert_ptr_nonnull(out);
    fputs(files[_i].content ? files[_i].content : "", out);
    fclose(out);
    if (!files[_i].content)
        unlink(name);
    OWNED(buf_free) struct buf problems = {0};
    cJSON *config = load(name, &problems);
    unlink(name);
    ck_assert_ptr_null(config);
    const char *seen = buf_str(&problems);
    ck_assert_msg(strstr(seen, name) == seen && strstr(seen, files[_i].part), "%s", seen);
}
END_TEST

START_TEST(directory_is_no_config)
{
    OWNED(buf_free) struct buf problems = {0};
    ck_assert_ptr_null(load("/tmp", &problems));
    ck_assert_ptr_nonnull(strstr(buf_str(&problems), "/tmp: cannot be read: Is a directory"));
}
END_TEST

static const char *const fixtures[] = {"default.json", "two-apps.json"};

START_TEST(fixture_is_sound)
{
    OWNED(mem_text_free) char *name = mem_format("%s/config/%s", FIXTURES, fixtures[_i]);
    OWNED(buf_free) struct buf problems = {0};
    OWNED(tree_free) cJSON *config = load(name, &problems);
    ck_assert_str_eq(buf_str(&problems), "");
    ck_assert_ptr_nonnull(config);
}
END_TEST

/* ---- merging and applying ---- */

START_TEST(configs_add_up)
{
    OWNED(tree_free) cJSON *first = parse("{'apps':[{" A "}],'lifetimes':{'code_s':1}}");
    OWNED(tree_free)
    cJSON *second = parse("{'apps':[{'app_id':'b','app_secret':'s'}],'sites':[{'site_id':'x'}],"
                          "'lifetimes':{'code_s':2,'oauth_access_token_s':3}}");
    config_merge(first, second);
    OWNED(mem_text_free) char *seen = tree_print(first);
    OWNED(mem_text_free)
    char *expected = harness_expand(
        fake, "{'apps':[{" A "},{'app_id':'b','app_secret':'s'}],"
              "'lifetimes':{'code_s':2,'oauth_access_token_s':3},'sites':[{'site_id':'x'}]}");
    ck_assert_str_eq(seen, expected);
    OWNED(buf_free) struct buf problems = {0};
    ck_assert_uint_eq(config_check(first, "f", &problems), 0);
}
END_TEST

START_TEST(two_apps_have_one_service_each)
{
    static const struct harness_wish wish = {
        .config =
            "{'apps':[{'app_id':'new','app_secret':'s','authentication':['oauth']},"
            "{'app_id':'old','app_secret':'s','authentication':['custom']}],"
            "'lifetimes':{'oauth_access_token_s':3600},'profile':{'access_refusals':'ietf'}}"};
    harness_free(fake);
    fake = harness_new(&wish);
    OWNED(answer_free)
    struct answer minted =
        harness_ask(fake, "POST /oauth2/token", NULL,
                    "{'grant_type':'client_credentials','client_id':'new','client_secret':'s'}");
    answer_expect(&minted, "expires_in", "3600");
    harness_do(fake, 400, "POST /oauth2/token",
               "{'grant_type':'client_credentials','client_id':'old','client_secret':'s'}");
    OWNED(answer_free)
    struct answer refused = harness_ask(fake, "POST /oauth/access", NULL,
                                        "{'grant_type':'refresh_token','client_id':'old',"
                                        "'client_secret':'s','refresh_token':'x'}");
    answer_expect(&refused, "error", "invalid_grant");
}
END_TEST

START_TEST(empty_config_is_an_empty_world)
{
    static const struct harness_wish wish = {.config = "{}"};
    harness_free(fake);
    fake = harness_new(&wish);
    OWNED(answer_free) struct answer answer = harness_ask(fake, "GET /_fakewix/apps", NULL, NULL);
    ck_assert_str_eq(buf_str(&answer.body), "{\"apps\":[]}");
}
END_TEST

START_TEST(table_has_every_key)
{
    static const char *const keys[] = {"apps",
                                       "apps[].app_id",
                                       "apps[].authentication",
                                       "sites[].locale",
                                       "instances[].site_id",
                                       "lifetimes.code_s",
                                       "profile.rotate_refresh_tokens"};
    OWNED(tree_free) cJSON *table = config_table();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cJSON *row;
        bool found = false;
        cJSON_ArrayForEach(row, table) found = found || strcmp(tree_text(row, "key"), keys[i]) == 0;
        ck_assert_msg(found, "%s", keys[i]);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, mistake_is_one_line_with_file_key_and_fix, mistakes);
    suite_rows(tcase, list_left_out_of_the_whole_is_empty, wholes);
    suite_rows(tcase, what_is_sound_is_not_refused, sound);
    tcase_add_test(tcase, all_mistakes_are_told_unknown_keys_first);
    suite_rows(tcase, app_url_neither_https_nor_local_is_a_warning, urls);
    suite_rows(tcase, redirect_url_that_is_a_slip_is_a_warning, redirects);
    suite_rows(tcase, file_that_is_no_config_is_named, files);
    tcase_add_test(tcase, directory_is_no_config);
    suite_rows(tcase, fixture_is_sound, fixtures);
    tcase_add_test(tcase, configs_add_up);
    tcase_add_test(tcase, two_apps_have_one_service_each);
    tcase_add_test(tcase, empty_config_is_an_empty_world);
    tcase_add_test(tcase, table_has_every_key);
    return suite_run("config", tcase);
}
