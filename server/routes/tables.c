/* Printing what the compiler already knows, so that no page has to be kept in step by hand. */
#include "routes/tables.h"

#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "grants/grant.h"
#include "lint/lint.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"
#include "state/config.h"
#include "webhooks/event.h"

static cJSON *new_row(cJSON *table)
{
    return tree_put(table, NULL, cJSON_CreateObject());
}

static cJSON *routes_table(void)
{
    cJSON *table = cJSON_CreateArray();
    size_t n;
    const struct route *routes = router_routes(&n);
    for (size_t i = 0; i < n; i++) {
        cJSON *row = new_row(table);
        tree_put_text(row, "method", routes[i].method);
        tree_put_text(row, "path", routes[i].path);
        tree_put_text(row, "service", router_service_name(routes[i].service));
        tree_put_text(row, "summary", routes[i].summary);
    }
    return table;
}

static cJSON *refusals_table(void)
{
    static const char *const shapes[] = {
        [SHAPE_IETF] = "IETF",     [SHAPE_OLD] = "old",
        [SHAPE_WIX] = "Wix",       [SHAPE_VALIDATION] = "Wix validation",
        [SHAPE_BARE] = "Wix bare", [SHAPE_MESSAGE] = "Wix message",
        [SHAPE_PAGE] = "page",     [SHAPE_CONTROL] = "control",
    };
    _Static_assert(sizeof shapes / sizeof *shapes == SHAPE_CONTROL + 1, "each shape has its name");
    cJSON *table = cJSON_CreateArray();
    for (int i = 1; i < REFUSAL_COUNT; i++) {
        const struct refusal_row *refusal = refusal_row((enum refusal)i);
        cJSON *row = new_row(table);
        tree_put_text(row, "name", refusal->name);
        tree_put_int(row, "status", refusal->status);
        tree_put_text(row, "shape", shapes[refusal->shape]);
        tree_put_text(row, "code", refusal->code);
        tree_put_text(row, "sentence", refusal->sentence);
        tree_put_text(row, "source", refusal->source);
    }
    return table;
}

static cJSON *faults_table(void)
{
    cJSON *table = cJSON_CreateArray();
    for (int i = 0; i < FAULT_COUNT; i++) {
        const struct fault_row *fault = fault_row((enum fault_symbol)i);
        cJSON *row = new_row(table);
        tree_put_text(row, "fault", fault->name);
        tree_put_text(row, "stage", fault_stage_name(fault->stage));
        OWNED(mem_text_free) char *names = fault_param_names(fault);
        tree_put_text(row, "params", names);
        tree_put_text(row, "types", fault->params);
        tree_put_text(row, "why", fault->why);
    }
    const struct fault_preset *preset;
    for (size_t i = 0; (preset = fault_preset(i)); i++) {
        cJSON *row = new_row(table);
        enum fault_symbol symbol = FAULT_COUNT;
        fault_find(preset->fault, &symbol);
        OWNED(mem_text_free) char *names = fault_param_names(fault_row(symbol));
        OWNED(mem_text_free) char *means = mem_format("%s %s", preset->fault, preset->params);
        tree_put_text(row, "fault", preset->name);
        tree_put_text(row, "stage", "preset");
        tree_put_text(row, "params", names);
        tree_put_text(row, "types", means);
        tree_put_text(row, "why", preset->why);
    }
    return table;
}

static void add_grants(cJSON *table, const char *path, const struct grant *const *grants)
{
    for (; *grants; grants++) {
        cJSON *row = new_row(table);
        tree_put_text(row, "path", path);
        tree_put_text(row, "grant_type", (*grants)->name);
        OWNED(buf_free) struct buf fields = {0};
        for (const struct grant_field *field = (*grants)->fields; field->snake; field++)
            buf_format(&fields, "%s%s", fields.len ? ", " : "", field->snake);
        tree_put_text(row, "required", buf_str(&fields));
        tree_put_text(row, "summary", (*grants)->summary);
    }
}

static cJSON *grants_table(void)
{
    cJSON *table = cJSON_CreateArray();
    add_grants(table, "/oauth2/token", grants_oauth);
    add_grants(table, "/oauth/access", grants_custom);
    return table;
}

static cJSON *lint_table(void)
{
    static const char *const levels[] = {"MUST", "SHOULD", "INFO"};
    cJSON *table = cJSON_CreateArray();
    for (int i = 0; i < LINT_COUNT; i++) {
        const struct lint_row *lint = lint_row((enum lint_rule)i);
        cJSON *row = new_row(table);
        tree_put_text(row, "rule", lint->name);
        tree_put_text(row, "level", levels[lint->level]);
        tree_put_text(row, "sentence", lint->sentence);
        tree_put_text(row, "source", lint->source);
    }
    return table;
}

static const struct {
    const char *name;
    cJSON *(*make)(void);
} makers[] = {
    {"routes", routes_table}, {"refusals", refusals_table}, {"faults", faults_table},
    {"grants", grants_table}, {"events", event_table},      {"lint", lint_table},
    {"config", config_table},
};

cJSON *tables_json(const char *name)
{
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (strcmp(makers[i].name, name) == 0)
            return makers[i].make();
    return NULL;
}

void tables_add_unknown(struct buf *out, const char *name)
{
    OWNED(buf_free) struct buf names = {0};
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        buf_format(&names, "%s%s", i ? " " : "", makers[i].name);
    near_add_unknown(out, name, buf_str(&names));
}

static const char *cell_text(const cJSON *cell, struct buf *scratch)
{
    buf_clear(scratch);
    if (cJSON_IsString(cell))
        return cell->valuestring;
    if (cJSON_IsBool(cell))
        return cJSON_IsTrue(cell) ? "yes" : "no";
    buf_format(scratch, "%d", cell->valueint);
    return buf_str(scratch);
}

enum { COLUMNS_MAX = 8 };

static void measure(const cJSON *table, size_t widths[COLUMNS_MAX])
{
    OWNED(buf_free) struct buf scratch = {0};
    const cJSON *row;
    cJSON_ArrayForEach(row, table)
    {
        size_t column = 0;
        const cJSON *cell;
        cJSON_ArrayForEach(cell, row)
        {
            size_t len = strlen(cell_text(cell, &scratch));
            if (len > widths[column])
                widths[column] = len;
            column++;
        }
    }
}

char *tables_text(const char *name)
{
    OWNED(tree_free) cJSON *table = tables_json(name);
    if (!table)
        return NULL;
    size_t widths[COLUMNS_MAX] = {0};
    measure(table, widths);
    OWNED(buf_free) struct buf text = {0};
    OWNED(buf_free) struct buf scratch = {0};
    const cJSON *row;
    cJSON_ArrayForEach(row, table)
    {
        size_t column = 0;
        const cJSON *cell;
        cJSON_ArrayForEach(cell, row)
        {
            const char *shown = cell_text(cell, &scratch);
            if (cell->next)
                buf_format(&text, "%-*s  ", (int)widths[column++], shown);
            else
                buf_format(&text, "%s\n", shown);
        }
    }
    return buf_take(&text);
}
