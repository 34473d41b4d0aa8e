/* The steps that the fake carries out by itself: its clock moves, tokens die.
 * May depend on: shared, evidence, scenario. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_EVENTS_H
#define FAKEWIX_DRIVERS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"

bool event_is(const struct step *step);

/* Whether it happens to the port that the client connects to. */
bool event_is_at_port(const struct step *step);

/* Whether it is the fake's affair alone: one of these two, or the end of its faults. */
bool event_is_for_fake(const struct step *step);

/* Let such a one happen now. */
bool event_do(const struct act *act, const struct step *step, struct err *err);

/* Let it happen with the nth successful answer on a route, counted from now. */
bool event_arm(const struct act *act, const struct step *step, const char *route, int64_t nth,
               struct err *err);

#endif
