/* The signed app instance on request: right ones open with the app secret, spoilt ones do not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"
#include "tokens/seal.h"

static struct harness *fake;

static void set_up(void)
{
    fake = harness_new(NULL);
}

static void tear_down(void)
{
    harness_free(fake);
}

#define SIGN "POST /_fakewix/instances/$INSTANCE/sign"

/* The payload of a signed instance that the app's secret opens; NULL where it does not. */
static cJSON *open_instance(const struct answer *answer)
{
    OWNED(buf_free) struct buf json = {0};
    const char *text = tree_text(answer->json, "instance");
    ck_assert_msg(text != NULL, "%s", buf_str(&answer->body));
    if (!seal_open_instance(harness_value(fake, "SECRET"), text, &json))
        return NULL;
    return tree_parse(buf_str(&json), json.len, NULL);
}

START_TEST(the_owner_gets_every_member)
{
    static const char *const members[] = {
        "instanceId",     "appDefId",       "signDate",    "uid",
        "permissions",    "demoMode",       "siteOwnerId", "siteMemberId",
        "expirationDate", "loginAccountId", "ipAndPort",   "vendorProductId"};
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, "GET /_fakewix/instances/$INSTANCE/sign", NULL, NULL);
    ck_assert_ptr_null(strchr(tree_text(answer.json, "instance"), '='));
    OWNED(tree_free) cJSON *payload = open_instance(&answer);
    const cJSON *member = payload->child;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++, member = member->next)
        ck_assert_str_eq(member->string, members[i]);
    ck_assert_str_eq(tree_text(payload, "instanceId"), harness_value(fake, "INSTANCE"));
    ck_assert_str_eq(tree_text(payload, "appDefId"), harness_value(fake, "APP"));
    ck_assert_str_eq(tree_text(payload, "signDate"), "2030-01-01T00:00:00.000Z");
    ck_assert_str_eq(tree_text(payload, "expirationDate"), "2030-01-01T04:00:00.000Z");
    ck_assert_str_eq(tree_text(payload, "permissions"), "OWNER");
    ck_assert(text_is_guid(tree_text(payload, "uid")));
}
END_TEST

/* A wish, whether the secret still opens the result, and a member as it must then be; a text of
 * "-" means that it must be missing. */
static const struct {
    const char *body;
    bool opens;
    const char *member, *text;
} wishes[] = {
    {"{}", true, "permissions", "OWNER"},
    {"{'secret':'another'}", false, NULL, NULL},
    {"{'expired':true}", true, "expirationDate", "2029-12-31T23:00:00.000Z"},
    {"{'expired':true}", true, "signDate", "2029-12-31T19:00:00.000Z"},
    {"{'aid':'visitor-1'}", true, "aid", "visitor-1"},
    {"{'aid':'visitor-1'}", true, "uid", "-"},
    {"{'aid':'visitor-1'}", true, "permissions", ""},
    {"{'uid':'somebody'}", true, "uid", "somebody"},
    {"{'set':{'vendorProductId':'premium'}}", true, "vendorProductId", "premium"},
    {"{'set':{'originInstanceId':'o'}}", true, "originInstanceId", "o"},
    {"{'omit':['uid','ipAndPort']}", true, "ipAndPort", "-"},
    {"{'tampered':'payload'}", false, NULL, NULL},
    {"{'tampered':'signature'}", false, NULL, NULL},
    {"{'tampered':'truncated'}", false, NULL, NULL},
    {"{'tampered':'empty'}", false, NULL, NULL},
};

START_TEST(a_wish_is_carried_out)
{
    OWNED(answer_free) struct answer answer = harness_ask(fake, SIGN, NULL, wishes[_i].body);
    OWNED(tree_free) cJSON *payload = open_instance(&answer);
    ck_assert_int_eq(payload != NULL, wishes[_i].opens);
    if (!payload)
        return;
    const char *text = tree_text(payload, wishes[_i].member);
    if (strcmp(wishes[_i].text, "-") == 0)
        ck_assert_ptr_null(tree_get(payload, wishes[_i].member));
    else
        ck_assert_str_eq(text, wishes[_i].text);
}
END_TEST

START_TEST(a_tampered_payload_is_well_formed)
{
    OWNED(answer_free)
    struct answer answer = harness_ask(fake, SIGN, NULL, "{'tampered':'payload'}");
    const char *data = strchr(tree_text(answer.json, "instance"), '.') + 1;
    OWNED(buf_free) struct buf json = {0};
    ck_assert(text_decode_base64url(&json, data, strlen(data), false));
    OWNED(tree_free) cJSON *payload = tree_parse(buf_str(&json), json.len, NULL);
    ck_assert_str_ne(tree_text(payload, "instanceId"), harness_value(fake, "INSTANCE"));
}
END_TEST

static const char *const bad_wishes[] = {"{'typo':1}",
                                         "{'tampered':'all'}",
                                         "{'tampered':true}",
                                         "{'omit':'uid'}",
                                         "{'omit':[1]}",
                                         "{'set':[]}",
                                         "[]"};

START_TEST(a_bad_wish_is_refused)
{
    harness_do(fake, 400, SIGN, bad_wishes[_i]);
}
END_TEST

START_TEST(an_unknown_instance_is_not_signed_for)
{
    harness_do(fake, 404, "GET /_fakewix/instances/nobody/sign", NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, the_owner_gets_every_member);
    suite_rows(tcase, a_wish_is_carried_out, wishes);
    tcase_add_test(tcase, a_tampered_payload_is_well_formed);
    suite_rows(tcase, a_bad_wish_is_refused, bad_wishes);
    tcase_add_test(tcase, an_unknown_instance_is_not_signed_for);
    return suite_run("sign", tcase);
}
