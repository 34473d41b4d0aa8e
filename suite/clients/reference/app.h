/* The reference client as a web app: it is installed through a browser and calls Wix when its own
 * pages are asked for.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_APP_H
#define FAKEWIX_CLIENTS_REFERENCE_APP_H

#include "reference/client.h"

/* Serve on PORT (any, without one) until the program is ended. False where that cannot begin. */
bool app_run(enum bug bug);

#endif
