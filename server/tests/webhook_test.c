/* Webhooks end to end: the events, what is on the wire, and what goes wrong. The
 * retries are in redelivery_test. */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "hooked.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"
#include "tokens/signer.h"

static struct harness *fake;
static struct receiver *app;

static void set_up(void)
{
    fake = hooked_harness(NULL);
}

static void tear_down(void)
{
    hooked_free(fake, app);
    app = NULL;
}

START_TEST(a_letter_has_three_layers_and_the_keys_signature)
{
    app = hooked_app(fake, NULL);
    OWNED(answer_free)
    struct answer answer =
        hooked_send(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    answer_expect(&answer, "events.0.state", "delivered");
    answer_expect(&answer, "events.0.attempts.0.outcome", "ok");
    ck_assert_uint_eq(receiver_count(app), 1);
    const char *request = receiver_request(app, 0);
    ck_assert_ptr_nonnull(strstr(request, "POST /hook HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(request, "Content-Type: text/plain\r\n"));
    ck_assert_ptr_null(strstr(request, "Expect:"));
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    ck_assert(signer_verify(receiver_body(app, 0), &key, &claims));
    ck_assert_int_eq(key, KEY_WEBHOOK);
    ck_assert_int_eq(claims.iat_s, HARNESS_START_MS / 1000);
    ck_assert_int_eq(claims.exp_s - claims.iat_s, 300000);
    OWNED(tree_free) cJSON *header = harness_jwt_header(receiver_body(app, 0));
    ck_assert_str_eq(tree_text(header, "kid"), "qG1kD2dz");
    OWNED(tree_free) cJSON *middle = tree_parse(claims.data, strlen(claims.data), NULL);
    ck_assert_str_eq(tree_text(middle, "eventType"), "AppInstalled");
    ck_assert_str_eq(tree_text(middle, "instanceId"), harness_value(fake, "INSTANCE"));
    OWNED(mem_text_free) char *inner = harness_expand(fake, "{'appId':'$APP'}");
    ck_assert_str_eq(tree_text(middle, "data"), inner);
    const char *text = tree_text(middle, "identity");
    OWNED(tree_free) cJSON *identity = tree_parse(text, strlen(text), NULL);
    ck_assert_str_eq(tree_text(identity, "identityType"), "WIX_USER");
    ck_assert(text_is_guid(tree_text(identity, "wixUserId")));
}
END_TEST

START_TEST(a_test_may_say_everything_itself)
{
    app = hooked_app(fake, NULL);
    hooked_tell(fake, "{'event_type':'wix.made.up','data':'as it is',"
                      "'identity':null,'account_info':{'siteId':'s'},"
                      "'delivery':{'wait_ms':$SOON}}");
    OWNED(tree_free) cJSON *claims = harness_claims(receiver_body(app, 0));
    const char *text = tree_text(claims, "data");
    OWNED(tree_free) cJSON *middle = tree_parse(text, strlen(text), NULL);
    ck_assert_str_eq(tree_text(middle, "data"), "as it is");
    ck_assert_ptr_null(tree_get(middle, "identity"));
    ck_assert_str_eq(tree_text(tree_get(middle, "accountInfo"), "siteId"), "s");
}
END_TEST

START_TEST(an_installation_is_told)
{
    app = hooked_app(fake, NULL);
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/uninstall", NULL);
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/uninstall", NULL);
    harness_do(fake, 201, "POST /_fakewix/installs", "{'app_id':'$APP','site_id':'$SITE'}");
    harness_do(fake, 201, "POST /_fakewix/installs", "{'app_id':'$APP','site_id':'$SITE'}");
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/reinstall", NULL);
    static const char *const told[] = {"AppRemoved", "AppInstalled", "AppRemoved", "AppInstalled"};
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "GET /_fakewix/events?wait_ms=$SOON", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&answer, "events")), 4);
    ck_assert_uint_eq(receiver_count(app), 4);
    for (size_t i = 0; i < 4; i++) {
        OWNED(tree_free) cJSON *claims = harness_claims(receiver_body(app, i));
        ck_assert_ptr_nonnull(strstr(tree_text(claims, "data"), told[i]));
    }
}
END_TEST

START_TEST(nobody_is_told_without_a_webhook_url)
{
    harness_do(fake, 200, "POST /_fakewix/instances/$INSTANCE/reinstall", NULL);
    OWNED(answer_free) struct answer answer = hooked_ask(fake, "GET /_fakewix/events", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&answer, "events")), 0);
}
END_TEST

START_TEST(a_type_that_is_almost_known_is_told)
{
    app = hooked_app(fake, NULL);
    OWNED(answer_free)
    struct answer answer =
        hooked_send(fake, "{'events':[{'event_type':'AppInstaled'},"
                          "{'event_type':'AppInstalled'},{'event_type':'of.our.own'}]}");
    answer_expect(&answer, "events.0.warning",
                  "event_type \"AppInstaled\" is not known; did you mean \"AppInstalled\"?");
    answer_expect(&answer, "events.1.warning", NULL);
    answer_expect(&answer, "events.2.warning", NULL);
}
END_TEST

START_TEST(an_app_has_1250_ms)
{
    static const int silent[] = {RECEIVER_SILENT, 0};
    app = hooked_app(fake, silent);
    OWNED(answer_free)
    struct answer answer =
        hooked_send(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    answer_expect(&answer, "events.0.attempts.0.outcome", "webhook-late");
    answer_expect(&answer, "events.0.attempts.0.status", "0");
    int64_t took_ms = 0;
    ck_assert(tree_int(answer_at(&answer, "events.0.attempts.0"), "took_ms", &took_ms));
    ck_assert_int_ge(took_ms, 1240);
}
END_TEST

/* URLs where nobody takes a webhook, the last of them out of bounds: it must fail at once. */
static const char *const nowhere[] = {"http://127.0.0.1:1/", "http://192.0.2.1/",
                                      "file:///dev/null", "not a url", "http://[2001:db8::1]/"};

START_TEST(what_cannot_be_sent_is_told)
{
    harness_keep(fake, "URL", nowhere[_i]);
    OWNED(answer_free)
    struct answer answer = hooked_send(fake, "{'event_type':'AppInstalled','url':'$URL',"
                                             "'delivery':{'wait_ms':$SOON,'retry':false}}");
    answer_expect(&answer, "events.0.state", "failed");
    answer_expect(&answer, "events.0.attempts.0.outcome", "webhook-unreachable");
}
END_TEST

/* HMAC over header.payload keyed with the public key: what a confused client would check. */
static void expect_hmac(const char *jwt)
{
    const char *pem = signer_public_pem(KEY_WEBHOOK);
    const char *end = strrchr(jwt, '.');
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    HMAC(EVP_sha256(), pem, (int)strlen(pem), (const uint8_t *)jwt, (size_t)(end - jwt), mac, &len);
    OWNED(buf_free) struct buf text = {0};
    text_add_base64url(&text, mac, len);
    ck_assert_str_eq(buf_str(&text), end + 1);
}

static const struct {
    const char *sign, *alg;
    bool verifies, expired;
} signs[] = {
    {"good", "RS256", true, false},      {"wrong-key", "RS256", false, false},
    {"expired", "RS256", true, true},    {"ps256", "PS256", false, false},
    {"hs256", "HS256", false, false},    {"none", "none", false, false},
    {"tampered", "RS256", false, false},
};

START_TEST(a_letter_is_signed_as_asked)
{
    app = hooked_app(fake, NULL);
    harness_keep(fake, "SIGN", signs[_i].sign);
    hooked_tell(fake, "{'event_type':'AppInstalled',"
                      "'delivery':{'wait_ms':$SOON,'sign':'$SIGN'}}");
    const char *jwt = receiver_body(app, 0);
    OWNED(tree_free) cJSON *header = harness_jwt_header(jwt);
    OWNED(tree_free) cJSON *shown = harness_claims(jwt);
    ck_assert_str_eq(tree_text(header, "alg"), signs[_i].alg);
    ck_assert_str_eq(tree_text(header, "kid"), "qG1kD2dz");
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    ck_assert_int_eq(signer_verify(jwt, &key, &claims), signs[_i].verifies);
    int64_t exp_s = 0;
    ck_assert(tree_int(shown, "exp", &exp_s));
    ck_assert_int_eq(exp_s < HARNESS_START_MS / 1000, signs[_i].expired);
    if (strcmp(signs[_i].alg, "HS256") == 0)
        expect_hmac(jwt);
    if (strcmp(signs[_i].alg, "none") == 0)
        ck_assert_str_eq(strrchr(jwt, '.'), ".");
}
END_TEST

static const struct {
    const char *delivery;
    const char *types;
} orders[] = {
    {"'order':'given'", "AppRemoved AppInstalled "},
    {"'order':'given','copies':2", "AppRemoved AppInstalled AppRemoved AppInstalled "},
    {"'order':'reverse'", "AppInstalled AppRemoved "},
};

START_TEST(order_and_copies_are_as_asked)
{
    app = hooked_app(fake, NULL);
    OWNED(mem_text_free)
    char *body = mem_format("{'events':[{'event_type':'AppRemoved'},{'event_type':'AppInstalled'}],"
                            "'delivery':{'wait_ms':$SOON,%s}}",
                            orders[_i].delivery);
    hooked_tell(fake, body);
    OWNED(buf_free) struct buf types = {0};
    for (size_t i = 0; i < receiver_count(app); i++) {
        OWNED(tree_free) cJSON *claims = harness_claims(receiver_body(app, i));
        bool removed = strstr(tree_text(claims, "data"), "AppRemoved") != NULL;
        buf_format(&types, "%s ", removed ? "AppRemoved" : "AppInstalled");
    }
    ck_assert_str_eq(buf_str(&types), orders[_i].types);
}
END_TEST

START_TEST(a_resent_event_has_the_same_bytes)
{
    app = hooked_app(fake, NULL);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    harness_do(fake, 201, "POST /_fakewix/events/ev-1/resend", NULL);
    OWNED(answer_free)
    struct answer events = hooked_ask(fake, "GET /_fakewix/events?wait_ms=$SOON", NULL);
    answer_expect(&events, "events.1.event_id", "ev-2");
    answer_expect(&events, "events.1.state", "delivered");
    ck_assert_str_eq(receiver_body(app, 1), receiver_body(app, 0));
}
END_TEST

START_TEST(forgotten_events_are_not_sent_again)
{
    static const int failing[] = {500, 0};
    app = hooked_app(fake, failing);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    harness_do(fake, 204, "DELETE /_fakewix/events", NULL);
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':90}");
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&answer, "fired")), 0);
    ck_assert_uint_eq(receiver_count(app), 1);
}
END_TEST

START_TEST(a_delivery_is_in_the_journal)
{
    app = hooked_app(fake, NULL);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    OWNED(answer_free)
    struct answer journal = hooked_ask(fake, "GET /_fakewix/journal?route=WEBHOOK*", NULL);
    answer_expect(&journal, "entries.0.route", "WEBHOOK AppInstalled");
    answer_expect(&journal, "entries.0.method", "POST");
    answer_expect(&journal, "entries.0.status", "200");
    answer_expect(&journal, "entries.0.instance_id", harness_value(fake, "INSTANCE"));
    answer_expect(&journal, "entries.0.request.body", receiver_body(app, 0));
    answer_expect(&journal, "entries.0.response.body", "heard");
    answer_expect(&journal, "entries.0.response.headers.0.0", "X-Receiver");
}
END_TEST

/* Bodies that are refused; nothing is sent. */
static const char *const bad_bodies[] = {
    "{}",
    "{'event_type':7}",
    "{'event_type':''}",
    "{'event_type':'A','data':[]}",
    "{'event_type':'A','typo':1}",
    "{'event_type':'A','account_info':'x'}",
    "{'event_type':'A','delivery':'x'}",
    "{'event_type':'A','delivery':{'copies':0}}",
    "{'event_type':'A','delivery':{'copies':101}}",
    "{'event_type':'A','delivery':{'order':'up'}}",
    "{'event_type':'A','delivery':{'sign':'rot13'}}",
    "{'event_type':'A','delivery':{'wait_ms':-1}}",
    "{'events':[]}",
    "{'events':[{'event_type':'A'},{}]}",
    "{'events':[{'event_type':'A','typo':1}]}",
    "{'events':[{'event_type':'A'}],'event_type':'A'}",
};

START_TEST(a_bad_event_is_refused_whole)
{
    app = hooked_app(fake, NULL);
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/events", bad_bodies[_i]);
    ck_assert_int_eq(answer.status, 400);
    answer_expect(&answer, "details.applicationError.code", "INVALID_ARGUMENT");
    OWNED(answer_free)
    struct answer events = hooked_ask(fake, "GET /_fakewix/events?wait_ms=10", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&events, "events")), 0);
}
END_TEST

START_TEST(unknown_targets_are_refused)
{
    harness_do(fake, 404, "POST /_fakewix/events", "{'event_type':'A','instance_id':'x'}");
    harness_do(fake, 404, "POST /_fakewix/events", "{'event_type':'A','app_id':'x'}");
    harness_do(fake, 404, "POST /_fakewix/events/ev-9/resend", NULL);
    harness_do(fake, 400, "POST /_fakewix/events", "{'event_type':'A'}");
}
END_TEST

START_TEST(a_service_plugin_is_called)
{
    app = hooked_app(fake, NULL);
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/service-plugins/call",
                                      "{'type':'ECOM_SHIPPING_RATES','path':'/v1/getRates',"
                                      "'request':{'weight':3},'metadata':{'currency':'EUR'}}");
    ck_assert_int_eq(answer.status, 200);
    answer_expect(&answer, "status", "200");
    answer_expect(&answer, "body", "heard");
    ck_assert_ptr_nonnull(strstr(receiver_request(app, 0), "POST /hook/v1/getRates HTTP/1.1"));
    const char *jwt = receiver_body(app, 0);
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    ck_assert(signer_verify(jwt, &key, &claims));
    OWNED(tree_free) cJSON *shown = harness_claims(jwt);
    ck_assert_str_eq(tree_text(shown, "iss"), "wix.com");
    ck_assert_str_eq(tree_text(shown, "aud"), harness_value(fake, "APP"));
    const cJSON *metadata = tree_get(tree_get(shown, "data"), "metadata");
    ck_assert_str_eq(tree_text(metadata, "instanceId"), harness_value(fake, "INSTANCE"));
    ck_assert_str_eq(tree_text(metadata, "appExtensionType"), "ECOM_SHIPPING_RATES");
    ck_assert_str_eq(tree_text(metadata, "currency"), "EUR");
}
END_TEST

START_TEST(a_plain_request_has_a_signed_digest)
{
    app = hooked_app(fake, NULL);
    harness_do(fake, 200, "POST /_fakewix/service-plugins/call",
               "{'type':'ECOM_SHIPPING_RATES','form':'digest'}");
    const char *header = strstr(receiver_request(app, 0), "digest: ");
    ck_assert_ptr_nonnull(header);
    OWNED(mem_text_free) char *jwt = mem_text_n(header + 8, strcspn(header + 8, "\r"));
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    ck_assert(signer_verify(jwt, &key, &claims));
    OWNED(tree_free) cJSON *shown = harness_claims(jwt);
    const char *body = receiver_body(app, 0);
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_Digest(body, strlen(body), hash, &len, EVP_sha256(), NULL);
    OWNED(buf_free) struct buf hex = {0};
    text_add_hex(&hex, hash, len);
    ck_assert_str_eq(tree_text(tree_get(shown, "data"), "SHA256"), buf_str(&hex));
}
END_TEST

static const char *const bad_calls[] = {"{}",
                                        "{'type':'OTHER'}",
                                        "{'type':'X','typo':1}",
                                        "{'type':'ECOM_SHIPPING_RATES','form':'other'}",
                                        "{'type':'ECOM_SHIPPING_RATES','sign':'other'}",
                                        "{'type':'ECOM_SHIPPING_RATES','metadata':[1]}"};

START_TEST(a_bad_call_is_refused)
{
    app = hooked_app(fake, NULL);
    harness_do(fake, 400, "POST /_fakewix/service-plugins/call", bad_calls[_i]);
    ck_assert_uint_eq(receiver_count(app), 0);
}
END_TEST

static void await_request(struct receiver *receiver, size_t n)
{
    while (receiver_count(receiver) < n)
        sched_yield();
}

/* When the only delivery of a world ended, by the machine's clock; INT64_MAX: not yet. */
static int64_t delivered_ms(const char *line)
{
    OWNED(answer_free) struct answer journal = hooked_ask(fake, line, NULL);
    const cJSON *entry = answer_at(&journal, "entries.0");
    int64_t ms = INT64_MAX;
    tree_int(entry, "real_ms", &ms);
    return ms;
}

/* Worlds do not wait for each other's apps: with one app silent, another's webhook gets through. */
START_TEST(a_silent_app_holds_nobody_up)
{
    static const int silent[] = {RECEIVER_SILENT, 0};
    struct receiver *deaf = receiver_new(silent);
    app = hooked_app(fake, NULL);
    harness_do(fake, 201, "POST /_fakewix/worlds", "{'world':'slow'}");
    harness_keep(fake, "DEAF", receiver_url(deaf));
    harness_do(fake, 201, "POST /_fakewix/worlds/slow/events",
               "{'event_type':'AppInstalled','url':'$DEAF'}");
    await_request(deaf, 1);
    OWNED(answer_free)
    struct answer sent =
        hooked_send(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    answer_expect(&sent, "events.0.state", "delivered");
    int64_t mine = delivered_ms("GET /_fakewix/journal?route=WEBHOOK*");
    ck_assert_int_lt(mine, INT64_MAX);
    /* On a slow machine the silent one's 1,250 ms may be over as well, but not before. */
    ck_assert_int_le(mine, delivered_ms("GET /_fakewix/worlds/slow/journal?route=WEBHOOK*"));
    harness_do(fake, 204, "DELETE /_fakewix/worlds/slow", NULL);
    receiver_free(deaf);
}
END_TEST

/* Nothing of a delivery that was under way is there after a reset. */
START_TEST(a_reset_forgets_what_is_on_its_way)
{
    static const int silent[] = {RECEIVER_SILENT, 0};
    app = hooked_app(fake, silent);
    hooked_tell(fake, "{'event_type':'AppInstalled'}");
    await_request(app, 1);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    OWNED(answer_free)
    struct answer idle = hooked_ask(fake, "GET /_fakewix/events?wait_ms=$SOON", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(answer_at(&idle, "events")), 0);
    OWNED(answer_free) struct answer journal = hooked_ask(fake, "GET /_fakewix/journal", NULL);
    answer_expect(&journal, "next", "1");
    harness_advance(fake, 120 * 1000);
    ck_assert_uint_eq(receiver_count(app), 1);
}
END_TEST

static void *advance(void *context)
{
    OWNED(answer_free)
    struct answer answer = hooked_ask(fake, "POST /_fakewix/clock/advance", "{'seconds':3600}");
    return answer.status == 200 ? NULL : context;
}

/* Nor does a clock that was being advanced go on behind it. */
START_TEST(a_reset_ends_an_advance)
{
    static const int silent[] = {500, RECEIVER_SILENT, 0};
    pthread_t thread;
    app = hooked_app(fake, silent);
    hooked_tell(fake, "{'event_type':'AppInstalled','delivery':{'wait_ms':$SOON}}");
    ck_assert_int_eq(pthread_create(&thread, NULL, advance, NULL), 0);
    await_request(app, 2);
    harness_do(fake, 200, "POST /_fakewix/reset", NULL);
    pthread_join(thread, NULL);
    OWNED(answer_free) struct answer clock = hooked_ask(fake, "GET /_fakewix/clock", NULL);
    answer_expect(&clock, "now_ms", "1893456000000");
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, a_letter_has_three_layers_and_the_keys_signature);
    tcase_add_test(tcase, a_test_may_say_everything_itself);
    tcase_add_test(tcase, an_installation_is_told);
    tcase_add_test(tcase, nobody_is_told_without_a_webhook_url);
    tcase_add_test(tcase, a_type_that_is_almost_known_is_told);
    tcase_add_test(tcase, an_app_has_1250_ms);
    suite_rows(tcase, what_cannot_be_sent_is_told, nowhere);
    suite_rows(tcase, a_letter_is_signed_as_asked, signs);
    suite_rows(tcase, order_and_copies_are_as_asked, orders);
    tcase_add_test(tcase, a_resent_event_has_the_same_bytes);
    tcase_add_test(tcase, forgotten_events_are_not_sent_again);
    tcase_add_test(tcase, a_delivery_is_in_the_journal);
    suite_rows(tcase, a_bad_event_is_refused_whole, bad_bodies);
    tcase_add_test(tcase, unknown_targets_are_refused);
    tcase_add_test(tcase, a_service_plugin_is_called);
    tcase_add_test(tcase, a_plain_request_has_a_signed_digest);
    suite_rows(tcase, a_bad_call_is_refused, bad_calls);
    tcase_add_test(tcase, a_silent_app_holds_nobody_up);
    tcase_add_test(tcase, a_reset_forgets_what_is_on_its_way);
    tcase_add_test(tcase, a_reset_ends_an_advance);
    return suite_run("webhook", tcase);
}
