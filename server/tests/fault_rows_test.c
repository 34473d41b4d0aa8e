/* What each fault of the protocol does to an answer and to the tokens in it. The redirect that
 * brings a code is in fault_callback_test, where and when faults fire in fault_rule_test, the wire
 * in fault_wire_test. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
    harness_mint(fake);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define MINT                                                                                       \
    "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"             \
    "'instance_id':'$INSTANCE'}"
#define REFRESH                                                                                    \
    "{'grant_type':'refresh_token','client_id':'$APP','client_secret':'$SECRET',"                  \
    "'refresh_token':'$REFRESH'}"
#define EXCHANGE                                                                                   \
    "{'grant_type':'authorization_code','client_id':'$APP','client_secret':'$SECRET',"             \
    "'code':'$CODE'}"

static void arm(const char *rule)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "POST /_fakewix/faults", NULL, rule);
    ck_assert_msg(answer.status == 201, "%s: %s", rule, buf_str(&answer.body));
}

static void arm_do(const char *action)
{
    OWNED(mem_text_free) char *rule = mem_format("{'do':%s}", action);
    arm(rule);
}

static struct answer mint(void)
{
    return harness_ask(fake, "POST /oauth2/token", "Accept-Encoding: gzip, deflate", MINT);
}

static int probe(const char *name)
{
    OWNED(mem_text_free) char *header = mem_format("Authorization: $%s", name);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /conformance/probe", header, NULL);
    return answer.status;
}

/* ---- answers ---- */

/* `has` and `lacks` are pieces of head and body ("Name: value" or text), NULL for none. */
static const struct {
    const char *action;
    int status;
    const char *has, *lacks;
} answers[] = {
    {"{'fault':'status','status':418}", 418, "{'message':'','details':{}}", "token"},
    {"{'fault':'status','status':503,'retry_after':2}", 503, "Retry-After: 2\r\n", NULL},
    {"{'fault':'status','status':503,'retry_after':86400}", 503, "Retry-After: 86400\r\n", NULL},
    {"{'fault':'status','status':429,'retry_after':-1}", 429, "Retry-After: -1\r\n", NULL},
    {"{'fault':'status','status':429,'retry_after':'soon'}", 429, "Retry-After: soon\r\n", NULL},
    {"{'fault':'status','status':429,'retry_after_in_s':3}", 429, " GMT\r\n", NULL},
    {"{'fault':'status','status':200,'body':[1]}", 200, "[1]", NULL},
    {"{'fault':'status','status':200,'body':'hi','headers':{'X-A':'b'}}", 200, "X-A: b\r\n", NULL},
    {"{'fault':'status','status':200,'body':'hi'}", 200, "Content-Type: text/plain\r\n", NULL},
    {"{'fault':'refuse','refusal':'token-secret-wrong'}", 401, "'invalid_client'", "access_token"},
    {"{'fault':'refuse','refusal':'refresh-token-revoked'}", 400, "invalid_token", NULL},
    {"{'fault':'echo'}", 400, "client_secret", "access_token"},
    {"{'fault':'echo','status':500}", 500, "$SECRET", NULL},
    {"{'fault':'html'}", 502, "Content-Type: text/html\r\n", "token"},
    {"{'fault':'html','status':200}", 200, "<html>", NULL},
    {"{'fault':'firewall'}", 403, "Content-Type: text/html\r\n", NULL},
    {"{'fault':'too-many-requests','retry_after':2}", 429, "RESOURCE_EXHAUSTED", NULL},
    {"{'fault':'too-many-requests','retry_after':2}", 429, "Retry-After: 2\r\n", NULL},
    {"{'fault':'too-many-requests'}", 429, NULL, "Retry-After"},
    {"{'fault':'unavailable'}", 503, "{'message':'','details':{}}", NULL},
    {"{'fault':'invalid-grant'}", 400, "'error':'invalid_grant'", NULL},
    {"{'fault':'ok-with-error'}", 200, "'error':", "access_token"},
    {"{'fault':'empty-object'}", 200, "\r\n{}", "access_token"},
    {"{'fault':'401-unauthenticated'}", 401, "UNAUTHENTICATED: Not authenticated: UNKNOWN", NULL},
    {"{'fault':'401-no-identity'}", 401, "No identity found", NULL},
    {"{'fault':'401-no-account'}", 401, "NO_ACCOUNT_IDENTITY", NULL},
    {"{'fault':'401-no-site'}", 401, "No Metasite Context in identity.", NULL},
    {"{'fault':'401-bearer'}", 401, "WWW-Authenticate: Bearer error='invalid_token'\r\n", NULL},
    {"{'fault':'401-empty'}", 401, NULL, "{"},
    {"{'fault':'403-bare'}", 403, "{'message':'','details':{}}", NULL},
    {"{'fault':'403-permission'}", 403, "PERMISSION_DENIED", NULL},
    {"{'fault':'403-site'}", 403, "Unauthorized to perform", NULL},
    {"{'fault':'token-in-500'}", 500, "'access_token':", NULL},
    {"{'fault':'created'}", 201, "'access_token':", NULL},
    {"{'fault':'no-content-type'}", 200, "'access_token':", "Content-Type"},
    {"{'fault':'text-plain'}", 200, "Content-Type: text/plain\r\n", "application/json"},
    {"{'fault':'bom'}", 200, "\r\n\xef\xbb\xbf{", NULL},
    {"{'fault':'trailing-garbage'}", 200, "}\n<!-- cached -->", NULL},
    {"{'fault':'edit','omit':['expires_in']}", 200, "'access_token':", "expires_in"},
    {"{'fault':'edit','omit':['access_token','token_type','expires_in']}", 200, "\r\n{}", NULL},
    {"{'fault':'edit','set':{'access_token':null}}", 200, "'access_token':null", "OauthNG"},
    {"{'fault':'edit','set':{'access_token':''}}", 200, "'access_token':''", "OauthNG"},
    {"{'fault':'edit','set':{'access_token':{'a':1}}}", 200, "'access_token':{'a':1}", "OauthNG"},
    {"{'fault':'edit','set':{'access_token':7}}", 200, "'access_token':7", "OauthNG"},
    {"{'fault':'edit','rename':{'access_token':'accessToken'}}", 200, "'accessToken':'OauthNG",
     "access_token"},
    {"{'fault':'edit','duplicate':{'expires_in':1}}", 200, "'expires_in':14400,'expires_in':1}",
     NULL},
    {"{'fault':'edit','set':{'expires_in':'3'}}", 200, "'expires_in':'3'", NULL},
    {"{'fault':'edit','set':{'expires_in':0}}", 200, "'expires_in':0", NULL},
    {"{'fault':'edit','set':{'expires_in':-1}}", 200, "'expires_in':-1", NULL},
    {"{'fault':'edit','set':{'expires_in':14400.5}}", 200, "'expires_in':14400.5", NULL},
    {"{'fault':'edit','set':{'expires_in':1000000000000}}", 200, "'expires_in':1000000000000",
     NULL},
    {"{'fault':'edit','raw':{'expires_in':'1e12'}}", 200, "'expires_in':1e12", NULL},
    {"{'fault':'edit','raw':{'expires_in':'144e2 '}}", 200, "'expires_in':144e2 ", NULL},
    {"{'fault':'edit','set':{'token_type':'bEaReR'}}", 200, "'token_type':'bEaReR'", NULL},
    {"{'fault':'edit','set':{'token_type':'mac'}}", 200, "'token_type':'mac'", NULL},
    {"{'fault':'edit','set':{'scope':null,'more':[{'a':[1]}]}}", 200, "'more':[{'a':[1]}]", NULL},
    {"{'fault':'edit','nest':{'deep':3}}", 200, "'deep':{'a':{'a':{}}}", NULL},
    {"{'fault':'edit','prefix':')]}\\n','status':202}", 202, "\r\n)]}\n{", NULL},
    {"{'fault':'edit','body':'gone'}", 200, "\r\ngone", "access_token"},
    {"{'fault':'edit','headers':{'Content-Type':'application/json; charset=utf-16'}}", 200,
     "charset=utf-16\r\n", NULL},
    {"{'fault':'escapes'}", 200, "'\\u0061\\u0063\\u0063\\u0065\\u0073\\u0073\\u005f", "Bearer"},
    {"{'fault':'gzip'}", 200, "Content-Encoding: gzip\r\n", NULL},
};

START_TEST(answer_is_as_the_fault_says)
{
    arm_do(answers[_i].action);
    OWNED(answer_free) struct answer answer = mint();
    OWNED(mem_text_free) char *has = harness_expand(fake, answers[_i].has ? answers[_i].has : "");
    OWNED(mem_text_free)
    char *seen = mem_format("%s\r\n%s", buf_str(&answer.head), buf_str(&answer.body));
    ck_assert_msg(answer.status == answers[_i].status, "%s: %d", answers[_i].action, answer.status);
    ck_assert_msg(strstr(seen, has) != NULL, "%s: %s", answers[_i].action, seen);
    if (answers[_i].lacks)
        ck_assert_msg(strstr(seen, answers[_i].lacks) == NULL, "%s: %s", answers[_i].action, seen);
    OWNED(answer_free) struct answer next = mint();
    ck_assert_int_eq(next.status, 200);
}
END_TEST

START_TEST(escaped_answer_means_the_same)
{
    arm_do("{'fault':'escapes'}");
    OWNED(answer_free) struct answer answer = mint();
    harness_keep_member(fake, "TOKEN", &answer, "access_token");
    ck_assert_int_eq(probe("TOKEN"), 200);
    answer_expect(&answer, "token_type", "Bearer");
}
END_TEST

START_TEST(gzip_comes_to_who_asks)
{
    arm("{'times':3,'do':{'fault':'gzip'}}");
    OWNED(answer_free) struct answer plain = harness_ask(fake, "POST /oauth2/token", NULL, MINT);
    answer_expect_header(&plain, "Content-Encoding", NULL);
    answer_expect(&plain, "token_type", "Bearer");
    OWNED(answer_free) struct answer packed = mint();
    const unsigned char *bytes = (const unsigned char *)packed.body.data;
    size_t len = bytes[11] + bytes[12] * 256u;
    ck_assert_uint_eq(packed.body.len, 10 + 5 + len + 8);
    ck_assert_uint_eq(bytes[0], 0x1f);
    ck_assert_uint_eq(bytes[1], 0x8b);
    ck_assert_uint_eq(bytes[10], 1);
    OWNED(tree_free) cJSON *json = tree_parse(packed.body.data + 15, len, NULL);
    ck_assert_str_eq(tree_text(json, "token_type"), "Bearer");
}
END_TEST

START_TEST(invalid_grant_may_be_for_good)
{
    arm("{'times':-1,'do':{'fault':'invalid-grant'}}");
    for (int i = 0; i < 5; i++) {
        OWNED(answer_free) struct answer answer = mint();
        ck_assert_int_eq(answer.status, 400);
        answer_expect(&answer, "error", "invalid_grant");
    }
}
END_TEST

START_TEST(lifetime_may_shrink_from_answer_to_answer)
{
    arm("{'do':[{'fault':'pass'},{'fault':'lifetime','seconds':3},{'fault':'lifetime','seconds':60}"
        "]}");
    static const char *const lives[] = {"14400", "3", "60", "14400"};
    for (size_t i = 0; i < 4; i++) {
        OWNED(answer_free) struct answer answer = mint();
        answer_expect(&answer, "expires_in", lives[i]);
        if (i == 1)
            harness_keep_member(fake, "BRIEF", &answer, "access_token");
    }
    ck_assert_int_eq(probe("BRIEF"), 200);
    harness_advance(fake, 3000);
    ck_assert_int_eq(probe("BRIEF"), 401);
    ck_assert_int_eq(probe("TOKEN"), 200);
}
END_TEST

/* ---- tokens of any shape ---- */

static const struct {
    const char *action;
    size_t min_len, max_len;
    const char *end;
} shapes[] = {
    {"{'fault':'token-shape'}", 8180, 8192, ""},
    {"{'fault':'token-shape','bytes':2000}", 1990, 2000, ""},
    {"{'fault':'token-shape','bytes':10}", 100, 1000, ""},
    {"{'fault':'token-shape','odd':true}", 100, 1000, "-._~+/=="},
    {"{'fault':'token-shape','bytes':4000,'odd':true}", 3990, 4000, "-._~+/=="},
};

START_TEST(token_of_any_shape_is_good)
{
    arm_do(shapes[_i].action);
    OWNED(answer_free) struct answer answer = mint();
    harness_keep_member(fake, "SHAPED", &answer, "access_token");
    const char *token = harness_value(fake, "SHAPED");
    size_t len = strlen(token);
    ck_assert_uint_ge(len, shapes[_i].min_len);
    ck_assert_uint_le(len, shapes[_i].max_len);
    ck_assert_str_eq(token + len - strlen(shapes[_i].end), shapes[_i].end);
    ck_assert_int_eq(probe("SHAPED"), 200);
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, "{'token':'$SHAPED'}");
    answer_expect(&info, "active", "true");
    /* One character less, or another one, and it is no token any more. */
    OWNED(mem_text_free) char *cut = mem_text_n(token, len - 1);
    harness_keep(fake, "CUT", cut);
    ck_assert_int_eq(probe("CUT"), 401);
    harness_mint(fake);
    ck_assert_uint_lt(strlen(harness_value(fake, "TOKEN")), 1000);
}
END_TEST

START_TEST(refresh_and_code_of_odd_shape_are_good)
{
    harness_install(fake);
    arm("{'on':{'route':'POST "
        "/oauth/access'},'do':{'fault':'token-shape','odd':true,'bytes':3000}}");
    OWNED(answer_free)
    struct answer first = harness_ask(fake, "POST /oauth/access", NULL, EXCHANGE);
    harness_keep_member(fake, "REFRESH", &first, "refresh_token");
    ck_assert_uint_ge(strlen(harness_value(fake, "REFRESH")), 2990);
    OWNED(answer_free) struct answer next = harness_ask(fake, "POST /oauth/access", NULL, REFRESH);
    ck_assert_int_eq(next.status, 200);
    answer_expect(&next, "refresh_token", harness_value(fake, "REFRESH"));
}
END_TEST

/* ---- tokens that die ---- */

/* Two tokens A and B of one instance, C of the app without an instance; A makes the call that the
 * fault hits. Then who is still good: x dead, . alive. The call itself: its status. */
static const struct {
    const char *rule;
    int status;
    const char *dead;
} deaths[] = {
    {"{'do':{'fault':'expire','what':'access'}}", 200, "xx."},
    {"{'do':{'fault':'revoke'}}", 200, "xx."},
    {"{'do':{'fault':'revoke','what':'all','who':'app'}}", 200, "xxx"},
    {"{'do':{'fault':'expire','what':'access','who':'app'}}", 200, "xxx"},
    {"{'do':{'fault':'expire','what':'refresh'}}", 200, "..."},
    {"{'do':{'fault':'expire','who':'token'}}", 200, "x.."},
    {"{'do':{'fault':'revoke','who':'minted'}}", 200, "..."},
    {"{'stage':'before','do':{'fault':'expire','who':'token'}}", 401, "x.."},
    {"{'stage':'before','do':{'fault':'revoke'}}", 401, "xx."},
    {"{'do':{'fault':'uninstall'}}", 200, "xx."},
    {"{'stage':'before','do':{'fault':'uninstall'}}", 401, "xx."},
    {"{'do':{'fault':'advance','seconds':14400}}", 200, "xxx"},
    {"{'stage':'before','do':{'fault':'advance','ms':14400000}}", 401, "xxx"},
    {"{'on':{'status':200},'do':{'fault':'expire','who':'token'}}", 200, "x.."},
    {"{'on':{'status':401},'do':{'fault':'expire','who':'token'}}", 200, "..."},
};

static void keep_minted(const char *name, const char *body)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, "POST /oauth2/token", NULL, body);
    harness_keep_member(fake, name, &answer, "access_token");
}

START_TEST(tokens_die_as_the_fault_says)
{
    static const char *const names[] = {"A", "B", "C"};
    keep_minted("A", MINT);
    keep_minted("B", MINT);
    keep_minted("C", "{'grant_type':'client_credentials','client_id':'$APP',"
                     "'client_secret':'$SECRET'}");
    arm(deaths[_i].rule);
    int status = probe("A");
    ck_assert_msg(status == deaths[_i].status, "%s: %d", deaths[_i].rule, status);
    for (size_t i = 0; i < 3; i++)
        ck_assert_msg((probe(names[i]) == 401) == (deaths[_i].dead[i] == 'x'), "%s: %s",
                      deaths[_i].rule, names[i]);
}
END_TEST

START_TEST(token_may_be_dead_on_arrival)
{
    arm_do("{'fault':'expire','who':'minted'}");
    harness_mint(fake);
    ck_assert_int_eq(probe("TOKEN"), 401);
    ck_assert_str_eq(harness_outcome(fake), "api-token-expired");
    harness_mint(fake);
    ck_assert_int_eq(probe("TOKEN"), 200);
}
END_TEST

/* ---- rotation ---- */

static int refresh(const char *name, struct answer *ret_answer)
{
    OWNED(mem_text_free)
    char *body = mem_format("{'grant_type':'refresh_token','client_id':'$APP',"
                            "'client_secret':'$SECRET','refresh_token':'$%s'}",
                            name);
    *ret_answer = harness_ask(fake, "POST /oauth/access", NULL, body);
    return ret_answer->status;
}

static void rotate(const char *from, const char *to)
{
    OWNED(answer_free) struct answer answer = {0};
    ck_assert_int_eq(refresh(from, &answer), 200);
    harness_keep_member(fake, to, &answer, "refresh_token");
    ck_assert_str_ne(harness_value(fake, from), harness_value(fake, to));
}

static int refresh_status(const char *name)
{
    OWNED(answer_free) struct answer answer = {0};
    return refresh(name, &answer);
}

START_TEST(rotated_token_dies_and_its_line_lives)
{
    harness_connect(fake);
    arm("{'times':2,'do':{'fault':'rotate-refresh-token'}}");
    rotate("REFRESH", "SECOND");
    rotate("SECOND", "THIRD");
    ck_assert_int_eq(refresh_status("REFRESH"), 400);
    ck_assert_int_eq(refresh_status("SECOND"), 400);
    ck_assert_int_eq(refresh_status("THIRD"), 200);
}
END_TEST

/* Reuse kills the line it belongs to, and no other line of the world. */
START_TEST(reuse_kills_its_own_family)
{
    harness_connect(fake);
    harness_keep(fake, "OTHER", harness_value(fake, "REFRESH"));
    harness_connect(fake);
    arm("{'on':{'body':{'refresh_token':'$OTHER'}},'do':{'fault':'rotate-refresh-token'}}");
    rotate("OTHER", "OTHERS");
    arm("{'do':{'fault':'rotate-refresh-token','kill_on_reuse':true}}");
    rotate("REFRESH", "SECOND");
    ck_assert_int_eq(refresh_status("OTHER"), 400);
    ck_assert_int_eq(refresh_status("OTHERS"), 200);
    ck_assert_int_eq(refresh_status("SECOND"), 200);
    ck_assert_int_eq(refresh_status("REFRESH"), 400);
    ck_assert_int_eq(refresh_status("SECOND"), 400);
    ck_assert_str_eq(harness_outcome(fake), "refresh-token-revoked");
    ck_assert_int_eq(refresh_status("OTHERS"), 200);
}
END_TEST

/* The reply to a rotation is lost: the old token is dead, the new one never came. */
START_TEST(rotation_may_be_lost)
{
    harness_connect(fake);
    arm("{'do':[[{'fault':'rotate-refresh-token'},{'fault':'reset'}]]}");
    OWNED(answer_free) struct answer answer = {0};
    refresh("REFRESH", &answer);
    ck_assert_int_eq(answer.delivery.cut, CUT_RESET);
    ck_assert_int_eq(refresh_status("REFRESH"), 400);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, answer_is_as_the_fault_says, answers);
    tcase_add_test(tcase, escaped_answer_means_the_same);
    tcase_add_test(tcase, gzip_comes_to_who_asks);
    tcase_add_test(tcase, invalid_grant_may_be_for_good);
    tcase_add_test(tcase, lifetime_may_shrink_from_answer_to_answer);
    suite_rows(tcase, token_of_any_shape_is_good, shapes);
    tcase_add_test(tcase, refresh_and_code_of_odd_shape_are_good);
    suite_rows(tcase, tokens_die_as_the_fault_says, deaths);
    tcase_add_test(tcase, token_may_be_dead_on_arrival);
    tcase_add_test(tcase, rotated_token_dies_and_its_line_lives);
    tcase_add_test(tcase, reuse_kills_its_own_family);
    tcase_add_test(tcase, rotation_may_be_lost);
    return suite_run("fault_rows", tcase);
}
