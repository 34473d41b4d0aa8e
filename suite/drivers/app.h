/* The app driver: a web app, with the judge as its browser. No glue is needed where the app has a
 * page that calls Wix.
 * May depend on: drivers/driver, drivers/browser. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_APP_H
#define FAKEWIX_DRIVERS_APP_H

#include "drivers/driver.h"

/* Where the app is. In each text {port} stands for the port that the judge has chosen, in trigger
 * {instance} for the installation's id and {n} for the number of the call. All borrowed while the
 * driver lives; NULL where there is none. */
struct app_setup {
    const char *command;      /* starts the app, for each scenario anew, with PORT in its
                                 environment; NULL: it is running */
    const char *url;          /* the App URL */
    const char *trigger;      /* what makes it call Wix: a URL, or a command for /bin/sh -c */
    const char *webhook_url;  /* where it takes webhooks */
    const char *instance_url; /* its page with a signed instance */
};

struct driver app_driver(const struct app_setup *setup);

#endif
