/* One leaf serves all names, so no choice by SNI is needed. It lives in memory and dies with the
 * process; only the authority is kept, because it is what people tell their machines to trust. */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/tls_certificate.h"
#include "shared/buf.h"
#include "shared/mem.h"

/* Tests move their clock anywhere from 1970 to 9999, and so may a client's: a certificate of ours
 * must not expire by that. The last one is what RFC 5280 section 4.1.2.5 has for "never". */
#define EVER "19700101000000Z"
#define NEVER "99991231235959Z"

static const char *const names_of_leaf[] = {
#define WIX_HOST(name) name,
#include "shared/wix_hosts.def"
#undef WIX_HOST
    "localhost",
};

static const struct {
    const char *name;
    const char *names; /* in place of all of Wix's */
    const char *from, *until;
} kinds[TLS_KINDS] = {
    [TLS_GOOD] = {"good", NULL, EVER, NEVER},
    [TLS_UNKNOWN_CA] = {"unknown-ca", NULL, EVER, NEVER},
    [TLS_EXPIRED] = {"expired", NULL, EVER, "19700102000000Z"},
    [TLS_NOT_YET_VALID] = {"not-yet-valid", NULL, "99991231000000Z", NEVER},
    [TLS_WRONG_HOST] = {"wrong-host", "DNS:wrong-host.invalid", EVER, NEVER},
    [TLS_SELF_SIGNED] = {"self-signed", NULL, EVER, NEVER},
    [TLS_OLD_PROTOCOL] = {"old-protocol", NULL, EVER, NEVER},
    [TLS_SWAPPED] = {"swapped", NULL, EVER, NEVER},
};

struct tls {
    pthread_mutex_t lock; /* over `contexts` while one is made */
    SSL_CTX *contexts[TLS_KINDS];
    struct identity authority;
    tls_choose_fn *choose; /* NULL: all is good */
    void *choose_context;
    struct identity stranger; /* a leaf of an authority that nobody has; for TLS_SWAPPED */
    atomic_uint connections;  /* of TLS_SWAPPED, where nobody chooses */
    int nth_index;            /* under which a connection has its number, when somebody chose it */
    char *ca_file;
    char *ca_text;
    char *names; /* of the leaf, as the extension spells them */
};

/* ---- the authority ---- */

static struct identity make_authority(const char *name)
{
    return identity_make(&(struct certificate_wish){
        .common_name = name,
        .from = EVER,
        .until = NEVER,
    });
}

static bool make_directories(const char *dir, struct err *err)
{
    OWNED(mem_text_free) char *path = mem_text(dir);
    for (char *at = path + 1;; at++) {
        if (*at != '/' && *at)
            continue;
        char was = *at;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_set(err, "%s cannot be made: %s; --ca-dir DIR names another place", path,
                           strerror(errno));
        *at = was;
        if (!was)
            return true;
    }
}

/* Under a lock on the directory: of several that come first together one makes the authority. */
static bool read_or_make(struct tls *tls, const char *dir, struct err *err)
{
    OWNED(mem_text_free) char *key_file = mem_format("%s/fakewix-ca-key.pem", dir);
    tls->ca_file = mem_format("%s/fakewix-ca.pem", dir);
    if (access(tls->ca_file, F_OK) == 0)
        return identity_read(tls->ca_file, key_file, &tls->authority, err);
    if (!make_directories(dir, err))
        return false;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        err_set(err, "%s cannot be used: %s; --ca-dir DIR names another place", dir,
                strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool done;
    if (access(tls->ca_file, F_OK) == 0) {
        done = identity_read(tls->ca_file, key_file, &tls->authority, err);
    } else {
        tls->authority = make_authority("fakewix test authority, trust it for tests only");
        done = identity_write(&tls->authority, tls->ca_file, key_file, err);
    }
    close(fd);
    return done;
}

static bool open_authority(struct tls *tls, const struct tls_config *config, struct err *err)
{
    if (!config->ca_cert != !config->ca_key)
        return err_set(err, "--ca-cert FILE and --ca-key FILE go together: the authority signs "
                            "certificates");
    if (!config->ca_cert)
        return read_or_make(tls, config->dir, err);
    tls->ca_file = mem_text(config->ca_cert);
    return identity_read(config->ca_cert, config->ca_key, &tls->authority, err);
}

/* ---- the leaves ---- */

/* A name with a comma or a line break in it would be read as more than a name. */
static bool is_host_name(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789.-_*")] == '\0';
}

static bool spell_names(const struct tls_config *config, char **ret_names, struct err *err)
{
    OWNED(buf_free) struct buf names = {0};
    char machine[256] = "";
    gethostname(machine, sizeof machine - 1);
    buf_text(&names, "IP:127.0.0.1,IP:::1");
    for (size_t i = 0; i < sizeof names_of_leaf / sizeof *names_of_leaf; i++)
        buf_format(&names, ",DNS:%s", names_of_leaf[i]);
    if (is_host_name(machine))
        buf_format(&names, ",DNS:%s", machine);
    for (size_t i = 0; i < config->n_more_names; i++) {
        if (!is_host_name(config->more_names[i]))
            return err_set(err, "--tls-name takes a host's name, not \"%s\"",
                           config->more_names[i]);
        buf_format(&names, ",DNS:%s", config->more_names[i]);
    }
    *ret_names = buf_take(&names);
    return true;
}

static struct identity make_leaf(const struct tls *tls, enum tls_kind kind)
{
    OWNED(identity_free) struct identity nobody = {0};
    struct certificate_wish wish = {
        .common_name = kinds[kind].names ? "wrong-host.invalid" : names_of_leaf[0],
        .names = kinds[kind].names ? kinds[kind].names : tls->names,
        .from = kinds[kind].from,
        .until = kinds[kind].until,
        .issuer = &tls->authority,
    };
    if (kind == TLS_UNKNOWN_CA) {
        nobody = make_authority("fakewix stranger, never to be trusted");
        wish.issuer = &nobody;
    }
    if (kind == TLS_SELF_SIGNED)
        wish.issuer = NULL;
    return identity_make(&wish);
}

/* ---- what a listener needs ---- */

/* Clients offer h2 as well; say plainly that it is HTTP/1.1 here. */
static int pick_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len,
                         const unsigned char *offered, unsigned offered_len, void *context)
{
    static const unsigned char http11[] = "\x08http/1.1";
    (void)ssl;
    (void)context;
    unsigned char *name;
    if (SSL_select_next_proto(&name, ret_len, http11, sizeof http11 - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

/* Every second connection meets another server than the one that was verified before. */
static int swap(SSL *ssl, void *context)
{
    struct tls *tls = context;
    const unsigned *chosen = SSL_get_ex_data(ssl, tls->nth_index);
    unsigned nth = chosen ? *chosen : atomic_fetch_add(&tls->connections, 1);
    if (nth % 2 == 0)
        return 1;
    return SSL_use_certificate(ssl, tls->stranger.certificate) == 1 &&
           SSL_use_PrivateKey(ssl, tls->stranger.key) == 1;
}

static int our_port(const SSL *ssl)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(SSL_get_fd(ssl), (struct sockaddr *)&address, &len) != 0)
        return 0;
    return address.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

/* The world's own count goes with the connection, and is freed with it. */
static void note_number(const struct tls *tls, SSL *ssl, unsigned nth)
{
    unsigned *number = mem_new(1, sizeof *number);
    *number = nth;
    if (SSL_set_ex_data(ssl, tls->nth_index, number) != 1)
        free(number);
}

static void free_number(void *parent, void *number, CRYPTO_EX_DATA *data, int index, long argument,
                        void *context)
{
    (void)parent, (void)data, (void)index, (void)argument, (void)context;
    free(number);
}

/* Called before anything of the hello is answered: the last moment to be another kind. What the
 * other context has beyond its certificate does not come with it, and is set once more. */
static int on_hello(SSL *ssl, int *ret_alert, void *context)
{
    struct tls *tls = context;
    struct tls_choice choice = {.kind = TLS_GOOD};
    (void)ret_alert;
    if (tls->choose)
        choice = tls->choose(tls->choose_context, our_port(ssl));
    enum tls_kind kind = choice.kind;
    if (kind == TLS_GOOD)
        return SSL_CLIENT_HELLO_SUCCESS;
    if (kind == TLS_SWAPPED)
        note_number(tls, ssl, choice.nth);
    SSL_set_SSL_CTX(ssl, tls_context(tls, kind));
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
    if (kind == TLS_OLD_PROTOCOL) {
        SSL_set_security_level(ssl, 0);
        SSL_set_min_proto_version(ssl, TLS1_VERSION);
        SSL_set_max_proto_version(ssl, TLS1_1_VERSION);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

static void make_peculiar(SSL_CTX *context, struct tls *tls, enum tls_kind kind)
{
    if (kind == TLS_GOOD)
        SSL_CTX_set_client_hello_cb(context, on_hello, tls);
    if (kind == TLS_OLD_PROTOCOL) {
        /* Their signatures are SHA-1, which OpenSSL makes at level 0 only. */
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    }
    if (kind == TLS_SWAPPED) {
        tls->stranger = make_leaf(tls, TLS_UNKNOWN_CA);
        SSL_CTX_set_cert_cb(context, swap, tls);
        /* A resumed session would show no certificate at all. */
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
    }
}

static SSL_CTX *make_context(struct tls *tls, enum tls_kind kind)
{
    static const unsigned char id[] = "fakewix";
    OWNED(identity_free) struct identity leaf = make_leaf(tls, kind);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_use_certificate(context, leaf.certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, leaf.key) != 1)
        abort(); /* out of memory: both were made a line ago */
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
    SSL_CTX_set_alpn_select_cb(context, pick_protocol, NULL);
    make_peculiar(context, tls, kind);
    return context;
}

void *tls_context(struct tls *tls, enum tls_kind kind)
{
    pthread_mutex_lock(&tls->lock);
    if (!tls->contexts[kind])
        tls->contexts[kind] = make_context(tls, kind);
    void *context = tls->contexts[kind];
    pthread_mutex_unlock(&tls->lock);
    return context;
}

/* ---- life ---- */

struct tls *tls_open(const struct tls_config *config, struct err *err)
{
    struct tls *tls = mem_new(1, sizeof(*tls));
    pthread_mutex_init(&tls->lock, NULL);
    tls->nth_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_number);
    if (open_authority(tls, config, err) && spell_names(config, &tls->names, err)) {
        tls->ca_text = identity_text(&tls->authority);
        return tls;
    }
    tls_close(tls);
    return NULL;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    for (size_t i = 0; i < TLS_KINDS; i++)
        SSL_CTX_free(tls->contexts[i]);
    identity_free(&tls->authority);
    identity_free(&tls->stranger);
    pthread_mutex_destroy(&tls->lock);
    free(tls->ca_file);
    free(tls->ca_text);
    free(tls->names);
    free(tls);
}

const char *tls_ca_file(const struct tls *tls)
{
    return tls->ca_file;
}

const char *tls_ca_text(const struct tls *tls)
{
    return tls->ca_text;
}

void tls_choose_by(struct tls *tls, tls_choose_fn *choose, void *context)
{
    tls->choose = choose;
    tls->choose_context = context;
}

const char *tls_kind_name(enum tls_kind kind)
{
    return kinds[kind].name;
}

bool tls_kind_parse(const char *name, enum tls_kind *ret_kind)
{
    for (size_t i = 0; i < TLS_KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *ret_kind = (enum tls_kind)i;
            return true;
        }
    }
    return false;
}
