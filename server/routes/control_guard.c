/* Closed by default: a page in the developer's browser must not steer the fake (cross-site
 * requests, DNS rebinding), and off loopback only who has the token may. */
#include <string.h>
#include <strings.h>

#include "routes/control.h"
#include "routes/fake.h"
#include "shared/mem.h"
#include "shared/text.h"

/* host[:port] names this machine's loopback. */
static bool is_loopback(const char *host)
{
    OWNED(mem_text_free) char *name = mem_text(host);
    if (name[0] == '[') {
        char *end = strchr(name, ']');
        if (end)
            end[1] = '\0';
        return strcasecmp(name, "[::1]") == 0;
    }
    name[strcspn(name, ":")] = '\0';
    size_t len = strlen(name);
    bool dotted = strncmp(name, "127.", 4) == 0 && strspn(name, "0123456789.") == len;
    return dotted || strcasecmp(name, "localhost") == 0 ||
           (len > 10 && strcasecmp(name + len - 10, ".localhost") == 0);
}

static bool origin_is_ours(const char *origin)
{
    const char *host = strstr(origin, "://");
    return host && is_loopback(host + 3);
}

static bool has_token(const struct exchange *x)
{
    const char *token = x->fake->control_token;
    const char *given = request_header(x->request, "Authorization");
    if (given && strncasecmp(given, "Bearer ", 7) == 0)
        given += 7;
    return token && given && text_same_secret(token, given);
}

enum refusal control_guard(const struct exchange *x)
{
    const char *host = request_header(x->request, "Host");
    const char *origin = request_header(x->request, "Origin");
    switch (x->request->entrance) {
    case ENTRANCE_UNIX:
        return REFUSAL_NONE;
    case ENTRANCE_LOOPBACK:
        if (!host || !is_loopback(host))
            return REFUSAL_CONTROL_FOREIGN_HOST;
        if (origin && !origin_is_ours(origin))
            return REFUSAL_CONTROL_FOREIGN_ORIGIN;
        return x->fake->control_token && !has_token(x) ? REFUSAL_CONTROL_TOKEN_WRONG : REFUSAL_NONE;
    case ENTRANCE_PUBLIC:
        return has_token(x) ? REFUSAL_NONE : REFUSAL_CONTROL_TOKEN_WRONG;
    }
    return REFUSAL_CONTROL_TOKEN_WRONG;
}
