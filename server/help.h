/* What --help prints, from the rows of commands.def and options.c.
 * May depend on: shared, options. Owner: server. */
#ifndef FAKEWIX_HELP_H
#define FAKEWIX_HELP_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/err.h"

/* Append all commands, and the options of the one that is meant without a name. */
void help_overview(struct buf *out);

/* Append what one command takes; false where there is none of that name. */
bool help_command(struct buf *out, const char *name);

/* Always false: a sentence about a command that there is not, with what was meant. */
bool help_refuse(const char *name, struct err *err);

/* Always false: the sentence "usage: fakewix NAME ARGUMENTS" of a known command. */
bool help_usage(const char *name, struct err *err);

#endif
