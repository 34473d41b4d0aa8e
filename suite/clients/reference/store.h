/* What outlives the program: tokens on disk.
 * May depend on: shared. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_STORE_H
#define FAKEWIX_CLIENTS_REFERENCE_STORE_H

#include "reference/client.h"

/* Take what was kept, where it is newer than what the client has. A store that cannot be read is
 * said on stderr and passed over. */
void store_load(struct client *client);

/* Keep the client's tokens, as soon as they are new; and, only with a bug, when it ends. */
void store_keep(const struct client *client);
void store_save(const struct client *client);

/* One process of the app at a time may renew a token. Gives what store_unlock takes. */
int store_lock(const struct client *client);
void store_unlock(int lock);

#endif
