/* What Wix sends to an app by itself: webhooks, and the signed instance of its pages. The fake
 * makes both, rightly or wrongly signed as a step wants it. May depend on: shared, evidence,
 * scenario. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_LETTERS_H
#define FAKEWIX_DRIVERS_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"

/* A webhook as it was sent. Text owned. */
struct letter {
    char *type; /* "AppInstalled" */
    char *body; /* the JWT */
    int status; /* what the receiver answered; 0 where nothing did */
    int64_t took_ms;
};

struct letters {
    struct letter *list; /* owned */
    size_t n;
};

/* Let the fake send the webhooks of a step, in the step's order. url: of the receiver; NULL: only
 * make them, for a receiver without a server. */
bool letters_send(const struct act *act, const struct step *step, const char *url,
                  struct letters *ret_letters, struct err *err);
void letters_free(struct letters *letters);

/* The instance parameter that a step wants; caller frees with free(). */
char *letters_sign_instance(const struct act *act, const struct step *step, struct err *err);

#endif
