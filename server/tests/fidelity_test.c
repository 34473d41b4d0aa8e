/* Rows of docs/FIDELITY.md that no other test holds: small things that the fake does as Wix does,
 * or does not do, each a request and what its answer has or lacks. */
#include <check.h>
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
    fake->fake.consent_auto = true;
}

static void tear_down(void)
{
    harness_free(fake);
}

#define AUTH "Authorization: $TOKEN"
#define ORIGIN "Origin: https://shop.example"
#define INSTALL "GET /installer/install?redirectUrl=http%3A%2F%2Flocalhost%3A3000%2Flogin"
#define MINT                                                                                       \
    "{'grant_type':'client_credentials','client_id':'$APP','client_secret':'$SECRET',"             \
    "'instance_id':'$INSTANCE'}"

static const struct {
    struct {
        const char *line, *body;
    } step; /* before, or none */
    const char *line, *headers, *body;
    int status;
    const char *has, *lacks; /* in header lines and body; NULL: not asked */
} rows[] = {
    /* every path is answered at every host */
    {{0}, "POST /oauth2/token", "Host: www.wix.com", MINT, 200, "\"access_token\"", NULL},
    {{0}, "GET /apps/v1/instance", "Host: manage.wix.com\n" AUTH, NULL, 200, "$INSTANCE", NULL},
    /* what Wix's pages send besides is not sent */
    {{0}, "GET /apps/v1/instance", AUTH, NULL, 200, "X-Wix-Request-Id: ", "\nX-Request-Id"},
    {{0}, "GET /apps/v1/instance", AUTH, NULL, 200, NULL, "Strict-Transport-Security"},
    {{0}, "GET /apps/v1/instance", AUTH, NULL, 200, NULL, "X-Content-Type-Options"},
    {{0}, "GET /apps/v1/instance", AUTH, NULL, 200, NULL, "Server: "},
    /* Get App Instance */
    {{0}, "GET /apps/v1/instance", AUTH, NULL, 200, "\"appVersion\":\"0.0.1\"", "\"billing\""},
    {{0}, "GET /apps/v1/instance", AUTH, NULL, 200, "\"isFree\":true", "\"description\""},
    {{"POST /_fakewix/sites", "{'site_id':'$SITE','url':'https://s.example'}"},
     "GET /apps/v1/instance",
     AUTH,
     NULL,
     200,
     "\"url\":\"https://s.example\"",
     NULL},
    {{"POST /_fakewix/sites", "{'site_id':'$SITE'}"},
     "GET /apps/v1/instance",
     AUTH,
     NULL,
     200,
     "$SITE",
     "\"url\""},
    /* CORS */
    {{0},
     "GET /apps/v1/instance",
     AUTH "\n" ORIGIN,
     NULL,
     200,
     "Access-Control-Expose-Headers: X-Wix-Request-Id, Retry-After\r\n",
     NULL},
    {{0}, "POST /oauth/access", ORIGIN, "{}", 400, NULL, "Access-Control-"},
    /* the installer's query */
    {{0}, INSTALL "&appId=nobody&appId=$APP", NULL, NULL, 302, "Location: ", NULL},
    {{0}, INSTALL "&appId=$APP&appId=nobody", NULL, NULL, 400, NULL, "Location: "},
    {{0}, INSTALL "&appId=$APP&state=a", NULL, NULL, 302, "state=a", NULL},
    {{0}, INSTALL "&appId=$APP&state=%FF", NULL, NULL, 302, "Location: ", "state="},
    {{0}, INSTALL "&client_id=$APP", NULL, NULL, 400, "find an app with this redirect url", NULL},
    /* token info: the sample's order, times as texts of seconds */
    {{0},
     "POST /oauth2/token-info",
     NULL,
     "{'token':'$TOKEN'}",
     200,
     "\n{\"active\":true,\"subjectType\":\"APP\",\"subjectId\":\"$APP\",\"exp\":\"1893470400\","
     "\"iat\":\"1893456000\",\"clientId\":\"$APP\",\"siteId\":\"$SITE\",\"instanceId\":",
     NULL},
    /* values of plan events */
    {{0},
     "POST /_fakewix/events",
     NULL,
     "{'event_type':'PaidPlanPurchased','url':'http://127.0.0.1:1/'}",
     201,
     "\"vendorProductId\":\"premium\",\"cycle\":\"MONTHLY\",\"expiresOn\":\"2030-01-31T00:00:00."
     "000Z\"",
     NULL},
    /* not served, unless the config answers */
    {{0}, "POST /_api/iam/authentication/v2/login", AUTH, "{}", 404, "NOT_FOUND", NULL},
    {{0}, "GET /api/v1/instance", AUTH, NULL, 404, "NOT_FOUND", NULL},
    {{0}, "POST /graphql/alpha", AUTH, "{}", 404, "NOT_FOUND", NULL},
    {{"POST /_fakewix/api", "{'method':'POST','path':'/graphql/alpha','body':{'data':{}}}"},
     "POST /graphql/alpha",
     AUTH,
     "{}",
     200,
     "{\"data\":{}}",
     NULL},
};

START_TEST(row_of_the_page_is_true)
{
    if (rows[_i].step.line)
        harness_do(fake, 201, rows[_i].step.line, rows[_i].step.body);
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, rows[_i].line, rows[_i].headers, rows[_i].body);
    OWNED(mem_text_free)
    char *seen = mem_format("\n%s\r\n%s", buf_str(&answer.head), buf_str(&answer.body));
    ck_assert_msg(answer.status == rows[_i].status, "%d %s", answer.status, seen);
    OWNED(mem_text_free) char *has = rows[_i].has ? harness_expand(fake, rows[_i].has) : NULL;
    ck_assert_msg(!has || strstr(seen, has), "no %s in %s", has, seen);
    ck_assert_msg(!rows[_i].lacks || !strstr(seen, rows[_i].lacks), "%s in %s", rows[_i].lacks,
                  seen);
}
END_TEST

/* "A client's site is that of its app's first installation, in config order": not in the order of
 * any id. */
START_TEST(a_visitor_s_site_is_that_of_the_first_installation)
{
    harness_do(fake, 201, "POST /_fakewix/sites", "{'site_id':'0'}");
    harness_do(fake, 201, "POST /_fakewix/instances",
               "{'instance_id':'0','app_id':'$APP','site_id':'0'}");
    OWNED(answer_free)
    struct answer visitor = harness_ask(fake, "POST /oauth2/token", NULL,
                                        "{'grantType':'anonymous','clientId':'$APP'}");
    harness_keep_member(fake, "VISITOR", &visitor, "access_token");
    OWNED(answer_free)
    struct answer info = harness_ask(fake, "POST /oauth2/token-info", NULL, "{'token':'$VISITOR'}");
    answer_expect(&info, "siteId", harness_value(fake, "SITE"));
}
END_TEST

/* "RS256 headers and claims are sorted, and headers have typ": what libjwt writes. */
START_TEST(a_token_of_rs256_has_typ_and_sorted_claims)
{
    static const char *const sorted[] = {"data", "exp", "fakewix", "iat"};
    harness_connect(fake);
    OWNED(tree_free) cJSON *header = harness_jwt_header(harness_value(fake, "ACCESS"));
    OWNED(tree_free) cJSON *claims = harness_claims(harness_value(fake, "ACCESS"));
    ck_assert_str_eq(tree_text(header, "typ"), "JWT");
    ck_assert_str_eq(tree_text(header, "alg"), "RS256");
    ck_assert_int_eq(cJSON_GetArraySize(claims), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(cJSON_GetArrayItem(claims, i)->string, sorted[i]);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    suite_rows(tcase, row_of_the_page_is_true, rows);
    tcase_add_test(tcase, a_visitor_s_site_is_that_of_the_first_installation);
    tcase_add_test(tcase, a_token_of_rs256_has_typ_and_sorted_claims);
    return suite_run("fidelity", tcase);
}
