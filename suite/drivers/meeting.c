/* A meeting is the fault "hold". Where a client is to be killed before its request is carried out,
 * the fault "close" stands behind it, so that the fake does not carry it out when nobody is left.
 */
#include "drivers/meeting.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/situation.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { NOTED_MS = 5000 };

static cJSON *make_rule(const char *route, const char *fault, bool committed)
{
    cJSON *rule = cJSON_CreateObject();
    tree_put_text(tree_put(rule, "on", cJSON_CreateObject()), "route", route);
    tree_put_text(rule, "stage", committed ? "after" : "before");
    tree_put_text(tree_put(rule, "do", cJSON_CreateObject()), "fault", fault);
    return rule;
}

/* Only once so many requests of a route were answered with 200. */
static void wait_for_answers(cJSON *rule, const char *route, int64_t count)
{
    if (count < 1)
        return;
    cJSON *after = tree_put(tree_get(rule, "on"), "after", cJSON_CreateObject());
    tree_put_text(after, "route", route);
    tree_put_int(after, "status", 200);
    tree_put_int(after, "count", count);
}

/* A client that is killed at some time after a token need not come to ask for one. */
static bool arm_hold(const struct act *act, cJSON *rule, const char *what, const struct step *step,
                     struct meeting *ret_meeting, struct err *err)
{
    tree_put_int(tree_get(rule, "do"), "max_ms", act->timeout_ms);
    int64_t needed = step->kind != STEP_KILLED_AFTER_MS;
    const struct armed *armed = stage_arm(act->stage, rule, what, needed, err);
    if (!armed)
        return false;
    *ret_meeting = (struct meeting){.step = step, .fault_id = mem_text(armed->id)};
    return true;
}

bool meeting_after_answer(const struct act *act, const struct step *step, int64_t nth,
                          struct meeting *ret_meeting, struct err *err)
{
    const char *api = situation_route("api", act->variant->flow);
    OWNED(tree_free) cJSON *rule = make_rule(api, "hold", true);
    wait_for_answers(rule, api, nth - 1);
    OWNED(mem_text_free)
    char *what = mem_format("the step \"%s\" at the answer number %lld", step_name(step->kind),
                            (long long)nth);
    return arm_hold(act, rule, what, step, ret_meeting, err);
}

bool meeting_at(const struct act *act, const struct step *step, int64_t calls,
                struct meeting *ret_meeting, struct err *err)
{
    if (calls > 0) {
        bool armed = meeting_after_answer(act, step, calls, ret_meeting, err);
        ret_meeting->arms = armed;
        return armed;
    }
    const char *token = situation_route("token", act->variant->flow);
    const char *moment = step->kind == STEP_KILLED_AFTER_MS ? "token-reply" : step->text;
    bool at_api = strcmp(moment, "api") == 0;
    bool stays = step->kind == STEP_SEEN_AT; /* the client: its request is carried out */
    bool committed = stays || strcmp(moment, "token-reply") == 0;
    const char *route = at_api ? situation_route("api", act->variant->flow) : token;
    OWNED(tree_free) cJSON *hold = make_rule(route, "hold", committed);
    OWNED(tree_free) cJSON *close = make_rule(route, "close", false);
    OWNED(mem_text_free)
    char *what = mem_format("the %s the client at \"%s\"", stays ? "look at" : "end of", moment);
    if (at_api) {
        wait_for_answers(hold, token, 1);
        wait_for_answers(close, token, 1);
    }
    return arm_hold(act, hold, what, step, ret_meeting, err) &&
           (committed || stage_arm(act->stage, close, what, 0, err));
}

bool meeting_has_come(const struct act *act, const struct meeting *meeting, int ms, bool *ret_come,
                      struct err *err)
{
    OWNED(mem_text_free)
    char *path = mem_format("/faults/%s?waiting=1&wait_ms=%d", meeting->fault_id, ms);
    OWNED(tree_free) cJSON *answer = NULL;
    int64_t waiting = 0;
    if (!control_call(&act->stage->world, "GET", path, NULL, &answer, err))
        return false;
    tree_int(answer, "waiting", &waiting);
    *ret_come = waiting > 0;
    return true;
}

/* The fake notes a request in its journal when it is through with it. Of one whose client was
 * killed nobody waits for that: on a busy machine a whole other run of the client fits in between.
 */
static bool wait_until_noted(const struct act *act, const struct meeting *meeting, struct err *err)
{
    OWNED(mem_text_free)
    char *path = mem_format("/faults/%s?hits=1&wait_ms=%d", meeting->fault_id, NOTED_MS);
    OWNED(tree_free) cJSON *answer = NULL;
    return control_call(&act->stage->world, "GET", path, NULL, &answer, err);
}

bool meeting_end(const struct act *act, const struct meeting *meeting, struct err *err)
{
    OWNED(mem_text_free) char *path = mem_format("/faults/%s/release", meeting->fault_id);
    OWNED(tree_free) cJSON *answer = NULL;
    int64_t released = 0;
    if (!control_call(&act->stage->world, "POST", path, NULL, &answer, err))
        return false;
    tree_int(answer, "released", &released);
    return !released || wait_until_noted(act, meeting, err);
}

void meeting_free(struct meeting *meeting)
{
    free(meeting->fault_id);
    *meeting = (struct meeting){0};
}
