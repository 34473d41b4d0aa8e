/* Only what redirects need: http and https, absolute paths, queries. */
#include "evidence/url.h"

#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/text.h"

static const char *query_of(const char *url)
{
    size_t before_fragment = strcspn(url, "#");
    const char *mark = memchr(url, '?', before_fragment);
    return mark ? mark + 1 : url + before_fragment;
}

/* Whether the pair of `len` bytes at `pair` has that name. */
static bool pair_is(const char *pair, size_t len, const char *name)
{
    const char *equals = memchr(pair, '=', len);
    OWNED(buf_free) struct buf plain = {0};
    text_add_unescaped(&plain, pair, equals ? (size_t)(equals - pair) : len, true);
    return strcmp(buf_str(&plain), name) == 0;
}

char *url_param(const char *url, const char *name)
{
    const char *pair = query_of(url);
    while (*pair && *pair != '#') {
        size_t len = strcspn(pair, "&#");
        const char *equals = memchr(pair, '=', len);
        if (pair_is(pair, len, name)) {
            struct buf value = {0};
            if (equals)
                text_add_unescaped(&value, equals + 1, len - (size_t)(equals + 1 - pair), true);
            return value.len ? buf_take(&value) : mem_text("");
        }
        pair += len + (pair[len] == '&');
    }
    return NULL;
}

void url_add_param(struct buf *url, const char *name, const char *value)
{
    buf_char(url, strchr(buf_str(url), '?') ? '&' : '?');
    buf_format(url, "%s=", name);
    text_add_escaped(url, value);
}

static bool is_among(const char *names, const char *pair, size_t len)
{
    while (*names) {
        size_t step = strcspn(names, " ");
        OWNED(mem_text_free) char *name = mem_text_n(names, step);
        if (pair_is(pair, len, name))
            return true;
        names += step + strspn(names + step, " ");
    }
    return false;
}

char *url_without(const char *url, const char *names)
{
    struct buf out = {0};
    buf_add(&out, url, strcspn(url, "?#"));
    char joint = '?';
    for (const char *pair = query_of(url); *pair && *pair != '#';) {
        size_t len = strcspn(pair, "&#");
        if (len && !is_among(names, pair, len)) {
            buf_char(&out, joint);
            buf_add(&out, pair, len);
            joint = '&';
        }
        pair += len + (pair[len] == '&');
    }
    return out.len ? buf_take(&out) : mem_text("");
}

size_t url_origin_len(const char *url)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], len) == 0 && url[len])
            return len + strcspn(url + len, "/?#");
    }
    return 0;
}

bool url_same_origin(const char *a, const char *b)
{
    size_t len = url_origin_len(a);
    return len && len == url_origin_len(b) && strncasecmp(a, b, len) == 0;
}

bool url_is_local(const char *url)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = strstr(url, "://");
    size_t origin = url_origin_len(url);
    for (size_t i = 0; origin && i < sizeof hosts / sizeof *hosts; i++) {
        size_t len = strlen(hosts[i]);
        if (strncasecmp(host + 3, hosts[i], len) == 0 && strchr(":/?#", host[3 + len]))
            return true;
    }
    return false;
}

char *url_resolve(const char *base, const char *location)
{
    size_t origin = url_origin_len(base);
    if (url_origin_len(location))
        return mem_text(location);
    if (strncmp(location, "//", 2) == 0)
        return mem_format("%.*s%s", (int)(strchr(base, ':') + 1 - base), base, location);
    if (*location == '/')
        return mem_format("%.*s%s", (int)origin, base, location);
    size_t path = strcspn(base, "?#");
    if (*location == '?' || *location == '#')
        return mem_format("%.*s%s", (int)path, base, location);
    while (path > origin && base[path - 1] != '/')
        path--;
    return mem_format("%.*s%s%s", (int)path, base, path > origin ? "" : "/", location);
}
