/* Closed by default: a page in the developer's browser must not steer the fake (cross-site
 * requests, DNS rebinding), and off loopback only who has the token may. */
#include <string.h>
#include <strings.h>

#include "routes/control.h"
#include "routes/fake.h"
#include "shared/text.h"
#include "shared/url.h"

static bool origin_is_ours(const char *origin)
{
    const char *host = strstr(origin, "://");
    return host && url_host_is_local(host + 3);
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
        if (!host || !url_host_is_local(host))
            return REFUSAL_CONTROL_FOREIGN_HOST;
        if (origin && !origin_is_ours(origin))
            return REFUSAL_CONTROL_FOREIGN_ORIGIN;
        return x->fake->control_token && !has_token(x) ? REFUSAL_CONTROL_TOKEN_WRONG : REFUSAL_NONE;
    case ENTRANCE_PUBLIC:
        return has_token(x) ? REFUSAL_NONE : REFUSAL_CONTROL_TOKEN_WRONG;
    }
    return REFUSAL_CONTROL_TOKEN_WRONG;
}
