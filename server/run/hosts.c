/* The rows of shared/wix_hosts.def as a list. */
#include "run/hosts.h"

#include <string.h>
#include <strings.h>

static const char *const hosts[] = {
#define WIX_HOST(name) name,
#include "shared/wix_hosts.def"
#undef WIX_HOST
};

bool hosts_is_wix(const char *name, size_t len)
{
    if (len && name[len - 1] == '.')
        len--;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strlen(hosts[i]) == len && strncasecmp(hosts[i], name, len) == 0)
            return true;
    return false;
}

void hosts_add_all(struct buf *out, char separator)
{
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (i)
            buf_char(out, separator);
        buf_text(out, hosts[i]);
    }
}
