/* Digests. See digest.h for what they are for. */
#include "tokens/digest.h"

#include <openssl/evp.h>
#include <string.h>

#include "shared/mem.h"

enum { SHA256_LEN = 32 };

static void sha256(const char *text, uint8_t ret_bytes[static SHA256_LEN])
{
    unsigned len = SHA256_LEN;
    EVP_Digest(text, strlen(text), ret_bytes, &len, EVP_sha256(), NULL);
}

void digest_text(const char *text, char ret_digest[static DIGEST_LEN + 1])
{
    uint8_t bytes[SHA256_LEN] = {0};
    OWNED(buf_free) struct buf encoded = {0};
    sha256(text, bytes);
    text_add_base64url(&encoded, bytes, sizeof bytes);
    memcpy(ret_digest, buf_str(&encoded), DIGEST_LEN + 1);
}

void digest_guid(const char *text, char ret_guid[static TEXT_GUID_LEN + 1])
{
    uint8_t bytes[SHA256_LEN] = {0};
    sha256(text, bytes);
    text_format_guid(bytes, ret_guid);
}
