/* Wix's hosts, for all of the launcher.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_HOSTS_H
#define FAKEWIX_RUN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"

/* Whether the name is one of Wix's, in any case, with or without a dot behind it. */
bool hosts_is_wix(const char *name, size_t len);

/* Append all of them, one `separator` between two. */
void hosts_add_all(struct buf *out, char separator);

#endif
