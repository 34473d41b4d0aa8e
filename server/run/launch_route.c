/* A person's choice of route must fit; without one the first that fits is taken, and each that
 * does not says why. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/launch_parts.h"
#include "run/program.h"
#include "shared/mem.h"

/* Beside the program, as it is built and installed: bin/fakewix, lib/libfakewix-preload.so. The
 * name in LD_PRELOAD ends at a space or a colon, so one with either gets a link without. */
static void find_library(struct run *run)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return;
    self[len] = '\0';
    for (int i = 0; i < 2 && strrchr(self, '/'); i++)
        *strrchr(self, '/') = '\0';
    OWNED(mem_text_free) char *path = mem_format("%s/lib/libfakewix-preload.so", self);
    if (access(path, R_OK) != 0)
        return;
    OWNED(mem_text_free) char *link = mem_format("%s/preload.so", run->folder);
    bool is_plain = !strpbrk(path, " :");
    if (is_plain || symlink(path, link) == 0)
        run->library = mem_text(is_plain ? path : link);
}

bool launch_can_preload(const struct run *run, struct err *err)
{
    const char *command = run->launch->command[0];
    if (!run->library)
        return err_set(err, "lib/libfakewix-preload.so is not beside the program's folder");
    switch (program_look(command)) {
    case PROGRAM_STATIC:
        return err_set(err, "%s is linked statically, no library gets into it", command);
    case PROGRAM_GO:
        return err_set(err, "%s is a Go program, which calls the system by itself", command);
    case PROGRAM_DYNAMIC:
    case PROGRAM_UNKNOWN:
        return true;
    }
    return true;
}

static bool choose_route(struct run *run, struct err *err)
{
    enum launch_route asked = run->launch->route;
    OWNED(err_free) struct err no_preload = {0};
    OWNED(err_free) struct err no_namespace = {0};
    find_library(run);
    run->route = asked;
    if (asked == ROUTE_PRELOAD)
        return launch_can_preload(run, &no_preload) ||
               err_set(err, "--route preload does not fit: %s", no_preload.text);
    if (asked == ROUTE_NAMESPACE)
        return namespace_try(run->folder, &no_namespace) ||
               err_set(err, "--route namespace does not fit: %s", no_namespace.text);
    if (asked != ROUTE_FIRST_FIT)
        return true;
    run->route = ROUTE_PRELOAD;
    if (launch_can_preload(run, &no_preload))
        return true;
    launch_tell(run, "not by preload: %s", no_preload.text);
    run->route = ROUTE_NAMESPACE;
    if (namespace_try(run->folder, &no_namespace))
        return true;
    launch_tell(run, "not by namespace: %s", no_namespace.text);
    launch_tell(run, "by proxy, where the command honours HTTPS_PROXY");
    run->route = ROUTE_PROXY;
    return true;
}

bool launch_take_route(struct run *run, struct err *err)
{
    if (!choose_route(run, err))
        return false;
    if (run->launch->refuse_others && run->route != ROUTE_PROXY)
        launch_tell(run, "--proxy-others refuse has no effect: it goes with --route proxy");
    if (run->route != ROUTE_NAMESPACE)
        return true;
    if (!namespace_enter(run->folder, &run->space, err))
        return false;
    if (run->space.is_cut_off)
        launch_tell(run, "in a network of its own: hosts other than Wix's cannot be reached");
    return true;
}
