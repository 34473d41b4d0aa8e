/* Getting, keeping and renewing tokens.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_TOKEN_H
#define FAKEWIX_CLIENTS_REFERENCE_TOKEN_H

#include <curl/curl.h>

#include "reference/client.h"

/* A good token other than `refused` (or NULL); caller frees with free(); NULL where there is none.
 */
char *token_get(struct client *client, CURL *curl, const char *refused);

/* Exchange the code of a callback. */
bool token_exchange(struct client *client, CURL *curl, const char *code);

/* Replace an owned text by a copy of `value`, or NULL. */
void token_replace(char **text, const char *value);

#endif
