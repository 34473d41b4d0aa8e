/* URLs of apps: their form, adding parameters, and whether a browser may be sent there.
 * May depend on: mem, buf, text. Owner: shared. */
#ifndef FAKEWIX_SHARED_URL_H
#define FAKEWIX_SHARED_URL_H

#include <stdbool.h>

/* A NULL value is left out. */
struct url_param {
    const char *name;
    const char *value;
};

/* `base` with parameters behind the query it has, and before its fragment, both kept byte by byte.
 * The list ends with a NULL name; values are percent-encoded. Caller frees with free(). */
char *url_with_params(const char *base, const struct url_param *params);

/* https, or plain http to this machine (localhost, 127.x.x.x, [::1], *.localhost): what Wix takes
 * from apps, in production and in development. */
bool url_is_https_or_local(const char *url);

/* Whether a text is a URL as far as anybody can tell: a scheme, a colon and a slash, and no blank,
 * control character or backslash in it. http and https have two slashes, a host, and a port that is
 * a number. Letters beyond ASCII are taken. */
bool url_is_sound(const char *url);

/* http or https. */
bool url_is_web(const char *url);

/* Whether host[:port] names this machine's loopback. */
bool url_host_is_local(const char *host);

#endif
