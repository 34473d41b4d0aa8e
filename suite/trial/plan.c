/* Selecting by pattern. A pattern that fits nothing is a mistake of the person who typed it, and a
 * run that silently does less than was asked is the worst answer to it. */
#include "trial/plan.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

static bool is_named(const struct scenario *scenario, const char *const *patterns,
                     size_t n_patterns)
{
    for (size_t i = 0; i < n_patterns; i++)
        if (scenario_answers_to(scenario, patterns[i]))
            return true;
    return n_patterns == 0;
}

/* A scenario that moves the client's clock means nothing unless another has shown that it moves. */
static bool proves_clock(const struct catalogue *catalogue, const struct scenario *scenario,
                         const char *const *patterns, size_t n_patterns)
{
    const unsigned clock = NEED_MASK(NEED_BIT_CLOCK);
    for (size_t i = 0; i < catalogue->n; i++) {
        const struct scenario *later = &catalogue->list[i];
        if (later->needs & scenario->needs & clock && catalogue_depends(later, scenario) &&
            is_named(later, patterns, n_patterns))
            return true;
    }
    return false;
}

static bool is_wanted(const struct catalogue *catalogue, const struct scenario *scenario,
                      const char *const *patterns, size_t n_patterns)
{
    return is_named(scenario, patterns, n_patterns) ||
           proves_clock(catalogue, scenario, patterns, n_patterns);
}

/* Ids and codes have neither commas nor blanks: who writes one means a list. */
static bool refuse_pattern(const struct catalogue *catalogue, const char *option,
                           const char *pattern, struct err *err)
{
    size_t first = strcspn(pattern, ", ");
    const char *rest = pattern + first + strspn(pattern + first, ", ");
    OWNED(mem_text_free) char *where = mem_format("%s ", option);
    if (!first || !*rest)
        return catalogue_refuse_name(catalogue, where, pattern, err);
    return err_set(err,
                   "%s takes one id, code or glob, not \"%s\": give --only more than once, "
                   "--only %.*s --only %.*s",
                   option, pattern, (int)first, pattern, (int)strcspn(rest, ", "), rest);
}

bool plan_make(const struct catalogue *catalogue, const char *option, const char *const *patterns,
               size_t n_patterns, struct plan *ret_plan, struct err *err)
{
    for (size_t i = 0; i < n_patterns; i++)
        if (!catalogue_find(catalogue, patterns[i]))
            return refuse_pattern(catalogue, option, patterns[i], err);
    struct plan plan = {.list = mem_new(catalogue->n, sizeof *plan.list)};
    for (size_t i = 0; i < catalogue->n; i++)
        if (is_wanted(catalogue, &catalogue->list[i], patterns, n_patterns))
            plan.list[plan.n++] = &catalogue->list[i];
    *ret_plan = plan;
    return true;
}

static void keep(struct plan *plan, bool (*is_kept)(const struct scenario *scenario))
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++)
        if (is_kept(plan->list[i]))
            plan->list[n++] = plan->list[i];
    plan->n = n;
}

static bool is_quick(const struct scenario *scenario)
{
    return scenario->real_s == 0;
}

void plan_make_quick(struct plan *plan)
{
    keep(plan, is_quick);
}

static bool is_demanded(const struct scenario *scenario)
{
    return scenario->level == LEVEL_MUST;
}

void plan_make_minimal(struct plan *plan)
{
    keep(plan, is_demanded);
}

void plan_free(struct plan *plan)
{
    free(plan->list);
    *plan = (struct plan){0};
}
