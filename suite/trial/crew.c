/* Threads that share one list. Which scenario is next depends only on what is done, not on which
 * thread asks: verdicts do not depend on --jobs. */
#include "trial/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "shared/mem.h"

enum state { STATE_WAITING, STATE_RUNNING, STATE_DONE };

struct crew {
    const struct crew_setup *setup;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* something became done */
    enum state *states;
    struct result *results;
    bool has_started; /* the client, in some scenario */
    bool no_program;  /* nor can it: there is no such command */
};

static const struct scenario *scenario_at(const struct crew *crew, size_t i)
{
    return crew->setup->plan->list[i];
}

/* Whether `later` must wait for `earlier`: it builds on it, or its weight depends on it. */
static bool waits_for(const struct scenario *later, const struct scenario *earlier)
{
    return catalogue_depends(later, earlier) ||
           (later->fairer && scenario_answers_to(earlier, later->fairer));
}

static bool is_ready(const struct crew *crew, size_t i)
{
    if (crew->states[i] != STATE_WAITING)
        return false;
    for (size_t other = 0; other < crew->setup->plan->n; other++)
        if (other != i && crew->states[other] != STATE_DONE &&
            waits_for(scenario_at(crew, i), scenario_at(crew, other)))
            return false;
    return true;
}

/* The next scenario to try, or the plan's length where there is none and none will come. Under the
 * lock; waits where all that is left depends on what is running. */
static size_t next_index(struct crew *crew)
{
    size_t n = crew->setup->plan->n;
    for (;;) {
        bool waiting = false;
        for (size_t i = 0; i < n; i++) {
            if (is_ready(crew, i))
                return i;
            waiting = waiting || crew->states[i] == STATE_WAITING;
        }
        if (!waiting)
            return n;
        pthread_cond_wait(&crew->moved, &crew->lock);
    }
}

/* The result of a scenario whose parent did not hold, or one with `ran` unset and no reason. */
static bool stand_aside(const struct crew *crew, size_t i, struct result *result)
{
    for (size_t other = 0; other < crew->setup->plan->n; other++) {
        const struct result *parent = &crew->results[other];
        if (other == i || !catalogue_depends(scenario_at(crew, i), scenario_at(crew, other)) ||
            parent->verdict == VERDICT_PASS || parent->verdict == VERDICT_INFO)
            continue;
        bool na = parent->verdict == VERDICT_NA;
        result->verdict = na ? VERDICT_NA : VERDICT_INCONCLUSIVE;
        free(result->reason);
        result->reason = mem_format("not tried, because %s (%s) gave %s", parent->code, parent->id,
                                    verdict_name(parent->verdict));
        return true;
    }
    return false;
}

static void raise_warnings(struct result *result)
{
    result->verdict = VERDICT_FAIL;
    for (size_t i = 0; i < result->n_checks; i++)
        if (result->checks[i].verdict == VERDICT_WARN)
            result->checks[i].verdict = VERDICT_FAIL;
}

/* What only the fake's clock can show is a warning until the scenario that moves the client's clock
 * has failed too (the fairness rule). */
static void weigh_fairly(const struct crew *crew, size_t i, struct result *result)
{
    const char *fairer = scenario_at(crew, i)->fairer;
    for (size_t other = 0; fairer && other < crew->setup->plan->n; other++) {
        const struct result *pair = &crew->results[other];
        bool failed = pair->verdict == VERDICT_WARN || pair->verdict == VERDICT_FAIL;
        if (other != i && scenario_answers_to(scenario_at(crew, other), fairer) && failed &&
            result->verdict == VERDICT_WARN)
            raise_warnings(result);
    }
}

static void give_up(const struct crew *crew, struct result *result)
{
    result->verdict = VERDICT_INCONCLUSIVE;
    free(result->reason);
    result->reason =
        mem_format("not tried, because %s",
                   crew->no_program ? "the command could not be run" : "the run was interrupted");
}

/* A command that cannot be run the first time cannot be run the hundredth time. One that could be
 * run before is another matter: then the client has a reason of its own. */
static void look_whether_it_starts(struct crew *crew, const struct result *result)
{
    bool missing = result->no_program && !crew->has_started;
    crew->no_program = crew->no_program || missing;
    crew->has_started = crew->has_started || result->has_started;
}

static bool is_interrupted(const struct crew *crew)
{
    return crew->setup->interrupted && crew->setup->interrupted(crew->setup->context);
}

static void *work(void *arg)
{
    struct crew *crew = arg;
    struct http *http = http_open();
    pthread_mutex_lock(&crew->lock);
    for (size_t i; (i = next_index(crew)) < crew->setup->plan->n;) {
        crew->states[i] = STATE_RUNNING;
        struct result result = trial_blank(scenario_at(crew, i));
        bool stop = is_interrupted(crew) || crew->no_program;
        if (stop)
            give_up(crew, &result);
        if (!stop && !stand_aside(crew, i, &result)) {
            result_free(&result);
            pthread_mutex_unlock(&crew->lock);
            result = trial_run(crew->setup->trial, http, scenario_at(crew, i));
            pthread_mutex_lock(&crew->lock);
            weigh_fairly(crew, i, &result);
            look_whether_it_starts(crew, &result);
            stop = is_interrupted(crew);
        }
        crew->results[i] = result;
        crew->states[i] = STATE_DONE;
        if (crew->setup->told && !stop)
            crew->setup->told(crew->setup->context, &crew->results[i]);
        pthread_cond_broadcast(&crew->moved);
    }
    pthread_mutex_unlock(&crew->lock);
    http_close(http);
    return NULL;
}

struct result *crew_run(const struct crew_setup *setup)
{
    size_t n = setup->plan->n;
    struct crew crew = {.setup = setup,
                        .states = mem_new(n, sizeof *crew.states),
                        .results = mem_new(n, sizeof *crew.results)};
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.moved, NULL);
    pthread_t threads[CREW_MAX_JOBS];
    int started = 0;
    while (started < setup->jobs - 1 && started < CREW_MAX_JOBS &&
           pthread_create(&threads[started], NULL, work, &crew) == 0)
        started++;
    work(&crew); /* this thread is one of the crew: a run ends even where no other can be made */
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&crew.moved);
    pthread_mutex_destroy(&crew.lock);
    free(crew.states);
    return crew.results;
}
