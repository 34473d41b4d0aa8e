/* A fake in memory for fuzz targets, with a world in which something has happened.
 * May depend on: app. Owner: server/fuzz. */
#ifndef FAKEWIX_FUZZ_LIVE_H
#define FAKEWIX_FUZZ_LIVE_H

#include "app.h"

struct live {
    struct fake fake;
    char *names[8], *values[8]; /* APP, SECRET, …, TOKEN; owned */
    size_t n;
};

/* One app, one site, one installation, and one of each kind of token. Caller frees with live_free.
 */
struct live *live_new(void);
void live_free(struct live *live);

/* The process's own, made anew every so many calls, so that what inputs leave behind does not pile
 * up. Borrowed. */
struct live *live_of_run(int reset_every);

/* Put the values in place of $APP, $SECRET, $INSTANCE, $SITE, $CODE, $REFRESH, $ACCESS, $TOKEN.
 * Caller frees with free(). */
char *live_expand(const struct live *live, const char *text);

/* Handle one request, given as it is read by people:
 *     METHOD target\nName: value\n…\n\nbody
 * `text` is cut up. False, with nothing handled, where it has no target; else the caller frees
 * `ret_response` with response_free. */
bool live_ask(struct live *live, char *text, struct response *ret_response);

#endif
