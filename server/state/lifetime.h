/* How long codes and tokens live: the world's lifetimes, what was wished for an app or for the next
 * few, and what a fault wants of the one that is being minted.
 * May depend on: shared, model. Owner: state. Under the world's lock. */
#ifndef FAKEWIX_STATE_LIFETIME_H
#define FAKEWIX_STATE_LIFETIME_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "state/model.h"

enum lifetime { LIFETIME_CODE, LIFETIME_CUSTOM_ACCESS, LIFETIME_OAUTH_ACCESS, LIFETIME_COUNT };

struct lifetimes {
    int64_t code_s;
    int64_t custom_access_token_s;
    int64_t oauth_access_token_s;
};

/* Rules in place of the world's lifetimes; the newest that fits wins. */
struct lifetime_rule {
    char app_id[MODEL_ID_MAX + 1];   /* "" for any app */
    int64_t left;                    /* tokens still to come; -1: no end */
    int64_t seconds[LIFETIME_COUNT]; /* 0: says nothing of that kind */
};

enum { LIFETIME_RULES_MAX = 1000 };

struct lifetime_rules {
    struct lifetime_rule *rules; /* owned */
    size_t n;
};

/* "code_s", "custom_access_token_s", "oauth_access_token_s". */
const char *lifetime_name(enum lifetime which);

/* Take a rule, {"app_id"?,"next"?,"code_s"?,…}, already known to hold sound seconds. False and a
 * sentence where it cannot be kept. */
bool lifetime_add_rule(struct lifetime_rules *rules, const cJSON *rule, struct err *err);

/* The rules as [{…}]; gives a tree. */
cJSON *lifetime_rules_json(const struct lifetime_rules *rules);

/* What a rule says of the next token of that kind for that app, counting it; 0 where none does.
 * ret_counted: whether the rule counts tokens, and so is another one now. */
int64_t lifetime_rule_s(struct lifetime_rules *rules, enum lifetime which, const char *app_id,
                        bool *ret_counted);

void lifetime_rules_free(struct lifetime_rules *rules);

#endif
