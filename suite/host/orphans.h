/* Processes that a client left behind and that nobody owns: a program that makes a session of its
 * own is out of its process group's reach, but not out of ours, who become its parent.
 * May depend on: shared. Owner: host. State is static, for a process has one set of children. */
#ifndef FAKEWIX_HOST_ORPHANS_H
#define FAKEWIX_HOST_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/buf.h"

/* From now on whoever loses its parents below us becomes our child. Once, before any child. */
void orphans_adopt(void);

/* Around the start of a child of our own, so that it is not taken for an orphan; orphans_know is
 * called between them, orphans_forget once the child has been waited for. */
void orphans_lock(void);
void orphans_unlock(void);
void orphans_know(pid_t pid);
void orphans_forget(pid_t pid);

/* Whether there are any. mark: a "NAME=value" that their environment holds; NULL: all. */
bool orphans_exist(const char *mark);

/* End them, and those that come to light by it, until none is left or a second has passed. Returns
 * how many there were. */
size_t orphans_end(const char *mark);

/* Append the command lines of all processes that have `mark` in their environment, orphans or not:
 * a line each, with blanks between the arguments. What has ended is not there. */
void orphans_add_arguments(const char *mark, struct buf *out);

#endif
