/* What routes.def says of paths alone, without the handlers: a config is checked against it, and
 * whoever checks one knows no handler. */
#include "routes/paths.h"

#include <string.h>

#include "shared/mem.h"

static const struct {
    enum service service;
    const char *method, *path, *handler, *name;
} rows[] = {
#define ROUTE(service, method, path, handler, summary)                                             \
    {SERVICE_##service, method, path, #handler, method " " path},
#include "routes/routes.def"
#undef ROUTE
};

bool paths_match(const char *pattern, const char *path, const char *starts[PATHS_MAX_SEGMENTS],
                 size_t lens[PATHS_MAX_SEGMENTS], size_t *ret_n)
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

enum service paths_service_of(const char *path)
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

static const char *service_place(enum service service)
{
    static const char *const places[] = {
        [SERVICE_TOKEN] = "the token service, /oauth2/",
        [SERVICE_ACCESS] = "custom authentication, /oauth/access",
        [SERVICE_API] = "the API",
        [SERVICE_PAGE] = "the pages for people",
        [SERVICE_CONTROL] = "the control plane, /_fakewix",
    };
    return places[service];
}

/* HEAD is taken where GET is, on both sides. */
static bool methods_meet(const char *asked, const char *method)
{
    return strcmp(asked, "*") == 0 || strcmp(asked, method) == 0 ||
           (strcmp(asked, "HEAD") == 0 && strcmp(method, "GET") == 0);
}

const char *paths_in_the_way(const char *method, const char *path)
{
    OWNED(mem_text_free) char *head = mem_text_n(path, strcspn(path, "*?"));
    const char *starts[PATHS_MAX_SEGMENTS], *found = NULL;
    size_t lens[PATHS_MAX_SEGMENTS], n;
    enum service service = paths_service_of(head);
    if (service != SERVICE_API)
        return service_place(service);
    if (path[strlen(head)])
        return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].path, "**") == 0 || !paths_match(rows[i].path, path, starts, lens, &n))
            continue;
        if (strcmp(rows[i].handler, "api_stub") == 0 && methods_meet(method, rows[i].method))
            return NULL;
        found = found ? found : rows[i].name;
    }
    return found;
}
