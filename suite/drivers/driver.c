/* What all drivers share. */
#include "drivers/driver.h"

#include <poll.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/tree.h"

/* The rule with {elsewhere} as the world's base under another name of this machine, which is
 * another origin. Caller frees. */
static cJSON *name_places(const struct world *world, const cJSON *rule)
{
    static const char mark[] = "{elsewhere}";
    static const char here[] = "://127.0.0.1";
    OWNED(mem_text_free) char *text = tree_print(rule);
    const char *host = strstr(world->base, here);
    OWNED(buf_free) struct buf named = {0};
    for (const char *at = text; *at;) {
        const char *next = strstr(at, mark);
        buf_add(&named, at, next ? (size_t)(next - at) : strlen(at));
        if (!next)
            break;
        buf_add(&named, world->base, host ? (size_t)(host - world->base) : strlen(world->base));
        if (host)
            buf_format(&named, "://localhost%s", host + sizeof here - 1);
        at = next + sizeof mark - 1;
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
