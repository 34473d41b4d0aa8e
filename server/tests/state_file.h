/* A state file for one test, made in a folder of its own. May depend on: shared, Check.
 * Owner: server/tests. */
#ifndef FAKEWIX_TESTS_STATE_FILE_H
#define FAKEWIX_TESTS_STATE_FILE_H

/* Its name. It goes, with what SQLite puts beside it, when the next one is asked for or the process
 * ends. Borrowed. */
const char *state_file_new(void);

#endif
