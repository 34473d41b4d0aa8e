/* Wix's API, as far as a token's worth shows there. */
#include "routes/api.h"

#include <string.h>

#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum refusal api_probe(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, &(struct api_need){0}, NULL);
    if (refusal)
        return refusal;
    cJSON *answer = cJSON_CreateObject();
    tree_put_flag(answer, "ok", true);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static void put_or(cJSON *object, const char *name, const char *text, const char *fallback)
{
    tree_put_text(object, name, text ? text : fallback);
}

static cJSON *instance_part(const struct caller *caller, const cJSON *app)
{
    cJSON *part = cJSON_CreateObject();
    put_or(part, "appName", tree_text(app, "name"), "fakewix app");
    tree_put_text(part, "appVersion", "0.0.1");
    tree_put_text(part, "instanceId", caller->instance_id);
    tree_put_flag(part, "isFree", true);
    const cJSON *permissions = tree_get(app, "permissions");
    cJSON *list = permissions ? cJSON_Duplicate(permissions, true) : cJSON_CreateArray();
    if (!permissions)
        cJSON_AddItemToArray(list, cJSON_CreateString("WIX_DEVELOPERS.MANAGE_APP_INSTANCE"));
    tree_put(part, "permissions", list);
    return part;
}

/* Documented: the owner only with the permission "Read Site Owner Email"; its id is picked. */
static void put_owner(cJSON *part, const struct app *app, const char *email)
{
    if (!email || !app_has_permission(app, "WIX_DEVELOPERS.READ_SITE_OWNER_EMAIL"))
        return;
    tree_put_text(part, "ownerEmail", email);
    cJSON *owner = tree_put(part, "ownerInfo", cJSON_CreateObject());
    tree_put_text(owner, "email", email);
    tree_put_text(owner, "emailStatus", "VERIFIED_OPT_IN");
}

static cJSON *site_part(struct exchange *x, const struct caller *caller, const struct app *app)
{
    OWNED(site_free) struct site site = {0};
    cJSON *part = cJSON_CreateObject();
    if (!store_find_site(x->world->store, x->world->id, caller->site_id, &site))
        return part;
    OWNED(tree_free) cJSON *tree = site_tree(&site);
    put_or(part, "locale", tree_text(tree, "locale"), "en");
    cJSON *multilingual = tree_put(part, "multilingual", cJSON_CreateObject());
    tree_put_flag(multilingual, "isMultiLingual", false);
    tree_put(multilingual, "supportedLanguages", cJSON_CreateArray());
    tree_put_text(part, "paymentCurrency", "USD");
    put_or(part, "siteDisplayName", tree_text(tree, "display_name"), "Site");
    if (tree_text(tree, "url"))
        tree_put_text(part, "url", tree_text(tree, "url"));
    put_owner(part, app, tree_text(tree, "owner_email"));
    tree_put_text(part, "siteId", site.site_id);
    return part;
}

/* Documented for both methods: "Manage Your App" (app-instance, bi-event). */
static const struct api_need manage_app = {.permission = "WIX_DEVELOPERS.MANAGE_APP_INSTANCE",
                                           .app = true};

enum refusal api_instance(struct exchange *x)
{
    struct caller caller;
    enum refusal refusal = api_authenticate(x, &manage_app, &caller);
    if (refusal)
        return refusal;
    OWNED(app_free) struct app app = {0};
    if (!store_find_app(x->world->store, x->world->id, caller.app_id, &app))
        return REFUSAL_API_TOKEN_MALFORMED;
    OWNED(tree_free) cJSON *tree = app_tree(&app);
    cJSON *answer = cJSON_CreateObject();
    tree_put(answer, "instance", instance_part(&caller, tree));
    tree_put(answer, "site", site_part(x, &caller, &app));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

/* The documented names, and what some of them need beside the name. */
static const struct bi_event {
    const char *name;
    bool custom; /* customEventName, of two characters at least */
    bool sum;    /* eventData.sum */
} events[] = {
    {"APP_DASHBOARD_LOADED", false, false},
    {"APP_FINISHED_CONFIGURATION", false, false},
    {"APP_UPGRADED", false, false},
    {"PRIMARY_ACTION_PERFORMED", false, false},
    {"CUSTOM", true, false},
    {"CHARGE", false, true},
    {"FUNDS_RETURNED", false, true},
    {"APP_FINISH_BUSINESS_SETUP", false, false},
    {"APP_DEPLOYED", false, false},
    {"APP_SETUP_FINISHED", false, false},
};

static const struct bi_event *find_event(const char *name)
{
    for (size_t i = 0; name && i < sizeof events / sizeof *events; i++)
        if (strcmp(events[i].name, name) == 0)
            return &events[i];
    return NULL;
}

/* eventData is a map of texts. */
static bool data_is_sound(const cJSON *data)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, data) if (!cJSON_IsString(member)) return false;
    return !data || cJSON_IsNull(data) || cJSON_IsObject(data);
}

static enum refusal check_event(struct exchange *x, const struct bi_event *event)
{
    const char *custom = exchange_param(x, "customEventName", NULL);
    const cJSON *data = tree_get(x->body, "eventData");
    if (!event)
        return exchange_refuse(x, REFUSAL_API_EVENT_NAME, "%s",
                               tree_get(x->body, "eventName") ? "not one of the documented names"
                                                              : "missing");
    if (event->custom && (!custom || strlen(custom) < 2))
        return exchange_refuse(x, REFUSAL_API_CUSTOM_EVENT, "%s",
                               custom ? "shorter than two characters" : "missing");
    if (!data_is_sound(data))
        return exchange_refuse(x, REFUSAL_API_EVENT_DATA, "eventData is a map of texts");
    if (event->sum && !tree_text(data, "sum"))
        return exchange_refuse(x, REFUSAL_API_EVENT_DATA, "eventData.sum is missing");
    return REFUSAL_NONE;
}

/* The app instance leaves "Setup Incomplete" (custom-auth). */
static void finish_setup(struct exchange *x)
{
    struct instance instance;
    if (!store_find_instance(x->world->store, x->world->id, x->instance_id, &instance))
        return;
    instance.state = INSTALL_ACTIVE;
    store_put_instance(x->world->store, x->world->id, &instance);
}

enum refusal api_bi_event(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, &manage_app, NULL);
    if (refusal)
        return refusal;
    if (!cJSON_IsObject(x->body))
        return REFUSAL_API_BODY_MALFORMED;
    const struct bi_event *event = find_event(exchange_param(x, "eventName", NULL));
    refusal = check_event(x, event);
    if (refusal)
        return refusal;
    if (strcmp(event->name, "APP_FINISHED_CONFIGURATION") == 0)
        finish_setup(x);
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}
