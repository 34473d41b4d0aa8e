/* HMACs. The ticket is 208 bytes: the facts as text, zeros, and 32 bytes of HMAC-SHA256 over both.
 * It only has to be opaque to clients, so the facts are not hidden. */
#include "tokens/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

enum { MAC_LEN = 32, TICKET_LEN = SEAL_TICKET_HEX / 2, TICKET_FACTS = TICKET_LEN - MAC_LEN };

static const char ticket_key[] = "fakewix public test key for installer tokens";

static void mac(const char *key, const void *bytes, size_t len, uint8_t ret_mac[static MAC_LEN])
{
    unsigned mac_len = MAC_LEN;
    HMAC(EVP_sha256(), key, (int)strlen(key), bytes, len, ret_mac, &mac_len);
}

void seal_ticket(struct buf *out, const struct install_ticket *ticket)
{
    uint8_t bytes[TICKET_LEN] = {0};
    int len =
        snprintf((char *)bytes, TICKET_FACTS, "%s|%s|%s|%lld|%lld", ticket->world, ticket->app_id,
                 ticket->site_id, (long long)ticket->serial, (long long)ticket->expires_ms);
    if (len < 0 || len >= TICKET_FACTS)
        bytes[0] = 0; /* ids of the longest kind do not fit: the ticket opens for nobody */
    mac(ticket_key, bytes, TICKET_FACTS, bytes + TICKET_FACTS);
    text_add_hex(out, bytes, sizeof bytes);
}

static bool read_hex(const char *hex, uint8_t ret_bytes[static TICKET_LEN])
{
    if (strlen(hex) != SEAL_TICKET_HEX || strspn(hex, "0123456789abcdef") != SEAL_TICKET_HEX)
        return false;
    for (size_t i = 0; i < TICKET_LEN; i++) {
        int high = hex[2 * i] <= '9' ? hex[2 * i] - '0' : hex[2 * i] - 'a' + 10;
        int low = hex[2 * i + 1] <= '9' ? hex[2 * i + 1] - '0' : hex[2 * i + 1] - 'a' + 10;
        ret_bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool take(const char **at, char *ret_text, size_t size)
{
    size_t len = strcspn(*at, "|");
    if (!len || len >= size)
        return false;
    memcpy(ret_text, *at, len);
    ret_text[len] = '\0';
    *at += len + ((*at)[len] == '|');
    return true;
}

bool seal_open_ticket(const char *hex, struct install_ticket *ret_ticket)
{
    uint8_t bytes[TICKET_LEN];
    uint8_t expected[MAC_LEN];
    if (!read_hex(hex, bytes))
        return false;
    mac(ticket_key, bytes, TICKET_FACTS, expected);
    if (CRYPTO_memcmp(expected, bytes + TICKET_FACTS, MAC_LEN) != 0)
        return false;
    struct install_ticket ticket = {0};
    char serial[21 + 1], expires[21 + 1];
    bytes[TICKET_FACTS - 1] = 0;
    const char *at = (const char *)bytes;
    if (!take(&at, ticket.world, sizeof ticket.world) ||
        !take(&at, ticket.app_id, sizeof ticket.app_id) ||
        !take(&at, ticket.site_id, sizeof ticket.site_id) || !take(&at, serial, sizeof serial) ||
        !take(&at, expires, sizeof expires) ||
        !text_parse_int(serial, 0, INT64_MAX / 2, &ticket.serial) ||
        !text_parse_int(expires, 0, INT64_MAX / 2, &ticket.expires_ms))
        return false;
    *ret_ticket = ticket;
    return true;
}

void seal_instance(struct buf *out, const char *secret, const char *json)
{
    OWNED(buf_free) struct buf data = {0};
    uint8_t signature[MAC_LEN];
    text_add_base64url(&data, json, strlen(json));
    mac(secret, data.data, data.len, signature);
    text_add_base64url(out, signature, sizeof signature);
    buf_char(out, '.');
    buf_add(out, data.data, data.len);
}

bool seal_open_instance(const char *secret, const char *signed_instance, struct buf *ret_json)
{
    const char *dot = strchr(signed_instance, '.');
    if (!dot || !*secret)
        return false;
    uint8_t expected[MAC_LEN];
    mac(secret, dot + 1, strlen(dot + 1), expected);
    OWNED(buf_free) struct buf signature = {0};
    if (!text_decode_base64url(&signature, signed_instance, (size_t)(dot - signed_instance),
                               true) ||
        signature.len != MAC_LEN || CRYPTO_memcmp(signature.data, expected, MAC_LEN) != 0)
        return false;
    return text_decode_base64url(ret_json, dot + 1, strlen(dot + 1), true);
}
