/* Faults of the world: what changes behind the client's back. */
#include <string.h>

#include "faults/effects.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "tokens/signer.h"
#include "tokens/token.h"
#include "webhooks/event.h"

void fault_rotate_refresh_token(struct exchange *x, const cJSON *action)
{
    x->rotate = true;
    x->kill_on_reuse = tree_flag(action, "kill_on_reuse", false);
}

/* Mint longer tokens, or ones with odd characters, in this exchange. */
void fault_token_shape(struct exchange *x, const cJSON *action)
{
    int64_t bytes = SIGNER_MAX_TOKEN;
    bool odd = tree_flag(action, "odd", false);
    bool sized = tree_int(action, "bytes", &bytes);
    x->world->mint.odd = odd;
    x->world->mint.token_bytes = sized || !odd ? (size_t)bytes : 0;
}

void fault_lifetime(struct exchange *x, const cJSON *action)
{
    tree_int(action, "seconds", &x->world->mint.lifetime_s);
}

typedef void kill_fn(struct world *world, const struct token_filter *filter);

/* The tokens that this exchange minted, one by one. */
static void kill_minted(struct exchange *x, kill_fn *kill)
{
    enum { MINTED_MAX = 16 };
    int64_t from = x->first_serial;
    int64_t to = x->world->next_serial;
    if (to - from > MINTED_MAX) /* a new block of serials began in between */
        from = to - MINTED_MAX;
    for (; from < to; from++)
        kill(x->world, &(struct token_filter){.serial = from});
}

/* Who: all tokens of the exchange's instance or app that were issued so far, the one it carries, or
 * those it minted. What: of which kind. */
static void kill_tokens(struct exchange *x, const cJSON *action, kill_fn *kill)
{
    const char *what = tree_text(action, "what");
    const char *who = tree_text(action, "who");
    struct token_filter filter = {.kind = what && strcmp(what, "all") == 0 ? NULL : what,
                                  .app_id = x->app_id};
    if (who && strcmp(who, "minted") == 0) {
        kill_minted(x, kill);
        return;
    }
    if (who && strcmp(who, "token") == 0) {
        filter = (struct token_filter){.serial = x->used_serial};
        if (!x->used_serial)
            return;
    } else if (*x->instance_id && !(who && strcmp(who, "app") == 0)) {
        filter.instance_id = x->instance_id;
    }
    kill(x->world, &filter);
}

void fault_expire(struct exchange *x, const cJSON *action)
{
    kill_tokens(x, action, token_expire);
}

void fault_revoke(struct exchange *x, const cJSON *action)
{
    kill_tokens(x, action, token_revoke);
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
