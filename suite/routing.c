/* `fakewix run` knows three ways to lead a program's calls to Wix's hosts to a fake; none of them
 * is ours to know. */
#include "routing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake/server.h"
#include "host/files.h"
#include "shared/mem.h"

enum { FIXED_WORDS = 12 };

static const char inside[] = "FAKEWIX_CONFORM_INSIDE";

const char *routing_address(options_env_fn *env)
{
    return env(inside) ? env("FAKEWIX_HTTP") : NULL;
}

static size_t count(char **argv)
{
    size_t n = 0;
    while (argv[n])
        n++;
    return n;
}

void routing_enter(const struct options *options, options_env_fn *env, struct err *err)
{
    const char *route = options_text(options, OPTION_ROUTE);
    char *program = server_find_program(env("FAKEWIX_BIN"));
    if (!program) {
        err_set(err, "--unmodified needs the fakewix program beside this one, or FAKEWIX_BIN");
        return;
    }
    char **argv = mem_new(count(options->argv) + FIXED_WORDS + 1, sizeof *argv);
    size_t n = 0;
    argv[n++] = program;
    argv[n++] = mem_text("run");
    argv[n++] = mem_text("--quiet"); /* what came of it is said in here */
    if (route) {
        argv[n++] = mem_text("--route");
        argv[n++] = mem_text(route);
    }
    argv[n++] = mem_text("--lint");
    argv[n++] = mem_text("off");
    argv[n++] = mem_text("--workers"); /* as fake/server.c starts one */
    argv[n++] = mem_text("400");
    argv[n++] = mem_text("--");
    OWNED(mem_text_free) char *folder = files_program_folder();
    argv[n++] = mem_format("%s/fakewix-conform", folder ? folder : ".");
    for (size_t i = 1; options->argv[i]; i++)
        argv[n++] = options->argv[i];
    setenv(inside, "1", 1);
    execv(program, argv);
    err_set(err, "%s could not be run: %s", program, strerror(errno));
}
