/* The control plane: faults, journal, reference tables. */
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "routes/control.h"
#include "routes/router.h"
#include "routes/tables.h"
#include "shared/mem.h"
#include "shared/now.h"
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

/* A number of the query string, or `fallback` where it is missing or none. */
static int64_t query_int(const struct exchange *x, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    const char *text = exchange_query(x, name);
    if (text)
        text_parse_int(text, 0, INT64_C(1) << 53, &value);
    return value;
}

static struct journal_query read_query(const struct exchange *x)
{
    return (struct journal_query){
        .since = query_int(x, "since", 0),
        .route = exchange_query(x, "route"),
        .app_id = exchange_query(x, "app"),
        .instance_id = exchange_query(x, "instance"),
        .grant = exchange_query(x, "grant"),
        .outcome = exchange_query(x, "outcome"),
        .text = exchange_query(x, "text"),
        .status = (int)query_int(x, "status", 0),
        .limit = (size_t)query_int(x, "limit", 0),
    };
}

enum { WAIT_MAX_MS = 60000 };

enum refusal control_journal(struct exchange *x)
{
    static const char known[] =
        " since route app instance grant outcome text status limit wait_ms count ";
    const cJSON *member;
    cJSON_ArrayForEach(member, x->query)
    {
        OWNED(mem_text_free) char *word = mem_format(" %s ", member->string);
        if (!strstr(known, word))
            return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                                   "the query knows no %s; it knows:%s", member->string, known);
    }
    struct journal_query query = read_query(x);
    int64_t wait_ms = query_int(x, "wait_ms", 0);
    int64_t deadline = now_steady_us() / 1000 + (wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS);
    size_t wanted = (size_t)query_int(x, "count", 1);
    while (!x->world->gone && journal_count(&x->world->journal, &query) < wanted) {
        int64_t left = deadline - now_steady_us() / 1000;
        if (left <= 0)
            break;
        world_wait(x->world, left);
    }
    response_json(x->response, 200, journal_json(&x->world->journal, x->world->id, &query));
    return REFUSAL_NONE;
}

enum refusal control_journal_clear(struct exchange *x)
{
    journal_clear(&x->world->journal);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

enum refusal control_table(struct exchange *x)
{
    cJSON *table = tables_json(x->segments[0]);
    if (!table)
        return exchange_refuse(x, REFUSAL_CONTROL_NOT_FOUND,
                               "the tables are routes, refusals, faults, grants, config");
    response_json(x->response, 200, table);
    return REFUSAL_NONE;
}
