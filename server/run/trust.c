/* There is no one place where a machine's programs look for the authorities they trust, so each
 * runtime is told in its own way, without touching anything of the system's. */
#include "run/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/truststore.h"
#include "shared/mem.h"

enum { PEM_MAX = 16 * 1024 * 1024 };

/* What a variable's file takes the place of, in the program that reads it. */
enum role {
    ROLE_ADDS,    /* nothing: its certificates are added to what the program trusts */
    ROLE_REPLACES /* all that the program trusts: it must hold the system's as well */
};

static const struct {
    const char *name;
    enum role role;
    const char *who;
} rows[] = {
    {"NODE_EXTRA_CA_CERTS", ROLE_ADDS, "Node, Bun"},
    {"DENO_CERT", ROLE_ADDS, "Deno"},
    {"SSL_CERT_FILE", ROLE_REPLACES, "OpenSSL, and so Python, Ruby, PHP, Perl; Go; .NET"},
    {"CURL_CA_BUNDLE", ROLE_REPLACES, "curl"},
    {"REQUESTS_CA_BUNDLE", ROLE_REPLACES, "Python requests"},
    {"PERL_LWP_SSL_CA_FILE", ROLE_REPLACES, "Perl LWP"},
    {"GIT_SSL_CAINFO", ROLE_REPLACES, "git"},
};

static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

struct preparation {
    const char *dir;
    const char *ca_file;
    char *bundle_file;
    struct buf authority; /* PEM */
    struct buf system;    /* PEM, with the authority added */
    struct variables variables;
    struct buf *notes;
    struct err *err;
};

static void preparation_free(struct preparation *p)
{
    buf_free(&p->authority);
    buf_free(&p->system);
    free(p->bundle_file);
    variables_free(&p->variables);
}

/* The authority behind what is there, on a line of its own. */
static void append_authority(struct buf *pem, const struct preparation *p)
{
    if (pem->len && pem->data[pem->len - 1] != '\n')
        buf_char(pem, '\n');
    buf_add(pem, p->authority.data, p->authority.len);
}

static bool prepare_bundle(struct preparation *p)
{
    bool found = false;
    p->system.max = PEM_MAX;
    p->bundle_file = mem_format("%s/fakewix-bundle.pem", p->dir);
    for (size_t i = 0; !found && i < sizeof system_bundles / sizeof *system_bundles; i++)
        found = files_read(system_bundles[i], &p->system);
    append_authority(&p->system, p);
    return files_write(p->bundle_file, &p->system, p->err);
}

/* What the user trusts already, with the authority added, in a file of its own. */
static bool join(struct preparation *p, const char *name, const char *users)
{
    OWNED(buf_free) struct buf joined = {.max = PEM_MAX};
    OWNED(mem_text_free) char *path = mem_format("%s/joined-%s.pem", p->dir, name);
    struct stat info;
    if (strcmp(users, path) == 0) { /* set by an earlier call */
        variables_put(&p->variables, name, path);
        return true;
    }
    if (stat(users, &info) != 0 || !S_ISREG(info.st_mode) || !files_read(users, &joined)) {
        buf_format(p->notes,
                   "%s is set to %s, which is no file to join with the fake's authority: it stays "
                   "as it is\n",
                   name, users);
        return true;
    }
    append_authority(&joined, p);
    variables_put(&p->variables, name, path);
    return files_write(path, &joined, p->err);
}

static bool prepare_variables(struct preparation *p)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *users = getenv(rows[i].name);
        const char *ours = rows[i].role == ROLE_ADDS ? p->ca_file : p->bundle_file;
        if (!users || !*users || strcmp(users, ours) == 0)
            variables_put(&p->variables, rows[i].name, ours);
        else if (!join(p, rows[i].name, users))
            return false;
    }
    return true;
}

/* Java has no variable for a truststore, only one for its options, to which ours are added. */
static bool prepare_java(struct preparation *p)
{
    static const char name[] = "JAVA_TOOL_OPTIONS";
    static const char option[] = "-Djavax.net.ssl.trustStore=";
    const char *users = getenv(name);
    OWNED(buf_free) struct buf store = {.max = PEM_MAX};
    OWNED(mem_text_free) char *path = mem_format("%s/fakewix-truststore.jks", p->dir);
    OWNED(mem_text_free) char *ours = mem_format("%s%s", option, path);
    truststore_add(&store, buf_str(&p->system));
    if (!files_write(path, &store, p->err))
        return false;
    if (users && strstr(users, option) && !strstr(users, ours)) {
        buf_format(p->notes,
                   "%s names a truststore already, which stays; add the fake's authority to it: "
                   "keytool -importcert -noprompt -alias fakewix -file %s -keystore FILE\n",
                   name, p->ca_file);
        return true;
    }
    OWNED(mem_text_free) char *both = users && *users ? mem_format("%s %s", users, ours) : NULL;
    variables_put(&p->variables, name, users && strstr(users, ours) ? users : both ? both : ours);
    return true;
}

/* PHP reads no variable for what its curl trusts, but reads settings from further folders; the
 * empty one before the colon stands for its own. */
static bool prepare_php(struct preparation *p)
{
    static const char name[] = "PHP_INI_SCAN_DIR";
    const char *users = getenv(name);
    OWNED(mem_text_free) char *dir = mem_format("%s/php", p->dir);
    OWNED(mem_text_free) char *path = mem_format("%s/fakewix.ini", dir);
    OWNED(mem_text_free) char *both = mem_format("%s:%s", users ? users : "", dir);
    OWNED(buf_free) struct buf setting = {0};
    buf_format(&setting, "curl.cainfo=\"%s\"\nopenssl.cafile=\"%s\"\n", p->bundle_file,
               p->bundle_file);
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return err_set(p->err, "%s cannot be made: %s", dir, strerror(errno));
    variables_put(&p->variables, name, users && strstr(users, dir) ? users : both);
    return files_write(path, &setting, p->err);
}

bool trust_prepare(const char *dir, const char *ca_file, struct variables *ret_variables,
                   struct buf *notes, struct err *err)
{
    OWNED(preparation_free)
    struct preparation p = {.dir = dir, .ca_file = ca_file, .notes = notes, .err = err};
    if (!files_read(ca_file, &p.authority))
        return err_set(err, "%s cannot be read: %s", ca_file, strerror(errno));
    if (!prepare_bundle(&p) || !prepare_variables(&p) || !prepare_java(&p) || !prepare_php(&p))
        return false;
    *ret_variables = p.variables;
    p.variables = (struct variables){0};
    return true;
}

static const char *who_reads(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].who;
    return strncmp(name, "JAVA", 4) == 0 ? "Java" : "PHP, its curl too";
}

/* 'it'\''s' */
static void add_quoted(struct buf *out, const char *text)
{
    buf_char(out, '\'');
    for (; *text; text++)
        if (*text == '\'')
            buf_text(out, "'\\''");
        else
            buf_char(out, *text);
    buf_char(out, '\'');
}

void trust_explain(struct buf *out, const char *ca_file, const struct variables *variables)
{
    buf_text(out,
             "# The fake's authority, for tests only: who has the key beside it can pose as any\n"
             "# host to whatever trusts it.\nexport FAKEWIX_CA=");
    add_quoted(out, ca_file);
    buf_char(out, '\n');
    for (size_t i = 0; i < variables->n; i++) {
        const struct variable *variable = &variables->items[i];
        buf_format(out, "# %s\nexport %s=", who_reads(variable->name), variable->name);
        add_quoted(out, variable->value);
        buf_char(out, '\n');
    }
    buf_text(out, "# A Java truststore of your own:\n"
                  "#   keytool -importcert -noprompt -alias fakewix -keystore FILE -file ");
    add_quoted(out, ca_file);
    buf_text(out, "\n# A whole machine with Debian: copy the authority to\n"
                  "#   /usr/local/share/ca-certificates/fakewix.crt, run update-ca-certificates\n");
}
