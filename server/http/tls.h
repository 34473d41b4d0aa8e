/* TLS: the authority that clients are told to trust, the leaf for every host of Wix, and the bad
 * certificates that a client must refuse. The only part of http that knows OpenSSL.
 * May depend on: shared, OpenSSL. Owner: http. */
#ifndef FAKEWIX_HTTP_TLS_H
#define FAKEWIX_HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

/* What a listener shows its clients. */
enum tls_kind {
    TLS_GOOD,
    TLS_UNKNOWN_CA,
    TLS_EXPIRED,
    TLS_NOT_YET_VALID,
    TLS_WRONG_HOST,
    TLS_SELF_SIGNED,
    TLS_OLD_PROTOCOL,
    TLS_SWAPPED,
    TLS_KINDS
};

struct tls;

struct tls_config {
    const char *dir;               /* holds our authority, which is made on first use; borrowed */
    const char *ca_cert, *ca_key;  /* one that was brought, in its place; borrowed, may be NULL */
    const char *const *more_names; /* for the leaf, beside Wix's and this machine's; borrowed */
    size_t n_more_names;
};

/* Read or make the authority. Several processes may do so at once in one directory: the first one
 * makes it. NULL and a sentence; caller frees with tls_close. */
struct tls *tls_open(const struct tls_config *config, struct err *err);
void tls_close(struct tls *tls); /* accepts NULL; not before the listeners are stopped */

/* The file that clients must trust. Borrowed. */
const char *tls_ca_file(const struct tls *tls);

/* The same certificate as PEM text. Borrowed. */
const char *tls_ca_text(const struct tls *tls);

/* An SSL_CTX for a listener (listener_config.tls_context), made when first asked for. Borrowed,
 * until tls_close. Any thread. */
void *tls_context(struct tls *tls, enum tls_kind kind);

/* What a connection meets, and the how manieth it is that met TLS_SWAPPED there, from 0. */
struct tls_choice {
    enum tls_kind kind;
    unsigned nth;
};

/* Choose for a connection that came in by our port `port`. Any thread. */
typedef struct tls_choice tls_choose_fn(void *context, int port);

/* Let the good context ask at each connection. Before anything listens with it. */
void tls_choose_by(struct tls *tls, tls_choose_fn *choose, void *context);

/* "good", "unknown-ca", "expired", "not-yet-valid", "wrong-host", "self-signed", "old-protocol",
 * "swapped" */
const char *tls_kind_name(enum tls_kind kind);
bool tls_kind_parse(const char *name, enum tls_kind *ret_kind);

#endif
