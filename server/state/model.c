/* Plain values. An app's rarely read members stay in its JSON, so the token path copies no lists.
 */
#include "state/model.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"
#include "state/rng.h"

struct app app_copy(const struct app *app)
{
    struct app copy = *app;
    copy.secret = mem_text(app->secret);
    copy.doc = mem_text(app->doc);
    return copy;
}

void app_free(struct app *app)
{
    free(app->secret);
    free(app->doc);
    *app = (struct app){0};
}

void site_free(struct site *site)
{
    free(site->doc);
    *site = (struct site){0};
}

cJSON *app_tree(const struct app *app)
{
    return tree_parse(app->doc, strlen(app->doc), NULL);
}

cJSON *site_tree(const struct site *site)
{
    return tree_parse(site->doc, strlen(site->doc), NULL);
}

static bool list_has(const cJSON *list, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item) &&
                                       strcmp(item->valuestring, text) == 0) return true;
    return false;
}

bool app_allows_redirect(const struct app *app, const char *url)
{
    OWNED(tree_free) cJSON *tree = app_tree(app);
    return list_has(tree_get(tree, "redirect_urls"), url);
}

bool app_has_permission(const struct app *app, const char *permission)
{
    OWNED(tree_free) cJSON *tree = app_tree(app);
    const cJSON *permissions = tree_get(tree, "permissions");
    return !permissions || list_has(permissions, permission);
}

void site_owner_id(const char *site_id, char ret_guid[static TEXT_GUID_LEN + 1])
{
    uint8_t bytes[16];
    struct rng rng = rng_seeded(0, site_id);
    rng_fill(&rng, bytes, sizeof bytes);
    text_format_guid(bytes, ret_guid);
}

const char *install_state_name(enum install_state state)
{
    switch (state) {
    case INSTALL_SETUP_INCOMPLETE:
        return "SETUP_INCOMPLETE";
    case INSTALL_ACTIVE:
        return "ACTIVE";
    case INSTALL_UNINSTALLED:
        return "UNINSTALLED";
    }
    return "";
}
