/* A form of an HTML page, as a browser would send it.
 * May depend on: shared. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_FORM_H
#define FAKEWIX_DRIVERS_FORM_H

#include <stdbool.h>

#include "shared/buf.h"

struct form {
    char *action;    /* owned; "" where the page names none */
    char *method;    /* owned; "get" or "post" */
    struct buf body; /* application/x-www-form-urlencoded */
};

/* Read the first form of a page and fill it as a person would who presses the button with that name
 * and value: hidden fields, texts with what stands in them, what is checked. A button that is not
 * there is none to press: false. */
bool form_fill(const char *html, const char *button, const char *value, struct form *ret_form);
void form_free(struct form *form);

#endif
