/* The things a fake Wix knows: apps, sites, and where an app is installed.
 * May depend on: shared. Owner: state. */
#ifndef FAKEWIX_STATE_MODEL_H
#define FAKEWIX_STATE_MODEL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/text.h"

enum { MODEL_ID_MAX = 64, MODEL_WORLD_MAX = 32 };

enum install_state { INSTALL_SETUP_INCOMPLETE, INSTALL_ACTIVE, INSTALL_UNINSTALLED };

struct app {
    char app_id[MODEL_ID_MAX + 1];
    char *secret; /* owned */
    bool oauth;   /* may use /oauth2/token */
    bool custom;  /* may use /oauth/access */
    char *doc;    /* owned: the app as the config has it, JSON */
};

struct site {
    char site_id[MODEL_ID_MAX + 1];
    char *doc; /* owned: JSON as in the config */
};

struct instance {
    char instance_id[MODEL_ID_MAX + 1];
    char app_id[MODEL_ID_MAX + 1];
    char site_id[MODEL_ID_MAX + 1];
    enum install_state state;
    int64_t generation; /* grows with every new installation; tokens of an older one are dead */
};

/* Caller frees with app_free. */
struct app app_copy(const struct app *app);
void app_free(struct app *app);
void site_free(struct site *site);

/* A member of the app's or site's JSON, parsed on demand; caller frees with tree_free. */
cJSON *app_tree(const struct app *app);
bool app_allows_redirect(const struct app *app, const char *url);
bool app_has_permission(const struct app *app, const char *permission);
cJSON *site_tree(const struct site *site);

/* The Wix user who owns a site: the same id for the same site, always. */
void site_owner_id(const char *site_id, char ret_guid[static TEXT_GUID_LEN + 1]);

const char *install_state_name(enum install_state state);

#endif
