/* How long a thread may keep a processor while others want it.
 * May depend on: the system. Owner: http. */
#ifndef FAKEWIX_HTTP_TURNS_H
#define FAKEWIX_HTTP_TURNS_H

/* Let the calling thread have short turns from now on, and sooner. Where the system knows no such
 * wish (Linux before 6.12) or forbids it, all stays as it was. */
void turns_be_short(void);

#endif
