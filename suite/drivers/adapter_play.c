/* Steps become operations, one after the other: what happens between two of them is simply done.
 * Each scenario has a process of its own; over HTTP it has a client of its own name. */
#include <stdlib.h>
#include <string.h>

#include "drivers/adapter_parts.h"
#include "drivers/browser.h"
#include "drivers/channel.h"
#include "drivers/environment.h"
#include "drivers/events.h"
#include "drivers/installs.h"
#include "drivers/letters.h"
#include "drivers/meeting.h"
#include "drivers/outcome.h"
#include "host/files.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { MEETING_SLICE_MS = 20 };

struct play {
    const struct adapter *adapter;
    const struct act *act;
    struct performance *performance;
    struct browser *browser;
    struct channel channel;
    bool is_open;
    char *names[2]; /* of the client, and of the one for the other instance; owned */
    bool has_client[2];
    char *session; /* of the last install; owned */
    int64_t deadline_ms;
    int64_t ahead_s; /* what its own clock was moved by so far */
    bool over;
    struct err *err;
};

/* ---- asking ---- */

cJSON *adapter_request(const char *operation)
{
    cJSON *request = cJSON_CreateObject();
    tree_put_text(request, "op", operation);
    return request;
}

/* The client is no more: whatever is asked of it from now on is not answered. */
static void lose(struct play *play, enum channel_end end, const char *operation)
{
    static const enum client_end ends[] = {[CHANNEL_SILENT] = CLIENT_TIMED_OUT,
                                           [CHANNEL_GONE] = CLIENT_CRASHED,
                                           [CHANNEL_STOPPED] = CLIENT_STOPPED};
    performance_note(play->performance, ends[end],
                     channel_explain(&play->channel, end, operation, play->act->timeout_ms));
    play->over = true;
}

/* Ask, and take in what the answer says of the client. Takes `request`. The answer is NULL where
 * none came. */
static cJSON *ask(struct play *play, cJSON *request)
{
    OWNED(tree_free) cJSON *owned = request;
    cJSON *answer = NULL;
    OWNED(mem_text_free) char *operation = mem_text(tree_text(owned, "op"));
    enum channel_end end = channel_ask(&play->channel, owned, play->deadline_ms, &answer);
    if (end != CHANNEL_ANSWERED)
        lose(play, end, operation);
    return answer;
}

static bool is_success(const cJSON *answer)
{
    bool ok = tree_flag(answer, "ok", false);
    const cJSON *result = NULL;
    cJSON_ArrayForEach(result, tree_get(answer, "results"))
    {
        int64_t status = 200;
        tree_int(result, "status", &status);
        ok = ok && status >= 200 && status <= 299;
    }
    return ok;
}

/* What the client says of a step, kept and summed up. Takes `answer`, which may be NULL. */
static void note_answer(struct play *play, const char *step, cJSON *answer)
{
    OWNED(tree_free) cJSON *owned = answer;
    if (!owned)
        return;
    const char *unsupported = tree_text(owned, "unsupported");
    if (unsupported) {
        performance_note(play->performance, CLIENT_UNSUPPORTED,
                         mem_format("does not support \"%s\": %s", step, unsupported));
        play->over = true;
        return;
    }
    bool ok = is_success(owned);
    const char *text = tree_text(owned, "error");
    int64_t status = 0;
    tree_int(owned, "status", &status);
    struct answer *noted = performance_add_answer(play->performance);
    noted->step = step;
    noted->ok = ok;
    noted->status = (int)status;
    noted->text = mem_text(text ? text : "");
    if (tree_get(owned, "handled"))
        noted->handled = tree_flag(owned, "handled", false);
    performance_note(play->performance, ok ? CLIENT_OK : CLIENT_ERROR,
                     ok ? mem_text("said that all went well")
                        : mem_format("reported an error for \"%s\"%s%s", step, text ? ": " : "",
                                     text ? text : ""));
}

/* ---- the process ---- */

static bool open_channel(struct play *play)
{
    if (play->is_open)
        return true;
    play->is_open = true;
    if (play->adapter->url) {
        play->channel =
            (struct channel){.url = play->adapter->url, .http = play->act->stage->world.http};
        return true;
    }
    OWNED(process_env_free) struct process_env env = {0};
    OWNED(mem_text_free) char *mark = environment_mark(play->act);
    environment_fill(play->act, &env);
    if (!channel_start(&play->channel, play->adapter->command, &env, mark, play->act->stop_fd,
                       play->err))
        return false;
    cJSON *hello = adapter_request("hello");
    tree_put_int(hello, "protocol", ADAPTER_PROTOCOL);
    cJSON_Delete(ask(play, hello));
    return true;
}

static void close_channel(struct play *play, bool kill)
{
    struct process_result result = {0};
    if (kill)
        process_kill(&play->channel.process);
    channel_close(&play->channel, kill ? 0 : play->act->quiet_ms, &result);
    play->performance->left_children = play->performance->left_children || result.left_children;
    outcome_add_output(play->performance, &result);
    process_result_free(&result);
    play->channel = (struct channel){0};
    play->is_open = false;
    play->has_client[0] = play->has_client[1] = false;
}

/* Ask it to go, which it should do by itself. */
static void say_bye(struct play *play)
{
    cJSON *answer = NULL;
    if (play->is_open && !play->over && !play->adapter->url) {
        OWNED(tree_free) cJSON *bye = adapter_request("bye");
        channel_send(&play->channel, bye, now_steady_ms() + play->act->quiet_ms);
    }
    for (int i = 0; i < 2 && play->is_open && !play->over && play->adapter->url; i++) {
        OWNED(tree_free) cJSON *close = adapter_request("close");
        tree_put_text(close, "client", play->names[i]);
        if (play->has_client[i])
            channel_ask(&play->channel, close, play->deadline_ms, &answer);
        tree_free(&answer);
        answer = NULL;
    }
    if (play->is_open)
        close_channel(play, false);
}

static cJSON *make_advance(const struct play *play, int64_t seconds)
{
    cJSON *request = adapter_request("clock.advance");
    tree_put_text(request, "client", play->names[0]);
    tree_put_int(request, "seconds", seconds);
    return request;
}

/* Make the client of an instance, where there is none yet. */
static bool make_client(struct play *play, int which)
{
    static const char *const flows[] = {[FLOW_CLIENT_CREDENTIALS] = "client_credentials",
                                        [FLOW_LEGACY] = "legacy",
                                        [FLOW_INSTALL] = "install"};
    enum flow flow = play->act->variant->flow;
    if (!open_channel(play))
        return false;
    if (play->has_client[which] || play->over)
        return true;
    if (flow != FLOW_CLIENT_CREDENTIALS && !play->adapter->knows_custom) {
        performance_note(
            play->performance, CLIENT_UNSUPPORTED,
            mem_text("says nothing of custom authentication (\"legacy\") in its caps"));
        play->over = true;
        return true;
    }
    cJSON *request = adapter_request("new");
    tree_put_text(request, "client", play->names[which]);
    tree_put_text(request, "flow", flows[flow]);
    cJSON *env = tree_put(request, "env", environment_tree(play->act));
    if (which == 1) {
        cJSON_DeleteItemFromObjectCaseSensitive(env, "WIX_INSTANCE_ID");
        tree_put_text(env, "WIX_INSTANCE_ID", play->act->stage->other_instance_id);
    }
    OWNED(tree_free) cJSON *answer = ask(play, request);
    play->has_client[which] = answer != NULL;
    if (answer && !is_success(answer)) {
        note_answer(play, "new", answer);
        answer = NULL;
        play->over = true;
    }
    /* A process that is started again starts with a clock that nobody has moved. */
    if (play->ahead_s && which == 0 && !play->over)
        cJSON_Delete(ask(play, make_advance(play, play->ahead_s)));
    return true;
}

/* ---- the steps ---- */

static cJSON *make_call(const struct play *play, const struct step *step, int which)
{
    static const char *const kept[] = {"method", "body", "stream"};
    cJSON *request = adapter_request("call");
    tree_put_text(request, "client", play->names[which]);
    tree_put_text(request, "method", "GET");
    tree_put_text(request, "path", "/conformance/probe");
    tree_put_int(request, "n", step->kind == STEP_CALL ? step->n : 1);
    tree_put_flag(request, "parallel", step->parallel > 1);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const cJSON *value = tree_get(step->params, kept[i]);
        if (value && tree_get(request, kept[i]))
            cJSON_DeleteItemFromObjectCaseSensitive(request, kept[i]);
        if (value)
            tree_put(request, kept[i], cJSON_Duplicate(value, true));
    }
    return request;
}

/* The clients that a call is for: of the first instance, of the other one, or both at a time. */
static bool make_clients(struct play *play, const char *instance, int *ret_which, bool *ret_both)
{
    *ret_both = instance && strcmp(instance, "both") == 0;
    *ret_which = instance && !*ret_both;
    if (instance && !stage_make_other_instance(play->act->stage, play->err))
        return false;
    return make_client(play, *ret_which) && (!*ret_both || make_client(play, 1));
}

static bool call(struct play *play, const struct step *step)
{
    int which = 0;
    bool both = false;
    if (!make_clients(play, tree_text(step->params, "instance"), &which, &both))
        return false;
    if (play->over)
        return true;
    int64_t from_seq = 0;
    if (!stage_read_seq(play->act->stage, &from_seq, play->err))
        return false;
    size_t before = play->performance->n_answers;
    cJSON *request = make_call(play, step, which);
    if (both)
        tree_put_text(request, "beside", play->names[1]);
    note_answer(play, "call", ask(play, request));
    if (play->performance->n_answers > before) {
        struct answer *noted = &play->performance->answers[before];
        noted->from_seq = from_seq;
        noted->is_other = which == 1;
    }
    return true;
}

/* Let it call, and end it where the step says. */
static bool call_and_kill(struct play *play, const struct step *step)
{
    struct meeting meeting = {0};
    if (!make_client(play, 0))
        return false;
    if (play->over)
        return true;
    bool done = meeting_at(play->act, step, 0, &meeting, play->err);
    OWNED(tree_free) cJSON *request = make_call(play, step, 0);
    done = done && (channel_send(&play->channel, request, play->deadline_ms) || true);
    bool come = false;
    while (done && !come && now_steady_ms() < play->deadline_ms && !act_is_stopped(play->act) &&
           !process_listen(&play->channel.process, now_steady_ms(), play->act->stop_fd))
        done = meeting_has_come(play->act, &meeting, MEETING_SLICE_MS, &come, play->err);
    if (step->kind == STEP_KILLED_AFTER_MS) {
        done = done && meeting_end(play->act, &meeting, play->err);
        process_listen(&play->channel.process, now_steady_ms() + step->n, play->act->stop_fd);
    }
    close_channel(play, true);
    if (step->kind == STEP_KILLED_AT)
        done = done && meeting_end(play->act, &meeting, play->err);
    meeting_free(&meeting);
    return done;
}

static bool open_install(struct play *play, const struct step *step)
{
    (void)step;
    if (!make_client(play, 0))
        return false;
    if (play->over)
        return true;
    OWNED(mem_text_free) char *token = installs_new_token(play->act, NULL, play->err);
    if (!token)
        return false;
    cJSON *request = adapter_request("install.begin");
    tree_put_text(request, "client", play->names[0]);
    tree_put_text(request, "token", token);
    OWNED(tree_free) cJSON *answer = ask(play, request);
    struct install *install = performance_add_install(play->performance);
    install->given_token = mem_text(token);
    install->given_redirect_url = mem_text(ENVIRONMENT_REDIRECT_URL);
    const char *url = tree_text(answer, "url");
    const char *session = tree_text(answer, "session");
    free(play->session);
    play->session = mem_text(session ? session : "");
    if (url) {
        installs_read_url(install, url);
        return true;
    }
    install->trouble = mem_text("the adapter gave no \"url\" of the installer");
    note_answer(play, "install.begin", answer);
    answer = NULL;
    return true;
}

static bool deliver(struct play *play, const struct step *step)
{
    OWNED(mem_text_free)
    char *url = installs_callback(play->act, step, play->performance, play->err);
    if (!url || play->over)
        return !play->err->text;
    struct visit *visit = performance_add_visit(play->performance);
    visit->kind = VISIT_CALLBACK;
    visit->url = mem_text(url);
    cJSON *request = adapter_request("install.callback");
    tree_put_text(request, "client", play->names[0]);
    tree_put_text(request, "session", play->session ? play->session : "");
    tree_put_text(request, "url", url);
    note_answer(play, "callback", ask(play, request));
    return true;
}

static bool send_webhooks(struct play *play, const struct step *step)
{
    OWNED(letters_free) struct letters letters = {0};
    if (!make_client(play, 0) || !letters_send(play->act, step, NULL, &letters, play->err))
        return false;
    for (size_t i = 0; i < letters.n && !play->over; i++) {
        cJSON *request = adapter_request("webhook");
        tree_put_text(request, "client", play->names[0]);
        tree_put_text(request, "body", letters.list[i].body);
        int64_t sent_ms = now_steady_ms();
        note_answer(play, "webhook", ask(play, request));
        if (play->performance->n_answers)
            play->performance->answers[play->performance->n_answers - 1].took_ms =
                now_steady_ms() - sent_ms;
    }
    return true;
}

static bool show_instance(struct play *play, const struct step *step)
{
    OWNED(mem_text_free) char *instance = letters_sign_instance(play->act, step, play->err);
    if (!instance || !make_client(play, 0))
        return false;
    if (play->over)
        return true;
    struct visit *visit = performance_add_visit(play->performance);
    visit->kind = VISIT_INSTANCE;
    visit->url = mem_text("");
    cJSON *request = adapter_request("instance");
    tree_put_text(request, "client", play->names[0]);
    tree_put_text(request, "instance", instance);
    note_answer(play, "instance", ask(play, request));
    return true;
}

static bool move_clock(struct play *play, const struct step *step)
{
    if (!play->adapter->moves_clock)
        return hand_move(play->act->hand, step->n, play->err);
    if (!make_client(play, 0))
        return false;
    if (play->over)
        return true;
    OWNED(tree_free) cJSON *answer = ask(play, make_advance(play, step->n));
    play->ahead_s += step->n;
    if (answer && !is_success(answer)) {
        note_answer(play, "clock.advance", answer);
        answer = NULL;
    } else if (answer) {
        play->performance->has_moved_clock = true;
    }
    return true;
}

static bool restart(struct play *play, const struct step *step)
{
    (void)step;
    if (play->is_open)
        close_channel(play, true);
    if (play->act->needs & ~play->act->sure & NEED_MASK(NEED_BIT_PERSIST) &&
        !files_folder_holds_something(play->act->state_folder)) {
        performance_note(play->performance, CLIENT_UNSUPPORTED,
                         mem_text("left nothing in CONFORM_STATE_DIR, so it keeps nothing that a "
                                  "restart could find"));
        play->over = true;
    }
    return true;
}

static bool consent(struct play *play, const struct step *step)
{
    return installs_consent(play->act, step, play->browser, play->performance, play->err);
}

static bool spoil_state(struct play *play, const struct step *step)
{
    (void)step;
    return files_spoil_folder(play->act->state_folder, play->err);
}

static bool do_step(struct play *play, const struct step *step)
{
    static bool (*const own[STEP_COUNT])(struct play *, const struct step *) = {
        [STEP_CALL] = call,
        [STEP_KILLED_AT] = call_and_kill,
        [STEP_KILLED_AFTER_MS] = call_and_kill,
        [STEP_OPEN] = open_install,
        [STEP_CONSENT] = consent,
        [STEP_CALLBACK] = deliver,
        [STEP_WEBHOOK] = send_webhooks,
        [STEP_INSTANCE] = show_instance,
        [STEP_CLIENT_CLOCK_S] = move_clock,
        [STEP_RESTART] = restart,
        [STEP_SPOIL_STATE] = spoil_state,
    };
    if (own[step->kind])
        return own[step->kind](play, step);
    if (event_is_for_fake(step))
        return event_do(play->act, step, play->err);
    return err_set(play->err, "the adapter driver has no step \"%s\"; the scenario lacks a need",
                   step_name(step->kind));
}

/* Unique, since an adapter over HTTP has the clients of several scenarios at a time. */
static char *name_client(const struct act *act, int number)
{
    return mem_format("%s.c%d", act->stage->world.name, number);
}

bool adapter_play(void *context, const struct act *act, struct performance *ret_performance,
                  struct err *err)
{
    struct performance performance = {.n_calls = variant_count_calls(act->variant),
                                      .n_parallel = variant_widest(act->variant),
                                      .out.max = PROCESS_OUTPUT_MAX,
                                      .err.max = PROCESS_OUTPUT_MAX};
    struct play play = {.adapter = context,
                        .act = act,
                        .performance = &performance,
                        .names = {name_client(act, 1), name_client(act, 2)},
                        .browser = browser_open(1),
                        .deadline_ms = now_steady_ms() + act->timeout_ms,
                        .err = err};
    bool played = act_begin(act, err);
    for (size_t i = 0; played && !play.over && i < act->variant->n_steps; i++)
        played = do_step(&play, &act->variant->steps[i]);
    say_bye(&play);
    free(play.session);
    free(play.names[0]);
    free(play.names[1]);
    browser_close(play.browser);
    performance.persists = files_folder_holds_something(act->state_folder);
    if (!performance.detail)
        performance_note(&performance, CLIENT_OK,
                         mem_text("was asked for nothing that it reports on"));
    *ret_performance = performance;
    return played;
}
