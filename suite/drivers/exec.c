/* A program cannot be told "now wait until the token expires" while it makes its calls, so what the
 * steps put between two calls is armed at the fake beforehand: it happens with the answer to the
 * call before it. What stands before the first call is simply done. */
#include "drivers/exec.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "host/files.h"
#include "host/process.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

struct exec {
    char *command;
};

/* The steps that are not calls: as a fault, and as the control call of the same effect. */
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

static bool do_now(const struct act *act, const struct step *step, struct err *err)
{
    const struct event *event = find_event(step->kind);
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    put_value(body, event, step, "kind");
    if (!event->number_param)
        tree_put_text(body, "instance_id", act->stage->world.instance_id);
    OWNED(tree_free) cJSON *answer = NULL;
    return control_call(&act->stage->world, "POST", event->call, body, &answer, err);
}

static bool do_after_calls(const struct act *act, const struct step *step, int64_t calls,
                           struct err *err)
{
    const struct event *event = find_event(step->kind);
    OWNED(tree_free) cJSON *rule = cJSON_CreateObject();
    cJSON *on = tree_put(rule, "on", cJSON_CreateObject());
    tree_put_text(on, "route", "* /conformance/probe");
    tree_put_int(on, "status", 200);
    tree_put_int(on, "nth", calls);
    cJSON *action = tree_put(rule, "do", cJSON_CreateObject());
    tree_put_text(action, "fault", event->fault);
    put_value(action, event, step, event->text_param);
    OWNED(mem_text_free) char *then = describe(event, step);
    OWNED(mem_text_free)
    char *what = mem_format("the step \"%s\" after the successful answer number %lld", then,
                            (long long)calls);
    struct armed *armed = stage_arm(act->stage, rule, what, 1, err);
    if (!armed)
        return false;
    armed->then = then;
    then = NULL;
    return true;
}

static bool exec_prepare(void *context, const struct act *act, struct err *err)
{
    (void)context;
    int64_t calls = 0;
    for (size_t i = 0; i < act->variant->n_steps; i++) {
        const struct step *step = &act->variant->steps[i];
        calls += step->kind == STEP_CALL ? step->n : 0;
        if (step->kind == STEP_CALL)
            continue;
        if (!(calls ? do_after_calls(act, step, calls, err) : do_now(act, step, err)))
            return false;
    }
    return true;
}

static int64_t widest(const struct variant *variant)
{
    int64_t parallel = 1;
    for (size_t i = 0; i < variant->n_steps; i++)
        if (variant->steps[i].parallel > parallel)
            parallel = variant->steps[i].parallel;
    return parallel;
}

static void set_number(struct process_env *env, const char *name, int64_t value)
{
    OWNED(mem_text_free) char *text = mem_format("%lld", (long long)value);
    process_env_set(env, name, text);
}

/* A proxy of the environment has no way to a fake on this machine. */
static void keep_off_proxies(struct process_env *env)
{
    static const char *const names[] = {"NO_PROXY", "no_proxy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *there = process_env_get(env, names[i]);
        OWNED(mem_text_free)
        char *value =
            mem_format("%s%s127.0.0.1,localhost", there ? there : "", there && *there ? "," : "");
        process_env_set(env, names[i], value);
    }
}

static void fill_env(const struct act *act, struct process_env *env)
{
    const struct world *world = &act->stage->world;
    process_env_inherit(env);
    keep_off_proxies(env);
    process_env_set(env, "CONFORM_SCENARIO", act->scenario);
    process_env_set(env, "CONFORM_OP", "api");
    set_number(env, "CONFORM_CALLS", variant_count_calls(act->variant));
    set_number(env, "CONFORM_PARALLEL", widest(act->variant));
    process_env_set(env, "CONFORM_STATE_DIR", act->state_folder);
    process_env_set(env, "WIX_API_BASE", world->base);
    process_env_set(env, "WIX_AUTH_BASE", world->base);
    process_env_set(env, "WIX_INSTALL_BASE", world->base);
    process_env_set(env, "WIX_APP_ID", world->app_id);
    process_env_set(env, "WIX_APP_SECRET", world->app_secret);
    process_env_set(env, "WIX_INSTANCE_ID", world->instance_id);
    process_env_unset(env, "WIX_REFRESH_TOKEN");
    if (act->stage->refresh_token)
        process_env_set(env, "WIX_REFRESH_TOKEN", act->stage->refresh_token);
}

/* The exit statuses that the contract gives a meaning; 126 and 127 are the shell's own. */
static const struct {
    int status;
    enum client_end end;
    const char *sentence;
} statuses[] = {
    {0, CLIENT_OK, "said that all calls succeeded (exit 0)"},
    {1, CLIENT_ERROR, "reported an error (exit 1)"},
    {77, CLIENT_UNSUPPORTED, "said that it does not support this (exit 77)"},
    {126, CLIENT_NOT_STARTED, "was not run: the command is not a program (exit 126)"},
    {127, CLIENT_NOT_STARTED, "was not run: the shell does not find the command (exit 127)"},
};

static void read_exit(int status, struct performance *performance)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status != status)
            continue;
        performance->end = statuses[i].end;
        performance->detail = mem_text(statuses[i].sentence);
        return;
    }
    performance->end = CLIENT_CRASHED;
    performance->detail = mem_format("exited with %d, which the contract does not know", status);
}

static void read_result(const struct act *act, const struct process_result *result,
                        struct performance *performance)
{
    switch (result->end) {
    case PROCESS_EXITED:
        read_exit(result->status, performance);
        return;
    case PROCESS_SIGNALLED:
        performance->end = CLIENT_CRASHED;
        performance->detail =
            mem_format("was killed by signal %d (%s)", result->status, strsignal(result->status));
        return;
    case PROCESS_TIMED_OUT:
        performance->end = CLIENT_TIMED_OUT;
        performance->detail = mem_format("gave no answer within %lld s and was ended",
                                         (long long)(act->timeout_ms / 1000));
        return;
    case PROCESS_STOPPED:
        performance->end = CLIENT_STOPPED;
        performance->detail = mem_text("was ended because the run was interrupted");
        return;
    }
}

static bool exec_play(void *context, const struct act *act, struct performance *ret_performance,
                      struct err *err)
{
    const struct exec *exec = context;
    OWNED(process_env_free) struct process_env env = {0};
    fill_env(act, &env);
    const char *const argv[] = {"/bin/sh", "-c", exec->command, NULL};
    struct process_spec spec = {.argv = argv, .env = &env};
    struct process process = {0};
    if (!process_start(&spec, &process, err))
        return false;
    struct process_result result = {0};
    process_finish(&process, now_steady_ms() + act->timeout_ms, act->quiet_ms, act->stop_fd,
                   &result);
    struct performance performance = {.n_calls = variant_count_calls(act->variant),
                                      .n_parallel = widest(act->variant),
                                      .left_children = result.left_children};
    read_result(act, &result, &performance);
    performance.persists = files_folder_holds_something(act->state_folder);
    performance.out = result.out.text;
    performance.err = result.err.text;
    *ret_performance = performance;
    return true;
}

static void exec_free(void *context)
{
    struct exec *exec = context;
    free(exec->command);
    free(exec);
}

struct driver exec_driver(const char *command)
{
    struct exec *exec = mem_new(1, sizeof *exec);
    exec->command = mem_text(command);
    return (struct driver){
        .name = "exec",
        .offers = NEED_MASK(NEED_BIT_PARALLEL) | NEED_MASK(NEED_BIT_OUTPUT),
        .context = exec,
        .prepare = exec_prepare,
        .play = exec_play,
        .free = exec_free,
    };
}

void driver_free(struct driver *driver)
{
    driver->free(driver->context);
    *driver = (struct driver){0};
}
