/* routes.def as data. Paths are compared as sent, segment by segment, so that an encoded slash is
 * never a separator. */
#include "routes/router.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

static const struct route routes[] = {
#define ROUTE(service, method, path, handler, summary)                                             \
    {SERVICE_##service, method, path, handler, summary, method " " path},
#include "routes/routes.def"
#undef ROUTE
};

enum { N_ROUTES = sizeof routes / sizeof *routes };

const struct route *router_routes(size_t *ret_n)
{
    *ret_n = N_ROUTES;
    return routes;
}

static bool method_fits(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* The rows for what no other row has: browsers' preflights, and API paths nobody listed. */
static const struct route *find_rest(const char *method, const char *path, bool path_is_known)
{
    enum service service = paths_service_of(path);
    bool preflight = strcmp(method, "OPTIONS") == 0;
    if (preflight ? service != SERVICE_TOKEN && service != SERVICE_API
                  : service != SERVICE_API || path_is_known)
        return NULL;
    for (size_t i = 0; i < N_ROUTES; i++)
        if (strcmp(routes[i].path, "**") == 0 &&
            strcmp(routes[i].method, preflight ? method : "*") == 0)
            return &routes[i];
    return NULL;
}

const struct route *router_find(const char *method, const char *path, char *ret_segments[4],
                                struct buf *ret_allow)
{
    const char *starts[PATHS_MAX_SEGMENTS];
    size_t lens[PATHS_MAX_SEGMENTS];
    size_t n;
    for (size_t i = 0; i < N_ROUTES; i++) {
        if (strcmp(routes[i].path, "**") == 0 ||
            !paths_match(routes[i].path, path, starts, lens, &n))
            continue;
        if (!method_fits(&routes[i], method)) {
            buf_format(ret_allow, "%s%s", ret_allow->len ? ", " : "", routes[i].method);
            continue;
        }
        for (size_t segment = 0; segment < n; segment++) {
            struct buf text = {0};
            text_add_unescaped(&text, starts[segment], lens[segment], false);
            ret_segments[segment] = buf_take(&text);
        }
        return &routes[i];
    }
    return find_rest(method, path, ret_allow->len > 0);
}

const char *router_service_name(enum service service)
{
    static const char *const names[] = {"token", "access", "api", "page", "control"};
    return names[service];
}
