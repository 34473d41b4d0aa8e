/* A test of refreshes wants one short-lived token and then long ones; a test of two apps wants them
 * to differ. */
#include "state/lifetime.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

static const char *const names[LIFETIME_COUNT] = {
    [LIFETIME_CODE] = "code_s",
    [LIFETIME_CUSTOM_ACCESS] = "custom_access_token_s",
    [LIFETIME_OAUTH_ACCESS] = "oauth_access_token_s",
};

const char *lifetime_name(enum lifetime which)
{
    return names[which];
}

bool lifetime_add_rule(struct lifetime_rules *rules, const cJSON *json, struct err *err)
{
    const char *app_id = tree_text(json, "app_id");
    struct lifetime_rule rule = {.left = -1};
    if (rules->n == LIFETIME_RULES_MAX)
        return err_set(err, "%d lifetimes are wished for already; POST reset forgets them",
                       LIFETIME_RULES_MAX);
    if (tree_get(json, "app_id") && (!app_id || strlen(app_id) > MODEL_ID_MAX))
        return err_set(err, "app_id is a text of at most %d characters", MODEL_ID_MAX);
    if (tree_get(json, "next") && (!tree_int(json, "next", &rule.left) || rule.left < 1))
        return err_set(err, "next is how many tokens it is for, a whole number from 1");
    bool says_something = false;
    for (int i = 0; i < LIFETIME_COUNT; i++)
        says_something = tree_int(json, names[i], &rule.seconds[i]) || says_something;
    if (!says_something)
        return err_set(err, "name a lifetime: code_s, custom_access_token_s or "
                            "oauth_access_token_s");
    if (app_id)
        memcpy(rule.app_id, app_id, strlen(app_id) + 1);
    rules->rules = mem_grow(rules->rules, rules->n + 1, sizeof *rules->rules);
    rules->rules[rules->n++] = rule;
    return true;
}

cJSON *lifetime_rules_json(const struct lifetime_rules *rules)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < rules->n; i++) {
        const struct lifetime_rule *rule = &rules->rules[i];
        cJSON *json = tree_put(list, NULL, cJSON_CreateObject());
        if (*rule->app_id)
            tree_put_text(json, "app_id", rule->app_id);
        if (rule->left >= 0)
            tree_put_int(json, "next", rule->left);
        for (int which = 0; which < LIFETIME_COUNT; which++)
            if (rule->seconds[which])
                tree_put_int(json, names[which], rule->seconds[which]);
    }
    return list;
}

int64_t lifetime_rule_s(struct lifetime_rules *rules, enum lifetime which, const char *app_id,
                        bool *ret_counted)
{
    *ret_counted = false;
    for (size_t i = rules->n; i-- > 0;) {
        struct lifetime_rule *rule = &rules->rules[i];
        if (!rule->seconds[which] || (*rule->app_id && strcmp(rule->app_id, app_id) != 0))
            continue;
        int64_t seconds = rule->seconds[which];
        *ret_counted = rule->left > 0;
        if (rule->left > 0 && --rule->left == 0) {
            memmove(rule, rule + 1, (rules->n - i - 1) * sizeof *rule);
            rules->n--;
        }
        return seconds;
    }
    return 0;
}

void lifetime_rules_free(struct lifetime_rules *rules)
{
    free(rules->rules);
    *rules = (struct lifetime_rules){0};
}
