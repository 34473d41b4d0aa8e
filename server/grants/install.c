/* Installing: where instances come from, and the codes that prove them. */
#include <string.h>

#include "grants/grant.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "shared/url.h"
#include "tokens/seal.h"
#include "webhooks/event.h"

struct instance install_app(struct world *world, const char *app_id, const char *site_id)
{
    struct instance instance = {.state = INSTALL_SETUP_INCOMPLETE, .generation = 1};
    bool known = store_find_installed(world->store, world->id, app_id, site_id, &instance);
    if (known && instance.state != INSTALL_UNINSTALLED)
        return instance;
    if (known) {
        instance.state = INSTALL_SETUP_INCOMPLETE;
        instance.generation++;
    } else {
        char guid[TEXT_GUID_LEN + 1];
        struct instance other;
        do /* a seed that begins anew over old state would repeat itself */
            world_guid(world, guid);
        while (store_find_instance(world->store, world->id, guid, &other));
        memcpy(instance.instance_id, guid, sizeof guid);
        memcpy(instance.app_id, app_id, strlen(app_id) + 1);
        memcpy(instance.site_id, site_id, strlen(site_id) + 1);
    }
    store_put_instance(world->store, world->id, &instance);
    event_installed(world, &instance);
    return instance;
}

void install_remove(struct world *world, struct instance *instance)
{
    if (instance->state == INSTALL_UNINSTALLED)
        return;
    instance->state = INSTALL_UNINSTALLED;
    store_put_instance(world->store, world->id, instance);
    event_removed(world, instance);
}

enum { TICKET_LIFE_MS = 600000 }; /* ten minutes: pick-13 */

char *install_app_url(struct world *world, int64_t now_ms, const struct app *app,
                      const char *site_id)
{
    OWNED(tree_free) cJSON *tree = app_tree(app);
    const char *base = tree_text(tree, "app_url");
    if (!base)
        return NULL;
    struct install_ticket ticket = {.serial = world_serial(world),
                                    .expires_ms = now_ms + TICKET_LIFE_MS};
    memcpy(ticket.world, world->id, sizeof ticket.world);
    memcpy(ticket.app_id, app->app_id, sizeof ticket.app_id);
    memcpy(ticket.site_id, site_id, strlen(site_id) + 1);
    OWNED(buf_free) struct buf token = {0};
    seal_ticket(&token, &ticket);
    const struct url_param params[] = {{"token", buf_str(&token)}, {NULL, NULL}};
    return url_with_params(base, params);
}

char *install_callback_url(const char *redirect_url, const char *code, const char *state,
                           const char *instance_id)
{
    const struct url_param params[] = {
        {"code", code}, {"state", state}, {"instanceId", instance_id}, {NULL, NULL}};
    return url_with_params(redirect_url, params);
}

void install_mint_code(struct world *world, int64_t now_ms, const struct instance *instance,
                       struct buf *out)
{
    struct token code = {
        .kind = TOKEN_CODE,
        .generation = instance->generation,
        .expires_ms = now_ms + world_lifetime_s(world, LIFETIME_CODE, instance->app_id) * 1000};
    memcpy(code.app_id, instance->app_id, sizeof code.app_id);
    memcpy(code.instance_id, instance->instance_id, sizeof code.instance_id);
    memcpy(code.site_id, instance->site_id, sizeof code.site_id);
    token_mint(world, now_ms, &code, out);
}
