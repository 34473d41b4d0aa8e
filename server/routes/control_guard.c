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

bool control_is_cross_site(const struct exchange *x)
{
    const char *site = request_header(x->request, "Sec-Fetch-Site");
    return site && strcmp(site, "cross-site") == 0;
}

/* A GET without an Origin that another site's page makes: an image, a script, a frame, a fetch
 * whose answer it may not read. It could keep our threads waiting. A link may be followed. */
static bool is_foreign_fetch(const struct exchange *x)
{
    const char *destination = request_header(x->request, "Sec-Fetch-Dest");
    bool follows_link = destination && strcmp(destination, "document") == 0;
    return control_is_cross_site(x) && !follows_link;
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
        if (origin ? !origin_is_ours(origin) : is_foreign_fetch(x))
            return REFUSAL_CONTROL_FOREIGN_ORIGIN;
        return x->fake->control_token && !has_token(x) ? REFUSAL_CONTROL_TOKEN_WRONG : REFUSAL_NONE;
    case ENTRANCE_PUBLIC:
        return has_token(x) ? REFUSAL_NONE : REFUSAL_CONTROL_TOKEN_WRONG;
    }
    return REFUSAL_CONTROL_TOKEN_WRONG;
}
