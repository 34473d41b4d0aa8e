/* Results as values. */
#include "verdict/result.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

struct check_result *result_add_check(struct result *result)
{
    result->checks = mem_grow(result->checks, result->n_checks + 1, sizeof *result->checks);
    struct check_result *check = &result->checks[result->n_checks++];
    *check = (struct check_result){0};
    return check;
}

void result_take_checks(struct result *result, struct result *from)
{
    for (size_t i = 0; i < from->n_checks; i++)
        *result_add_check(result) = from->checks[i];
    free(from->checks);
    from->checks = NULL;
    from->n_checks = 0;
}

enum verdict result_conclude(const struct result *result)
{
    if (!result->n_checks)
        return VERDICT_INCONCLUSIVE;
    enum verdict worst = VERDICT_NA;
    for (size_t i = 0; i < result->n_checks; i++)
        worst = verdict_worse(worst, result->checks[i].verdict);
    if (worst != VERDICT_PASS && worst != VERDICT_INFO)
        return worst;
    return result->level == LEVEL_INFO ? VERDICT_INFO : VERDICT_PASS;
}

const struct check_result *result_deciding(const struct result *result)
{
    for (size_t i = 0; i < result->n_checks; i++)
        if (result->checks[i].verdict == result->verdict)
            return &result->checks[i];
    return NULL;
}

static void free_check(struct check_result *check)
{
    free(check->id);
    free(check->requirement);
    free(check->expected);
    free(check->seen);
    free(check->source);
    free(check->hint);
    free(check->wire);
}

bool check_points_at_wire(const struct check_result *check)
{
    return *check->wire == '>' || strstr(check->wire, "\n>");
}

bool result_points_at_wire(const struct result *result)
{
    for (size_t i = 0; i < result->n_checks; i++)
        if (check_points_at_wire(&result->checks[i]))
            return true;
    return false;
}

void result_free(struct result *result)
{
    for (size_t i = 0; i < result->n_checks; i++)
        free_check(&result->checks[i]);
    free(result->checks);
    free(result->wire);
    free(result->reason);
    free(result->known_note);
    *result = (struct result){0};
}
