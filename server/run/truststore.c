/* keytool takes half a second of a Java machine's start; the format is a page long:
 *
 *   feedfeed 00000002 <number of entries>
 *   each: 00000002 <alias> <8 bytes, ms of its date> "X.509" <length> <certificate, DER>
 *   SHA-1 over: the password in UTF-16, "Mighty Aphrodite", all of the above
 *
 * Texts have their length before them, in two bytes; all numbers have their high byte first.
 * PKCS#12, the newer form, needs an attribute that only Java knows to tell trust from a chain. */
#include "run/truststore.h"

#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

enum { TRUSTED = 2, VERSION = 2 };

static void add_number(struct buf *out, uint64_t number, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        buf_char(out, (char)(unsigned char)(number >> shift));
}

static void add_word(struct buf *out, const char *text)
{
    add_number(out, strlen(text), 2);
    buf_text(out, text);
}

/* The next certificate's DER bytes into `ret_der`; false where there is none. */
static bool next_certificate(const char **at, struct buf *ret_der)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *from = strstr(*at, begin);
    const char *until = from ? strstr(from, "-----END") : NULL;
    if (!until)
        return false;
    OWNED(buf_free) struct buf letters = {0};
    for (const char *c = from + strlen(begin); c < until; c++)
        if (*c > ' ')
            buf_char(&letters, *c);
    *at = until;
    buf_clear(ret_der);
    text_decode_base64url(ret_der, buf_str(&letters), letters.len, true);
    return true;
}

static void add_digest(struct buf *out, size_t from)
{
    OWNED(buf_free) struct buf whole = {.max = 2 * BUF_DEFAULT_MAX};
    unsigned char digest[SHA_DIGEST_LENGTH];
    for (const char *c = TRUSTSTORE_PASSWORD; *c; c++) {
        buf_char(&whole, '\0');
        buf_char(&whole, *c);
    }
    buf_text(&whole, "Mighty Aphrodite");
    buf_add(&whole, out->data + from, out->len - from);
    SHA1((const unsigned char *)whole.data, whole.len, digest);
    buf_add(out, digest, sizeof digest);
}

void truststore_add(struct buf *out, const char *pem)
{
    OWNED(buf_free) struct buf entries = {0};
    OWNED(buf_free) struct buf der = {0};
    size_t from = out->len;
    uint64_t n = 0;
    while (next_certificate(&pem, &der)) {
        if (!der.len)
            continue;
        OWNED(mem_text_free) char *alias = mem_format("fakewix-%llu", (unsigned long long)n++);
        add_number(&entries, TRUSTED, 4);
        add_word(&entries, alias);
        add_number(&entries, 0, 8);
        add_word(&entries, "X.509");
        add_number(&entries, der.len, 4);
        buf_add(&entries, der.data, der.len);
    }
    add_number(out, UINT64_C(0xfeedfeed), 4);
    add_number(out, VERSION, 4);
    add_number(out, n, 4);
    buf_add(out, entries.data, entries.len);
    add_digest(out, from);
}
