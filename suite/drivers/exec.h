/* The exec driver: one command, run once per scenario (docs/CLIENT-CONTRACT.md).
 * May depend on: drivers/driver, host/process. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_EXEC_H
#define FAKEWIX_DRIVERS_EXEC_H

#include "drivers/driver.h"

/* command: run by /bin/sh -c; copied. */
struct driver exec_driver(const char *command);

#endif
