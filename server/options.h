/* The command line and the environment, from one table that also prints the help.
 * May depend on: shared. Owner: server. */
#ifndef FAKEWIX_OPTIONS_H
#define FAKEWIX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/err.h"

enum { OPTIONS_LIST_MAX = 16 };

struct text_list {
    const char *items[OPTIONS_LIST_MAX];
    size_t n;
};

/* What `fakewix serve` was asked for; texts are borrowed from argv and the environment. */
struct options {
    struct text_list listen;
    struct text_list tls_listen;
    struct text_list config;
    const char *ca_cert, *ca_key, *ca_dir;
    struct text_list tls_name;
    const char *tls_bad;
    const char *state;
    const char *clock;
    const char *clock_dir;
    const char *consent;
    const char *control_token;
    const char *lint;
    const char *port_file;
    const char *log;
    int64_t seed;
    bool seeded;
    int64_t workers;
    int64_t max_body;
    int64_t max_worlds;
    int64_t max_holds;
    int64_t journal_max;
    int64_t journal_bytes;
    int64_t journal_total;
    int64_t idle_ms;
    int64_t request_ms;
    bool stop_with_stdin;
    bool quiet;
};

/* The command whose options are read, for the sentence about one that is not known. */
struct options_caller {
    const char *command;     /* whose --help lists them */
    const char *const *more; /* names it has beside the table's, NULL at the end; NULL for none */
};

/* Defaults, then FAKEWIX_… variables, then arguments. False and a sentence that names the option,
 * what it takes and the fix. */
bool options_parse(int argc, char **argv, const struct options_caller *caller,
                   struct options *ret_options, struct err *err);

/* Where our own certificate authority is kept: --ca-dir, else fakewix/ in $XDG_STATE_HOME, else in
 * ~/.local/state. Caller frees; NULL where there is no home either. */
char *options_ca_dir(const struct options *options);

/* Append the table as help text; of `only` the rows with these names, NULL at the end. The default
 * of the row `no_default` (NULL: none) is left out. */
void options_help(struct buf *out, const char *const *only, const char *no_default);

#endif
