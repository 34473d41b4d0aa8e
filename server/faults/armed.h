/* The faults that are armed in a world: when each fires, and how often it still will.
 * Knows nothing of what they do; that is faults/effects.
 * May depend on: shared, http/message. Owner: faults. */
#ifndef FAKEWIX_FAULTS_ARMED_H
#define FAKEWIX_FAULTS_ARMED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/message.h"
#include "shared/err.h"

enum fault_symbol {
#define FAULT(symbol, name, stage, params, why) FAULT_##symbol,
#include "faults/faults.def"
#undef FAULT
    FAULT_COUNT
};

enum fault_stage { FAULT_PREPARE, FAULT_ANSWER, FAULT_EDIT, FAULT_EFFECT, FAULT_WIRE };

struct fault_row {
    const char *name;
    enum fault_stage stage;
    const char *params;
    const char *why;
};

const struct fault_row *fault_row(enum fault_symbol symbol);

enum { ARMED_ID_MAX = 24, ARMED_HITS_MAX = 1000, ARMED_TAKE_MAX = 16 };

/* One request, as far as a fault's conditions ask. Borrowed. */
struct fault_probe {
    const struct request *request;
    const char *route; /* "POST /oauth2/token" */
    const char *app_id;
    const char *instance_id;
    const char *grant;
    int status; /* of the answer; 0 while there is none */
    int64_t now_ms;
    double chance; /* 0 <= chance < 1, from the world's seed */
};

/* A fault that fires on this request. */
struct fault_shot {
    enum fault_symbol symbol;
    bool after_commit;   /* an ANSWER fault that lets the handler run first */
    const cJSON *action; /* the "do" object; borrowed while the world is locked */
    const char *id;      /* "f1"; borrowed likewise */
};

struct armed_faults;

struct armed_faults *armed_new(void);
void armed_free(struct armed_faults *faults);
void armed_clear(struct armed_faults *faults);

/* Arm a rule, {"on":{…},"times":1,"stage":"before"|"after","do":{"fault":…}}; the rule is copied.
 * Returns the rule as the API shows it (caller deletes), or NULL and a sentence that names the
 * member and the fix. */
cJSON *armed_add(struct armed_faults *faults, const cJSON *rule, struct err *err);

/* False where there is no such fault. */
bool armed_remove(struct armed_faults *faults, const char *id);

/* {"faults":[…]}, with "left" and "hits"; gives a tree. */
cJSON *armed_json(const struct armed_faults *faults);

/* Which faults fire on this request: in order of arming, one of each name, one that answers.
 * Each one taken counts down. Rules with "status" are asked once the probe has the answer's, all
 * others before there is one. `n` shots are in `shots` already; returns how many there are then,
 * at most ARMED_TAKE_MAX. */
size_t armed_take(struct armed_faults *faults, const struct fault_probe *probe, size_t n,
                  struct fault_shot shots[static ARMED_TAKE_MAX]);

/* Note the journal number of the request that the taken faults hit. */
void armed_note_hits(struct armed_faults *faults, const struct fault_shot *shots, size_t n,
                     int64_t seq);

/* Count an answered request for rules that wait for one ("after"). */
void armed_note_answer(struct armed_faults *faults, const struct fault_probe *probe);

#endif
