/* How long a test may wait for what takes no time of its own. An instrumented program (sanitizers,
 * valgrind) is many times slower than another, so each bound is stretched by FAKEWIX_PATIENCE:
 * ctest says it (CMakeLists.txt), and scripts/analyze --valgrind.
 * May depend on: shared/text. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_PATIENCE_H
#define FAKEWIX_TESTS_PATIENCE_H

#include <stdint.h>
#include <stdlib.h>

#include "shared/text.h"

/* `bound`, in whatever unit, times the patience of this run. */
static inline int patience(int bound)
{
    const char *said = getenv("FAKEWIX_PATIENCE");
    int64_t times = 1;
    if (said)
        text_parse_int(said, 1, 1000, &times);
    return (int)times * bound;
}

#endif
