/* HMACs. The ticket is 208 bytes: the facts, zeros, and 32 bytes of HMAC-SHA256 over both.
 * It only has to be opaque to clients, so the facts are not hidden. */
#include "tokens/seal.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

enum {
    MAC_LEN = 32,
    TICKET_LEN = SEAL_TICKET_HEX / 2,
    TICKET_FACTS = TICKET_LEN - MAC_LEN,
    TICKET_IDS = 3
};

static_assert(TICKET_IDS + MODEL_WORLD_MAX + 2 * MODEL_ID_MAX + 2 * 6 <= TICKET_FACTS,
              "the longest ids fit into a ticket");

static const char ticket_key[] = "fakewix public test key for installer tokens";

static void mac(const char *key, const void *bytes, size_t len, uint8_t ret_mac[static MAC_LEN])
{
    unsigned mac_len = MAC_LEN;
    HMAC(EVP_sha256(), key, (int)strlen(key), bytes, len, ret_mac, &mac_len);
}

/* Lengths of the three ids, the ids, and two numbers of 48 bits: ids of the longest kind fill 175
 * of the 176 bytes. */
static uint8_t *put_number(uint8_t *at, int64_t value)
{
    for (int shift = 40; shift >= 0; shift -= 8)
        *at++ = (uint8_t)((uint64_t)value >> shift);
    return at;
}

void seal_ticket(struct buf *out, const struct install_ticket *ticket)
{
    const char *const ids[TICKET_IDS] = {ticket->world, ticket->app_id, ticket->site_id};
    uint8_t bytes[TICKET_LEN] = {0};
    uint8_t *at = bytes + TICKET_IDS;
    for (size_t i = 0; i < TICKET_IDS; i++) {
        bytes[i] = (uint8_t)strlen(ids[i]);
        memcpy(at, ids[i], bytes[i]);
        at += bytes[i];
    }
    put_number(put_number(at, ticket->serial), ticket->expires_ms);
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

static const uint8_t *take_number(const uint8_t *at, int64_t *ret_value)
{
    int64_t value = 0;
    for (int i = 0; i < 6; i++)
        value = value << 8 | *at++;
    *ret_value = value;
    return at;
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
    char *const ids[TICKET_IDS] = {ticket.world, ticket.app_id, ticket.site_id};
    const size_t longest[TICKET_IDS] = {MODEL_WORLD_MAX, MODEL_ID_MAX, MODEL_ID_MAX};
    const uint8_t *at = bytes + TICKET_IDS;
    for (size_t i = 0; i < TICKET_IDS; i++) {
        if (bytes[i] > longest[i]) /* the key is public: a good MAC proves no good will */
            return false;
        memcpy(ids[i], at, bytes[i]);
        at += bytes[i];
    }
    take_number(take_number(at, &ticket.serial), &ticket.expires_ms);
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
