/* The rules themselves: each looks at one exchange, and some at the few before it. */
#include "lint/watch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/token.h"

enum { WAIT_MAX_MS = 86400 * 1000 };

/* One exchange under the glass. */
struct watch {
    struct exchange *x;
    enum watch_place place;
    int64_t seq;
    struct lint_totals *totals;
};

static void note(const struct watch *watch, enum lint_rule rule)
{
    lint_note(watch->x->world->lint, rule, watch->seq, watch->x->route_name);
    atomic_fetch_add(&watch->totals->counts[rule], 1);
}

static bool looks_like_token(const char *text)
{
    return strstr(text, "OAUTH2.") || strstr(text, "OauthNG.JWS.");
}

static void check_url(const struct watch *watch)
{
    static const char *const secrets[] = {"client_secret", "clientSecret", "refresh_token",
                                          "refreshToken"};
    const struct exchange *x = watch->x;
    if (!x->query->child)
        return;
    bool secret = watch->place == WATCH_TOKEN_ENDPOINT && tree_get(x->query, "code");
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        secret = secret || tree_get(x->query, secrets[i]);
    if (secret)
        note(watch, LINT_SECRET_IN_URL);
    /* Wix itself asks for the access token in the URL that closes the consent window. */
    if (watch->place == WATCH_PAGE)
        return;
    bool token = tree_get(x->query, "access_token") != NULL;
    const cJSON *member;
    cJSON_ArrayForEach(member, x->query) token = token || looks_like_token(member->valuestring);
    if (token && !secret)
        note(watch, LINT_TOKEN_IN_URL);
    if (token && watch->place == WATCH_API && request_header(x->request, "Authorization"))
        note(watch, LINT_TOKEN_TWO_PLACES);
}

static void check_headers(const struct watch *watch)
{
    static const char *const names[] = {"Referer", "User-Agent", "Cookie"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = request_header(watch->x->request, names[i]);
        if (value && looks_like_token(value)) {
            note(watch, LINT_SECRET_IN_HEADER);
            break;
        }
    }
    if (!request_header(watch->x->request, "User-Agent"))
        note(watch, LINT_NO_USER_AGENT);
}

/* Where Wix has a path; the first row that a path begins with counts. Paths of one host in the
 * documentation and another in its own clients have both. */
static const struct {
    const char *path, *hosts;
} homes[] = {
    {"/oauth2/token-info", " www.wixapis.com "},
    {"/oauth2/token", " www.wixapis.com manage.wix.com "},
    {"/oauth2/jwks", " www.wixapis.com "},
    {"/oauth2/user-info", " www.wixapis.com "},
    {"/oauth2/device/", " manage.wix.com "},
    {"/oauth/access", " www.wixapis.com www.wix.com "},
    {"/installer/", " www.wix.com "},
    {"/app-installer", " www.wix.com "},
    {"/app-oauth-installation/", " www.wix.com "},
    {"/_api/site-apps/", " www.wix.com "},
    {"/apps/v1/", " www.wixapis.com edge.wixapis.com "},
};

/* The host of Wix's that a Host header names, as our table spells it; NULL for any other. */
static const char *wix_host(const char *header)
{
    static const char *const hosts[] = {
#define WIX_HOST(name) name,
#include "shared/wix_hosts.def"
#undef WIX_HOST
    };
    size_t len = strcspn(header, ":");
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strlen(hosts[i]) == len && strncasecmp(header, hosts[i], len) == 0)
            return hosts[i];
    return NULL;
}

/* The fake answers every path at every host, as it cannot tell which one a base URL stands for.
 * Who comes by a host of Wix's has chosen it. */
static void check_host(const struct watch *watch)
{
    const char *header = request_header(watch->x->request, "Host");
    const char *host = header ? wix_host(header) : NULL;
    if (!host)
        return;
    OWNED(mem_text_free) char *word = mem_format(" %s ", host);
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        if (strncmp(watch->x->path, homes[i].path, strlen(homes[i].path)) == 0) {
            if (!strstr(homes[i].hosts, word))
                note(watch, LINT_WRONG_HOST);
            return;
        }
}

static void check_token_request(const struct watch *watch)
{
    struct exchange *x = watch->x;
    const char *method = x->request->method;
    if (strcmp(method, "POST") != 0) {
        /* Keys, user info and device codes are asked for with GET, and have routes. */
        if (!x->route_name)
            note(watch, LINT_TOKEN_REQUEST_GET);
        return;
    }
    const char *type = request_header(x->request, "Content-Type");
    if (x->request->body_len && (!type || strncasecmp(type, "application/json", 16) != 0))
        note(watch, LINT_TOKEN_BODY_TYPE);
    if (x->carried && x->carried->kind == TOKEN_CODE &&
        strcmp(x->grant, "authorization_code") == 0 &&
        lint_saw_code(x->world->lint, x->carried->serial))
        note(watch, LINT_CODE_TWICE);
    int64_t life_ms = x->world->lifetimes.oauth_access_token_s * 1000;
    if (strcmp(x->grant, "client_credentials") == 0 && x->response->status == 200 &&
        !*x->fault_id &&
        lint_saw_mint(x->world->lint, x->app_id, x->instance_id, x->now_ms, x->now_ms + life_ms))
        note(watch, LINT_TOKEN_PER_CALL);
}

/* What a browser asks of any host by itself; Wix's API has nothing there. */
static bool is_browsers_own(const struct exchange *x)
{
    return (strcmp(x->path, "/") == 0 || strcmp(x->path, "/favicon.ico") == 0) &&
           (strcmp(x->request->method, "GET") == 0 || strcmp(x->request->method, "HEAD") == 0);
}

static void check_api_call(const struct watch *watch)
{
    struct exchange *x = watch->x;
    const char *value = request_header(x->request, "Authorization");
    bool none = !value || !*value || strcasecmp(value, "Bearer") == 0 ||
                strstr(value, "undefined") || strstr(value, "null");
    if (strcmp(x->request->method, "OPTIONS") == 0)
        return;
    if (none && !is_browsers_own(x))
        note(watch, LINT_CALL_WITHOUT_TOKEN);
    if (exchange_has_param(x, "client_secret", "clientSecret"))
        note(watch, LINT_SECRET_ELSEWHERE);
    if (x->carried && token_is_refresh(x->carried->kind))
        note(watch, LINT_REFRESH_TOKEN_TO_API);
    if (x->carried && x->carried->expires_ms && x->now_ms >= x->carried->expires_ms)
        note(watch, LINT_EXPIRED_TOKEN);
    lint_saw_call(x->world->lint, x->app_id, x->instance_id);
}

/* What Retry-After asks for, in seconds or as a date of the clock that the Date header shows; 0
 * where it is missing or junk. */
static int64_t wished_wait_ms(const struct exchange *x)
{
    OWNED(mem_text_free) char *after = response_header_value(x->response, "Retry-After");
    int64_t seconds, date_ms;
    if (after && text_parse_int(after, 1, WAIT_MAX_MS / 1000, &seconds))
        return seconds * 1000;
    if (after && text_parse_http_date(after, &date_ms))
        return date_ms - (x->response->date_ms ? x->response->date_ms : x->real_ms);
    return 0;
}

static void check_waiting(const struct watch *watch)
{
    struct exchange *x = watch->x;
    const char *route = x->route_name ? x->route_name : "";
    struct lint_moment now = {x->real_ms, x->now_ms};
    if (lint_is_early(x->world->lint, route, x->app_id, now))
        note(watch, LINT_RETRY_AFTER_IGNORED);
    if (x->response->status != 429 && x->response->status != 503)
        return;
    int64_t wait_ms = wished_wait_ms(x);
    if (wait_ms > 0 && wait_ms <= WAIT_MAX_MS)
        lint_saw_retry_after(x->world->lint, route, x->app_id, now, wait_ms);
}

void watch_exchange(struct exchange *x, enum watch_place place, int64_t seq,
                    struct lint_totals *totals)
{
    struct watch watch = {x, place, seq, totals};
    check_url(&watch);
    check_headers(&watch);
    check_host(&watch);
    check_waiting(&watch);
    switch (place) {
    case WATCH_TOKEN_ENDPOINT:
        check_token_request(&watch);
        return;
    case WATCH_API:
        check_api_call(&watch);
        return;
    case WATCH_PAGE:
        if (exchange_has_param(x, "client_secret", "clientSecret"))
            note(&watch, LINT_SECRET_ELSEWHERE);
        return;
    }
}
