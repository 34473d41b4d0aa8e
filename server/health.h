/* `fakewix health`: is a fake answering? For containers that have no curl.
 * May depend on: shared. Owner: server. */
#ifndef FAKEWIX_HEALTH_H
#define FAKEWIX_HEALTH_H

#include <stdbool.h>

#include "shared/err.h"

/* Ask GET /_fakewix/health at "8420", "host:8420", "http://host:8420" or "unix:/path"; NULL or ""
 * asks localhost:8420. False and a sentence where no fake answers within five seconds. */
bool health_ask(const char *url, struct err *err);

#endif
