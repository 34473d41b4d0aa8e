/* The client as a value, and the table of its bugs. */
#include "reference/client.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

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

bool client_read_environment(struct client *client)
{
    client->api = getenv("WIX_API_BASE");
    client->auth = getenv("WIX_AUTH_BASE");
    client->app_id = getenv("WIX_APP_ID");
    client->app_secret = getenv("WIX_APP_SECRET");
    client->instance_id = getenv("WIX_INSTANCE_ID");
    const char *refresh = getenv("WIX_REFRESH_TOKEN");
    client->refresh_token = refresh && *refresh ? mem_text(refresh) : NULL;
    return client->api && client->auth && client->app_id && client->app_secret &&
           client->instance_id;
}

void client_free(struct client *client)
{
    free(client->access_token);
    free(client->refresh_token);
}
