/* See help.h. */
#include "help.h"

#include <stddef.h>
#include <string.h>

#include "options.h"
#include "shared/mem.h"
#include "shared/near.h"

static const char *const no_options[] = {NULL};
static const char *const ca_options[] = {"ca-cert", "ca-key", "ca-dir", "tls-name", NULL};

#define OPTIONS_NONE no_options
#define OPTIONS_SERVE NULL /* all of them */
#define OPTIONS_RUN NULL
#define OPTIONS_CA ca_options

enum { ASIDE_NONE = false, ASIDE_SERVE = false, ASIDE_RUN = true, ASIDE_CA = false };

static const struct command {
    const char *name;
    const char *const *options;
    bool listens_aside; /* --listen adds to ports of its own choice: its default is serve's */
    const char *arguments;
    const char *summary;
    const char *details;
} commands[] = {
#define COMMAND(name, run, options, arguments, summary, details)                                   \
    {name, OPTIONS_##options, ASIDE_##options, arguments, summary, details},
#include "commands.def"
#undef COMMAND
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

void help_overview(struct buf *out)
{
    buf_text(out, "fakewix, a fake Wix for tests. Not affiliated with Wix.\n\n"
                  "usage: fakewix [COMMAND] [OPTIONS]\n\n"
                  "commands (fakewix COMMAND --help says what each takes):\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        buf_format(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    buf_text(out, "\noptions of serve (an environment variable does the same):\n");
    options_help(out, NULL, NULL);
}

bool help_command(struct buf *out, const char *name)
{
    const struct command *command = find(name);
    if (!command)
        return false;
    bool more = *command->arguments;
    buf_format(out, "usage: fakewix %s%s%s\n\n%s.\n", name, more ? " " : "", command->arguments,
               command->summary);
    buf_text(out, command->details);
    if (command->options == no_options)
        return true;
    buf_text(out, "\noptions (an environment variable does the same):\n");
    options_help(out, command->options, command->listens_aside ? "listen" : NULL);
    return true;
}

bool help_refuse(const char *name, struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = name};
    for (size_t i = 0; i < N_COMMANDS; i++)
        near_offer(&near, commands[i].name);
    near_add_question(&question, &near, "");
    return err_set(err, "\"%s\" is no command%s `fakewix help` lists them", name,
                   question.len ? buf_str(&question) : ";");
}

bool help_usage(const char *name, struct err *err)
{
    return err_set(err, "usage: fakewix %s %s", name, find(name)->arguments);
}
