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

enum { N_ROUTES = sizeof routes / sizeof *routes, MAX_SEGMENTS = 4 };

const struct route *router_routes(size_t *ret_n)
{
    *ret_n = N_ROUTES;
    return routes;
}

/* Whether `path` has the pattern's form; what {} and ** match is noted as (start, length). */
static bool matches(const char *pattern, const char *path, const char *starts[MAX_SEGMENTS],
                    size_t lens[MAX_SEGMENTS], size_t *ret_n)
{
    size_t n = 0;
    while (*pattern) {
        if (strcmp(pattern, "**") == 0) {
            starts[n] = path;
            lens[n++] = strlen(path);
            *ret_n = n;
            return true;
        }
        if (strncmp(pattern, "{}", 2) == 0) {
            starts[n] = path;
            lens[n] = strcspn(path, "/");
            if (!lens[n])
                return false;
            path += lens[n++];
            pattern += 2;
            continue;
        }
        if (*pattern++ != *path++)
            return false;
    }
    *ret_n = n;
    return !*path;
}

static bool method_fits(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

enum service router_service_of(const char *path)
{
    static const struct {
        const char *prefix;
        enum service service;
    } prefixes[] = {
        {"/_fakewix", SERVICE_CONTROL},
        {"/oauth2/authorize", SERVICE_PAGE},
        {"/oauth2/logout", SERVICE_PAGE},
        {"/oauth2/", SERVICE_TOKEN},
        {"/oauth/access", SERVICE_ACCESS},
        {"/installer/", SERVICE_PAGE},
        {"/login/device-login", SERVICE_PAGE},
        {"/app-installer", SERVICE_PAGE},
        {"/app-oauth-installation/", SERVICE_PAGE},
        {"/_api/site-apps/", SERVICE_PAGE},
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(path, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
            return prefixes[i].service;
    return SERVICE_API;
}

/* The rows for what no other row has: browsers' preflights, and API paths nobody listed. */
static const struct route *find_rest(const char *method, const char *path, bool path_is_known)
{
    enum service service = router_service_of(path);
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
    const char *starts[MAX_SEGMENTS];
    size_t lens[MAX_SEGMENTS];
    size_t n;
    for (size_t i = 0; i < N_ROUTES; i++) {
        if (strcmp(routes[i].path, "**") == 0 || !matches(routes[i].path, path, starts, lens, &n))
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
