/* Taking a mutex that is held for microseconds only.
 * May depend on: the C library. Owner: shared. */
#ifndef FAKEWIX_SHARED_LOCK_H
#define FAKEWIX_SHARED_LOCK_H

#include <pthread.h>

/* As pthread_mutex_lock, but try for as long as it takes to put a thread to sleep and to wake it
 * before doing that. Give the mutex back as any other. */
void lock_take(pthread_mutex_t *mutex);

#endif
