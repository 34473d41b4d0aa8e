/* No parser: what is registered stays as it was written, down to odd encodings. */
#include "shared/url.h"

#include <string.h>
#include <strings.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

char *url_with_params(const char *base, const struct url_param *params)
{
    size_t head = strcspn(base, "#");
    struct buf url = {0};
    buf_add(&url, base, head);
    for (const struct url_param *param = params; param->name; param++) {
        if (!param->value)
            continue;
        const char *so_far = buf_str(&url);
        char last = url.len ? so_far[url.len - 1] : '\0';
        if (last != '?' && last != '&')
            buf_char(&url, strchr(so_far, '?') ? '&' : '?');
        buf_format(&url, "%s=", param->name);
        text_add_escaped(&url, param->value);
    }
    buf_text(&url, base + head);
    return buf_take(&url);
}

bool url_host_is_local(const char *host)
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

static bool is_printable(const char *url)
{
    for (const char *at = url; *at; at++)
        if ((unsigned char)*at <= 0x20 || *at == 0x7F || *at == '\\')
            return false;
    return true;
}

bool url_is_https_or_local(const char *url)
{
    if (!is_printable(url))
        return false;
    if (strncasecmp(url, "https://", 8) == 0)
        return url[8] && !strchr("/?#", url[8]);
    if (strncasecmp(url, "http://", 7) != 0)
        return false;
    OWNED(mem_text_free) char *host = mem_text_n(url + 7, strcspn(url + 7, "/?#"));
    return !strchr(host, '@') && url_host_is_local(host);
}

bool url_is_web(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* user@host:port, where all but the host may be missing. */
static bool authority_is_sound(const char *authority)
{
    OWNED(mem_text_free) char *text = mem_text_n(authority, strcspn(authority, "/?#"));
    const char *at = strrchr(text, '@');
    char *host = text + (at ? at + 1 - text : 0);
    char *bracket = *host == '[' ? strchr(host, ']') : NULL;
    char *port = strchr(bracket ? bracket : host, ':');
    int64_t number;
    if (*host == '[' && !bracket)
        return false;
    if (!port)
        return *host;
    return port != host && (!port[1] || text_parse_int(port + 1, 1, 65535, &number));
}

bool url_is_sound(const char *url)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
    size_t scheme = strspn(url, rest);
    if (!is_printable(url) || !*url || !strchr(letters, *url) ||
        strncmp(url + scheme, ":/", 2) != 0)
        return false;
    if (strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0)
        return url_is_web(url) && authority_is_sound(strstr(url, "://") + 3);
    return true;
}
