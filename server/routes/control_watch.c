/* The control plane: faults, lint and reference tables. */
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "lint/lint.h"
#include "routes/control.h"
#include "routes/router.h"
#include "routes/tables.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum refusal control_faults(struct exchange *x)
{
    response_json(x->response, 200, armed_json(x->world->faults));
    return REFUSAL_NONE;
}

enum refusal control_fault_arm(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    OWNED(err_free) struct err err = {0};
    cJSON *rule = armed_add(x->world->faults, x->body, &err);
    if (!rule)
        return control_argument(x, &err);
    response_json(x->response, 201, rule);
    return REFUSAL_NONE;
}

enum refusal control_faults_clear(struct exchange *x)
{
    armed_clear(x->world->faults);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_fault_disarm(struct exchange *x)
{
    if (!armed_remove(x->world->faults, x->segments[0]))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "fault %s", x->segments[0]);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_lint(struct exchange *x)
{
    response_json(x->response, 200, lint_json(x->world->lint));
    return REFUSAL_NONE;
}

enum refusal control_lint_clear(struct exchange *x)
{
    lint_clear(x->world->lint);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_table(struct exchange *x)
{
    cJSON *table = tables_json(x->segments[0]);
    if (!table)
        return exchange_refuse(x, REFUSAL_CONTROL_NOT_FOUND,
                               "the tables are routes, refusals, faults, grants, lint, config");
    response_json(x->response, 200, table);
    return REFUSAL_NONE;
}
