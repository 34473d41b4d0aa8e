/* The judge's part in an install: it gives the App URL's token, agrees in the installer, and makes
 * the callback, true or spoilt as a scenario wants it.
 * May depend on: shared, evidence, scenario, drivers/browser. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_INSTALLS_H
#define FAKEWIX_DRIVERS_INSTALLS_H

#include <stdbool.h>

#include "drivers/browser.h"
#include "drivers/driver.h"

/* A fresh token of an App URL; caller frees with free(); NULL and a sentence where that fails.
 * app_url: where the app starts, or NULL for one that nobody visits. */
char *installs_new_token(const struct act *act, const char *app_url, struct err *err);

/* Where a URL of Wix's own hosts is to be found: at the fake; caller frees with free(). */
char *installs_reach(const struct act *act, const char *url);

/* Read what the client gave as the installer's URL. */
void installs_read_url(struct install *install, const char *url);

/* The install that a step speaks of ("of", from 1; else the last); NULL where there is none. */
struct install *installs_find(const struct step *step, const char *member,
                              struct performance *performance);

/* Let the person decide in the installer. What goes wrong there is the install's trouble; false
 * only where we failed. */
bool installs_consent(const struct act *act, const struct step *step, struct browser *browser,
                      struct performance *performance, struct err *err);

/* The callback URL as the step wants it; caller frees with free(); NULL where the install did not
 * get so far. */
char *installs_callback(const struct act *act, const struct step *step,
                        struct performance *performance, struct err *err);

#endif
