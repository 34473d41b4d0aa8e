/* The client as a value, and the table of its bugs. */
#include "reference/client.h"

#include <stdlib.h>
#include <string.h>

#include "reference/store.h"
#include "shared/mem.h"
#include "shared/now.h"

static const struct {
    const char *name;
    const char *sentence;
} bugs[BUG_COUNT] = {
#define BUG(name, trips, sentence) [BUG_##name] = {#name, sentence},
#include "bugs.def"
#undef BUG
};

bool bug_find(const char *name, enum bug *ret_bug)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        if (strcmp(bugs[i].name, name) != 0)
            continue;
        *ret_bug = (enum bug)i;
        return true;
    }
    return false;
}

void bug_print(FILE *out)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++)
        fprintf(out, "  %-24s %s\n", bugs[i].name, bugs[i].sentence);
}

bool client_read(struct client *client, client_lookup_fn *look_up, const void *context, bool fresh)
{
    client->api = look_up(context, "WIX_API_BASE");
    client->auth = look_up(context, "WIX_AUTH_BASE");
    client->pages = look_up(context, "WIX_INSTALL_BASE");
    client->app_id = look_up(context, "WIX_APP_ID");
    client->app_secret = look_up(context, "WIX_APP_SECRET");
    client->state_folder = look_up(context, "CONFORM_STATE_DIR");
    client->webhook_key = look_up(context, "WIX_WEBHOOK_KEY");
    const char *instance = look_up(context, "WIX_INSTANCE_ID");
    const char *refresh = look_up(context, "WIX_REFRESH_TOKEN");
    bool is_custom = refresh && *refresh;
    client->custom = fresh || is_custom;
    client->instance_id = instance && !fresh ? mem_text(instance) : NULL;
    client->refresh_token = is_custom && !fresh ? mem_text(refresh) : NULL;
    if (!client->api || !client->auth || !client->app_id || !client->app_secret ||
        !(client->instance_id || fresh))
        return false;
    client->store_name =
        fresh ? mem_text("tokens.json") : mem_format("tokens-%s.json", client->instance_id);
    store_load(client);
    return true;
}

void client_free(struct client *client)
{
    if (client->bug == BUG_store_written_at_end && client->store_name)
        store_save(client);
    for (size_t i = 0; i < client->n_letters; i++)
        free(client->letters[i]);
    free(client->letters);
    free(client->code);
    free(client->store_name);
    free(client->instance_id);
    free(client->access_token);
    free(client->refresh_token);
}

int64_t client_now_ms(const struct client *client)
{
    return now_real_ms() + client->ahead_ms;
}
