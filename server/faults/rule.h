/* One armed fault: the place and the turn at which it fires, and its queue of actions.
 * May depend on: shared, http/message, row, hold. Owner: faults. */
#ifndef FAKEWIX_FAULTS_RULE_H
#define FAKEWIX_FAULTS_RULE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faults/armed.h"
#include "faults/hold.h"
#include "shared/err.h"

struct rule {
    char id[ARMED_ID_MAX + 1];
    cJSON *json;     /* as armed; owned */
    cJSON *steps;    /* the queue: a list of lists of whole actions; owned */
    bool is_connect; /* rules a port, and takes no request */
    int64_t left;    /* hits still to come; -1: no end */
    int64_t taken;   /* hits so far: whose turn it is in the queue */
    int64_t seen;    /* requests that matched the place since arming */
    int64_t begun;   /* answers that matched "after" */
    int64_t ended;   /* answers that matched "until" */
    int64_t passed;  /* answers that matched do.until.after since someone waits */
    int64_t *hits;   /* journal numbers; owned */
    size_t n_hits;
    struct gate *gate; /* where its requests wait; NULL until the first; kept */
};

/* Read {"on","times","stage","do"}. False and a sentence that names the member and the fix. */
bool rule_read(struct rule *ret_rule, const cJSON *json, struct err *err);
void rule_done(struct rule *rule);

/* The rule as the API shows it; gives a tree. */
cJSON *rule_json(const struct rule *rule);

/* The same with where it stands in its counting, and without what only this process knows (hits,
 * who waits); gives a tree. rule_load reads it back: false and a sentence where it is none of
 * those. */
cJSON *rule_save(const struct rule *rule);
bool rule_load(struct rule *ret_rule, const cJSON *json, struct err *err);

/* Where: does the request lie in the place the rule speaks of, at this point of its way? */
bool rule_place_fits(const struct rule *rule, const struct fault_probe *probe);

/* When: is it this rule's turn? Counts the request. */
bool rule_turn_fits(struct rule *rule, const struct fault_probe *probe);

/* The actions whose turn it is in the queue: a list; borrowed. */
const cJSON *rule_step(const struct rule *rule);

/* Count an answered request; opens the gate where that is what it waits for. */
void rule_note_answer(struct rule *rule, const struct fault_probe *probe, bool is_own);

#endif
