/* What the files of the app driver share: app_start.c starts an app, app_call.c makes it call,
 * app.c is its browser and goes through the steps. May depend on: driver, browser, host. Owner:
 * drivers. */
#ifndef FAKEWIX_DRIVERS_APP_PARTS_H
#define FAKEWIX_DRIVERS_APP_PARTS_H

#include "drivers/app.h"
#include "drivers/browser.h"
#include "drivers/driver.h"
#include "host/process.h"

enum { APP_MOST_BROWSERS = 4 };

struct app_play {
    const struct app_setup *setup;
    const struct act *act;
    struct performance *performance;
    struct browser *browsers[APP_MOST_BROWSERS];
    struct process process; /* none where the app runs by itself */
    int port;
    int64_t deadline_ms;
    int64_t n_calls;
    bool over;
    struct err *err;
};

/* Start the app where it is ours to start, and wait until it listens. Where it does not, the play
 * is over; false only where we failed. */
bool app_start(struct app_play *play);

/* Keep what it printed, once it is killed. */
void app_end(struct app_play *play);

/* Make the app call Wix as the step says, by its trigger. */
bool app_call(struct app_play *play, const struct step *step);

/* {port}, {instance} and {n} put in; caller frees with free(). */
char *app_fill(const struct app_play *play, const char *form, int64_t n);

/* The browser that a step names, opened at its first use. Borrowed. */
struct browser *app_browser_of(struct app_play *play, const struct step *step);

/* What is left of the scenario's time, at least 1. */
int app_timeout_ms(const struct app_play *play);

/* Keep how the app answered; 0: it did not. */
void app_note_page(struct app_play *play, const char *step, int status);

#endif
