/* The browser follows where the app sends it, as far as the step goes: to the installer and no
 * further when the App URL is opened, to the end when the callback is delivered. An app that is
 * running already is installed first, where a scenario begins with an installed one. */
#include "drivers/app.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/app_parts.h"
#include "drivers/events.h"
#include "drivers/installs.h"
#include "drivers/letters.h"
#include "evidence/url.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

enum { MOST_HOPS = 10 };

/* ---- addresses ---- */

char *app_fill(const struct app_play *play, const char *form, int64_t n)
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

static bool is_installer(const struct app_play *play, const char *url)
{
    OWNED(mem_text_free) char *reached = installs_reach(play->act, url);
    return strstr(reached, "/installer/install") &&
           url_same_origin(reached, play->act->stage->world.base);
}

/* ---- browsing ---- */

struct browser *app_browser_of(struct app_play *play, const struct step *step)
{
    int64_t number = 1;
    tree_int(step->params, "browser", &number);
    if (number < 1 || number > APP_MOST_BROWSERS)
        number = 1;
    struct browser **browser = &play->browsers[number - 1];
    if (!*browser)
        *browser = browser_open((int)number);
    return *browser;
}

int app_timeout_ms(const struct app_play *play)
{
    int64_t left = play->deadline_ms - now_steady_ms();
    return left < 1 ? 1 : (int)left;
}

/* Whether what a redirect leads to is looked at: another page of the app, or Wix's installer. Where
 * else an app sends people when it is done is nothing that would answer here. */
static bool goes_on(const struct app_play *play, const char *from, const char *next)
{
    OWNED(mem_text_free) char *reached = installs_reach(play->act, next);
    return url_same_origin(next, from) || url_is_local(next) ||
           (url_same_origin(reached, play->act->stage->world.base) &&
            strstr(reached, "/installer/"));
}

/* Ask for a URL and go on where it leads, until that is the installer (where `to_installer`) or
 * nowhere. Gives the installer's URL, caller frees with free(); or NULL. ret_status: the last. */
static char *follow(struct app_play *play, struct browser *browser, enum visit_kind kind,
                    const char *url, bool to_installer, int *ret_status)
{
    char *at = mem_text(url);
    for (int hop = 0; at && hop < MOST_HOPS; hop++) {
        OWNED(mem_text_free) char *reached = installs_reach(play->act, at);
        struct browser_request request = {
            .kind = hop ? VISIT_ONWARD : kind, .url = reached, .timeout_ms = app_timeout_ms(play)};
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

void app_note_page(struct app_play *play, const char *step, int status)
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

static bool open_install(struct app_play *play, const struct step *step)
{
    OWNED(mem_text_free) char *page = app_fill(play, play->setup->url, 0);
    OWNED(mem_text_free) char *token = installs_new_token(play->act, page, play->err);
    if (!token)
        return false;
    OWNED(buf_free) struct buf url = {0};
    buf_text(&url, page);
    url_add_param(&url, "token", token);
    struct browser *browser = app_browser_of(play, step);
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

static bool deliver(struct app_play *play, const struct step *step)
{
    OWNED(mem_text_free)
    char *url = installs_callback(play->act, step, play->performance, play->err);
    if (!url)
        return !play->err->text;
    int status = 0;
    free(follow(play, app_browser_of(play, step), VISIT_CALLBACK, url, false, &status));
    app_note_page(play, "callback", status);
    return true;
}

static bool send_webhooks(struct app_play *play, const struct step *step)
{
    OWNED(letters_free) struct letters letters = {0};
    OWNED(mem_text_free) char *url = app_fill(play, play->setup->webhook_url, 0);
    if (!letters_send(play->act, step, url, &letters, play->err))
        return false;
    for (size_t i = 0; i < letters.n; i++) {
        app_note_page(play, "webhook", letters.list[i].status);
        struct answer *answer = &play->performance->answers[play->performance->n_answers - 1];
        answer->took_ms = letters.list[i].took_ms;
    }
    return true;
}

static bool show_instance(struct app_play *play, const struct step *step)
{
    OWNED(mem_text_free) char *instance = letters_sign_instance(play->act, step, play->err);
    OWNED(mem_text_free) char *page = app_fill(play, play->setup->instance_url, 0);
    if (!instance)
        return false;
    OWNED(buf_free) struct buf url = {0};
    int status = 0;
    buf_text(&url, page);
    url_add_param(&url, "instance", instance);
    free(follow(play, app_browser_of(play, step), VISIT_INSTANCE, buf_str(&url), false, &status));
    app_note_page(play, "instance", status);
    return true;
}

static bool consent(struct app_play *play, const struct step *step)
{
    return installs_consent(play->act, step, app_browser_of(play, step), play->performance,
                            play->err);
}

static bool move_clock(struct app_play *play, const struct step *step)
{
    return hand_move(play->act->hand, step->n, play->err);
}

static bool do_step(struct app_play *play, const struct step *step)
{
    static bool (*const own[STEP_COUNT])(struct app_play *, const struct step *) = {
        [STEP_CALL] = app_call,
        [STEP_OPEN] = open_install,
        [STEP_CONSENT] = consent,
        [STEP_CALLBACK] = deliver,
        [STEP_WEBHOOK] = send_webhooks,
        [STEP_INSTANCE] = show_instance,
        [STEP_CLIENT_CLOCK_S] = move_clock,
    };
    if (own[step->kind])
        return own[step->kind](play, step);
    if (event_is_for_fake(step))
        return event_do(play->act, step, play->err);
    return err_set(play->err, "the app driver has no step \"%s\"; the scenario lacks a need",
                   step_name(step->kind));
}

/* ---- an app that is running ---- */

/* It is installed as a person would install it. A scenario begins with a refresh token and no
 * access token, which it is brought to by the early death of the one that the install gave it. */

static bool install_first(struct app_play *play)
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
static bool look_whether_it_refreshed(struct app_play *play)
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
    struct app_play play = {.setup = setup,
                            .act = act,
                            .performance = &performance,
                            .deadline_ms = now_steady_ms() + act->timeout_ms,
                            .err = err};
    bool played = app_start(&play);
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
        app_end(&play);
    }
    for (int i = 0; i < APP_MOST_BROWSERS; i++)
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
