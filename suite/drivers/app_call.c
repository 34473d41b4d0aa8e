/* A page or a command makes a web app call Wix. Several at a time are several threads, each with a
 * browser of its own. */
#include "drivers/app_parts.h"

#include <pthread.h>
#include <stdlib.h>

#include "drivers/environment.h"
#include "evidence/url.h"
#include "shared/mem.h"

enum { MOST_PARALLEL = 64 };

/* One call by a command: its exit status is the answer. */
static int run_trigger(const struct app_play *play, const char *command, struct err *err)
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
    const struct app_play *play;
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
        .kind = VISIT_CALL, .url = pull->target, .timeout_ms = app_timeout_ms(pull->play)};
    if (url_origin_len(pull->target))
        pull->status = browser_visit(pull->browser, &request, &pull->visits, NULL)->status;
    else
        pull->status = run_trigger(pull->play, pull->target, &pull->err);
    return NULL;
}

static bool note_pull(struct app_play *play, struct pull *pull)
{
    app_note_page(play, "call", pull->status);
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
static bool pull_together(struct app_play *play, const struct step *step, int64_t n)
{
    struct pull pulls[MOST_PARALLEL] = {0};
    pthread_t threads[MOST_PARALLEL];
    bool threaded[MOST_PARALLEL] = {false};
    for (int64_t i = 0; i < n; i++) {
        pulls[i] = (struct pull){.play = play,
                                 .browser = n == 1 ? app_browser_of(play, step) : browser_open(1),
                                 .target = app_fill(play, play->setup->trigger, ++play->n_calls)};
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

bool app_call(struct app_play *play, const struct step *step)
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
