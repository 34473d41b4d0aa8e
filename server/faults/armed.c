/* Conditions, counting, and nothing else. A rule is kept as the JSON it came as, beside the few
 * numbers that change. */
#include "faults/armed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/refusal.h"
#include "shared/text.h"
#include "shared/tree.h"

static const struct fault_row rows[FAULT_COUNT] = {
#define FAULT(symbol, name, stage, params, why)                                                    \
    [FAULT_##symbol] = {name, FAULT_##stage, params, why},
#include "faults/faults.def"
#undef FAULT
};

struct rule {
    char id[ARMED_ID_MAX + 1];
    enum fault_symbol symbol;
    bool after_commit;
    cJSON *json;    /* as armed; owned */
    int64_t left;   /* hits still to come; -1: no end */
    int64_t seen;   /* requests that matched the place since arming */
    int64_t events; /* answers that matched "after" */
    int64_t *hits;  /* journal numbers; owned */
    size_t n_hits;
};

struct armed_faults {
    struct rule *rules;
    size_t n;
    int64_t next_id;
};

const struct fault_row *fault_row(enum fault_symbol symbol)
{
    return &rows[symbol];
}

struct armed_faults *armed_new(void)
{
    struct armed_faults *faults = mem_new(1, sizeof *faults);
    faults->next_id = 1;
    return faults;
}

static void rule_done(struct rule *rule)
{
    cJSON_Delete(rule->json);
    free(rule->hits);
}

void armed_clear(struct armed_faults *faults)
{
    for (size_t i = 0; i < faults->n; i++)
        rule_done(&faults->rules[i]);
    free(faults->rules);
    faults->rules = NULL;
    faults->n = 0;
}

void armed_free(struct armed_faults *faults)
{
    if (!faults)
        return;
    armed_clear(faults);
    free(faults);
}

/* Whether `word` is one of the blank-separated words of `list`, with or without a ! behind it. */
static bool is_listed(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (*list) {
        size_t step = strcspn(list, " ");
        size_t name = step && list[step - 1] == '!' ? step - 1 : step;
        if (name == len && memcmp(list, word, len) == 0)
            return true;
        list += step + (list[step] == ' ');
    }
    return false;
}

static bool check_keys(const cJSON *object, const char *allowed, const char *where, struct err *err)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, object) if (!is_listed(allowed, member->string)) return err_set(
        err, "%s.%s is not known; known here: %s", where, member->string,
        *allowed ? allowed : "nothing");
    return true;
}

static bool check_required(const cJSON *action, const struct fault_row *row, struct err *err)
{
    for (const char *at = row->params; *at;) {
        size_t step = strcspn(at, " ");
        if (step && at[step - 1] == '!') {
            char *name = mem_text_n(at, step - 1);
            bool there = tree_get(action, name) != NULL;
            if (!there)
                err_set(err, "do.%s is missing; the fault \"%s\" needs it", name, row->name);
            free(name);
            if (!there)
                return false;
        }
        at += step + (at[step] == ' ');
    }
    return true;
}

static const char on_keys[] = "route app_id instance_id grant nth every after status header "
                              "body_contains until_ms probability";

static bool check_on(const cJSON *on, struct err *err)
{
    if (on && !cJSON_IsObject(on))
        return err_set(err, "on must be an object such as {\"route\":\"POST /oauth2/token\"}");
    if (!check_keys(on, on_keys, "on", err))
        return false;
    static const char *const texts[] = {"route", "app_id", "instance_id", "grant", "body_contains"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (tree_get(on, texts[i]) && !tree_text(on, texts[i]))
            return err_set(err, "on.%s must be a text", texts[i]);
    static const char *const counts[] = {"nth", "every", "status"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t value;
        if (tree_get(on, counts[i]) && (!tree_int(on, counts[i], &value) || value < 1))
            return err_set(err, "on.%s must be a whole number from 1", counts[i]);
    }
    const cJSON *after = tree_get(on, "after");
    if (after && !tree_text(after, "route"))
        return err_set(err, "on.after must be an object with \"route\" and \"count\"");
    return true;
}

static bool find_fault(const char *name, enum fault_symbol *ret_symbol)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *ret_symbol = (enum fault_symbol)i;
            return true;
        }
    return false;
}

static bool check_rule(const cJSON *rule, enum fault_symbol *ret_symbol, bool *ret_after,
                       int64_t *ret_times, struct err *err)
{
    if (!cJSON_IsObject(rule))
        return err_set(err, "a fault is an object with \"on\" and \"do\"");
    if (!check_keys(rule, "on times stage do", "fault", err) ||
        !check_on(tree_get(rule, "on"), err))
        return false;
    const cJSON *action = tree_get(rule, "do");
    const char *name = tree_text(action, "fault");
    if (!name)
        return err_set(err, "do.fault is missing; `fakewix tables faults` lists the names");
    if (!find_fault(name, ret_symbol))
        return err_set(err, "do.fault \"%s\" is not known; `fakewix tables faults` lists the names",
                       name);
    const struct fault_row *row = &rows[*ret_symbol];
    OWNED(mem_text_free) char *allowed = mem_format("fault %s", row->params);
    if (!check_keys(action, allowed, "do", err) || !check_required(action, row, err))
        return false;
    if (tree_get(tree_get(rule, "on"), "status") && row->stage != FAULT_EFFECT)
        return err_set(err,
                       "on.status is known only after the answer: \"%s\" comes before, only "
                       "expire, revoke, uninstall and advance come after",
                       name);
    const char *refusal = tree_text(action, "refusal");
    if (*ret_symbol == FAULT_refuse && (!refusal || !refusal_by_name(refusal)))
        return err_set(err,
                       "do.refusal \"%s\" is not known; `fakewix tables refusals` lists the "
                       "names",
                       refusal ? refusal : "");
    const char *stage = tree_text(rule, "stage");
    if (tree_get(rule, "stage") && (!stage || !is_listed("before after", stage)))
        return err_set(err, "stage must be \"before\" or \"after\" (the commit)");
    *ret_after = stage && strcmp(stage, "after") == 0;
    *ret_times = 1;
    if (tree_get(rule, "times") &&
        (!tree_int(rule, "times", ret_times) || *ret_times == 0 || *ret_times < -1))
        return err_set(err, "times must be a whole number from 1, or -1 for no end");
    return true;
}

static cJSON *rule_json(const struct rule *rule)
{
    cJSON *json = cJSON_CreateObject();
    tree_put_text(json, "fault_id", rule->id);
    const cJSON *member;
    cJSON_ArrayForEach(member, rule->json)
        tree_put(json, member->string, cJSON_Duplicate(member, true));
    tree_put_int(json, "left", rule->left);
    cJSON *hits = tree_put(json, "hits", cJSON_CreateArray());
    for (size_t i = 0; i < rule->n_hits; i++)
        cJSON_AddItemToArray(hits, cJSON_CreateNumber((double)rule->hits[i]));
    return json;
}

cJSON *armed_add(struct armed_faults *faults, const cJSON *json, struct err *err)
{
    struct rule rule = {0};
    if (!check_rule(json, &rule.symbol, &rule.after_commit, &rule.left, err))
        return NULL;
    snprintf(rule.id, sizeof rule.id, "f%lld", (long long)faults->next_id++);
    rule.json = cJSON_Duplicate(json, true);
    faults->rules = mem_grow(faults->rules, faults->n + 1, sizeof *faults->rules);
    faults->rules[faults->n++] = rule;
    return rule_json(&faults->rules[faults->n - 1]);
}

bool armed_remove(struct armed_faults *faults, const char *id)
{
    for (size_t i = 0; i < faults->n; i++) {
        if (strcmp(faults->rules[i].id, id) != 0)
            continue;
        rule_done(&faults->rules[i]);
        memmove(&faults->rules[i], &faults->rules[i + 1],
                (faults->n - i - 1) * sizeof *faults->rules);
        faults->n--;
        return true;
    }
    return false;
}

cJSON *armed_json(const struct armed_faults *faults)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *list = tree_put(json, "faults", cJSON_CreateArray());
    for (size_t i = 0; i < faults->n; i++)
        cJSON_AddItemToArray(list, rule_json(&faults->rules[i]));
    return json;
}

static bool text_fits(const cJSON *on, const char *name, const char *value)
{
    const char *pattern = tree_text(on, name);
    return !pattern || text_matches(pattern, value ? value : "");
}

static bool headers_fit(const cJSON *on, const struct request *request)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, tree_get(on, "header"))
    {
        const char *value = request_header(request, member->string);
        if (!value || !cJSON_IsString(member) || !text_matches(member->valuestring, value))
            return false;
    }
    return true;
}

/* Where: does the request lie in the place the rule speaks of? */
static bool place_fits(const cJSON *on, const struct fault_probe *probe)
{
    const char *part = tree_text(on, "body_contains");
    return text_fits(on, "route", probe->route) && text_fits(on, "app_id", probe->app_id) &&
           text_fits(on, "instance_id", probe->instance_id) &&
           text_fits(on, "grant", probe->grant) && headers_fit(on, probe->request) &&
           (!part || strstr(probe->request->body, part));
}

/* A rule that asks for a status waits for the answer; the others do not see it. */
static bool status_fits(const cJSON *on, const struct fault_probe *probe)
{
    int64_t status = 0;
    tree_int(on, "status", &status);
    return status == probe->status;
}

/* When: is it this rule's turn? Counts the request. */
static bool turn_fits(struct rule *rule, const cJSON *on, const struct fault_probe *probe)
{
    int64_t needed = 1, nth, every, until_ms;
    const cJSON *after = tree_get(on, "after");
    tree_int(after, "count", &needed);
    if (after && rule->events < needed)
        return false;
    rule->seen++;
    const cJSON *probability = tree_get(on, "probability");
    return (!tree_int(on, "nth", &nth) || rule->seen >= nth) &&
           (!tree_int(on, "every", &every) || rule->seen % every == 0) &&
           (!tree_int(on, "until_ms", &until_ms) || probe->now_ms < until_ms) &&
           (!cJSON_IsNumber(probability) || probe->chance < probability->valuedouble);
}

static bool is_taken(const struct fault_shot *shots, size_t n, const struct rule *rule)
{
    for (size_t i = 0; i < n; i++)
        if (shots[i].symbol == rule->symbol || (rows[shots[i].symbol].stage == FAULT_ANSWER &&
                                                rows[rule->symbol].stage == FAULT_ANSWER))
            return true;
    return false;
}

size_t armed_take(struct armed_faults *faults, const struct fault_probe *probe, size_t n,
                  struct fault_shot shots[static ARMED_TAKE_MAX])
{
    for (size_t i = 0; i < faults->n && n < ARMED_TAKE_MAX; i++) {
        struct rule *rule = &faults->rules[i];
        const cJSON *on = tree_get(rule->json, "on");
        if (!rule->left || !status_fits(on, probe) || !place_fits(on, probe))
            continue;
        bool turn = turn_fits(rule, on, probe); /* counts, whether the rule gets to act or not */
        if (!turn || is_taken(shots, n, rule))
            continue;
        if (rule->left > 0)
            rule->left--;
        shots[n++] = (struct fault_shot){.symbol = rule->symbol,
                                         .after_commit = rule->after_commit,
                                         .action = tree_get(rule->json, "do"),
                                         .id = rule->id};
    }
    return n;
}

static struct rule *find_rule(struct armed_faults *faults, const char *id)
{
    for (size_t i = 0; i < faults->n; i++)
        if (strcmp(faults->rules[i].id, id) == 0)
            return &faults->rules[i];
    return NULL;
}

void armed_note_hits(struct armed_faults *faults, const struct fault_shot *shots, size_t n,
                     int64_t seq)
{
    for (size_t i = 0; i < n; i++) {
        struct rule *rule = find_rule(faults, shots[i].id);
        if (!rule || rule->n_hits == ARMED_HITS_MAX)
            continue;
        rule->hits = mem_grow(rule->hits, rule->n_hits + 1, sizeof *rule->hits);
        rule->hits[rule->n_hits++] = seq;
    }
}

void armed_note_answer(struct armed_faults *faults, const struct fault_probe *probe)
{
    for (size_t i = 0; i < faults->n; i++) {
        const cJSON *after = tree_get(tree_get(faults->rules[i].json, "on"), "after");
        if (after && text_fits(after, "route", probe->route))
            faults->rules[i].events++;
    }
}
