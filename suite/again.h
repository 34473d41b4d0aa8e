/* `fakewix-conform rerun`: the last run's command line, with what failed in it.
 * May depend on: shared, host, report/run. Owner: main. */
#ifndef FAKEWIX_SUITE_AGAIN_H
#define FAKEWIX_SUITE_AGAIN_H

#include <stdbool.h>

#include "options.h"
#include "report/run.h"
#include "shared/err.h"

/* Where the last run is remembered: $XDG_CACHE_HOME/fakewix/last-run.json or ~/.cache/…; NULL where
 * neither is known. Gives the path; again_remember and again_run free it. */
char *again_file(options_env_fn *env);

/* Keep argv and what failed. What cannot be written is not kept, and nobody minds. Takes `file`. */
void again_remember(char *file, char **argv, const struct run *run);

/* Replace this process by the remembered run, with only what failed. Returns only where that is not
 * possible: false and a sentence, or true where nothing had failed. Takes `file`. */
bool again_run(char *file, struct err *err);

#endif
