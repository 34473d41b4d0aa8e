/* Signed texts: JWTs behind libjwt's fence, the app instance's HMAC, the installer's ticket. Every
 * trap that libjwt 1.10 sets is stepped into once. The published vectors are in vector_test.c. */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"
#include "tokens/hs256.h"
#include "tokens/seal.h"
#include "tokens/signer.h"
#include "tokens/token.h"

static void set_up(void)
{
    mem_adopt_cjson();
}

static void tear_down(void)
{
}

static char *sign(enum signer_key key, const char *data)
{
    struct buf out = {0};
    struct claims claims = {
        .data = mem_text(data), .fakewix = mem_text("f"), .iat_s = 5, .exp_s = 9};
    signer_sign(&out, key, &claims);
    claims_free(&claims);
    return buf_take(&out);
}

static bool verifies(const char *jwt)
{
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    return signer_verify(jwt, &key, &claims);
}

/* ---- what is signed is read back ---- */

START_TEST(claims_come_back)
{
    OWNED(mem_text_free) char *jwt = sign((enum signer_key)_i, "{\"a\":\"\xc3\xa9\"}");
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    ck_assert(signer_verify(jwt, &key, &claims));
    ck_assert_int_eq(key, _i);
    ck_assert_str_eq(claims.data, "{\"a\":\"\xc3\xa9\"}");
    ck_assert_str_eq(claims.fakewix, "f");
    ck_assert_int_eq(claims.iat_s, 5);
    ck_assert_int_eq(claims.exp_s, 9);
}
END_TEST

START_TEST(times_are_64_bits_wide)
{
    OWNED(buf_free) struct buf out = {0};
    struct claims claims = {.data = mem_text("x"), .iat_s = INT64_C(253402300799)};
    signer_sign(&out, KEY_CODE, &claims);
    claims_free(&claims);
    enum signer_key key;
    ck_assert(signer_verify(buf_str(&out), &key, &claims));
    ck_assert_int_eq(claims.iat_s, INT64_C(253402300799));
    ck_assert_int_eq(claims.exp_s, 0);
    ck_assert_ptr_null(claims.fakewix);
    claims_free(&claims);
}
END_TEST

START_TEST(changed_byte_is_noticed)
{
    OWNED(mem_text_free) char *jwt = sign((enum signer_key)_i, "data");
    size_t len = strlen(jwt);
    /* The last digit of a signature has bits that no byte uses, so it is left out. */
    for (size_t at = 0; at + 1 < len; at += 7) {
        char was = jwt[at];
        if (was == '.')
            continue;
        jwt[at] = was == 'A' ? 'B' : 'A';
        ck_assert_msg(!verifies(jwt), "byte %zu", at);
        jwt[at] = was;
    }
    ck_assert(verifies(jwt));
}
END_TEST

/* Our HMAC beside OpenSSL's, around the hash's block of 64 bytes. */
START_TEST(hs256_is_what_openssl_makes_of_it)
{
    static const char secret[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char payload[300];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (char)('a' + i % 26);
    for (size_t key_len = 1; key_len < sizeof secret; key_len++) {
        OWNED(mem_text_free) char *key_text = mem_text_n(secret, key_len);
        struct hs256 *key = hs256_new("kid", key_text);
        for (size_t len = key_len; len < sizeof payload; len += 61) {
            OWNED(buf_free) struct buf jwt = {0};
            hs256_sign(key, payload, len, &jwt);
            const char *dot = strrchr(buf_str(&jwt), '.');
            uint8_t mac[32];
            unsigned mac_len = sizeof mac;
            HMAC(EVP_sha256(), key_text, (int)key_len, (const unsigned char *)jwt.data,
                 (size_t)(dot - jwt.data), mac, &mac_len);
            OWNED(buf_free) struct buf expected = {0};
            text_add_base64url(&expected, mac, mac_len);
            ck_assert_str_eq(dot + 1, buf_str(&expected));
        }
        hs256_free(key);
    }
}
END_TEST

/* ---- forged tokens ---- */

/* header.payload with an HS256 signature by a key of the forger's choice. */
static char *forge(const char *header, const char *payload, const char *key)
{
    struct buf out = {0};
    uint8_t signature[32];
    unsigned len = sizeof signature;
    text_add_base64url(&out, header, strlen(header));
    buf_char(&out, '.');
    text_add_base64url(&out, payload, strlen(payload));
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)out.data, out.len, signature,
         &len);
    buf_char(&out, '.');
    text_add_base64url(&out, signature, len);
    return buf_take(&out);
}

#define CODE_SECRET "fakewix public test key for authorization codes"
#define PAYLOAD "{\"data\":\"x\",\"iat\":1}"
#define HEADER(alg, kid) "{\"alg\":\"" alg "\",\"kid\":\"" kid "\"}"

static const struct {
    const char *title, *header, *key;
    bool good;
} forgeries[] = {
    {"the right key, as others write it", HEADER("HS256", "VQ401TeZ"), CODE_SECRET, true},
    {"with typ", "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"VQ401TeZ\"}", CODE_SECRET, true},
    {"another key", HEADER("HS256", "VQ401TeZ"), "other", false},
    {"an empty key", HEADER("HS256", "VQ401TeZ"), "", false},
    {"a kid nobody has", HEADER("HS256", "nobody"), CODE_SECRET, false},
    {"the kid of another key", HEADER("HS256", "dgLwr3Q0"), CODE_SECRET, false},
    {"no kid", "{\"alg\":\"HS256\"}", CODE_SECRET, false},
    {"a kid that is no text", "{\"alg\":\"HS256\",\"kid\":1}", CODE_SECRET, false},
    {"alg none", HEADER("none", "VQ401TeZ"), CODE_SECRET, false},
    {"alg NONE", HEADER("NONE", "VQ401TeZ"), CODE_SECRET, false},
    {"alg in lower case", HEADER("hs256", "VQ401TeZ"), CODE_SECRET, false},
    {"another alg than the key's", HEADER("HS512", "VQ401TeZ"), CODE_SECRET, false},
    {"RS256 under an HMAC key", HEADER("RS256", "VQ401TeZ"), CODE_SECRET, false},
    {"no alg", "{\"kid\":\"VQ401TeZ\"}", CODE_SECRET, false},
    {"an alg that is no text", "{\"alg\":1,\"kid\":\"VQ401TeZ\"}", CODE_SECRET, false},
    {"two algs", "{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"VQ401TeZ\"}", CODE_SECRET, false},
    {"a header that is no object", "[]", CODE_SECRET, false},
    {"a header that is no JSON", "alg", CODE_SECRET, false},
    {"a header with something behind it", HEADER("HS256", "VQ401TeZ") "x", CODE_SECRET, false},
    {"the public key as HMAC secret", HEADER("HS256", "KiJw5viy"), NULL, false},
};

START_TEST(forgery_is_refused)
{
    const char *key = forgeries[_i].key ? forgeries[_i].key : signer_public_pem(KEY_ACCESS_CUSTOM);
    OWNED(mem_text_free) char *jwt = forge(forgeries[_i].header, PAYLOAD, key);
    ck_assert_msg(verifies(jwt) == forgeries[_i].good, "%s", forgeries[_i].title);
}
END_TEST

START_TEST(nested_header_does_not_reach_the_parsers)
{
    OWNED(buf_free) struct buf header = {0};
    buf_text(&header, "{\"alg\":\"HS256\",\"kid\":\"VQ401TeZ\",\"x\":");
    for (int i = 0; i < 985; i++)
        buf_char(&header, '[');
    OWNED(mem_text_free) char *jwt = forge(buf_str(&header), PAYLOAD, CODE_SECRET);
    ck_assert(!verifies(jwt));
}
END_TEST

/* ---- malformed texts: libjwt writes out of bounds on some of them ---- */

static const char *const malformed[] = {
    "",        ".",      "..",        "...",    "a",       "a.b",
    "a..",     ".a.",    "..a",       "a.b.",   ".b.c",    "a..c",
    "a.b.c.d", "a.b.c.", " a.b.c",    "a.b.c ", "a.b.c\n", "a.b=.c",
    "a.b.c=",  "a!.b.c", "a.b.c\x80", "a+.b.c", "a/.b.c",  "eyJhbGciOiJub25lIn0.e30.",
};

START_TEST(malformed_text_is_refused)
{
    ck_assert(!verifies(malformed[_i]));
}
END_TEST

/* What libb64 would skip, put into a signature that is right without it. */
static const char *const junk[] = {"!", "=", "==", "\n", " ", ".", "\x01", "-\n", "%41"};

START_TEST(junk_in_a_signature_is_refused)
{
    static const enum signer_key keys[] = {KEY_CODE, KEY_ACCESS_CUSTOM};
    for (size_t i = 0; i < 2; i++) {
        OWNED(mem_text_free) char *jwt = sign(keys[i], "data");
        const char *signature = strrchr(jwt, '.') + 1;
        size_t mid = (size_t)(signature - jwt) + 10;
        OWNED(mem_text_free) char *behind = mem_format("%s%s", jwt, junk[_i]);
        OWNED(mem_text_free)
        char *within = mem_format("%.*s%s%s", (int)mid, jwt, junk[_i], jwt + mid);
        ck_assert(!verifies(behind));
        ck_assert(!verifies(within));
    }
}
END_TEST

START_TEST(token_of_8192_bytes_is_the_longest)
{
    OWNED(buf_free) struct buf data = {0};
    OWNED(mem_text_free) char *short_one = sign(KEY_CODE, "");
    while (data.len < (SIGNER_MAX_TOKEN - strlen(short_one)) * 3 / 4 - 2)
        buf_char(&data, 'x');
    OWNED(mem_text_free) char *fits = sign(KEY_CODE, buf_str(&data));
    ck_assert_uint_le(strlen(fits), SIGNER_MAX_TOKEN);
    ck_assert_uint_gt(strlen(fits), SIGNER_MAX_TOKEN - 8);
    ck_assert(verifies(fits));
    buf_text(&data, "yyyyyyyy");
    OWNED(mem_text_free) char *long_one = sign(KEY_CODE, buf_str(&data));
    ck_assert_uint_gt(strlen(long_one), SIGNER_MAX_TOKEN);
    ck_assert(!verifies(long_one));
}
END_TEST

START_TEST(segment_of_80_kilobytes_is_refused)
{
    OWNED(buf_free) struct buf text = {0};
    buf_text(&text, "a.");
    for (int i = 0; i < 80000; i++)
        buf_char(&text, 'b');
    buf_text(&text, ".c");
    ck_assert(!verifies(buf_str(&text)));
}
END_TEST

START_TEST(token_needs_its_own_prefix)
{
    static const char *const prefixes[] = {"OAUTH2.", "OauthNG.JWS.", "JWS.", ""};
    OWNED(mem_text_free)
    char *jwt = forge(HEADER("HS256", "YHBsuJpH"),
                      "{\"data\":\"x\",\"fakewix\":\"1|default|3|1|1|1|0|0|a|i|s||\",\"iat\":1}",
                      "fakewix public test key for OauthNG tokens");
    for (size_t i = 0; i < 4; i++) {
        OWNED(mem_text_free) char *text = mem_format("%s%s", prefixes[i], jwt);
        struct token token;
        ck_assert_int_eq(token_read(text, &token), i == 1);
    }
}
END_TEST

/* The facts inside a token that somebody with the (public) key made up. */
static const struct {
    const char *facts;
    bool good;
} fact_rows[] = {
    {"1|default|3|1|1|1|0|0|a|i|s||", true},
    {"", false},
    {"2|default|3|1|1|1|0|0|a|i|s||", false},
    {"1|default|9|1|1|1|0|0|a|i|s||", false},
    {"1|default|-1|1|1|1|0|0|a|i|s||", false},
    {"1|default|3|x|1|1|0|0|a|i|s||", false},
    {"1|default|3||1|1|0|0|a|i|s||", false},
    {"1|default|3|99999999999999999999|1|1|0|0|a|i|s||", false},
    {"1|a123456789012345678901234567890123|3|1|1|1|0|0|a|i|s||", false},
    {"1|default|3|1|1|1|0|0|"
     "a1234567890123456789012345678901234567890123456789012345678901234|i|s||",
     false},
};

START_TEST(facts_are_read_with_care)
{
    OWNED(mem_text_free)
    char *payload =
        mem_format("{\"data\":\"x\",\"fakewix\":\"%s\",\"iat\":1}", fact_rows[_i].facts);
    OWNED(mem_text_free)
    char *jwt =
        forge(HEADER("HS256", "YHBsuJpH"), payload, "fakewix public test key for OauthNG tokens");
    OWNED(mem_text_free) char *text = mem_format("OauthNG.JWS.%s", jwt);
    struct token token;
    ck_assert_msg(token_read(text, &token) == fact_rows[_i].good, "%s", fact_rows[_i].facts);
}
END_TEST

/* ---- the signed app instance ---- */

START_TEST(sealed_instance_has_wix_s_form)
{
    OWNED(buf_free) struct buf out = {0};
    OWNED(buf_free) struct buf json = {0};
    seal_instance(&out, "secret", "{\"instanceId\":\"i\"}");
    const char *dot = strchr(buf_str(&out), '.');
    ck_assert_int_eq(dot - buf_str(&out), 43); /* 32 bytes without padding */
    ck_assert_str_eq(dot + 1, "eyJpbnN0YW5jZUlkIjoiaSJ9");
    ck_assert(seal_open_instance("secret", buf_str(&out), &json));
    ck_assert_str_eq(buf_str(&json), "{\"instanceId\":\"i\"}");
}
END_TEST

static const char *const no_instances[] = {
    "",
    ".",
    "a",
    "a.b",
    ".eyJ9",
    "Dvlh7TlxkfER9776elfBYTLr-4Xh7xJUq2xRzmki42U.",
    "Dvlh7TlxkfER9776elfBYTLr-4Xh7xJUq2xRzmki42U.e30",
    "!!!.e30",
    "\x80.\x80",
};

START_TEST(other_texts_are_no_instance)
{
    OWNED(buf_free) struct buf json = {0};
    ck_assert(!seal_open_instance("secret", no_instances[_i], &json));
    ck_assert_uint_eq(json.len, 0);
}
END_TEST

START_TEST(ticket_opens_unchanged_only)
{
    struct install_ticket ticket = {
        .world = "default", .app_id = "a", .site_id = "s", .serial = 7, .expires_ms = 9};
    struct install_ticket read;
    OWNED(buf_free) struct buf hex = {0};
    seal_ticket(&hex, &ticket);
    ck_assert_uint_eq(hex.len, SEAL_TICKET_HEX);
    ck_assert(seal_open_ticket(hex.data, &read));
    ck_assert_str_eq(read.world, "default");
    ck_assert_str_eq(read.app_id, "a");
    ck_assert_str_eq(read.site_id, "s");
    ck_assert_int_eq(read.serial, 7);
    ck_assert_int_eq(read.expires_ms, 9);
    for (size_t at = 0; at < hex.len; at += 5) {
        char was = hex.data[at];
        hex.data[at] = was == '0' ? '1' : '0';
        ck_assert(!seal_open_ticket(hex.data, &read));
        hex.data[at] = 'A';
        ck_assert(!seal_open_ticket(hex.data, &read));
        hex.data[at] = was;
    }
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_loop_test(tcase, claims_come_back, 0, KEY_COUNT);
    tcase_add_test(tcase, times_are_64_bits_wide);
    tcase_add_test(tcase, hs256_is_what_openssl_makes_of_it);
    tcase_add_loop_test(tcase, changed_byte_is_noticed, 0, KEY_COUNT);
    suite_rows(tcase, forgery_is_refused, forgeries);
    tcase_add_test(tcase, nested_header_does_not_reach_the_parsers);
    suite_rows(tcase, malformed_text_is_refused, malformed);
    suite_rows(tcase, junk_in_a_signature_is_refused, junk);
    tcase_add_test(tcase, token_of_8192_bytes_is_the_longest);
    tcase_add_test(tcase, segment_of_80_kilobytes_is_refused);
    tcase_add_test(tcase, token_needs_its_own_prefix);
    suite_rows(tcase, facts_are_read_with_care, fact_rows);
    tcase_add_test(tcase, sealed_instance_has_wix_s_form);
    suite_rows(tcase, other_texts_are_no_instance, no_instances);
    tcase_add_test(tcase, ticket_opens_unchanged_only);
    return suite_run("signer", tcase);
}
