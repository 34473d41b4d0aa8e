/* OpenSSL's certificate calls, in one place. P-256 because every client takes it and making a key
 * costs a tenth of a millisecond. */
#include "http/tls_certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/mem.h"

enum { SERIAL_BYTES = 16, X509_VERSION = 2 /* which is called 3 */ };

void identity_free(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    *identity = (struct identity){0};
}

/* ---- make ---- */

static void must(int worked)
{
    if (worked <= 0)
        abort();
}

static void set_serial(X509 *certificate, EVP_PKEY *key)
{
    unsigned char *spelt = NULL;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    int len = i2d_PUBKEY(key, &spelt);
    must(len);
    SHA256(spelt, (size_t)len, digest);
    OPENSSL_free(spelt);
    digest[0] = (unsigned char)((digest[0] & 0x7f) | 0x40); /* positive, and of full length */
    BIGNUM *number = BN_bin2bn(digest, SERIAL_BYTES, NULL);
    must(number != NULL);
    must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL);
    BN_free(number);
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL);
    must(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *certificate, X509 *issuer, const char *names)
{
    static const struct {
        int nid;
        const char *authority, *leaf;
    } rows[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0", "critical,CA:FALSE"},
        {NID_key_usage, "critical,keyCertSign,cRLSign", "critical,digitalSignature"},
        {NID_ext_key_usage, NULL, "serverAuth"},
        {NID_subject_key_identifier, "hash", "hash"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = names ? rows[i].leaf : rows[i].authority;
        if (value)
            add_extension(certificate, issuer, rows[i].nid, value);
    }
    if (names)
        add_extension(certificate, issuer, NID_subject_alt_name, names);
    if (issuer != certificate)
        add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

static void sign(X509 *certificate, EVP_PKEY *key)
{
    int digest;
    /* Ed25519 and its like have no digest of their own choice: OpenSSL wants NULL for them. */
    bool has_one = EVP_PKEY_get_default_digest_nid(key, &digest) > 0 && digest != NID_undef;
    must(X509_sign(certificate, key, has_one ? EVP_sha256() : NULL));
}

struct identity identity_make(const struct certificate_wish *wish)
{
    struct identity made = {.certificate = X509_new(), .key = EVP_EC_gen("P-256")};
    X509 *certificate = made.certificate;
    must(certificate && made.key);
    X509 *issuer = wish->issuer ? wish->issuer->certificate : certificate;
    X509_NAME *name = X509_get_subject_name(certificate);
    must(X509_set_version(certificate, X509_VERSION));
    set_serial(certificate, made.key);
    must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"fakewix", -1,
                                    -1, 0));
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    (const unsigned char *)wish->common_name, -1, -1, 0));
    must(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)));
    must(ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), wish->from));
    must(ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), wish->until));
    must(X509_set_pubkey(certificate, made.key));
    add_extensions(certificate, issuer, wish->names);
    sign(certificate, wish->issuer ? wish->issuer->key : made.key);
    return made;
}

/* ---- read ---- */

static BIO *open_file(const char *path, struct err *err)
{
    BIO *in = BIO_new_file(path, "r");
    if (!in)
        err_set(err, "%s cannot be read: %s", path, strerror(errno));
    return in;
}

static bool check(const struct identity *identity, const char *certificate_file,
                  const char *key_file, struct err *err)
{
    if (!identity->certificate)
        return err_set(err, "%s holds no certificate in PEM form", certificate_file);
    if (!identity->key)
        return err_set(err, "%s holds no private key in PEM form without a password", key_file);
    if (X509_check_private_key(identity->certificate, identity->key) != 1)
        return err_set(err, "the key in %s is not the one of the certificate in %s", key_file,
                       certificate_file);
    if (!X509_check_ca(identity->certificate))
        return err_set(err,
                       "the certificate in %s is not an authority's (basicConstraints CA:TRUE): "
                       "clients would not accept what it signs",
                       certificate_file);
    return true;
}

/* A key with a password would otherwise be asked for on the terminal. */
static int no_password(char *buffer, int size, int for_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)for_writing;
    (void)context;
    return -1;
}

bool identity_read(const char *certificate_file, const char *key_file,
                   struct identity *ret_identity, struct err *err)
{
    OWNED(identity_free) struct identity read = {0};
    BIO *in = open_file(certificate_file, err);
    if (!in)
        return false;
    read.certificate = PEM_read_bio_X509(in, NULL, no_password, NULL);
    BIO_free(in);
    in = open_file(key_file, err);
    if (!in)
        return false;
    read.key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
    BIO_free(in);
    if (!check(&read, certificate_file, key_file, err))
        return false;
    *ret_identity = read;
    read = (struct identity){0};
    return true;
}

/* ---- write ---- */

/* Write text to a file beside `path` and put it in place. */
static bool put_in_place(const char *path, int mode, BIO *text, struct err *err)
{
    char *bytes;
    long len = BIO_get_mem_data(text, &bytes);
    OWNED(mem_text_free) char *beside = mem_format("%s.new", path);
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool written = fd >= 0 && write(fd, bytes, (size_t)len) == len;
    if (fd >= 0)
        written = close(fd) == 0 && written;
    if (written && rename(beside, path) == 0)
        return true;
    return err_set(err, "%s cannot be written: %s; --ca-dir DIR names another place", path,
                   strerror(errno));
}

char *identity_text(const struct identity *identity)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *bytes;
    must(out != NULL);
    must(PEM_write_bio_X509(out, identity->certificate));
    long len = BIO_get_mem_data(out, &bytes);
    char *text = mem_text_n(bytes, (size_t)len);
    BIO_free(out);
    return text;
}

bool identity_write(const struct identity *identity, const char *certificate_file,
                    const char *key_file, struct err *err)
{
    BIO *text = BIO_new(BIO_s_mem());
    must(text != NULL);
    must(PEM_write_bio_PrivateKey(text, identity->key, NULL, NULL, 0, NULL, NULL));
    bool written = put_in_place(key_file, 0600, text, err);
    must(BIO_reset(text));
    must(PEM_write_bio_X509(text, identity->certificate));
    written = written && put_in_place(certificate_file, 0644, text, err);
    BIO_free(text);
    return written;
}
