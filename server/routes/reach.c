/* Faults touch Wix's plane alone. There, token services and pages have the paths of the table and
 * no other; the API has any path. */
#include "routes/reach.h"

#include <string.h>

#include "grants/grant.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/refusal.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "webhooks/event.h"

/* What the journal calls what is no request for a path. */
static const char *const own_names[] = {"CONNECT", "LEAK"};

static bool is_of_wix(const struct route *route)
{
    return route->service != SERVICE_CONTROL && strcmp(route->path, "**") != 0;
}

/* A route of the table, or what a browser asks before it calls one. */
static bool fits_table(const char *pattern)
{
    size_t n;
    const struct route *routes = router_routes(&n);
    for (size_t i = 0; i < n; i++) {
        OWNED(mem_text_free) char *preflight = mem_format("OPTIONS %s", routes[i].path);
        if (is_of_wix(&routes[i]) &&
            (text_matches(pattern, routes[i].name) || text_matches(pattern, preflight)))
            return true;
    }
    return false;
}

/* A method, as far as it is spelled out. */
static bool may_be_method(const char *pattern, size_t len)
{
    return len && strspn(pattern, "ABCDEFGHIJKLMNOPQRSTUVWXYZ*?") >= len;
}

/* Whether the pattern can fit a path of Wix's plane, in the table or not: "GET /stores/v9/x",
 * "* /members/?", "POST *"; of the API's alone where `only_open`, as its paths are any. */
static bool may_be_wix_path(const char *pattern, bool only_open)
{
    const char *blank = strchr(pattern, ' ');
    if (!blank)
        return strchr(pattern, '*') != NULL; /* it may stand for the blank as well */
    if (!may_be_method(pattern, (size_t)(blank - pattern)))
        return false;
    const char *path = blank + 1;
    if (!strchr("/*?", *path) || !*path)
        return false;
    OWNED(mem_text_free) char *start = mem_text_n(path, strcspn(path, "*?"));
    enum service service = paths_service_of(start);
    return only_open ? service == SERVICE_API : service != SERVICE_CONTROL;
}

bool reach_fits(const char *pattern)
{
    return fits_table(pattern) || may_be_wix_path(pattern, true);
}

/* The nearest routes there are, nearest first. */
static void add_nearest(struct buf *out, const char *pattern)
{
    size_t n;
    const struct route *routes = router_routes(&n);
    struct near near = {.given = pattern};
    for (size_t i = 0; i < n; i++)
        if (is_of_wix(&routes[i]))
            near_offer(&near, routes[i].name);
    near_add_list(out, &near);
}

/* ---- names of closed sets ---- */

/* The sentence for a name that is none of a table's. */
static bool refuse_name(const char *what, const char *pattern, const struct near *near,
                        const char *table, struct err *err)
{
    OWNED(buf_free) struct buf sentence = {0};
    buf_format(&sentence, "%s \"%s\" is none", what, pattern);
    near_add_question(&sentence, near, "");
    return err_set(err, "%s%s `fakewix tables %s` lists them", buf_str(&sentence),
                   near_meant(near) ? "" : ";", table);
}

bool reach_check_outcome(const char *pattern, struct err *err)
{
    struct near near = {.given = pattern};
    for (int i = 0; pattern && i < REFUSAL_COUNT; i++) {
        const char *name = refusal_row((enum refusal)i)->name;
        if (text_matches(pattern, name))
            return true;
        near_offer(&near, name);
    }
    return !pattern || refuse_name("outcome", pattern, &near, "refusals", err);
}

/* What a client sends as its grant may be anything, "password" too: only a name that is nearly one
 * of ours was mistyped. */
bool reach_check_grant(const char *pattern, const char *where, struct err *err)
{
    const struct grant *const *const lists[] = {grants_oauth, grants_custom};
    struct near near = {.given = pattern};
    for (size_t i = 0; pattern && i < sizeof lists / sizeof *lists; i++)
        for (const struct grant *const *grant = lists[i]; *grant; grant++) {
            if (text_matches(pattern, (*grant)->name))
                return true;
            near_offer(&near, (*grant)->name);
        }
    return !pattern || !near_meant(&near) || refuse_name(where, pattern, &near, "grants", err);
}

static bool check_grant(const cJSON *holder, const char *where, struct err *err)
{
    OWNED(mem_text_free) char *member = mem_format("%s.grant", where);
    return reach_check_grant(tree_text(holder, "grant"), member, err);
}

/* ---- routes ---- */

static bool check(const cJSON *holder, const char *where, struct err *err)
{
    const char *pattern = tree_text(holder, "route");
    if (!check_grant(holder, where, err))
        return false;
    if (!pattern || reach_fits(pattern))
        return true;
    OWNED(buf_free) struct buf near = {0};
    add_nearest(&near, pattern);
    return err_set(err,
                   "%s.route \"%s\" can fit no request: a route is a method, a blank and a path, "
                   "such as %s; * stands for anything, and `fakewix tables routes` lists them",
                   where, pattern, buf_str(&near));
}

/* ---- what is possible, but unlikely ---- */

/* Every name that the journal may hold, but for API paths that nobody listed. */
static cJSON *known_names(const struct world *world)
{
    cJSON *names = cJSON_CreateArray();
    size_t n;
    const struct route *routes = router_routes(&n);
    for (size_t i = 0; i < n; i++)
        if (is_of_wix(&routes[i]))
            cJSON_AddItemToArray(names, cJSON_CreateString(routes[i].name));
    const cJSON *row;
    cJSON_ArrayForEach(row, world->settings.api)
    {
        const char *method = tree_text(row, "method");
        OWNED(mem_text_free)
        char *name = mem_format("%s %s", method ? method : "*", tree_text(row, "path"));
        cJSON_AddItemToArray(names, cJSON_CreateString(name));
    }
    OWNED(tree_free) cJSON *events = event_table();
    cJSON_ArrayForEach(row, events)
    {
        OWNED(mem_text_free) char *name = mem_format("WEBHOOK %s", tree_text(row, "event_type"));
        cJSON_AddItemToArray(names, cJSON_CreateString(name));
    }
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(own_names[i]));
    return names;
}

/* Answers of the config have patterns for paths, so either may fit the other. */
static bool may_be_same(const char *a, const char *b)
{
    return text_matches(a, b) || text_matches(b, a);
}

static const char *path_of(const char *name)
{
    const char *blank = strchr(name, ' ');
    return blank ? blank + 1 : name;
}

static bool is_known(const cJSON *names, const char *pattern, bool any_method)
{
    any_method = strchr(pattern, ' ') && (any_method || strncmp(pattern, "OPTIONS ", 8) == 0);
    const cJSON *name;
    cJSON_ArrayForEach(
        name, names) if (may_be_same(pattern, name->valuestring) ||
                         (any_method &&
                          may_be_same(path_of(pattern), path_of(name->valuestring)))) return true;
    return false;
}

static struct near nearest_of(const cJSON *names, const char *pattern)
{
    struct near near = {.given = pattern};
    const cJSON *name;
    cJSON_ArrayForEach(name, names) near_offer(&near, name->valuestring);
    return near;
}

/* An id that is spelled out and that the world has not, yet. */
static bool note_ids(cJSON *rule, const cJSON *on, const struct world *world)
{
    const char *app_id = tree_text(on, "app_id"), *instance_id = tree_text(on, "instance_id");
    OWNED(app_free) struct app app = {0};
    struct instance instance;
    bool no_app =
        app_id && !strpbrk(app_id, "*?") && !store_find_app(world->store, world->id, app_id, &app);
    bool no_instance = instance_id && !strpbrk(instance_id, "*?") &&
                       !store_find_instance(world->store, world->id, instance_id, &instance);
    if (!no_app && !no_instance)
        return false;
    OWNED(mem_text_free)
    char *sentence = mem_format("on.%s \"%s\" is none of this world: only a request that names it "
                                "fits",
                                no_app ? "app_id" : "instance_id", no_app ? app_id : instance_id);
    tree_put_text(rule, "warning", sentence);
    return true;
}

/* Returns whether there was something to note. */
static bool note(cJSON *json, const char *where, const char *pattern, const cJSON *names,
                 bool any_method)
{
    if (!pattern || is_known(names, pattern, any_method))
        return false;
    struct near near = nearest_of(names, pattern);
    OWNED(mem_text_free)
    char *sentence = mem_format("%s \"%s\" is no route that this fake knows: only a request for "
                                "just that fits it; did you mean one of the nearest?",
                                where, pattern);
    tree_put_text(json, "warning", sentence);
    cJSON *list = tree_put(json, "nearest_routes", cJSON_CreateArray());
    for (size_t i = 0; i < near.n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(near.names[i]));
    return true;
}

void reach_note_rule(cJSON *rule, const struct world *world)
{
    const cJSON *on = tree_get(rule, "on");
    if (cJSON_GetArraySize(tree_get(rule, "hits")))
        return;
    OWNED(tree_free) cJSON *names = known_names(world);
    if (note(rule, "on.route", tree_text(on, "route"), names, false) ||
        note(rule, "on.after.route", tree_text(tree_get(on, "after"), "route"), names, false) ||
        note_ids(rule, on, world))
        return;
    note(rule, "on.until.route", tree_text(tree_get(on, "until"), "route"), names, false);
}

/* The fake's own calls at an app: webhooks, of which the types are known, and service plugins, of
 * which they are not. */
static bool is_webhook(const char *pattern)
{
    return strncmp(pattern, "WEBHOOK ", 8) == 0;
}

static bool is_service_plugin(const char *pattern)
{
    return strncmp(pattern, "SERVICE-PLUGIN ", 15) == 0;
}

void reach_note_query(cJSON *check, const char *pattern, const struct world *world)
{
    OWNED(tree_free) cJSON *names = known_names(world);
    if (!pattern || !is_service_plugin(pattern))
        note(check, "route", pattern, names, true);
}

bool reach_check_query(const char *pattern, const struct world *world, struct err *err)
{
    OWNED(tree_free) cJSON *names = known_names(world);
    if (!pattern || is_known(names, pattern, true) || is_webhook(pattern) ||
        is_service_plugin(pattern) || may_be_wix_path(pattern, false))
        return true;
    OWNED(buf_free) struct buf list = {0};
    struct near near = nearest_of(names, pattern);
    near_add_list(&list, &near);
    return err_set(err,
                   "route \"%s\" can fit no entry of the journal: a route is a method, a blank "
                   "and a path, such as %s; control calls are not journalled",
                   pattern, buf_str(&list));
}

/* ---- rules ---- */

/* The events that open the gates of what a rule does: one action, a queue, or lists in a queue. */
static bool check_actions(const cJSON *action, struct err *err)
{
    const cJSON *item;
    if (cJSON_IsObject(action))
        return check(tree_get(tree_get(action, "until"), "after"), "do.until.after", err);
    if (!cJSON_IsArray(action))
        return true;
    cJSON_ArrayForEach(item, action) if (!check_actions(item, err)) return false;
    return true;
}

static bool check_service(const cJSON *on, struct err *err)
{
    const char *pattern = tree_text(on, "service");
    for (int i = SERVICE_TOKEN; pattern && i < SERVICE_CONTROL; i++)
        if (text_matches(pattern, router_service_name((enum service)i)))
            return true;
    return !pattern ||
           err_set(err, "on.service \"%s\" is none: token, access, api or page", pattern);
}

bool reach_check_rule(const cJSON *rule, struct err *err)
{
    const cJSON *on = tree_get(rule, "on");
    return check_service(on, err) && check(on, "on", err) &&
           check(tree_get(on, "after"), "on.after", err) &&
           check(tree_get(on, "until"), "on.until", err) &&
           check_actions(tree_get(rule, "do"), err);
}
