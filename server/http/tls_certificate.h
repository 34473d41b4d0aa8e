/* Certificates and keys as values: made, read and written. What they are for is told in http/tls.
 * May depend on: shared, OpenSSL. Owner: http; nothing outside http includes it. */
#ifndef FAKEWIX_HTTP_TLS_CERTIFICATE_H
#define FAKEWIX_HTTP_TLS_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "shared/err.h"

/* A certificate and its private key; both owned. */
struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

void identity_free(struct identity *identity);

/* What to make. Texts are borrowed. */
struct certificate_wish {
    const char *common_name;
    const char *names;             /* "DNS:a,IP:1.2.3.4"; NULL for an authority */
    const char *from, *until;      /* "20300101000000Z" */
    const struct identity *issuer; /* NULL: signs itself */
};

/* A fresh P-256 key and a certificate for it. The serial number comes from the key, so that no
 * issuer gives one twice. A failure of OpenSSL here is one of memory, and aborts. */
struct identity identity_make(const struct certificate_wish *wish);

/* Read PEM files. False and a sentence where they cannot be read, do not belong together, or the
 * certificate is not an authority's. */
bool identity_read(const char *certificate_file, const char *key_file,
                   struct identity *ret_identity, struct err *err);

/* The certificate as PEM text; caller frees. */
char *identity_text(const struct identity *identity);

/* Write PEM files, the key first and for the owner alone, each in one step: a reader finds a file
 * whole or not at all. */
bool identity_write(const struct identity *identity, const char *certificate_file,
                    const char *key_file, struct err *err);

#endif
