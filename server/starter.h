/* Whoever started the fake holds the other end of its standard input, and lets go of it however he
 * ends: by himself, by a crash, by a kill -9 that runs no clean-up.
 * May depend on: C library, threads. Owner: server. */
#ifndef FAKEWIX_STARTER_H
#define FAKEWIX_STARTER_H

#include <stdbool.h>

/* From now on the end of standard input is a SIGTERM to this process. False where no thread could
 * be had to watch it. */
bool starter_watch(void);

#endif
