/* libjwt, fenced in: it checks every JWT and signs those of RS256; HS256 is signed in hs256.c
 * (docs/decisions/0011). What it does not check is checked here first (docs/decisions/0004): the
 * strict three-part form and a length limit before decoding (an empty segment writes out of
 * bounds), a key that is never empty (an empty one accepts every token), the algorithm after
 * decoding (an HS256 token keyed with a public PEM would pass). */
#include "tokens/signer.h"

#include <ctype.h>
#include <jwt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "shared/writer.h"
#include "tokens/hs256.h"
#include "tokens/keys.h"

struct key_row {
    const char *kid;
    jwt_alg_t alg;
    const char *secret; /* HS256: the secret; RS256: the private PEM */
    const char *public_pem;
};

static const struct key_row key_rows[KEY_COUNT] = {
    [KEY_CODE] = {"VQ401TeZ", JWT_ALG_HS256, "fakewix public test key for authorization codes",
                  NULL},
    [KEY_REFRESH_CUSTOM] = {"dgLwr3Q0", JWT_ALG_HS256, "fakewix public test key for refresh tokens",
                            NULL},
    [KEY_ACCESS_CUSTOM] = {"KiJw5viy", JWT_ALG_RS256, keys_access_private_pem,
                           keys_access_public_pem},
    [KEY_ACCESS_CUSTOM_HS] = {"KiJw5vHS", JWT_ALG_HS256,
                              "fakewix public test key for access tokens", NULL},
    [KEY_OAUTH_NG] = {"YHBsuJpH", JWT_ALG_HS256, "fakewix public test key for OauthNG tokens",
                      NULL},
    [KEY_WEBHOOK] = {"qG1kD2dz", JWT_ALG_RS256, keys_webhook_private_pem, keys_webhook_public_pem},
};

void claims_free(struct claims *claims)
{
    free(claims->data);
    free(claims->fakewix);
    free(claims->pad);
    *claims = (struct claims){0};
}

static void release(jwt_t **jwt)
{
    jwt_free(*jwt);
}

static void set_key(jwt_t *jwt, const struct key_row *row)
{
    int failed =
        jwt_set_alg(jwt, row->alg, (const unsigned char *)row->secret, (int)strlen(row->secret));
    if (failed)
        abort(); /* a fixture key that does not parse is our own bug */
}

/* The HS256 keys, set up once per process. */
static struct hs256 *hs256_keys[KEY_COUNT];
static pthread_once_t keys_are_set_up = PTHREAD_ONCE_INIT;

static void set_up_keys(void)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (key_rows[i].alg == JWT_ALG_HS256)
            hs256_keys[i] = hs256_new(key_rows[i].kid, key_rows[i].secret);
}

static void sign_with_libjwt(struct buf *out, const struct key_row *row, const char *claims)
{
    OWNED(release) jwt_t *jwt = NULL;
    if (jwt_new(&jwt) || jwt_add_grants_json(jwt, claims))
        abort();
    jwt_add_header(jwt, "kid", row->kid);
    set_key(jwt, row);
    OWNED(mem_text_free) char *text = jwt_encode_str(jwt);
    if (!text)
        abort();
    buf_text(out, text);
}

static void sign_text(struct buf *out, enum signer_key key, const char *claims, size_t len)
{
    pthread_once(&keys_are_set_up, set_up_keys);
    if (hs256_keys[key])
        hs256_sign(hs256_keys[key], claims, len, out);
    else
        sign_with_libjwt(out, &key_rows[key], claims);
}

void signer_sign_json(struct buf *out, enum signer_key key, const char *claims)
{
    sign_text(out, key, claims, strlen(claims));
}

void signer_sign(struct buf *out, enum signer_key key, const struct claims *claims)
{
    OWNED(buf_free) struct buf text = {0};
    buf_room(&text, MEM_SMALL); /* one allocation for nearly all */
    writer_open(&text, NULL);
    writer_text(&text, "data", claims->data);
    writer_int(&text, "iat", claims->iat_s);
    if (claims->exp_s)
        writer_int(&text, "exp", claims->exp_s);
    if (claims->fakewix)
        writer_text(&text, "fakewix", claims->fakewix);
    if (claims->pad)
        writer_text(&text, "pad", claims->pad);
    writer_close(&text);
    sign_text(out, key, buf_str(&text), text.len);
}

/* Exactly three non-empty base64url segments. */
static bool form_is_strict(const char *jwt)
{
    size_t len = strnlen(jwt, SIGNER_MAX_TOKEN + 1);
    if (len > SIGNER_MAX_TOKEN)
        return false;
    int dots = 0;
    size_t segment = 0;
    for (size_t i = 0; i < len; i++) {
        if (jwt[i] == '.') {
            if (!segment)
                return false;
            dots++;
            segment = 0;
            continue;
        }
        if (!isalnum((unsigned char)jwt[i]) && jwt[i] != '-' && jwt[i] != '_')
            return false;
        segment++;
    }
    return dots == 2 && segment;
}

/* The key that the token's header names, under its own algorithm, or KEY_COUNT. */
static enum signer_key key_of(const char *jwt)
{
    OWNED(buf_free) struct buf header = {.max = SIGNER_MAX_TOKEN};
    if (!text_decode_base64url(&header, jwt, strcspn(jwt, "."), false))
        return KEY_COUNT;
    OWNED(tree_free) cJSON *tree = tree_parse(buf_str(&header), header.len, NULL);
    const char *kid = tree_text(tree, "kid");
    const char *alg = tree_text(tree, "alg");
    for (int key = 0; kid && alg && key < KEY_COUNT; key++)
        if (strcmp(kid, key_rows[key].kid) == 0 &&
            strcmp(alg, key_rows[key].alg == JWT_ALG_RS256 ? "RS256" : "HS256") == 0)
            return (enum signer_key)key;
    return KEY_COUNT;
}

/* A claim that is missing counts as 0; libjwt says -1. */
static int64_t int_claim(jwt_t *jwt, const char *name)
{
    int64_t value = jwt_get_grant_int(jwt, name);
    return value < 0 ? 0 : value;
}

bool signer_verify(const char *text, enum signer_key *ret_key, struct claims *ret_claims)
{
    if (!form_is_strict(text))
        return false;
    enum signer_key key = key_of(text);
    if (key == KEY_COUNT)
        return false;
    const struct key_row *row = &key_rows[key];
    const char *check = row->public_pem ? row->public_pem : row->secret;
    OWNED(release) jwt_t *jwt = NULL;
    int failed = jwt_decode(&jwt, text, (const unsigned char *)check, (int)strlen(check));
    if (failed || jwt_get_alg(jwt) != row->alg)
        return false;
    const char *data = jwt_get_grant(jwt, "data");
    const char *fakewix = jwt_get_grant(jwt, "fakewix");
    *ret_claims = (struct claims){
        .data = mem_text(data ? data : ""),
        .fakewix = fakewix ? mem_text(fakewix) : NULL,
        .iat_s = int_claim(jwt, "iat"),
        .exp_s = int_claim(jwt, "exp"),
    };
    *ret_key = key;
    return true;
}

const char *signer_public_pem(enum signer_key key)
{
    return key_rows[key].public_pem;
}

const char *signer_private_pem(enum signer_key key)
{
    return key_rows[key].secret;
}

const char *signer_kid(enum signer_key key)
{
    return key_rows[key].kid;
}
