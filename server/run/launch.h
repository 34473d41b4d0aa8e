/* fakewix run: a fake beside a command, with every host of Wix leading to the fake.
 * It starts the fake as anyone would and knows it by its address alone.
 * May depend on: shared, the rest of run. Owner: run. */
#ifndef FAKEWIX_RUN_LAUNCH_H
#define FAKEWIX_RUN_LAUNCH_H

#include <stdbool.h>

#include "shared/err.h"

enum launch_route { ROUTE_FIRST_FIT, ROUTE_PRELOAD, ROUTE_NAMESPACE, ROUTE_PROXY, ROUTE_NONE };

struct launch {
    enum launch_route route;
    bool follow_clock;
    bool refuse_others; /* the proxy's way with hosts that are not Wix's */
    bool quiet;         /* the command says itself what came of it: nothing is told of its end */
    char **serve;       /* options for the fake; the list is owned, ends in NULL */
    int n_serve;
    char *const *command;           /* ends in NULL; borrowed */
    const char *control_token;      /* that the fake was given, or NULL; borrowed */
    bool has_authority;             /* the fake was told which authority to use */
    bool lint_fails;                /* the fake may fail where the command did not */
    void (*tell)(const char *line); /* what a person should know */
};

/* Read `[--route R] [--follow-clock] [--proxy-others pass|refuse] [--quiet] [serve options] --
 * COMMAND…`. */
bool launch_parse(int argc, char **argv, struct launch *ret_launch, struct err *err);

/* The names of the options above that are the launcher's own, NULL at the end. */
const char *const *launch_option_names(void);

void launch_free(struct launch *launch);

/* Run it to its end. Gives the command's exit status (child_run), or that of the fake where the
 * command ended well and the fake did not. False and a sentence where it never came to the
 * command. */
bool launch_run(const struct launch *launch, int *ret_status, struct err *err);

#endif
