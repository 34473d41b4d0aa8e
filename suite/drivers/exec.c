/* A program cannot be told "now wait until the token expires" while it makes its calls. What the
 * steps put between two calls is therefore armed at the fake beforehand, and happens with the
 * answer to the call before it; what only the judge can do is done while the fake holds that
 * answer. A restart is the next run of the program; an install is a run that asks for its callback
 * on stdin. */
#include "drivers/exec.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/environment.h"
#include "drivers/events.h"
#include "drivers/installs.h"
#include "drivers/meeting.h"
#include "drivers/outcome.h"
#include "host/files.h"
#include "host/orphans.h"
#include "host/process.h"
#include "scenario/situation.h"
#include "shared/mem.h"
#include "shared/now.h"

enum { MEETING_SLICE_MS = 20, MOST_PROCESSES = 16 };

struct exec {
    char *command;
};

/* A run of the program that is not over. */
struct session {
    struct process process;
    bool is_install;
    bool has_sent; /* the browser to the installer */
    bool has_callback;
    struct meeting *meetings; /* owned */
    size_t n_meetings;
    bool killed; /* by us, or left to itself: how it ends says nothing */
};

struct play {
    const char *command;
    const struct act *act;
    struct performance *performance;
    struct browser *browser;
    struct session *sessions; /* owned */
    size_t n_sessions;
    int64_t deadline_ms;
    bool over; /* nothing more can be tried */
    struct err *err;
};

/* ---- one run of the program ---- */

static bool start(struct play *play, const char *operation, int64_t calls, const char *token)
{
    OWNED(process_env_free) struct process_env env = {0};
    environment_fill(play->act, &env);
    process_env_set(&env, "CONFORM_OP", operation);
    environment_set_number(&env, "CONFORM_CALLS", calls);
    environment_set_number(&env, "CONFORM_PARALLEL", variant_widest(play->act->variant));
    process_env_unset(&env, "CONFORM_TOKEN");
    if (token)
        process_env_set(&env, "CONFORM_TOKEN", token);
    OWNED(mem_text_free) char *mark = environment_mark(play->act);
    const char *const argv[] = {"/bin/sh", "-c", play->command, NULL};
    struct process_spec spec = {
        .argv = argv, .env = &env, .mark = mark, .feed = token != NULL, .talk = token != NULL};
    struct session session = {.is_install = token != NULL};
    if (!process_start(&spec, &session.process, play->err))
        return false;
    play->sessions = mem_grow(play->sessions, play->n_sessions + 1, sizeof *play->sessions);
    play->sessions[play->n_sessions++] = session;
    return true;
}

/* Whether a program that was to begin an install ended and said nothing of one: it looks only at
 * the variables that it knows, and has shown nothing that could be held against it. */
static bool knows_no_installs(const struct act *act, const struct session *session,
                              const struct process_result *result)
{
    bool known = act->sure & NEED_MASK(NEED_BIT_INSTALL);
    bool spoke = result->status == 77 || result->status == 126 || result->status == 127;
    bool ended = result->end == PROCESS_EXITED && !spoke;
    return session->is_install && !session->has_sent && ended && !known;
}

/* Take in how a run ended. */
static void conclude(struct play *play, const struct session *session,
                     const struct process_result *result)
{
    struct performance *performance = play->performance;
    performance->left_children = performance->left_children || result->left_children;
    outcome_add_output(performance, result);
    if (knows_no_installs(play->act, session, result))
        performance_note(
            performance, CLIENT_UNSUPPORTED,
            mem_format("ended (exit %d) and gave no URL of the installer, so it has no "
                       "installs; one that has some is told by --caps install",
                       result->status));
    else if (!session->killed)
        outcome_note(play->act, result, performance);
    play->over = play->over || performance->end > CLIENT_ERROR;
}

/* Kill the client in so many ms, unless it has come to its end by then. */
static bool kill_after(struct play *play, struct session *session, int64_t ms)
{
    session->killed = !process_listen(&session->process, now_steady_ms() + ms, play->act->stop_fd);
    process_kill(&session->process);
    return true;
}

/* What the step asks for at a meeting. */
static bool meet(struct play *play, struct session *session, struct meeting *meeting)
{
    const struct step *step = meeting->step;
    if (meeting->arms) {
        struct meeting next = {0};
        if (!meeting_at(play->act, step, 0, &next, play->err) ||
            !meeting_end(play->act, meeting, play->err))
            return false;
        meeting_free(meeting);
        *meeting = next;
        return true;
    }
    if (step->kind == STEP_KILLED_AFTER_MS)
        return meeting_end(play->act, meeting, play->err) && kill_after(play, session, step->n);
    if (step->kind == STEP_KILLED_AT) {
        process_kill(&session->process);
        session->killed = true;
    } else if (step->kind == STEP_SEEN_AT) {
        OWNED(mem_text_free) char *mark = environment_mark(play->act);
        orphans_add_arguments(mark, &play->performance->arguments);
    } else if (event_is_at_port(step)) {
        if (!event_do(play->act, step, play->err))
            return false;
    } else if (!hand_move(play->act->hand, step->n, play->err)) {
        return false;
    }
    return meeting_end(play->act, meeting, play->err);
}

/* Be at all meetings of a run, as long as it runs. A killing whose moment must be counted from the
 * answer before it is armed there. */
static bool attend(struct play *play, struct session *session)
{
    for (size_t i = 0; i < session->n_meetings;) {
        if (process_listen(&session->process, now_steady_ms(), play->act->stop_fd) ||
            now_steady_ms() >= play->deadline_ms || act_is_stopped(play->act))
            return true;
        struct meeting *meeting = &session->meetings[i];
        bool come = false;
        if (!meeting_has_come(play->act, meeting, MEETING_SLICE_MS, &come, play->err))
            return false;
        if (!come)
            continue;
        bool again = meeting->arms;
        if (!meet(play, session, meeting))
            return false;
        i += again ? 0 : 1;
    }
    return true;
}

static bool finish(struct play *play, struct session *session)
{
    const struct act *act = play->act;
    bool attended = attend(play, session);
    bool abandoned = session->process.in >= 0 && !session->has_callback;
    process_close_stdin(&session->process);
    struct process_result result = {0};
    int64_t until_ms = abandoned ? now_steady_ms() + act->quiet_ms : play->deadline_ms;
    process_finish(&session->process, until_ms, session->killed ? 0 : act->quiet_ms, act->stop_fd,
                   &result);
    /* No callback came, and none will: whatever a program makes of that, it was asked no more. */
    bool spared = abandoned && (session->has_sent || result.end == PROCESS_TIMED_OUT);
    session->killed = session->killed || spared;
    conclude(play, session, &result);
    process_result_free(&result);
    for (size_t i = 0; i < session->n_meetings; i++)
        meeting_free(&session->meetings[i]);
    free(session->meetings);
    *session = (struct session){0};
    return attended;
}

static bool finish_all(struct play *play)
{
    bool finished = true;
    for (size_t i = 0; i < play->n_sessions; i++)
        finished = finish(play, &play->sessions[i]) && finished;
    play->n_sessions = 0;
    return finished;
}

/* ---- what happens within a run ---- */

static struct meeting *add_meeting(struct session *session)
{
    session->meetings =
        mem_grow(session->meetings, session->n_meetings + 1, sizeof *session->meetings);
    struct meeting *meeting = &session->meetings[session->n_meetings++];
    *meeting = (struct meeting){0};
    return meeting;
}

/* The steps of one run: those up to the next restart, install, or killing (which belongs to it). */
static size_t past_run(const struct variant *variant, size_t from)
{
    for (size_t i = from; i < variant->n_steps; i++) {
        enum step_kind kind = variant->steps[i].kind;
        if (step_kills(&variant->steps[i]))
            return i + 1;
        if (kind == STEP_RESTART || kind == STEP_OPEN)
            return i;
        if (kind == STEP_CALL && variant->steps[i].processes > 1)
            return i > from ? i : i + 1;
    }
    return variant->n_steps;
}

static int64_t count_calls(const struct variant *variant, size_t from, size_t past)
{
    int64_t calls = 0;
    for (size_t i = from; i < past; i++) {
        const struct step *step = &variant->steps[i];
        calls += step->kind == STEP_CALL ? step->n : step_makes_a_call(step);
    }
    return calls;
}

/* Arm one step that follows `calls` calls of the run. */
static bool arm_step(struct play *play, struct session *session, const struct step *step,
                     int64_t calls)
{
    const struct act *act = play->act;
    const char *token = situation_route("token", act->variant->flow);
    const char *api = situation_route("api", act->variant->flow);
    if (event_is(step))
        return event_arm(act, step, calls ? api : token, calls ? calls : 1, play->err);
    if (step_makes_a_call(step))
        return meeting_at(act, step, calls, add_meeting(session), play->err);
    if (step->kind == STEP_CLIENT_CLOCK_S || event_is_at_port(step))
        return meeting_after_answer(act, step, calls ? calls : 1, add_meeting(session), play->err);
    return true;
}

static bool arm_run(struct play *play, struct session *session, size_t from, size_t past)
{
    int64_t calls = 0;
    for (size_t i = from; i < past; i++) {
        const struct step *step = &play->act->variant->steps[i];
        if (step->kind == STEP_CALL)
            calls += step->n;
        else if (!arm_step(play, session, step, calls))
            return false;
        calls += step->kind == STEP_SEEN_AT;
    }
    return true;
}

/* ---- the steps ---- */

/* Faults must be armed before the program starts; what is armed belongs to its first process. */
static bool run_calls(struct play *play, size_t from, size_t past)
{
    const struct variant *variant = play->act->variant;
    struct session plan = {0};
    bool armed = arm_run(play, &plan, from, past);
    int64_t processes = variant->steps[from].kind == STEP_CALL ? variant->steps[from].processes : 1;
    int64_t calls = count_calls(variant, from, past);
    for (int64_t i = 0; armed && i < processes && i < MOST_PROCESSES; i++)
        armed = start(play, "api", calls, NULL);
    if (!play->n_sessions) {
        for (size_t i = 0; i < plan.n_meetings; i++)
            meeting_free(&plan.meetings[i]);
        free(plan.meetings);
        return false;
    }
    play->sessions[0].meetings = plan.meetings;
    play->sessions[0].n_meetings = plan.n_meetings;
    return finish_all(play) && armed;
}

/* The URL in a line that a person might have decorated; NULL where there is none. */
static char *find_installer_url(const char *line)
{
    const char *path = strstr(line, "/installer/install");
    const char *url = path ? strstr(line, "http") : NULL;
    return url && url < path ? mem_text_n(url, strcspn(url, " \t\r\"'<>")) : NULL;
}

static bool read_installer_url(struct play *play, struct session *session, struct install *install)
{
    OWNED(buf_free) struct buf line = {.max = PROCESS_LINE_MAX};
    while (process_read_line(&session->process, play->deadline_ms, play->act->stop_fd, &line)) {
        OWNED(mem_text_free) char *url = find_installer_url(buf_str(&line));
        if (url) {
            installs_read_url(install, url);
            session->has_sent = true;
            return true;
        }
        buf_clear(&line);
    }
    install->trouble = mem_text("the program printed no URL of the installer on a line of its own");
    return false;
}

/* A browser opens the App URL: the program starts and says where it sends the browser. One that
 * says nothing is done with; it may have said why with its exit status. */
static bool open_install(struct play *play, size_t at)
{
    if (play->n_sessions && play->sessions[play->n_sessions - 1].has_callback && !finish_all(play))
        return false;
    const struct variant *variant = play->act->variant;
    OWNED(mem_text_free) char *token = installs_new_token(play->act, NULL, play->err);
    if (!token ||
        !start(play, "install", count_calls(variant, at, past_run(variant, at + 1)), token))
        return false;
    struct install *install = performance_add_install(play->performance);
    install->given_token = mem_text(token);
    install->given_redirect_url = mem_text(ENVIRONMENT_REDIRECT_URL);
    struct session *session = &play->sessions[play->n_sessions - 1];
    if (read_installer_url(play, session, install))
        return true;
    bool finished = finish(play, session);
    play->n_sessions--;
    return finished;
}

/* Deliver the callback; what follows it in this run is armed first. */
static bool deliver(struct play *play, size_t at, size_t past)
{
    const struct step *step = &play->act->variant->steps[at];
    if (!play->n_sessions)
        return true;
    struct session *session = &play->sessions[play->n_sessions - 1];
    OWNED(mem_text_free)
    char *url = installs_callback(play->act, step, play->performance, play->err);
    if (!url)
        return !play->err->text;
    struct visit *visit = performance_add_visit(play->performance);
    visit->kind = VISIT_CALLBACK;
    visit->url = mem_text(url);
    OWNED(mem_text_free) char *line = mem_format("%s\n", url);
    session->has_callback = true;
    return arm_run(play, session, at + 1, past) &&
           (process_write(&session->process, line, play->deadline_ms) || true);
}

/* A client that keeps nothing cannot be asked about what it kept. */
static void ask_for_store(struct play *play)
{
    const struct act *act = play->act;
    bool needed = act->needs & NEED_MASK(NEED_BIT_PERSIST);
    if (!needed || act->sure & NEED_MASK(NEED_BIT_PERSIST) ||
        files_folder_holds_something(act->state_folder))
        return;
    performance_note(play->performance, CLIENT_UNSUPPORTED,
                     mem_text("left nothing in CONFORM_STATE_DIR, so it keeps nothing that a "
                              "restart could find"));
    play->over = true;
}

/* Do the steps from `at` on that belong together; gives the first that does not. */
static bool do_steps(struct play *play, size_t at, size_t *ret_next)
{
    const struct act *act = play->act;
    const struct step *step = &act->variant->steps[at];
    *ret_next = at + 1;
    switch (step->kind) {
    case STEP_CALL:
    case STEP_KILLED_AT:
    case STEP_SEEN_AT:
    case STEP_KILLED_AFTER_MS:
        *ret_next = past_run(act->variant, at);
        return run_calls(play, at, *ret_next);
    case STEP_OPEN:
        return open_install(play, at);
    case STEP_CONSENT:
        return installs_consent(act, step, play->browser, play->performance, play->err);
    case STEP_CALLBACK:
        *ret_next = past_run(act->variant, at + 1);
        return deliver(play, at, *ret_next);
    case STEP_RESTART:
        if (!finish_all(play))
            return false;
        ask_for_store(play);
        return true;
    case STEP_CLIENT_CLOCK_S:
        return hand_move(act->hand, step->n, play->err);
    case STEP_SPOIL_STATE:
        return files_spoil_folder(act->state_folder, play->err);
    case STEP_CERTIFICATE:
    case STEP_PORT_CLOSED_MS:
        return event_do(act, step, play->err);
    case STEP_ADVANCE_S:
    case STEP_EXPIRE:
    case STEP_REVOKE:
        return event_do(act, step, play->err);
    case STEP_DISARM:
    case STEP_INSTALL:
    case STEP_WEBHOOK:
    case STEP_INSTANCE:
    case STEP_COUNT:
        break;
    }
    return err_set(play->err, "the exec driver has no step \"%s\"; the scenario lacks a need",
                   step_name(step->kind));
}

static bool exec_play(void *context, const struct act *act, struct performance *ret_performance,
                      struct err *err)
{
    const struct exec *exec = context;
    struct performance performance = {.n_calls = variant_count_calls(act->variant),
                                      .n_parallel = variant_widest(act->variant),
                                      .out.max = PROCESS_OUTPUT_MAX,
                                      .err.max = PROCESS_OUTPUT_MAX};
    struct play play = {.command = exec->command,
                        .act = act,
                        .performance = &performance,
                        .browser = browser_open(1),
                        .deadline_ms = now_steady_ms() + act->timeout_ms,
                        .err = err};
    bool played = act_begin(act, err);
    for (size_t i = 0; played && !play.over && i < act->variant->n_steps;)
        played = do_steps(&play, i, &i);
    played = finish_all(&play) && played;
    free(play.sessions);
    browser_close(play.browser);
    performance.persists = files_folder_holds_something(act->state_folder);
    performance_settle(&performance);
    *ret_performance = performance;
    return played;
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
        .starts = true,
        .offers = NEED_MASK(NEED_BIT_PARALLEL) | NEED_MASK(NEED_BIT_OUTPUT) |
                  NEED_MASK(NEED_BIT_INSTALL) | NEED_MASK(NEED_BIT_PERSIST) |
                  NEED_MASK(NEED_BIT_RESTART) | NEED_MASK(NEED_BIT_PROCESSES) |
                  NEED_MASK(NEED_BIT_TLS) | NEED_MASK(NEED_BIT_PORT) |
                  NEED_MASK(NEED_BIT_ARGUMENTS) | NEED_MASK(NEED_BIT_MEMORY),
        .context = exec,
        .play = exec_play,
        .free = exec_free,
    };
}
