/* Faults of the world: what changes behind the client's back. */
#include <string.h>

#include "faults/effects.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "tokens/token.h"
#include "webhooks/event.h"

void fault_rotate_refresh_token(struct exchange *x, const cJSON *action)
{
    x->rotate = true;
    x->kill_on_reuse = tree_flag(action, "kill_on_reuse", false);
}

/* All tokens of the exchange's instance (or app) that were issued so far, of the kind "what". */
static struct token_filter filter_of(const struct exchange *x, const cJSON *action)
{
    const char *what = tree_text(action, "what");
    return (struct token_filter){
        .kind = what && strcmp(what, "all") == 0 ? NULL : what,
        .app_id = x->app_id,
        .instance_id = *x->instance_id ? x->instance_id : NULL,
    };
}

void fault_expire(struct exchange *x, const cJSON *action)
{
    struct token_filter filter = filter_of(x, action);
    token_expire(x->world, &filter);
}

void fault_revoke(struct exchange *x, const cJSON *action)
{
    struct token_filter filter = filter_of(x, action);
    token_revoke(x->world, &filter);
}

void fault_uninstall(struct exchange *x, const cJSON *action)
{
    (void)action;
    struct instance instance;
    if (!store_find_instance(x->world->store, x->world->id, x->instance_id, &instance))
        return;
    if (instance.state != INSTALL_UNINSTALLED)
        event_removed(x->world, &instance);
    instance.state = INSTALL_UNINSTALLED;
    store_put_instance(x->world->store, x->world->id, &instance);
}

static double number_of(const cJSON *action, const char *name)
{
    const cJSON *value = tree_get(action, name);
    return cJSON_IsNumber(value) ? value->valuedouble : 0;
}

void fault_advance(struct exchange *x, const cJSON *action)
{
    double by_ms = number_of(action, "seconds") * 1000 + number_of(action, "ms");
    if (by_ms > -(double)TIMELINE_MAX_MS && by_ms < (double)TIMELINE_MAX_MS &&
        timeline_advance(&x->world->time, now_real_ms(), (int64_t)by_ms))
        world_clock_moved(x->world);
    if (x->shot->before)
        x->now_ms = world_now(x->world);
}
