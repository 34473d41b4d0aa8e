/* Files and folders, as the judge needs them: small, read whole, errors as sentences.
 * May depend on: shared. Owner: host. */
#ifndef FAKEWIX_HOST_FILES_H
#define FAKEWIX_HOST_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"
#include "shared/err.h"

enum { FILES_MAX_BYTES = 1024 * 1024 };

/* Append a file's bytes; false and a sentence where it cannot be read or passes FILES_MAX_BYTES. */
bool files_read(const char *path, struct buf *out, struct err *err);

/* Write a whole file, replacing what was there. */
bool files_write(const char *path, const char *bytes, size_t len, struct err *err);
/* The same at the end of what is there. */
bool files_append(const char *path, const char *bytes, size_t len, struct err *err);

/* Told of each regular file below a folder, in the order of their names: its path and its path
 * below the folder, both borrowed. Returning false ends the walk. */
typedef bool files_visit_fn(void *context, const char *path, const char *below, struct err *err);

/* Walk a folder, at most 8 deep. Links are followed, names that start with a dot are passed over.
 */
bool files_walk(const char *folder, files_visit_fn *visit, void *context, struct err *err);

/* Make an empty folder of our own for temporary files; caller frees the path with free() and
 * removes the folder with files_remove_folder. NULL and a sentence where that fails. */
char *files_make_folder(struct err *err);

/* Whether there is anything in a folder. */
bool files_folder_holds_something(const char *path);

/* Cut every file in a folder to half its length, as a full disk or a lost write would. */
bool files_spoil_folder(const char *path, struct err *err);

/* Whether a file in a folder or below may be read by all users. */
bool files_folder_shows_something(const char *path);

/* Remove a folder with all that is in it; links are removed, not followed. */
void files_remove_folder(const char *path);

/* The folder this program's executable lies in; caller frees with free(). NULL where unknown. */
char *files_program_folder(void);

bool files_can_run(const char *path);

#endif
