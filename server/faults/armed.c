/* The list of armed faults, and who of them takes a request. Conditions are in rule.c. */
#include "faults/armed.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/rule.h"
#include "shared/mem.h"
#include "shared/tree.h"

struct armed_faults {
    struct rule *rules;
    size_t n;
    int64_t next_id;
    struct hold_limit *limit;
};

struct armed_faults *armed_new(struct hold_limit *limit)
{
    struct armed_faults *faults = mem_new(1, sizeof *faults);
    faults->next_id = 1;
    faults->limit = limit;
    return faults;
}

bool armed_is_empty(const struct armed_faults *faults)
{
    return faults->n == 0;
}

void armed_clear(struct armed_faults *faults)
{
    for (size_t i = 0; i < faults->n; i++)
        rule_done(&faults->rules[i]);
    free(faults->rules);
    faults->rules = NULL;
    faults->n = 0;
}

void armed_begin_anew(struct armed_faults *faults)
{
    armed_clear(faults);
    faults->next_id = 1;
}

void armed_free(struct armed_faults *faults)
{
    if (!faults)
        return;
    armed_clear(faults);
    free(faults);
}

static struct rule *find_rule(const struct armed_faults *faults, const char *id)
{
    for (size_t i = 0; i < faults->n; i++)
        if (strcmp(faults->rules[i].id, id) == 0)
            return &faults->rules[i];
    return NULL;
}

static void remove_rule(struct armed_faults *faults, struct rule *rule)
{
    rule_done(rule);
    size_t behind = faults->n - 1 - (size_t)(rule - faults->rules);
    memmove(rule, rule + 1, behind * sizeof *rule);
    faults->n--;
}

/* Make room: the oldest rule goes that will hit nobody any more and that nobody waits for. */
static bool forget_spent(struct armed_faults *faults)
{
    for (size_t i = 0; i < faults->n; i++) {
        struct rule *rule = &faults->rules[i];
        if (rule->left != 0 || (rule->gate && gate_waiting(rule->gate) > 0))
            continue;
        remove_rule(faults, rule);
        return true;
    }
    return false;
}

cJSON *armed_add(struct armed_faults *faults, const cJSON *json, struct err *err)
{
    struct rule rule;
    if (faults->n == ARMED_RULES_MAX && !forget_spent(faults)) {
        err_set(err, "%d faults are armed already; disarm some with DELETE faults",
                ARMED_RULES_MAX);
        return NULL;
    }
    if (!rule_read(&rule, json, err))
        return NULL;
    snprintf(rule.id, sizeof rule.id, "f%lld", (long long)faults->next_id++);
    faults->rules = mem_grow(faults->rules, faults->n + 1, sizeof *faults->rules);
    faults->rules[faults->n++] = rule;
    return rule_json(&faults->rules[faults->n - 1]);
}

bool armed_remove(struct armed_faults *faults, const char *id)
{
    struct rule *rule = find_rule(faults, id);
    if (!rule)
        return false;
    remove_rule(faults, rule);
    return true;
}

void armed_take_back(struct armed_faults *faults, const char *id)
{
    struct rule *rule = find_rule(faults, id);
    if (!rule)
        return;
    assert(rule == &faults->rules[faults->n - 1]);
    remove_rule(faults, rule);
    faults->next_id--;
}

bool armed_release(struct armed_faults *faults, const char *id, size_t *ret_released)
{
    struct rule *rule = find_rule(faults, id);
    if (!rule)
        return false;
    *ret_released = gate_open(rule->gate);
    return true;
}

cJSON *armed_json(const struct armed_faults *faults)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *list = tree_put(json, "faults", cJSON_CreateArray());
    for (size_t i = 0; i < faults->n; i++)
        cJSON_AddItemToArray(list, rule_json(&faults->rules[i]));
    return json;
}

cJSON *armed_one_json(const struct armed_faults *faults, const char *id)
{
    const struct rule *rule = find_rule(faults, id);
    return rule ? rule_json(rule) : NULL;
}

/* ---- saving ---- */

cJSON *armed_save(const struct armed_faults *faults)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < faults->n; i++)
        if (!faults->rules[i].is_connect)
            cJSON_AddItemToArray(list, rule_save(&faults->rules[i]));
    return list;
}

static bool load_rule(struct armed_faults *faults, const cJSON *saved, struct err *err)
{
    struct rule rule;
    if (faults->n == ARMED_RULES_MAX)
        return err_set(err, "more than %d are armed", ARMED_RULES_MAX);
    if (!rule_load(&rule, saved, err))
        return false;
    int64_t number = strtoll(rule.id + 1, NULL, 10);
    if (rule.is_connect || find_rule(faults, rule.id)) {
        err_set(err,
                rule.is_connect ? "%s is a fault of a port, which a snapshot does not have"
                                : "%s is there twice",
                rule.id);
        rule_done(&rule);
        return false;
    }
    if (number >= faults->next_id)
        faults->next_id = number + 1;
    faults->rules = mem_grow(faults->rules, faults->n + 1, sizeof *faults->rules);
    faults->rules[faults->n++] = rule;
    return true;
}

bool armed_load(struct armed_faults *faults, const cJSON *saved, struct err *err)
{
    const cJSON *rule;
    if (!cJSON_IsArray(saved))
        return err_set(err, "must be a list: [ … ]");
    cJSON_ArrayForEach(rule, saved)
    {
        if (load_rule(faults, rule, err))
            continue;
        armed_clear(faults);
        return false;
    }
    return true;
}

/* ---- taking ---- */

static enum fault_symbol symbol_of(const cJSON *action)
{
    enum fault_symbol symbol = FAULT_COUNT;
    fault_find(tree_text(action, "fault"), &symbol);
    return symbol;
}

static bool excludes(enum fault_symbol a, enum fault_symbol b)
{
    return a == b || (fault_row(a)->stage == FAULT_ANSWER && fault_row(b)->stage == FAULT_ANSWER);
}

/* Whether the request has a fault of that name, or one that answers, from another rule. */
static bool is_taken(const struct fault_shot *shots, size_t n, const cJSON *step)
{
    const cJSON *action;
    cJSON_ArrayForEach(
        action, step) for (size_t i = 0; i < n;
                           i++) if (excludes(shots[i].symbol, symbol_of(action))) return true;
    return false;
}

static bool waits(enum fault_symbol symbol)
{
    return symbol == FAULT_hold || symbol == FAULT_silence;
}

/* The gate for those who come now: an open one has done its work, and a new one takes its place. */
static struct gate *gate_of(struct armed_faults *faults, struct rule *rule, const cJSON *action,
                            const struct fault_probe *probe)
{
    if (rule->gate && !gate_is_open(rule->gate))
        return rule->gate;
    int64_t barrier = 0;
    tree_int(tree_get(action, "until"), "waiting", &barrier);
    gate_release(rule->gate);
    rule->passed = 0;
    rule->gate = gate_new(&(struct gate_plan){
        .barrier = (size_t)barrier, .limit = faults->limit, .clock = {probe->now_ms, probe->rate}});
    return rule->gate;
}

static size_t take_step(struct armed_faults *faults, struct rule *rule,
                        const struct fault_probe *probe, size_t n,
                        struct fault_shot shots[static ARMED_TAKE_MAX])
{
    const cJSON *action;
    cJSON_ArrayForEach(action, rule_step(rule))
    {
        if (n == ARMED_TAKE_MAX)
            break;
        struct fault_shot *shot = &shots[n++];
        *shot = (struct fault_shot){.symbol = symbol_of(action),
                                    .before = strcmp(tree_text(action, "stage"), "before") == 0,
                                    .action = action};
        memcpy(shot->id, rule->id, sizeof shot->id);
        if (waits(shot->symbol))
            shot->gate = gate_of(faults, rule, action, probe);
    }
    rule->taken++;
    if (rule->left > 0)
        rule->left--;
    return n;
}

size_t armed_take(struct armed_faults *faults, const struct fault_probe *probe, size_t n,
                  struct fault_shot shots[static ARMED_TAKE_MAX])
{
    for (size_t i = 0; i < faults->n && n < ARMED_TAKE_MAX; i++) {
        struct rule *rule = &faults->rules[i];
        if (!rule->left || rule->is_connect || !rule_place_fits(rule, probe))
            continue;
        /* Counts, whether the rule gets to act or not. */
        bool is_its_turn = rule_turn_fits(rule, probe);
        if (is_its_turn && !is_taken(shots, n, rule_step(rule)))
            n = take_step(faults, rule, probe, n, shots);
    }
    return n;
}

bool armed_is_full(const struct armed_faults *faults, const struct fault_shot *shots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (waits(shots[i].symbol))
            return atomic_load(&faults->limit->waiting) >= faults->limit->max;
    return false;
}

/* ---- noting ---- */

void armed_note_hits(struct armed_faults *faults, const struct fault_shot *shots, size_t n,
                     int64_t seq)
{
    for (size_t i = 0; i < n; i++) {
        struct rule *rule = find_rule(faults, shots[i].id);
        bool again = rule && rule->n_hits && rule->hits[rule->n_hits - 1] == seq;
        if (!rule || again || rule->n_hits == ARMED_HITS_MAX)
            continue;
        rule->hits = mem_grow(rule->hits, rule->n_hits + 1, sizeof *rule->hits);
        rule->hits[rule->n_hits++] = seq;
    }
}

static bool hit_by(const struct rule *rule, const struct fault_shot *shots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(shots[i].id, rule->id) == 0)
            return true;
    return false;
}

void armed_note_answer(struct armed_faults *faults, const struct fault_probe *probe,
                       const struct fault_shot *shots, size_t n)
{
    for (size_t i = 0; i < faults->n; i++)
        rule_note_answer(&faults->rules[i], probe, hit_by(&faults->rules[i], shots, n));
}

enum door_mood armed_mood(const cJSON *action)
{
    enum fault_symbol symbol = symbol_of(action);
    if (symbol == FAULT_refuse_connections)
        return DOOR_REFUSES;
    if (symbol == FAULT_accept_silence)
        return DOOR_SILENT;
    return symbol == FAULT_reset_connections ? DOOR_RESETS : DOOR_SERVES;
}

typedef bool fits_fn(enum fault_symbol symbol, int wanted);

static bool is_of_stage(enum fault_symbol symbol, int stage)
{
    return fault_row(symbol)->stage == (enum fault_stage)stage;
}

static bool is_symbol(enum fault_symbol symbol, int wanted)
{
    return symbol == (enum fault_symbol)wanted;
}

static const cJSON *find_fitting(const struct rule *rule, fits_fn *fits, int wanted)
{
    const cJSON *steps = rule ? rule->steps : NULL;
    const cJSON *step, *action;
    cJSON_ArrayForEach(step, steps)
        cJSON_ArrayForEach(action, step) if (fits(symbol_of(action), wanted)) return action;
    return NULL;
}

const cJSON *armed_find_stage(const struct armed_faults *faults, const char *id,
                              enum fault_stage stage)
{
    return find_fitting(find_rule(faults, id), is_of_stage, (int)stage);
}

const cJSON *armed_find_action(const struct armed_faults *faults, const char *id,
                               enum fault_symbol symbol)
{
    return find_fitting(find_rule(faults, id), is_symbol, (int)symbol);
}

bool armed_find_connect(const struct armed_faults *faults, enum door_mood mood,
                        struct fault_shot *ret_shot)
{
    assert(!faults->n || faults->rules);
    for (size_t i = faults->n; i-- > 0;) {
        const cJSON *action = find_fitting(&faults->rules[i], is_of_stage, FAULT_CONNECT);
        if (!action || (mood != DOOR_SERVES && armed_mood(action) != mood))
            continue;
        *ret_shot = (struct fault_shot){.symbol = symbol_of(action), .action = action};
        memcpy(ret_shot->id, faults->rules[i].id, sizeof ret_shot->id);
        return true;
    }
    return false;
}

void armed_tell_time(struct armed_faults *faults, struct hold_clock clock)
{
    for (size_t i = 0; i < faults->n; i++)
        gate_tell_time(faults->rules[i].gate, clock);
}
