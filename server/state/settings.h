/* The lists of a config that are read as they stand: answers for further API paths, and API keys.
 * May depend on: shared. Owner: state. */
#ifndef FAKEWIX_STATE_SETTINGS_H
#define FAKEWIX_STATE_SETTINGS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Zeroed is empty. */
struct settings {
    cJSON *api;      /* [{"method","path","status","headers","body","permission"}]; owned */
    cJSON *api_keys; /* [{"api_key","name","account_id","site_ids","permissions"}]; owned */
};

void settings_free(struct settings *settings);

/* Take over the lists of a checked config; a row that is there already is replaced. */
void settings_apply(struct settings *settings, const cJSON *config);

/* Forget the rows that a checked config has. */
void settings_forget(struct settings *settings, const cJSON *config);

/* {"api":[…],"api_keys":[…]}; gives a tree. */
cJSON *settings_json(const struct settings *settings);

/* The API key's row, or NULL. Borrowed. */
const cJSON *settings_find_key(const struct settings *settings, const char *key);

/* The row among `rows` that answers a method and a path (without its query), or NULL: the last one
 * that fits, so that later rows rule. A path may hold * and ?, a method may be *. Borrowed. */
const cJSON *settings_find_answer(const cJSON *rows, const char *method, const char *path);

/* Whether a list of texts has a text; a missing list has all. */
bool settings_allows(const cJSON *list, const char *text);

#endif
