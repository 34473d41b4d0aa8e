/* For the proof: a client that can be driven in every way, driven in the one that a scenario needs.
 * May depend on: drivers. Owner: tests. */
#ifndef FAKEWIX_SUITE_TESTS_ANY_DRIVER_H
#define FAKEWIX_SUITE_TESTS_ANY_DRIVER_H

#include "drivers/driver.h"

/* The reference client by the exec contract where that does, as an adapter where that does, else as
 * a web app. arguments: behind the program's name, such as "--bug=NAME"; copied. False and a
 * sentence where it does not start. */
bool any_driver(const char *program, const char *arguments, struct driver *ret_driver,
                struct err *err);

#endif
