/* What the two files of the adapter driver share: adapter.c greets an adapter, adapter_play.c lets
 * it play. May depend on: driver. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_ADAPTER_PARTS_H
#define FAKEWIX_DRIVERS_ADAPTER_PARTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "drivers/driver.h"

enum { ADAPTER_PROTOCOL = 1 };

struct adapter {
    char *command; /* one of the two */
    char *url;
    bool moves_clock; /* by itself */
    bool knows_custom;
};

/* A request for an operation; caller deletes. */
cJSON *adapter_request(const char *operation);

/* The play function of the driver. */
bool adapter_play(void *context, const struct act *act, struct performance *ret_performance,
                  struct err *err);

#endif
