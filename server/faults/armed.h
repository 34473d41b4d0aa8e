/* The faults that are armed in a world: when each fires, and how often it still will.
 * Knows nothing of what they do; that is faults/effects.
 * May depend on: shared, http/message, row, hold. Owner: faults. */
#ifndef FAKEWIX_FAULTS_ARMED_H
#define FAKEWIX_FAULTS_ARMED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faults/hold.h"
#include "faults/row.h"
#include "http/message.h"
#include "shared/err.h"

enum { ARMED_ID_MAX = 24, ARMED_HITS_MAX = 1000, ARMED_TAKE_MAX = 16, ARMED_RULES_MAX = 1000 };

/* One request, as far as a fault's conditions ask. Borrowed. */
struct fault_probe {
    const struct request *request;
    const char *route;   /* "POST /oauth2/token" */
    const char *service; /* "token", "access", "api", "page" */
    const char *app_id;
    const char *instance_id;
    const char *grant;
    const cJSON *query;
    const cJSON *body;
    int status; /* of the answer; 0 while there is none */
    int64_t now_ms;
    double rate;   /* of the world's clock; 0 where it stands still */
    double chance; /* 0 <= chance < 1, from the world's seed */
};

/* A fault that fires on this request. */
struct fault_shot {
    enum fault_symbol symbol;
    bool before;         /* the commit */
    const cJSON *action; /* the whole "do" object; borrowed while the world is locked */
    char id[ARMED_ID_MAX + 1];
    struct gate *gate; /* of a fault that holds; borrowed likewise */
};

struct armed_faults;

/* `limit` counts those who wait, over all worlds; borrowed. */
struct armed_faults *armed_new(struct hold_limit *limit);
/* Both let go whom a fault holds. */
void armed_free(struct armed_faults *faults);
void armed_clear(struct armed_faults *faults);

/* The same, and the next one is "f1" again. */
void armed_begin_anew(struct armed_faults *faults);

/* Whether no fault is armed: nothing can happen to an answer. */
bool armed_is_empty(const struct armed_faults *faults);

/* Arm a rule, {"on":{…},"times":1,"stage":"before"|"after","do":{"fault":…}}; the rule is copied.
 * Returns the rule as the API shows it (caller deletes), or NULL and a sentence that names the
 * member and the fix. */
cJSON *armed_add(struct armed_faults *faults, const cJSON *rule, struct err *err);

/* Disarm, and let go whom the fault holds. False where there is no such fault. */
bool armed_remove(struct armed_faults *faults, const char *id);

/* Disarm what armed_add gave last, which was refused after all: the next one gets its id. */
void armed_take_back(struct armed_faults *faults, const char *id);

/* Let go whom the fault holds now; it stays armed. False where there is no such fault. */
bool armed_release(struct armed_faults *faults, const char *id, size_t *ret_released);

/* {"faults":[…]}, with "left" and "hits"; gives a tree. The other: one of them, or NULL. */
cJSON *armed_json(const struct armed_faults *faults);
cJSON *armed_one_json(const struct armed_faults *faults, const char *id);

/* The rules as a list, each with its counts; those of ports are left out, as the ports belong to
 * the process. Gives a tree. The other arms a list that was saved, where nothing is armed: false
 * and a sentence, and nothing armed, where one of them is none. */
cJSON *armed_save(const struct armed_faults *faults);
bool armed_load(struct armed_faults *faults, const cJSON *saved, struct err *err);

/* Which faults fire on this request: in order of arming, one of each name, one that answers.
 * Each one taken counts down. Rules with "status" are asked once the probe has the answer's, all
 * others before there is one. `n` shots are in `shots` already; returns how many there are then,
 * at most ARMED_TAKE_MAX. */
size_t armed_take(struct armed_faults *faults, const struct fault_probe *probe, size_t n,
                  struct fault_shot shots[static ARMED_TAKE_MAX]);

/* Whether one of the shots would wait where no more may. */
bool armed_is_full(const struct armed_faults *faults, const struct fault_shot *shots, size_t n);

/* Note the journal number of the request that the taken faults hit. */
void armed_note_hits(struct armed_faults *faults, const struct fault_shot *shots, size_t n,
                     int64_t seq);

/* Count an answered request for rules that wait for one ("after", "until"). The shots are those
 * that hit it: a request does not open the gate it waits at. */
void armed_note_answer(struct armed_faults *faults, const struct fault_probe *probe,
                       const struct fault_shot *shots, size_t n);

/* The newest fault that makes a port behave so, where one is armed. */
bool armed_find_connect(const struct armed_faults *faults, enum door_mood mood,
                        struct fault_shot *ret_shot);

/* The first action of a rule whose row is of that stage, or of that name; NULL. Borrowed. */
const cJSON *armed_find_stage(const struct armed_faults *faults, const char *id,
                              enum fault_stage stage);
const cJSON *armed_find_action(const struct armed_faults *faults, const char *id,
                               enum fault_symbol symbol);

/* How a port behaves under a CONNECT fault. */
enum door_mood armed_mood(const cJSON *action);

/* The world's clock was moved. */
void armed_tell_time(struct armed_faults *faults, struct hold_clock clock);

#endif
