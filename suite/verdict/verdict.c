/* The verdicts as a table: names, report keys, and the one place that says which is worse. */
#include "verdict/verdict.h"

#include <string.h>

static const struct {
    const char *name;
    const char *key;
} verdicts[VERDICT_COUNT] = {
    [VERDICT_PASS] = {"PASS", "pass"},
    [VERDICT_INFO] = {"INFO", "info"},
    [VERDICT_NA] = {"N/A", "na"},
    [VERDICT_WARN] = {"WARN", "warn"},
    [VERDICT_INCONCLUSIVE] = {"INCONCLUSIVE", "inconclusive"},
    [VERDICT_FAIL] = {"FAIL", "fail"},
    [VERDICT_ERROR] = {"ERROR", "error"},
};

static const struct {
    const char *name;
    enum verdict broken;
} levels[] = {
    [LEVEL_MUST] = {"MUST", VERDICT_FAIL},
    [LEVEL_MUST_OURS] = {"MUST*", VERDICT_FAIL},
    [LEVEL_SHOULD] = {"SHOULD", VERDICT_WARN},
    [LEVEL_INFO] = {"INFO", VERDICT_INFO},
};

const char *verdict_name(enum verdict verdict)
{
    return verdicts[verdict].name;
}

const char *verdict_key(enum verdict verdict)
{
    return verdicts[verdict].key;
}

const char *level_name(enum level level)
{
    return levels[level].name;
}

bool level_by_name(const char *name, enum level *ret_level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].name, name) != 0)
            continue;
        *ret_level = (enum level)i;
        return true;
    }
    return false;
}

enum verdict verdict_of_broken(enum level level)
{
    return levels[level].broken;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
    if (a == VERDICT_NA)
        return b;
    if (b == VERDICT_NA)
        return a;
    return a > b ? a : b;
}
