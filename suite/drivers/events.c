/* Each of them is a call of the control plane and a fault of the same effect: the one for now, the
 * other for later. */
#include "drivers/events.h"

#include "shared/mem.h"
#include "shared/tree.h"

static const struct event {
    enum step_kind kind;
    const char *fault;
    const char *number_param; /* of the fault and of the call; NULL where the step has a text */
    const char *text_param;
    const char *call;
} events[] = {
    {STEP_ADVANCE_S, "advance", "seconds", NULL, "/clock/advance"},
    {STEP_EXPIRE, "expire", NULL, "what", "/tokens/expire"},
    {STEP_REVOKE, "revoke", NULL, "what", "/tokens/revoke"},
};

static const struct event *find_event(enum step_kind kind)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i].kind == kind)
            return &events[i];
    return NULL;
}

bool event_is(const struct step *step)
{
    return find_event(step->kind) != NULL;
}

/* "advance 301", "expire access". */
static char *describe(const struct event *event, const struct step *step)
{
    return event->number_param ? mem_format("%s %lld s", event->fault, (long long)step->n)
                               : mem_format("%s %s", event->fault, step->text);
}

static void put_value(cJSON *object, const struct event *event, const struct step *step,
                      const char *text_param)
{
    if (event->number_param)
        tree_put_int(object, event->number_param, step->n);
    else
        tree_put_text(object, text_param, step->text);
}

bool event_is_at_port(const struct step *step)
{
    return step->kind == STEP_CERTIFICATE || step->kind == STEP_PORT_CLOSED_MS;
}

bool event_is_for_fake(const struct step *step)
{
    return event_is(step) || event_is_at_port(step) || step->kind == STEP_DISARM;
}

bool event_do(const struct act *act, const struct step *step, struct err *err)
{
    const struct event *event = find_event(step->kind);
    if (step->kind == STEP_DISARM)
        return stage_disarm(act->stage, err);
    if (step->kind == STEP_CERTIFICATE)
        return stage_show_certificate(act->stage, step->text, err);
    if (step->kind == STEP_PORT_CLOSED_MS)
        return stage_close_port(act->stage, step->n, err);
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    put_value(body, event, step, "kind");
    if (!event->number_param)
        tree_put_text(body, "app_id", act->stage->world.app_id);
    OWNED(tree_free) cJSON *answer = NULL;
    return control_call(&act->stage->world, "POST", event->call, body, &answer, err);
}

bool event_arm(const struct act *act, const struct step *step, const char *route, int64_t nth,
               struct err *err)
{
    const struct event *event = find_event(step->kind);
    OWNED(tree_free) cJSON *rule = cJSON_CreateObject();
    cJSON *on = tree_put(rule, "on", cJSON_CreateObject());
    tree_put_text(on, "route", route);
    tree_put_int(on, "status", 200);
    tree_put_int(on, "nth", nth);
    cJSON *action = tree_put(rule, "do", cJSON_CreateObject());
    tree_put_text(action, "fault", event->fault);
    put_value(action, event, step, event->text_param);
    OWNED(mem_text_free) char *then = describe(event, step);
    OWNED(mem_text_free)
    char *what =
        mem_format("the step \"%s\" after the successful answer number %lld", then, (long long)nth);
    struct armed *armed = stage_arm(act->stage, rule, what, 1, err);
    if (!armed)
        return false;
    armed->then = then;
    then = NULL;
    return true;
}
