/* The app's part in an install: where it sends the browser, and what it does with the callback.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_INSTALL_H
#define FAKEWIX_CLIENTS_REFERENCE_INSTALL_H

#include "reference/client.h"

/* An install that has begun. Zeroed is none. */
struct installing {
    char *state; /* owned */
    int64_t begun_ms;
};

/* Letters that nobody can guess; caller frees with free(); NULL where the machine has none. */
char *install_random(void);

/* Begin one: gives the installer's URL, caller frees with free(). token: of the App URL, or NULL.
 */
char *install_begin(const struct client *client, const char *token, const char *redirect_url,
                    struct installing *ret_installing);

/* Take the callback; false where it is refused, or where the exchange fails. */
bool install_finish(struct client *client, struct installing *installing, const char *callback);

void installing_free(struct installing *installing);

/* The whole of it over stdin and stdout. */
bool install_on_terminal(struct client *client, const char *token, const char *redirect_url);

#endif
