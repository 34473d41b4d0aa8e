/* URLs of apps: adding parameters, and whether a browser may be sent there.
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

/* Whether host[:port] names this machine's loopback. */
bool url_host_is_local(const char *host);

#endif
