/* The pipeline: a request value in, a response value out. No sockets, no threads, no sleep.
 * May depend on: everything but http/listener. Owner: server. */
#ifndef FAKEWIX_APP_H
#define FAKEWIX_APP_H

#include "http/message.h"
#include "routes/fake.h"

/* Answer one request. Any thread; locks the one world it belongs to, and only while it works.
 *
 * request   borrowed
 * response  zeroed; filled; caller frees with response_free */
void app_handle(struct fake *fake, const struct request *request, struct response *response);

/* A connection came to a world's own port and was not served: note it, with its fault. Any thread.
 */
void app_note_connection(struct fake *fake, const char *world, enum door_mood mood);

#endif
