/* The parts of a launch, and what they share: only launch.c and the launch_… files include this.
 * May depend on: shared, the rest of run. Owner: run. */
#ifndef FAKEWIX_RUN_LAUNCH_PARTS_H
#define FAKEWIX_RUN_LAUNCH_PARTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "run/ask.h"
#include "run/child.h"
#include "run/launch.h"
#include "run/namespace.h"
#include "run/proxy.h"
#include "run/variables.h"
#include "shared/err.h"
#include "shared/tree.h"

/* One launch. Texts are owned unless they say otherwise. */
struct run {
    const struct launch *launch; /* borrowed */
    char *folder;
    char *library; /* the preload library's path; NULL for none */
    enum launch_route route;
    struct namespace space;
    struct proxy proxy;
    struct child_signals signals;
    pid_t fake_pid, proxy_pid;
    cJSON *ready; /* the line that the fake said */
    struct ask ask;
    int https_port;
    struct variables variables; /* what the command gets */
};

/* Tell the person one line. */
void launch_tell(const struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* launch_route.c: find the way to the fake and, where it is by namespace, take it. */
bool launch_take_route(struct run *run, struct err *err);

/* launch_route.c: whether the preload library gets into the command, or why not. */
bool launch_can_preload(const struct run *run, struct err *err);

/* launch_fake.c: start the fake and wait until it is ready. */
bool launch_start_fake(struct run *run, struct err *err);

/* launch_command.c: gather what the command is to know, and start the proxy where one is due. */
bool launch_prepare_command(struct run *run, struct err *err);

#endif
