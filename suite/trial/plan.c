/* Selecting by pattern. A pattern that fits nothing is a mistake of the person who typed it, and a
 * run that silently does less than was asked is the worst answer to it. */
#include "trial/plan.h"

#include <stdlib.h>

#include "shared/mem.h"

static bool is_wanted(const struct scenario *scenario, const char *const *patterns,
                      size_t n_patterns)
{
    for (size_t i = 0; i < n_patterns; i++)
        if (scenario_answers_to(scenario, patterns[i]))
            return true;
    return n_patterns == 0;
}

bool plan_make(const struct catalogue *catalogue, const char *const *patterns, size_t n_patterns,
               struct plan *ret_plan, struct err *err)
{
    for (size_t i = 0; i < n_patterns; i++)
        if (!catalogue_find(catalogue, patterns[i]))
            return err_set(err, "--only %s fits no scenario; `fakewix-conform list` shows them all",
                           patterns[i]);
    struct plan plan = {.list = mem_new(catalogue->n, sizeof *plan.list)};
    for (size_t i = 0; i < catalogue->n; i++)
        if (is_wanted(&catalogue->list[i], patterns, n_patterns))
            plan.list[plan.n++] = &catalogue->list[i];
    *ret_plan = plan;
    return true;
}

void plan_free(struct plan *plan)
{
    free(plan->list);
    *plan = (struct plan){0};
}
