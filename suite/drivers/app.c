/* The browser follows where the app sends it, as far as the step goes: to the installer and no
 * further when the App URL is opened, to the end when the callback is delivered. An app that is
 * running already is installed first, where a scenario begins with an installed one. */
#include "drivers/app.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/browser.h"
#include "drivers/environment.h"
#include "drivers/events.h"
#include "drivers/installs.h"
#include "drivers/letters.h"
#include "drivers/outcome.h"
#include "evidence/url.h"
#include "host/files.h"
#include "host/process.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { MOST_BROWSERS = 4, MOST_HOPS = 10, MOST_PARALLEL = 64, TRY_AGAIN_MS = 5 };

struct play {
    const struct app_setup *setup;
    const struct act *act;
    struct performance *performance;
    struct browser *browsers[MOST_BROWSERS];
    struct process process; /* none where the app runs by itself */
    int port;
    int64_t deadline_ms;
    int64_t n_calls;
    bool over;
    struct err *err;
};

/* ---- the app's process ---- */

/* A socket that is connected to the port, or with `ret_port` one that is bound to a free one; -1
 * where there is none. */
static int make_socket(int port, int *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (fd >= 0 && port && connect(fd, (struct sockaddr *)&address, len) == 0)
        return fd;
    if (fd >= 0 && ret_port && bind(fd, (struct sockaddr *)&address, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        *ret_port = ntohs(address.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool choose_port(struct play *play)
{
    int fd = make_socket(0, &play->port);
    if (fd < 0)
        return err_set(play->err, "no port is to be had for the app: %s", strerror(errno));
    close(fd); /* the app takes it; whoever else takes it first makes the app fail, and says so */
    return true;
}

static void note_end(struct play *play)
{
    struct process_result result = {0};
    process_finish(&play->process, play->deadline_ms, 0, play->act->stop_fd, &result);
    outcome_add_output(play->performance, &result);
    play->performance->left_children = play->performance->left_children || result.left_children;
    process_result_free(&result);
}

/* Wait until somebody listens where the app should. */
static void await_app(struct play *play)
{
    for (;;) {
        int fd = make_socket(play->port, NULL);
        if (fd >= 0) {
            close(fd);
            return;
        }
        bool ended =
            process_listen(&play->process, now_steady_ms() + TRY_AGAIN_MS, play->act->stop_fd);
        bool late = now_steady_ms() >= play->deadline_ms;
        if (!ended && !late && !act_is_stopped(play->act))
            continue;
        performance_note(
            play->performance,
            ended  ? CLIENT_NOT_STARTED
            : late ? CLIENT_TIMED_OUT
                   : CLIENT_STOPPED,
            mem_format("did not listen on port %d%s", play->port, ended ? ", but ended" : ""));
        play->over = true;
        return;
    }
}

static bool start_app(struct play *play)
{
    if (!play->setup->command)
        return true;
    OWNED(process_env_free) struct process_env env = {0};
    OWNED(mem_text_free) char *mark = environment_mark(play->act);
    if (!choose_port(play))
        return false;
    environment_fill(play->act, &env);
    environment_set_number(&env, "PORT", play->port);
    const char *const argv[] = {"/bin/sh", "-c", play->setup->command, NULL};
    struct process_spec spec = {.argv = argv, .env = &env, .mark = mark};
    if (!process_start(&spec, &play->process, play->err))
        return false;
    await_app(play);
    return true;
}

/* ---- addresses ---- */

/* {port}, {instance} and {n} put in; caller frees with free(). */
static char *fill(const struct play *play, const char *form, int64_t n)
{
    OWNED(mem_text_free) char *port = mem_format("%d", play->port);
    OWNED(mem_text_free) char *number = mem_format("%lld", (long long)n);
    const char *const words[][2] = {
        {"{port}", port}, {"{instance}", play->act->stage->world.instance_id}, {"{n}", number}};
    struct buf out = {0};
    while (*form) {
        size_t used = 0;
        for (size_t i = 0; i < sizeof words / sizeof *words && !used; i++) {
            if (strncmp(form, words[i][0], strlen(words[i][0])) != 0)
                continue;
            buf_text(&out, words[i][1]);
            used = strlen(words[i][0]);
        }
        if (!used)
            buf_char(&out, *form);
        form += used ? used : 1;
    }
    return out.len ? buf_take(&out) : mem_text("");
}

static bool is_installer(const struct play *play, const char *url)
{
    OWNED(mem_text_free) char *reached = installs_reach(play->act, url);
    return strstr(reached, "/installer/install") &&
           url_same_origin(reached, play->act->stage->world.base);
}

/* ---- browsing ---- */

static struct browser *browser_of(struct play *play, const struct step *step)
{
    int64_t number = 1;
    tree_int(step->params, "browser", &number);
    if (number < 1 || number > MOST_BROWSERS)
        number = 1;
    struct browser **browser = &play->browsers[number - 1];
    if (!*browser)
        *browser = browser_open((int)number);
    return *browser;
}

static int timeout_ms(const struct play *play)
{
    int64_t left = play->deadline_ms - now_steady_ms();
    return left < 1 ? 1 : (int)left;
}

/* Whether what a redirect leads to is looked at: another page of the app, or Wix's installer. Where
 * else an app sends people when it is done is nothing that would answer here. */
static bool goes_on(const struct play *play, const char *from, const char *next)
{
    OWNED(mem_text_free) char *reached = installs_reach(play->act, next);
    return url_same_origin(next, from) || url_is_local(next) ||
           (url_same_origin(reached, play->act->stage->world.base) &&
            strstr(reached, "/installer/"));
}

/* Ask for a URL and go on where it leads, until that is the installer (where `to_installer`) or
 * nowhere. Gives the installer's URL, caller frees with free(); or NULL. ret_status: the last. */
static char *follow(struct play *play, struct browser *browser, enum visit_kind kind,
                    const char *url, bool to_installer, int *ret_status)
{
    char *at = mem_text(url);
    for (int hop = 0; at && hop < MOST_HOPS; hop++) {
        OWNED(mem_text_free) char *reached = installs_reach(play->act, at);
        struct browser_request request = {
            .kind = hop ? VISIT_ONWARD : kind, .url = reached, .timeout_ms = timeout_ms(play)};
        const struct visit *visit = browser_visit(browser, &request, play->performance, NULL);
        if (visit->status || !hop || url_same_origin(url, reached))
            *ret_status = visit->status; /* what lies elsewhere and is silent is not the app */
        bool onward = visit->location && visit->status >= 300 && visit->status <= 399;
        OWNED(mem_text_free) char *from = at;
        char *next = onward ? url_resolve(at, visit->location) : NULL;
        if (next && to_installer && is_installer(play, next))
            return next;
        at = next;
        if (next && !to_installer && !goes_on(play, from, next))
            break;
    }
    free(at);
    return NULL;
}

static void note_page(struct play *play, const char *step, int status)
{
    bool ok = status >= 200 && status <= 399;
    struct answer *answer = performance_add_answer(play->performance);
    answer->step = step;
    answer->ok = ok;
    answer->status = status;
    answer->text = mem_text("");
    performance_note(play->performance,
                     ok       ? CLIENT_OK
                     : status ? CLIENT_ERROR
                              : CLIENT_CRASHED,
                     status ? mem_format("answered %d for \"%s\"", status, step)
                            : mem_format("gave no answer for \"%s\"", step));
}

/* ---- the steps ---- */

static bool open_install(struct play *play, const struct step *step)
{
    OWNED(mem_text_free) char *page = fill(play, play->setup->url, 0);
    OWNED(mem_text_free) char *token = installs_new_token(play->act, page, play->err);
    if (!token)
        return false;
    OWNED(buf_free) struct buf url = {0};
    buf_text(&url, page);
    url_add_param(&url, "token", token);
    struct browser *browser = browser_of(play, step);
    int status = 0;
    OWNED(mem_text_free)
    char *installer = follow(play, browser, VISIT_APP, buf_str(&url), true, &status);
    struct install *install = performance_add_install(play->performance);
    install->given_token = mem_text(token);
    if (installer)
        installs_read_url(install, installer);
    else
        install->trouble =
            mem_format("the App URL answered %d and did not lead to the installer", status);
    return true;
}

static bool deliver(struct play *play, const struct step *step)
{
    OWNED(mem_text_free)
    char *url = installs_callback(play->act, step, play->performance, play->err);
    if (!url)
        return !play->err->text;
    int status = 0;
    free(follow(play, browser_of(play, step), VISIT_CALLBACK, url, false, &status));
    note_page(play, "callback", status);
    return true;
}

/* One call by a command: its exit status is the answer. */
static int run_trigger(const struct play *play, const char *command, struct err *err)
{
    OWNED(process_env_free) struct process_env env = {0};
    OWNED(mem_text_free) char *mark = environment_mark(play->act);
    environment_fill(play->act, &env);
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct process_spec spec = {.argv = argv, .env = &env, .mark = mark};
    struct process process = {0};
    struct process_result result = {0};
    if (!process_start(&spec, &process, err))
        return 0;
    process_finish(&process, play->deadline_ms, 0, play->act->stop_fd, &result);
    int status = result.end != PROCESS_EXITED ? 0 : result.status == 0 ? 200 : 500;
    process_result_free(&result);
    return status;
}

/* One trigger of several at a time. */
struct pull {
    const struct play *play;
    struct browser *browser;   /* owned where there are several */
    char *target;              /* owned */
    struct performance visits; /* of this one alone */
    int status;
    struct err err;
};

static void *pull_trigger(void *arg)
{
    struct pull *pull = arg;
    struct browser_request request = {
        .kind = VISIT_CALL, .url = pull->target, .timeout_ms = timeout_ms(pull->play)};
    if (url_origin_len(pull->target))
        pull->status = browser_visit(pull->browser, &request, &pull->visits, NULL)->status;
    else
        pull->status = run_trigger(pull->play, pull->target, &pull->err);
    return NULL;
}

static bool note_pull(struct play *play, struct pull *pull)
{
    note_page(play, "call", pull->status);
    for (size_t i = 0; i < pull->visits.n_visits; i++) {
        *performance_add_visit(play->performance) = pull->visits.visits[i];
        pull->visits.visits[i] = (struct visit){0};
    }
    performance_free(&pull->visits);
    free(pull->target);
    bool sound = !pull->err.text || err_set(play->err, "%s", pull->err.text);
    err_free(&pull->err);
    return sound;
}

/* Pull so many triggers at a time. */
static bool pull_together(struct play *play, const struct step *step, int64_t n)
{
    struct pull pulls[MOST_PARALLEL] = {0};
    pthread_t threads[MOST_PARALLEL];
    bool threaded[MOST_PARALLEL] = {false};
    for (int64_t i = 0; i < n; i++) {
        pulls[i] = (struct pull){.play = play,
                                 .browser = n == 1 ? browser_of(play, step) : browser_open(1),
                                 .target = fill(play, play->setup->trigger, ++play->n_calls)};
        threaded[i] = n > 1 && pthread_create(&threads[i], NULL, pull_trigger, &pulls[i]) == 0;
        if (!threaded[i])
            pull_trigger(&pulls[i]);
    }
    bool sound = true;
    for (int64_t i = 0; i < n; i++) {
        if (threaded[i])
            pthread_join(threads[i], NULL);
        if (n > 1)
            browser_close(pulls[i].browser);
        sound = note_pull(play, &pulls[i]) && sound;
    }
    return sound;
}

static bool call(struct play *play, const struct step *step)
{
    if (!play->setup->trigger) {
        performance_note(play->performance, CLIENT_UNSUPPORTED,
                         mem_text("cannot be made to call Wix: --trigger names no way"));
        play->over = true;
        return true;
    }
    int64_t at_a_time = step->parallel < MOST_PARALLEL ? step->parallel : MOST_PARALLEL;
    bool sound = true;
    for (int64_t left = step->n; sound && left > 0 && !act_is_stopped(play->act); left -= at_a_time)
        sound = pull_together(play, step, left < at_a_time ? left : at_a_time);
    return sound;
}

static bool send_webhooks(struct play *play, const struct step *step)
{
    OWNED(letters_free) struct letters letters = {0};
    OWNED(mem_text_free) char *url = fill(play, play->setup->webhook_url, 0);
    if (!letters_send(play->act, step, url, &letters, play->err))
        return false;
    for (size_t i = 0; i < letters.n; i++) {
        note_page(play, "webhook", letters.list[i].status);
        struct answer *answer = &play->performance->answers[play->performance->n_answers - 1];
        answer->took_ms = letters.list[i].took_ms;
    }
    return true;
}

static bool show_instance(struct play *play, const struct step *step)
{
    OWNED(mem_text_free) char *instance = letters_sign_instance(play->act, step, play->err);
    OWNED(mem_text_free) char *page = fill(play, play->setup->instance_url, 0);
    if (!instance)
        return false;
    OWNED(buf_free) struct buf url = {0};
    int status = 0;
    buf_text(&url, page);
    url_add_param(&url, "instance", instance);
    free(follow(play, browser_of(play, step), VISIT_INSTANCE, buf_str(&url), false, &status));
    note_page(play, "instance", status);
    return true;
}

static bool do_step(struct play *play, const struct step *step)
{
    switch (step->kind) {
    case STEP_CALL:
        return call(play, step);
    case STEP_OPEN:
        return open_install(play, step);
    case STEP_CONSENT:
        return installs_consent(play->act, step, browser_of(play, step), play->performance,
                                play->err);
    case STEP_CALLBACK:
        return deliver(play, step);
    case STEP_WEBHOOK:
        return send_webhooks(play, step);
    case STEP_INSTANCE:
        return show_instance(play, step);
    case STEP_CLIENT_CLOCK_S:
        return hand_move(play->act->hand, step->n, play->err);
    case STEP_CERTIFICATE:
    case STEP_PORT_CLOSED_MS:
        return event_do_at_port(play->act, step, play->err);
    case STEP_ADVANCE_S:
    case STEP_EXPIRE:
    case STEP_REVOKE:
        return event_do(play->act, step, play->err);
    case STEP_DISARM:
        return stage_disarm(play->act->stage, play->err);
    case STEP_RESTART:
    case STEP_KILLED_AFTER_MS:
    case STEP_KILLED_AT:
    case STEP_SEEN_AT:
    case STEP_SPOIL_STATE:
    case STEP_INSTALL:
    case STEP_COUNT:
        break;
    }
    return err_set(play->err, "the app driver has no step \"%s\"; the scenario lacks a need",
                   step_name(step->kind));
}

/* ---- an app that is running ---- */

/* It is installed as a person would install it. A scenario begins with a refresh token and no
 * access token, which it is brought to by the early death of the one that the install gave it. */

static bool install_first(struct play *play)
{
    static const enum step_kind kinds[] = {STEP_OPEN, STEP_CONSENT, STEP_CALLBACK};
    struct stage *stage = play->act->stage;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct step step = {.kind = kinds[i]};
        if (!do_step(play, &step))
            return false;
    }
    const struct install *install = &play->performance->installs[0];
    bool installed = play->performance->n_answers && play->performance->answers[0].ok;
    if (!installed) {
        performance_note(play->performance, CLIENT_NOT_STARTED,
                         mem_format("could not be installed%s%s", install->trouble ? ": " : "",
                                    install->trouble ? install->trouble : ""));
        play->over = true;
        return true;
    }
    performance_free(play->performance);
    struct step expiry = {.kind = STEP_EXPIRE, .text = "access"};
    return stage_learn_tokens(stage, play->err) && event_do(play->act, &expiry, play->err);
}

/* An app that does not mind a 401 cannot be brought to where the scenario begins; that is what
 * REF-01 is about, and nothing else may be held against it. */
static bool look_whether_it_refreshed(struct play *play)
{
    bool stuck = false;
    if (!stage_is_stuck(play->act->stage, &stuck, play->err))
        return false;
    if (stuck)
        performance_note(play->performance, CLIENT_NOT_STARTED,
                         mem_text("was installed, then its access token died, and it asked for no "
                                  "other one: a running app cannot be brought further"));
    return true;
}

static bool app_play(void *context, const struct act *act, struct performance *ret_performance,
                     struct err *err)
{
    const struct app_setup *setup = context;
    struct performance performance = {.out.max = PROCESS_OUTPUT_MAX, .err.max = PROCESS_OUTPUT_MAX};
    struct play play = {.setup = setup,
                        .act = act,
                        .performance = &performance,
                        .deadline_ms = now_steady_ms() + act->timeout_ms,
                        .err = err};
    bool played = start_app(&play);
    bool running = !setup->command && act->variant->flow == FLOW_LEGACY;
    if (played && !play.over && running)
        played = install_first(&play);
    played = played && act_begin(act, err);
    for (size_t i = 0; played && !play.over && i < act->variant->n_steps; i++)
        played = do_step(&play, &act->variant->steps[i]);
    if (played && !play.over && running)
        played = look_whether_it_refreshed(&play);
    if (play.process.waiter) {
        process_kill(&play.process);
        note_end(&play);
    }
    for (int i = 0; i < MOST_BROWSERS; i++)
        browser_close(play.browsers[i]);
    performance.n_calls = variant_count_calls(act->variant);
    performance.n_parallel = variant_widest(act->variant);
    performance_settle(&performance);
    *ret_performance = performance;
    return played;
}

static void app_free(void *context)
{
    free(context);
}

static unsigned offer(bool is_there, enum need need)
{
    return is_there ? NEED_MASK(need) : 0;
}

struct driver app_driver(const struct app_setup *setup)
{
    struct app_setup *own = mem_new(1, sizeof *own);
    *own = *setup;
    return (struct driver){
        .name = "app",
        .starts = setup->command != NULL,
        .offers = offer(setup->url, NEED_BIT_INSTALL) | offer(setup->url, NEED_BIT_BROWSER) |
                  offer(setup->trigger, NEED_BIT_PARALLEL) |
                  offer(setup->command, NEED_BIT_OUTPUT) | offer(setup->command, NEED_BIT_TLS) |
                  offer(setup->command, NEED_BIT_PORT) |
                  offer(setup->webhook_url, NEED_BIT_WEBHOOK) |
                  offer(setup->instance_url, NEED_BIT_INSTANCE),
        .context = own,
        .play = app_play,
        .free = app_free,
    };
}
