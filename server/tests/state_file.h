/* A state file for one test, made in a folder of its own. May depend on: shared, Check.
 * Owner: server/tests. */
#ifndef FAKEWIX_TESTS_STATE_FILE_H
#define FAKEWIX_TESTS_STATE_FILE_H

/* Its name, the same at each call. It goes, with what SQLite puts beside it, when the test's
 * process ends. Borrowed. */
const char *state_file_of_test(void);

#endif
