/* A scenario: a situation, what the client is to do in it, and what the wire must then show.
 * One JSON file each; the form is docs/SCENARIOS.md.
 * May depend on: shared, verdict, checks. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_SCENARIO_H
#define FAKEWIX_SCENARIO_SCENARIO_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/checks.h"
#include "scenario/reader.h"
#include "shared/err.h"
#include "verdict/verdict.h"

enum flow {
    FLOW_CLIENT_CREDENTIALS,
    FLOW_LEGACY,  /* custom authentication: the client starts with a refresh token */
    FLOW_INSTALL, /* custom authentication: the client starts with nothing, and is installed */
    FLOW_COUNT
};

#define FLOW_MASK(flow) (1U << (flow))

/* Bits of what a run must offer. */
enum need {
#define NEED(symbol, name, sentence) NEED_BIT_##symbol,
#include "scenario/vocabulary.def"
#undef NEED
    NEED_COUNT
};
#define NEED_MASK(bit) (1U << (bit))

enum step_kind {
#define STEP(symbol, name, shape, members, sentence) STEP_##symbol,
#include "scenario/vocabulary.def"
#undef STEP
    STEP_COUNT
};

struct step {
    enum step_kind kind;
    int64_t n;           /* of calls, or the number given */
    int64_t parallel;    /* calls at a time */
    int64_t processes;   /* of the client, at a time */
    const char *text;    /* the text given, or NULL; borrowed from the file's tree, like the next */
    const cJSON *params; /* the object given, or NULL */
};

/* A fault that waits for the client. */
struct trap {
    cJSON *rule;    /* the body of POST faults; owned */
    char *what;     /* "status 401 on GET /conformance/probe"; owned */
    char *place;    /* "given.faults[0]": where in the file; owned */
    int64_t needed; /* hits without which the situation did not come up */
};

enum want_client { WANT_ANY, WANT_OK, WANT_ERROR };

struct demand {
    const struct check *check;
    const cJSON *params; /* borrowed from the file's tree */
    enum level level;
};

struct expectation {
    enum want_client client;
    struct demand *demands; /* owned */
    size_t n_demands;
};

/* What is also acceptable, and the verdict it gets. */
struct alternative {
    struct expectation expect;
    enum verdict verdict;
    const char *note; /* borrowed from the file's tree */
};

/* A scenario has one variant or more, each run in a world of its own. */
struct variant {
    const char *name; /* "" where there is only one; borrowed from the tree */
    size_t at;        /* its place among the file's "variants" */
    cJSON *body;      /* the file's members with the variant's laid over; owned */
    enum flow flow;
    bool installed;
    bool debug;      /* the client is to say all that it can of what it does */
    const char *tls; /* what its https ports show: "good", "expired"…; NULL: the base is http.
                      * Borrowed from the body */
    cJSON *wish;     /* "lifetimes" and "profile" of the world, or NULL; owned */
    struct trap *traps;
    size_t n_traps;
    struct step *steps;
    size_t n_steps;
    struct expectation expect;
    struct alternative *alternatives;
    size_t n_alternatives;
};

struct scenario {
    char *id; /* "refresh/reply-omits-refresh-token": the path is the id */
    char *file;
    char *text;  /* what the file holds; owned */
    bool is_own; /* of --scenario-dir */
    cJSON *tree; /* owned; most text below is borrowed from it */
    const char *code;
    const char *title;
    const char *requirement;
    const char *why;
    const char *source;
    const char *fairer; /* the scenario without whose failure this one only warns, or NULL */
    enum level level;
    int64_t real_s;          /* about how many real seconds it takes; 0: none to speak of */
    unsigned needs;          /* mask */
    const cJSON *depends_on; /* array of ids or codes, or NULL */
    struct variant *variants;
    size_t n_variants;
};

/* Read one scenario from its JSON text.
 *
 * id            its path without the ending; copied
 * file          for messages; copied
 * ret_scenario  what could be read, to be freed in any case
 *
 * False where it is not sound; what is wrong is then among the mistakes, each with the file, the
 * place in it and the fix. Every key is checked, so a misspelt one cannot be passed over. */
bool scenario_parse(const char *id, const char *file, const char *text, size_t len,
                    struct scenario *ret_scenario, struct mistakes *mistakes);

/* For what is found out about a scenario's file later. Borrows from both. */
struct reader scenario_reader(const struct scenario *scenario, struct mistakes *mistakes);

void scenario_free(struct scenario *scenario);

/* Whether `name` (with * and ?) is the scenario's id or its code, in any case. */
bool scenario_answers_to(const struct scenario *scenario, const char *name);

/* The same of an id and a code that are at hand. */
bool scenario_name_fits(const char *name, const char *id, const char *code);

const char *flow_name(enum flow flow);
bool flow_by_name(const char *name, enum flow *ret_flow);
const char *need_name(enum need need);
bool need_by_name(const char *name, enum need *ret_need);

/* How many calls the steps of a variant ask for, those in which the client is killed or looked at
 * included. */
int64_t variant_count_calls(const struct variant *variant);

/* The most calls that a variant makes at a time. */
int64_t variant_widest(const struct variant *variant);

/* Whether a step of that kind is among a variant's. */
bool variant_has_step(const struct variant *variant, enum step_kind kind);

/* Whether the client makes a call in that step and is killed in it. */
bool step_kills(const struct step *step);

/* Whether a step of another kind than "call" makes one call. */
bool step_makes_a_call(const struct step *step);

/* The name of a step: "call". */
const char *step_name(enum step_kind kind);

#endif
