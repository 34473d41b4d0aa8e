/* The command line, from one table that also prints --help. */
#include "options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/near.h"
#include "shared/text.h"

static const struct {
    const char *name;
    const char *argument;
    const char *commands;
    const char *sentence;
} rows[OPTION_COUNT] = {
#define OPTION(symbol, name, argument, commands, sentence)                                         \
    [OPTION_##symbol] = {name, argument, commands, sentence},
#include "options.def"
#undef OPTION
};

static const struct {
    const char *name;
    enum command command;
    char letter;
    const char *operand;
    const char *sentence;
    const char *example; /* of the operand */
} commands[] = {
    {"run", COMMAND_RUN, 'r', NULL, "try scenarios on a client and say what it got wrong", NULL},
    {"list", COMMAND_LIST, 'l', NULL, "the scenarios there are", NULL},
    {"explain", COMMAND_EXPLAIN, 'e', "ID",
     "all about one scenario, by id or code; of `language`: the words of scenario files", "REF-04"},
    {"diff", COMMAND_DIFF, 'd', "BEFORE.json AFTER.json",
     "two reports of --json: what is better, what worse", "before.json after.json"},
    {"rerun", COMMAND_RERUN, 'a', NULL,
     "again what is open of this folder's last client, also from before a narrower run; takes the "
     "options of run, too",
     NULL},
    {"init", COMMAND_INIT, 'i', "LANGUAGE",
     "print a program to begin with, for python, node, go, ruby, php, java, c or shell", "python"},
    {"help", COMMAND_HELP, 'h', "COMMAND", "what a command does and takes", NULL},
    {"--help", COMMAND_HELP, 'h', "COMMAND", NULL, NULL},
    {"-h", COMMAND_HELP, 'h', "COMMAND", NULL, NULL},
    {"--version", COMMAND_VERSION, ' ', NULL, NULL, NULL},
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void add_value(struct options *options, enum option option, const char *value)
{
    struct option_values *values = &options->values[option];
    values->list = mem_grow(values->list, values->n + 1, sizeof *values->list);
    values->list[values->n++] = value;
}

/* The option of that name that the command takes, or OPTION_COUNT. */
static enum option find_option(const char *name, size_t len, char letter)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0 &&
            strchr(rows[i].commands, letter))
            return (enum option)i;
    return OPTION_COUNT;
}

/* The option that was meant, and where all of them are told. */
static bool refuse_option(const char *argument, size_t command, struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    const char *start = argument + strspn(argument, "-");
    OWNED(mem_text_free) char *name = mem_text_n(start, strcspn(start, "="));
    struct near near = {.given = name};
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strchr(rows[i].commands, commands[command].letter))
            near_offer(&near, rows[i].name);
    near_add_question(&question, &near, "--");
    return err_set(err, "%s is no option of %s%s `fakewix-conform %s --help` lists them", argument,
                   commands[command].name, question.len ? buf_str(&question) : ";",
                   commands[command].name);
}

/* "--name=value", "--name value", "--switch". Moves *at over what was used. */
static bool read_option(struct options *options, size_t command, char **argv, int *at,
                        struct err *err)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    bool is_long = argv[*at][1] == '-';
    enum option option = is_long ? find_option(name, len, commands[command].letter) : OPTION_COUNT;
    if (option == OPTION_COUNT)
        return refuse_option(argv[*at], command, err);
    if (!rows[option].argument) {
        if (equals)
            return err_set(err, "--%s takes no value", rows[option].name);
        add_value(options, option, "");
        return true;
    }
    const char *value = equals ? equals + 1 : argv[*at + 1];
    if (!value)
        return err_set(err, "--%s needs a value: --%s %s", rows[option].name, rows[option].name,
                       rows[option].argument);
    add_value(options, option, value);
    *at += equals ? 0 : 1;
    return true;
}

/* FAKEWIX_CONFORM_KNOWN_FAILING for "known-failing". */
static char *variable_of(enum option option)
{
    char *name = mem_format("FAKEWIX_CONFORM_%s", rows[option].name);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

static void read_env(struct options *options, char letter, options_env_fn *env)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (i == OPTION_HELP || options->values[i].n || !strchr(rows[i].commands, letter))
            continue;
        OWNED(mem_text_free) char *variable = variable_of((enum option)i);
        const char *value = env(variable);
        bool off = value && !rows[i].argument && strcmp(value, "0") == 0;
        if (!value || !*value || off)
            continue;
        add_value(options, (enum option)i, value);
        options->values[i].from_env = true;
    }
}

/* What stands without an option. */
static bool take_operand(struct options *options, size_t command, const char *text, struct err *err)
{
    bool two = commands[command].command == COMMAND_DIFF;
    const char **operand = options->operand && two ? &options->operand_2 : &options->operand;
    if (!commands[command].operand || *operand)
        return err_set(err, "\"%s\" is not expected here; see `fakewix-conform %s --help`", text,
                       commands[command].name);
    *operand = text;
    return true;
}

static bool read_rest(struct options *options, size_t command, int argc, char **argv,
                      struct err *err)
{
    for (int at = 2; at < argc; at++) {
        bool help = strcmp(argv[at], "-h") == 0;
        if (help)
            add_value(options, OPTION_HELP, "");
        else if (*argv[at] == '-' && argv[at][1] ? !read_option(options, command, argv, &at, err)
                                                 : !take_operand(options, command, argv[at], err))
            return false;
    }
    bool lacks =
        !options->operand || (commands[command].command == COMMAND_DIFF && !options->operand_2);
    bool optional = commands[command].command == COMMAND_HELP;
    if (commands[command].operand && lacks && !optional && !options_text(options, OPTION_HELP))
        return err_set(err, "%s needs %s: fakewix-conform %s %s", commands[command].name,
                       commands[command].operand, commands[command].name,
                       commands[command].example);
    return true;
}

static bool find_command(const char *name, size_t *ret_command, struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = name};
    for (size_t i = 0; i < N_COMMANDS; i++) {
        *ret_command = i;
        if (strcmp(commands[i].name, name) == 0)
            return true;
        near_offer(&near, commands[i].name);
    }
    near_add_question(&question, &near, "");
    return err_set(err, "\"%s\" is no command%s `fakewix-conform help` lists them", name,
                   question.len ? buf_str(&question) : ";");
}

bool options_parse(int argc, char **argv, options_env_fn *env, struct options *ret_options,
                   struct err *err)
{
    size_t command = 0;
    if (argc < 2)
        return err_set(err, "say what to do: fakewix-conform run --command 'PROGRAM', or help");
    if (!find_command(argv[1], &command, err))
        return false;
    struct options options = {.command = commands[command].command, .argv = argv};
    if (!read_rest(&options, command, argc, argv, err)) {
        options_free(&options);
        return false;
    }
    if (options.command != COMMAND_RERUN)
        read_env(&options, commands[command].letter, env);
    if (options_text(&options, OPTION_HELP)) {
        options.command = COMMAND_HELP;
        options.operand = commands[command].name;
    }
    *ret_options = options;
    return true;
}

const char *options_text(const struct options *options, enum option option)
{
    const struct option_values *values = &options->values[option];
    return values->n ? values->list[values->n - 1] : NULL;
}

char *options_name(const struct options *options, enum option option)
{
    return options->values[option].from_env ? variable_of(option)
                                            : mem_format("--%s", rows[option].name);
}

bool options_number(const struct options *options, enum option option, int64_t min, int64_t max,
                    int64_t fallback, int64_t *ret_number, struct err *err)
{
    const char *text = options_text(options, option);
    if (!text) {
        *ret_number = fallback;
        return true;
    }
    if (text_parse_int(text, min, max, ret_number))
        return true;
    OWNED(mem_text_free) char *name = options_name(options, option);
    return err_set(err, "%s takes a number from %lld to %lld, not \"%s\"", name, (long long)min,
                   (long long)max, text);
}

/* 'it'\''s' for it's. */
static void add_quoted(struct buf *out, const char *text)
{
    buf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buf_text(out, "'\\''");
        else
            buf_char(out, *text);
    }
    buf_char(out, '\'');
}

void options_add_again(const struct options *options, enum option option, struct buf *line)
{
    const char *value = options_text(options, option);
    if (!value)
        return;
    buf_format(line, " --%s", rows[option].name);
    if (!rows[option].argument)
        return;
    buf_char(line, ' ');
    add_quoted(line, value);
}

static void add_option_help(enum option option, struct buf *out)
{
    OWNED(mem_text_free)
    char *usage = mem_format("--%s%s%s", rows[option].name, rows[option].argument ? " " : "",
                             rows[option].argument ? rows[option].argument : "");
    buf_format(out, "  %-24s %s\n", usage, rows[option].sentence);
}

static const char endings[] =
    "\nExit status: 0 conformant; 1 an unexpected failure or a stale known-failing\n"
    "entry; 2 usage; 3 incomplete, or nothing ran; 4 the judge or the fake broke;\n"
    "130 interrupted.\n";

static void add_overview(struct buf *out)
{
    buf_text(out, "fakewix-conform judges an OAuth client by what it does on the wire.\n\n"
                  "usage: fakewix-conform COMMAND [OPTIONS]\n\n"
                  "commands (fakewix-conform COMMAND --help says what each takes):\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i].sentence)
            buf_format(out, "  %-8s %s\n", commands[i].name, commands[i].sentence);
    buf_text(out, "\nTo begin: fakewix-conform init python --write\n"
                  "          fakewix-conform run --command 'PROGRAM'\n");
    buf_text(out, endings);
}

/* Options of one command, or of all where it takes those of `run` as they are. */
static void add_command_help(size_t command, struct buf *out)
{
    const char *operand = commands[command].operand;
    buf_format(out, "usage: fakewix-conform %s%s%s [OPTIONS]\n\n%s\n\n", commands[command].name,
               operand ? " " : "", operand ? operand : "",
               commands[command].sentence ? commands[command].sentence : "what a command takes");
    for (int option = 0; option < OPTION_COUNT; option++)
        if (strchr(rows[option].commands, commands[command].letter))
            add_option_help((enum option)option, out);
    buf_text(out, "\nEvery option can be set in the environment: FAKEWIX_CONFORM_JOBS=4.\n");
    if (strchr("ra", commands[command].letter))
        buf_text(out, endings);
}

bool options_add_help(const char *topic, struct buf *out, struct err *err)
{
    size_t command = 0;
    if (topic && !find_command(topic, &command, err))
        return false;
    if (!topic || commands[command].command == COMMAND_HELP)
        add_overview(out);
    else
        add_command_help(command, out);
    return true;
}

void options_free(struct options *options)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        free(options->values[i].list);
    *options = (struct options){0};
}
