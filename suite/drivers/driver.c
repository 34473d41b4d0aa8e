/* What all drivers share. */
#include "drivers/driver.h"

#include <poll.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/tree.h"

/* The world's base under another name of this machine, which is another origin. */
static char *name_elsewhere(const char *base)
{
    static const char here[] = "://127.0.0.1";
    const char *host = strstr(base, here);
    return host ? mem_format("%.*s://localhost%s", (int)(host - base), base, host + sizeof here - 1)
                : mem_text(base);
}

/* The rule with {elsewhere} and {plain} (the base without TLS) put in. Caller frees. */
static cJSON *name_places(const struct world *world, const cJSON *rule)
{
    OWNED(mem_text_free) char *text = tree_print(rule);
    OWNED(mem_text_free) char *elsewhere = name_elsewhere(world->base);
    const char *const places[][2] = {{"{elsewhere}", elsewhere},
                                     {"{plain}", world->plain ? world->plain : world->base}};
    OWNED(buf_free) struct buf named = {0};
    for (const char *at = text; *at;) {
        size_t used = 0;
        for (size_t i = 0; i < sizeof places / sizeof *places && !used; i++) {
            if (strncmp(at, places[i][0], strlen(places[i][0])) != 0)
                continue;
            buf_text(&named, places[i][1]);
            used = strlen(places[i][0]);
        }
        if (!used)
            buf_char(&named, *at);
        at += used ? used : 1;
    }
    return tree_parse(buf_str(&named), named.len, NULL);
}

bool act_begin(const struct act *act, struct err *err)
{
    for (size_t i = 0; i < act->variant->n_traps; i++) {
        const struct trap *trap = &act->variant->traps[i];
        OWNED(tree_free) cJSON *rule = name_places(&act->stage->world, trap->rule);
        if (!stage_arm(act->stage, rule, trap->what, trap->needed, err))
            return false;
    }
    return stage_raise_curtain(act->stage, err);
}

bool act_is_stopped(const struct act *act)
{
    struct pollfd stop = {.fd = act->stop_fd, .events = POLLIN};
    return act->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

void driver_free(struct driver *driver)
{
    driver->free(driver->context);
    *driver = (struct driver){0};
}
