/* Device codes: what a command line shows, and what a person then says to it.
 * May depend on: grant. Owner: grants. */
#ifndef FAKEWIX_GRANTS_DEVICE_H
#define FAKEWIX_GRANTS_DEVICE_H

#include "grants/grant.h"

enum { DEVICE_LIFE_S = 600, DEVICE_USER_CODE_LEN = 8 };

enum device_decision { DEVICE_OPEN, DEVICE_APPROVED, DEVICE_DENIED };

/* A device code for an app: its text is appended to `out`. */
void device_begin(struct world *world, int64_t now_ms, const char *app_id, struct buf *out,
                  char ret_user_code[static DEVICE_USER_CODE_LEN + 1]);

/* Decide on the code that a person typed, in any case and with or without a hyphen. False where no
 * device waits for it. The first decision stands. */
bool device_decide(struct world *world, const char *user_code, enum device_decision decision);

#endif
