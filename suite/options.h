/* argv and environment as values.
 * May depend on: shared. Owner: main. */
#ifndef FAKEWIX_SUITE_OPTIONS_H
#define FAKEWIX_SUITE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/err.h"

enum option {
#define OPTION(symbol, name, argument, commands, sentence) OPTION_##symbol,
#include "options.def"
#undef OPTION
    OPTION_COUNT
};

enum command {
    COMMAND_RUN,
    COMMAND_LIST,
    COMMAND_EXPLAIN,
    COMMAND_DIFF,
    COMMAND_RERUN,
    COMMAND_INIT,
    COMMAND_HELP,
    COMMAND_VERSION
};

struct option_values {
    const char **list; /* owned array of borrowed texts */
    size_t n;
    bool from_env;
};

struct options {
    enum command command;
    struct option_values values[OPTION_COUNT];
    char **argv;           /* as given; borrowed */
    const char *operand;   /* what stands without an option: explain's ID, init's
                            * LANGUAGE, help's COMMAND; or NULL */
    const char *operand_2; /* diff's second file; or NULL */
};

/* Looks a variable up; NULL where it is not set. */
typedef const char *options_env_fn(const char *name);

/* Read the command line, then what the environment adds. Texts are borrowed from both. */
bool options_parse(int argc, char **argv, options_env_fn *env, struct options *ret_options,
                   struct err *err);

/* The last value given, or NULL. A switch that is set has the value "". */
const char *options_text(const struct options *options, enum option option);

/* What gave the option its value, for a sentence about it: "--jobs", or "FAKEWIX_CONFORM_JOBS".
 * Caller frees with free(). */
char *options_name(const struct options *options, enum option option);

/* A whole number from min to max, `fallback` where it is not given. */
bool options_number(const struct options *options, enum option option, int64_t min, int64_t max,
                    int64_t fallback, int64_t *ret_number, struct err *err);

/* Append " --name 'value'" for a shell, where the option is given. */
void options_add_again(const struct options *options, enum option option, struct buf *line);

/* Append what there is, or what the command `topic` takes; false where there is no such command. */
bool options_add_help(const char *topic, struct buf *out, struct err *err);

void options_free(struct options *options);

#endif
