/* Faults touch Wix's plane alone. There, token services and pages have the paths of the table and
 * no other; the API has any path. */
#include "routes/reach.h"

#include <string.h>

#include "routes/router.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/text.h"
#include "shared/tree.h"

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

/* Whether the pattern can fit a path that no row has: "GET /stores/v9/x", "* /members/?", "POST *".
 */
static bool fits_open_path(const char *pattern)
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
    return router_service_of(start) == SERVICE_API;
}

bool reach_fits(const char *pattern)
{
    return fits_table(pattern) || fits_open_path(pattern);
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

static bool check(const cJSON *holder, const char *where, struct err *err)
{
    const char *pattern = tree_text(holder, "route");
    if (!pattern || reach_fits(pattern))
        return true;
    OWNED(buf_free) struct buf near = {0};
    add_nearest(&near, pattern);
    return err_set(err,
                   "%s.route \"%s\" can fit no request: a route is a method, a blank and a path, "
                   "such as %s; * stands for anything, and `fakewix tables routes` lists them",
                   where, pattern, buf_str(&near));
}

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
