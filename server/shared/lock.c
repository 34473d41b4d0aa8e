/* Under load most threads that find the mutex taken would have it sooner than they fall asleep; and
 * once some sleep, every release has to wake one of them (docs/decisions/0001). */
#include "shared/lock.h"

/* Tell the processor that this is a wait, where it has a word for that. */
static void breathe(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

void lock_take(pthread_mutex_t *mutex)
{
    enum { TRIES = 200 };
    for (int i = 0; i < TRIES; i++) {
        if (pthread_mutex_trylock(mutex) == 0)
            return;
        breathe();
    }
    pthread_mutex_lock(mutex);
}
