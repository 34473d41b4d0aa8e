/* `fakewix-conform rerun`: the last run's command line, with what failed in it.
 * May depend on: shared, host, report/run. Owner: main. */
#ifndef FAKEWIX_SUITE_AGAIN_H
#define FAKEWIX_SUITE_AGAIN_H

#include <stdbool.h>

#include "options.h"
#include "report/run.h"
#include "scenario/catalogue.h"
#include "shared/err.h"

/* Where the last run of this folder is remembered: $XDG_CACHE_HOME/fakewix/runs/KEY.json or
 * ~/.cache/…, with a KEY of the folder's path; NULL where neither is known. Gives the path;
 * again_remember and again_run free it. */
char *again_file(options_env_fn *env);

/* Set by a rerun for the run that it becomes; that run takes it out of its clients' sight. */
#define AGAIN_VARIABLE "FAKEWIX_CONFORM_RERUN"

/* What the last run of this folder left to try and this one did not try, as ids: of a run that
 * repeats it, or that is a narrower one of the same client. Names that are no more are dropped.
 * Caller frees each and the list. Takes `file`. */
char **again_list_left(char *file, const struct run *run, const struct catalogue *catalogue,
                       size_t *ret_n);

/* Keep argv and what is to be tried again: what is open or was not tried in this run, and what it
 * left. What cannot be written is not kept, and nobody minds. Takes `file`. */
void again_remember(char *file, char **argv, const struct run *run);

/* Replace this process by the remembered run with `more` options, and with only what failed, was
 * tried in vain or was not tried, unless they have an --only of their own. Returns only where that
 * is not possible: false and a sentence, or true where nothing is left to try. Takes `file`. */
bool again_run(char *file, char **more, struct err *err);

#endif
