/* One row per option: name, argument, default, help; parsing, the environment and --help all read
 * the rows. */
#include "options.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/near.h"
#include "shared/text.h"

enum option_type { OPTION_TEXT, OPTION_LIST, OPTION_INT, OPTION_FLAG };

struct option_row {
    const char *name;
    enum option_type type;
    size_t at;            /* where in struct options */
    const char *argument; /* shown in the help; "a|b" limits an OPTION_TEXT to those */
    const char *fallback;
    int64_t min, max;
    const char *help;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
    {"listen", OPTION_LIST, AT(listen), "ADDR", "localhost:8420", 0, 0,
     "address to listen on: a port or localhost:N (IPv4 and IPv6), IP:N, unix:PATH; port 0 is any "
     "free one; "
     "again for more"},
    {"tls-listen", OPTION_LIST, AT(tls_listen), "ADDR", NULL, 0, 0, "the same, over TLS"},
    {"ca-cert", OPTION_TEXT, AT(ca_cert), "FILE", NULL, 0, 0,
     "certificate authority to use instead of our own (PEM)"},
    {"ca-key", OPTION_TEXT, AT(ca_key), "FILE", NULL, 0, 0, "its private key (PEM)"},
    {"ca-dir", OPTION_TEXT, AT(ca_dir), "DIR", NULL, 0, 0,
     "where our own is kept, made on first use [~/.local/state/fakewix]"},
    {"tls-name", OPTION_LIST, AT(tls_name), "HOST", NULL, 0, 0,
     "one more name for the certificate, beside Wix's, localhost and this machine's"},
    {"tls-bad", OPTION_TEXT, AT(tls_bad), "KIND", NULL, 0, 0,
     "show clients a certificate that they must refuse: unknown-ca, expired, not-yet-valid, "
     "wrong-host, self-signed, old-protocol, swapped"},
    {"config", OPTION_LIST, AT(config), "FILE", NULL, 0, 0,
     "apps, sites and instances in place of the default world's; again for more, they add up"},
    {"state", OPTION_TEXT, AT(state), "FILE", NULL, 0, 0,
     "keep worlds, clocks and what became of tokens in FILE (SQLite), not the journal and faults; "
     "in memory without it"},
    {"seed", OPTION_INT, AT(seed), "N", NULL, 0, INT64_MAX / 2, "make ids and tokens repeatable"},
    {"clock", OPTION_TEXT, AT(clock), "TIME", NULL, 0, 0,
     "start at 2030-01-01T00:00:00Z, say; a trailing ! freezes the clock there"},
    {"clock-dir", OPTION_TEXT, AT(clock_dir), "DIR", NULL, 0, 0,
     "keep each world's lead over the machine's clock in DIR/WORLD, for clients that follow it"},
    {"consent", OPTION_TEXT, AT(consent), "ask|auto", "ask", 0, 0,
     "auto: /installer/install redirects at once"},
    {"control-token", OPTION_TEXT, AT(control_token), "TOKEN", NULL, 0, 0,
     "what control calls must carry as Authorization: Bearer; needed off loopback"},
    {"workers", OPTION_INT, AT(workers), "N", "64", 1, 2048,
     "threads; each open connection owns one"},
    {"lint", OPTION_TEXT, AT(lint), "report|fail|off", "report", 0, 0,
     "what to do about clients' mistakes at exit"},
    {"port-file", OPTION_TEXT, AT(port_file), "FILE", NULL, 0, 0, "write the ready line there too"},
    {"log", OPTION_TEXT, AT(log), "text|json", "text", 0, 0, "form of the log on stderr"},
    {"max-body", OPTION_INT, AT(max_body), "BYTES", "1048576", 1024, 64 << 20,
     "longest request body; past it 413"},
    {"max-worlds", OPTION_INT, AT(max_worlds), "N", "1024", 1, 100000,
     "worlds beside the default one; past it the oldest goes"},
    {"max-holds", OPTION_INT, AT(max_holds), "N", "0", 0, 2048,
     "requests that faults may let wait at a time, each on a thread; 0: all threads but 16"},
    {"journal", OPTION_INT, AT(journal_max), "N", "10000", 1, 10000000,
     "exchanges kept per world; the oldest go first"},
    {"journal-bytes", OPTION_INT, AT(journal_bytes), "BYTES", "33554432", 65536, INT64_C(1) << 40,
     "bytes of exchanges kept per world"},
    {"journal-total", OPTION_INT, AT(journal_total), "BYTES", "268435456", 65536, INT64_C(1) << 40,
     "bytes of exchanges kept in all worlds together; those that hold most give up their oldest"},
    {"idle-ms", OPTION_INT, AT(idle_ms), "MS", "75000", 100, 3600000,
     "how long an idle connection is kept"},
    {"request-ms", OPTION_INT, AT(request_ms), "MS", "30000", 100, 3600000,
     "how long a request may take to arrive whole; past it 408"},
    {"stop-with-stdin", OPTION_FLAG, AT(stop_with_stdin), "", NULL, 0, 0,
     "stop when standard input ends: with whoever started it, however that ends"},
    {"quiet", OPTION_FLAG, AT(quiet), "", NULL, 0, 0,
     "do not print the block to paste, nor after `run` how it ended"},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

/* FAKEWIX_TLS_LISTEN for tls-listen. */
static char *variable_of(const struct option_row *row)
{
    char *name = mem_format("FAKEWIX_%s", row->name);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == len && strncmp(at, value, len) == 0)
            return true;
    return false;
}

/* `from` is how the user knows the option: "--seed" or "FAKEWIX_SEED". */
static bool assign(struct options *options, const struct option_row *row, const char *from,
                   const char *value, struct err *err)
{
    void *target = (char *)options + row->at;
    switch (row->type) {
    case OPTION_TEXT:
        if (strchr(row->argument, '|') && !is_choice(row->argument, value))
            return err_set(err, "%s takes %s, not \"%s\"", from, row->argument, value);
        *(const char **)target = value;
        return true;
    case OPTION_LIST: {
        struct text_list *list = target;
        if (list->n == OPTIONS_LIST_MAX)
            return err_set(err, "%s may stand at most %d times", from, OPTIONS_LIST_MAX);
        list->items[list->n++] = value;
        return true;
    }
    case OPTION_INT:
        if (!text_parse_int(value, row->min, row->max, target))
            return err_set(err, "%s takes a whole number from %lld to %lld, not \"%s\"", from,
                           (long long)row->min, (long long)row->max, value);
        if (strcmp(row->name, "seed") == 0)
            options->seeded = true;
        return true;
    case OPTION_FLAG:
        *(bool *)target = strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
        return true;
    }
    return false;
}

static bool read_environment(struct options *options, struct err *err)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        OWNED(mem_text_free) char *name = variable_of(&rows[i]);
        const char *value = getenv(name);
        if (value && *value && !assign(options, &rows[i], name, value, err))
            return false;
    }
    return true;
}

static const struct option_row *find_row(const char *name, size_t len)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
            return &rows[i];
    return NULL;
}

/* A list given as arguments takes the place of what the environment said. */
static void forget_list(struct options *options, const struct option_row *row, bool forgotten[])
{
    if (row->type != OPTION_LIST || forgotten[row - rows])
        return;
    forgotten[row - rows] = true;
    ((struct text_list *)(void *)((char *)options + row->at))->n = 0;
}

/* What is no option, with the one that was meant. */
static bool refuse(const char *argument, const struct options_caller *caller, struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    const char *start = argument + strspn(argument, "-");
    OWNED(mem_text_free) char *name = mem_text_n(start, strcspn(start, "="));
    struct near near = {.given = name};
    for (size_t i = 0; i < N_ROWS; i++)
        near_offer(&near, rows[i].name);
    for (const char *const *more = caller->more; more && *more; more++)
        near_offer(&near, *more);
    near_add_question(&question, &near, "--");
    const char *glue = question.len ? buf_str(&question) : ";";
    if (strncmp(argument, "--", 2) == 0)
        return err_set(err, "--%s is not known%s `fakewix %s --help` lists the options", name, glue,
                       caller->command);
    return err_set(err, "\"%s\" is no option%s `fakewix %s --help` lists them", argument, glue,
                   caller->command);
}

static bool read_arguments(struct options *options, int argc, char **argv,
                           const struct options_caller *caller, struct err *err)
{
    bool forgotten[N_ROWS] = {false};
    for (int i = 0; i < argc; i++) {
        const char *name = argv[i] + 2;
        size_t len = strncmp(argv[i], "--", 2) == 0 ? strcspn(name, "=") : 0;
        const struct option_row *row = len ? find_row(name, len) : NULL;
        if (!row)
            return refuse(argv[i], caller, err);
        const char *value = name[len] ? name + len + 1 : NULL;
        if (!value && row->type == OPTION_FLAG)
            value = "1";
        if (!value && i + 1 < argc)
            value = argv[++i];
        if (!value)
            return err_set(err, "--%s needs a value: --%s %s", row->name, row->name, row->argument);
        forget_list(options, row, forgotten);
        OWNED(mem_text_free) char *from = mem_format("--%s", row->name);
        if (!assign(options, row, from, value, err))
            return false;
    }
    return true;
}

static bool set_defaults(struct options *options, struct err *err)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct option_row *row = &rows[i];
        if (!row->fallback || !strcmp(row->name, "listen"))
            continue;
        if (!assign(options, row, row->name, row->fallback, err))
            return false;
    }
    return true;
}

bool options_parse(int argc, char **argv, const struct options_caller *caller,
                   struct options *ret_options, struct err *err)
{
    struct options options = {0};
    if (!set_defaults(&options, err) || !read_environment(&options, err) ||
        !read_arguments(&options, argc, argv, caller, err))
        return false;
    if (!options.listen.n && !options.tls_listen.n)
        options.listen = (struct text_list){.items = {rows[0].fallback}, .n = 1};
    *ret_options = options;
    return true;
}

char *options_ca_dir(const struct options *options)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (options->ca_dir)
        return mem_text(options->ca_dir);
    if (state && *state == '/')
        return mem_format("%s/fakewix", state);
    return home && *home ? mem_format("%s/.local/state/fakewix", home) : NULL;
}

static bool is_among(const char *name, const char *const *only)
{
    for (; *only; only++)
        if (strcmp(*only, name) == 0)
            return true;
    return false;
}

void options_help(struct buf *out, const char *const *only, const char *no_default)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct option_row *row = &rows[i];
        if (only && !is_among(row->name, only))
            continue;
        OWNED(mem_text_free) char *variable = variable_of(row);
        OWNED(mem_text_free) char *left = mem_format("--%s %s", row->name, row->argument);
        buf_format(out, "  %-26s %s", left, row->help);
        if (row->fallback && (!no_default || strcmp(row->name, no_default) != 0))
            buf_format(out, " [%s]", row->fallback);
        buf_format(out, " (%s)\n", variable);
    }
}
