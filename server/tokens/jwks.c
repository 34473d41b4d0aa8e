/* From a PEM to modulus and exponent. Secrets of HS256 keys are never among them. */
#include "tokens/jwks.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/signer.h"

static void put_number(cJSON *key, const char *name, const EVP_PKEY *pkey, const char *param)
{
    BIGNUM *number = NULL;
    if (!EVP_PKEY_get_bn_param(pkey, param, &number))
        abort(); /* a fixture key that is no RSA key is our own bug */
    size_t len = (size_t)BN_num_bytes(number);
    uint8_t *bytes = mem_new(len, 1);
    BN_bn2bin(number, bytes);
    OWNED(buf_free) struct buf text = {0};
    text_add_base64url(&text, bytes, len);
    tree_put_text(key, name, buf_str(&text));
    free(bytes);
    BN_free(number);
}

cJSON *jwks_json(void)
{
    const char *pem = signer_public_pem(KEY_ACCESS_CUSTOM);
    BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (!pkey)
        abort();
    cJSON *set = cJSON_CreateObject();
    cJSON *keys = tree_put(set, "keys", cJSON_CreateArray());
    cJSON *key = tree_put(keys, NULL, cJSON_CreateObject());
    tree_put_text(key, "kty", "RSA");
    tree_put_text(key, "use", "sig");
    tree_put_text(key, "alg", "RS256");
    tree_put_text(key, "kid", signer_kid(KEY_ACCESS_CUSTOM));
    put_number(key, "n", pkey, OSSL_PKEY_PARAM_RSA_N);
    put_number(key, "e", pkey, OSSL_PKEY_PARAM_RSA_E);
    EVP_PKEY_free(pkey);
    return set;
}
