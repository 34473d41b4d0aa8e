/* The adapter driver: one operation at a time, as JSON objects (docs/ADAPTER.md).
 * May depend on: drivers/driver, drivers/channel. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_ADAPTER_H
#define FAKEWIX_DRIVERS_ADAPTER_H

#include "drivers/driver.h"
#include "fake/http.h"

/* Ask an adapter what it can do, and give its driver.
 *
 * command  run by /bin/sh -c for each scenario; NULL with a URL; copied
 * url      of an adapter that is running; NULL with a command; copied
 *
 * False and a sentence where it does not say hello. */
bool adapter_driver(const char *command, const char *url, int64_t timeout_ms, int stop_fd,
                    struct driver *ret_driver, struct err *err);

#endif
