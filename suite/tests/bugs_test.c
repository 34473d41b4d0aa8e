/* The judge judged: the reference client passes every scenario, every bug of clients/bugs.def trips
 * exactly the scenarios it names, and no scenario is without a bug. The short form tries a bug on
 * what it names and on a sample of the rest, FAKEWIX_LONG=1 on all. One fake, worlds side by side,
 * and several bugs at a time: most of their time they wait.
 *
 * usage: bugs_test REFERENCE-CLIENT [WORD…]
 *   NAME of a bug: only those bugs; CODE of a scenario, as in 'CON-*': every bug on all of those */
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/http.h"
#include "fake/server.h"
#include "scenario/catalogue.h"
#include "shared/mem.h"
#include "tests/any_driver.h"
#include "trial/crew.h"

enum { BUGS_AT_A_TIME = 3, JOBS = 4, TIMEOUT_MS = 30000, QUIET_MS = 150 };

static const struct {
    const char *name;
    const char *trips;
} bugs[] = {
#define BUG(name, trips, sentence) {#name, trips},
#include "clients/bugs.def"
#undef BUG
};

enum { N_BUGS = sizeof bugs / sizeof *bugs };

struct proof {
    const char *client;
    bool thorough; /* every bug on every scenario */
    struct server server;
    struct catalogue catalogue;
    struct plan plan;
    struct result *reference; /* of the plan's scenarios, in its order */
    char **words;             /* of the command line */
    int n_words;
    pthread_mutex_t lock; /* over what follows */
    size_t next;          /* bug to be tried */
    bool *tripped;        /* by any bug */
    int passed;
    int failed;
};

/* A failure shows the wire that it was read from: the next run may not have it. */
static void tally(struct proof *proof, bool good, const char *sentence, const char *wire)
{
    pthread_mutex_lock(&proof->lock);
    proof->passed += good;
    proof->failed += !good;
    if (!good)
        printf("FAILED: %s\n%s", sentence, wire ? wire : "");
    pthread_mutex_unlock(&proof->lock);
}

/* The results of the plan's scenarios, in its order; without a client they are errors. */
static struct result *try_client(const struct proof *proof, const struct plan *plan, int jobs,
                                 const char *argument)
{
    struct driver driver = {0};
    OWNED(err_free) struct err err = {0};
    if (!any_driver(proof->client, argument, &driver, &err)) {
        struct result *none = mem_new(plan->n + 1, sizeof *none);
        for (size_t i = 0; i < plan->n; i++) {
            none[i] = trial_blank(plan->list[i]);
            none[i].verdict = VERDICT_ERROR;
            free(none[i].reason);
            none[i].reason = mem_text(err.text);
        }
        return none;
    }
    struct trial_setup setup = {
        .server = &proof->server,
        .driver = &driver,
        .offers = driver.offers,
        .preload = getenv("FAKEWIX_PRELOAD"),
        .trace = "-",
        .timeout_ms = TIMEOUT_MS,
        .quiet_ms = QUIET_MS,
        .stop_fd = -1,
    };
    struct crew_setup crew = {.trial = &setup, .plan = plan, .jobs = jobs};
    struct result *results = crew_run(&crew);
    driver_free(&driver);
    return results;
}

static void free_results(struct result *results, size_t n)
{
    for (size_t i = 0; results && i < n; i++)
        result_free(&results[i]);
    free(results);
}

static const char *seen_in(const struct result *result)
{
    const struct check_result *deciding = result_deciding(result);
    return deciding ? deciding->seen : result->reason;
}

static void try_reference(struct proof *proof)
{
    proof->reference = try_client(proof, &proof->plan, BUGS_AT_A_TIME * JOBS, "");
    for (size_t i = 0; i < proof->plan.n; i++) {
        const struct result *result = &proof->reference[i];
        bool good = result->verdict <= VERDICT_NA;
        OWNED(mem_text_free)
        char *sentence =
            mem_format("the reference client gets %s in %s: %s", verdict_name(result->verdict),
                       result->code, good ? "" : seen_in(result));
        tally(proof, good, sentence, result->wire);
    }
}

/* Whether a code is one of the blank-separated words. */
static bool names(const char *trips, const char *code)
{
    OWNED(mem_text_free) char *list = mem_format(" %s ", trips);
    OWNED(mem_text_free) char *word = mem_format(" %s ", code);
    return strstr(list, word) != NULL;
}

/* Tripped: a worse verdict than the reference client's, or for INFO another value. A scenario that
 * was not tried because another did not hold shows nothing of its own. */
static bool is_tripped(const struct result *result, const struct result *reference)
{
    if (!result->ran)
        return false;
    if (verdict_worse(result->verdict, reference->verdict) != reference->verdict)
        return true;
    bool was_measured = reference->verdict == VERDICT_INFO;
    if (was_measured && result->verdict == VERDICT_NA)
        return true;
    for (size_t i = 0; was_measured && i < result->n_checks; i++)
        if (i < reference->n_checks && result->checks[i].verdict == VERDICT_INFO &&
            strcmp(result->checks[i].seen, reference->checks[i].seen) != 0)
            return true;
    return false;
}

static void check_words(struct proof *proof, const char *bug, const char *trips)
{
    while (*trips) {
        size_t len = strcspn(trips, " ");
        OWNED(mem_text_free) char *code = mem_text_n(trips, len);
        OWNED(mem_text_free)
        char *sentence = mem_format("bug %s names %s, which is no scenario", bug, code);
        if (!catalogue_find(&proof->catalogue, code))
            tally(proof, false, sentence, NULL);
        trips += len + strspn(trips + len, " ");
    }
}

/* A word in capitals is the code of a scenario, any other the name of a bug. */
static bool is_code(const char *word)
{
    return isupper((unsigned char)*word);
}

static bool has_words(const struct proof *proof, bool codes)
{
    for (int i = 0; i < proof->n_words; i++)
        if (is_code(proof->words[i]) == codes)
            return true;
    return false;
}

static bool is_asked_for(const struct proof *proof, const struct scenario *scenario)
{
    for (int i = 0; i < proof->n_words; i++)
        if (is_code(proof->words[i]) && scenario_answers_to(scenario, proof->words[i]))
            return true;
    return false;
}

/* Whether the bug is tried on a scenario: on all that it names, and on every SAMPLE-th other; on
 * all others in the long form. What takes real seconds is tried on what is named alone. */
static bool is_tried_on(const struct proof *proof, size_t bug, size_t i)
{
    enum { SAMPLE = 8 };
    const struct scenario *scenario = proof->plan.list[i];
    bool named = names(bugs[bug].trips, scenario->code);
    if (has_words(proof, true))
        return (named || !scenario->real_s) && is_asked_for(proof, scenario);
    return named || (!scenario->real_s && (proof->thorough || (i + bug) % SAMPLE == 0));
}

/* The scenarios that a bug is tried on, with what they depend on: numbers of the plan. */
static void choose(const struct proof *proof, size_t bug, bool *chosen)
{
    size_t n = proof->plan.n;
    for (size_t i = 0; i < n; i++)
        chosen[i] = is_tried_on(proof, bug, i);
    for (bool added = true; added;) {
        added = false;
        for (size_t at = 0; at < n * n; at++) {
            size_t later = at / n;
            size_t earlier = at % n;
            if (!chosen[later] || chosen[earlier] ||
                !catalogue_depends(proof->plan.list[later], proof->plan.list[earlier]))
                continue;
            chosen[earlier] = true;
            added = true;
        }
    }
}

/* The results of the chosen scenarios in the plan's order; those of the others are zeroed. */
static struct result *try_chosen(const struct proof *proof, const bool *chosen,
                                 const char *argument)
{
    size_t n = proof->plan.n;
    struct plan some = {.list = mem_new(n + 1, sizeof *some.list)};
    for (size_t i = 0; i < n; i++)
        if (chosen[i])
            some.list[some.n++] = proof->plan.list[i];
    struct result *found = try_client(proof, &some, JOBS, argument);
    struct result *results = mem_new(n + 1, sizeof *results);
    for (size_t i = 0, at = 0; i < n; i++)
        if (chosen[i])
            results[i] = found[at++];
    free(found);
    free(some.list);
    return results;
}

static void try_bug(struct proof *proof, size_t bug)
{
    OWNED(mem_text_free) char *argument = mem_format("--bug=%s", bugs[bug].name);
    bool *chosen = mem_new(proof->plan.n + 1, sizeof *chosen);
    choose(proof, bug, chosen);
    struct result *results = try_chosen(proof, chosen, argument);
    check_words(proof, bugs[bug].name, bugs[bug].trips);
    for (size_t i = 0; i < proof->plan.n; i++) {
        if (!chosen[i])
            continue;
        bool tripped = is_tripped(&results[i], &proof->reference[i]);
        bool named = names(bugs[bug].trips, results[i].code);
        pthread_mutex_lock(&proof->lock);
        proof->tripped[i] = proof->tripped[i] || tripped;
        pthread_mutex_unlock(&proof->lock);
        OWNED(mem_text_free)
        char *sentence = mem_format("bug %s %s %s, which it %s: %s, %s", bugs[bug].name,
                                    tripped ? "trips" : "does not trip", results[i].code,
                                    named ? "names" : "does not name",
                                    verdict_name(results[i].verdict), seen_in(&results[i]));
        tally(proof, tripped == named, sentence, results[i].wire);
    }
    free_results(results, proof->plan.n);
    free(chosen);
}

static bool is_wanted(const struct proof *proof, const char *bug)
{
    for (int i = 0; i < proof->n_words; i++)
        if (strcmp(proof->words[i], bug) == 0)
            return true;
    return !has_words(proof, false);
}

static void *try_bugs(void *arg)
{
    struct proof *proof = arg;
    for (;;) {
        pthread_mutex_lock(&proof->lock);
        size_t bug = proof->next++;
        pthread_mutex_unlock(&proof->lock);
        if (bug >= N_BUGS)
            return NULL;
        if (is_wanted(proof, bugs[bug].name))
            try_bug(proof, bug);
    }
}

static void prove(struct proof *proof)
{
    pthread_t threads[BUGS_AT_A_TIME];
    size_t started = 0;
    proof->tripped = mem_new(proof->plan.n, sizeof *proof->tripped);
    try_reference(proof);
    while (started + 1 < BUGS_AT_A_TIME &&
           pthread_create(&threads[started], NULL, try_bugs, proof) == 0)
        started++;
    try_bugs(proof);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < proof->plan.n && !proof->n_words; i++) {
        OWNED(mem_text_free)
        char *sentence = mem_format("no bug trips %s: give it one in clients/bugs.def",
                                    proof->plan.list[i]->code);
        tally(proof, proof->tripped[i], sentence, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || !getenv("FAKEWIX_BIN") || !getenv("FAKEWIX_PRELOAD")) {
        printf("usage: bugs_test CLIENT [BUG or CODE]…, with FAKEWIX_BIN set to the fake, and\n"
               "FAKEWIX_PRELOAD to libfakewix-preload.so, which moves the clients' clocks\n");
        return 2;
    }
    mem_adopt_cjson();
    http_begin();
    signal(SIGPIPE, SIG_IGN);
    OWNED(err_free) struct err err = {0};
    const char *form = getenv("FAKEWIX_LONG");
    struct proof proof = {.client = argv[1],
                          .thorough = form && *form,
                          .words = argv + 2,
                          .n_words = argc - 2,
                          .lock = PTHREAD_MUTEX_INITIALIZER};
    bool ready = catalogue_load(NULL, &proof.catalogue, &err) &&
                 mistakes_are_none(&proof.catalogue.mistakes, &err) &&
                 plan_make(&proof.catalogue, "--only", NULL, 0, &proof.plan, &err) &&
                 server_start(getenv("FAKEWIX_BIN"), NULL, &proof.server, &err);
    if (ready)
        prove(&proof);
    else
        printf("FAILED: %s\n", err.text ? err.text : "");
    printf("%d passed, %d failed\n", proof.passed, proof.failed + !ready);
    free_results(proof.reference, proof.plan.n);
    free(proof.tripped);
    server_stop(&proof.server);
    plan_free(&proof.plan);
    catalogue_free(&proof.catalogue);
    http_end();
    return proof.failed || !ready;
}
