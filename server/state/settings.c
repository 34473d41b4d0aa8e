/* Rows stay the JSON they came as: nothing here is on the path of a token. */
#include "state/settings.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

void settings_free(struct settings *settings)
{
    cJSON_Delete(settings->api);
    cJSON_Delete(settings->api_keys);
    *settings = (struct settings){0};
}

static bool same(const cJSON *a, const cJSON *b, const char *key)
{
    if (!key)
        return true;
    const char *left = tree_text(a, key);
    const char *right = tree_text(b, key);
    return left && right && strcmp(left, right) == 0;
}

/* Delete the row of `list` whose keys are those of `row`. */
static void drop_row(cJSON *list, const cJSON *row, const char *key, const char *second_key)
{
    cJSON *old = list ? list->child : NULL;
    while (old && !(same(old, row, key) && same(old, row, second_key)))
        old = old->next;
    if (old)
        cJSON_Delete(cJSON_DetachItemViaPointer(list, old));
}

/* Add copies of `rows` to *list, in place of rows whose keys are equal. */
static void apply_list(cJSON **list, const cJSON *rows, const char *key, const char *second_key)
{
    if (rows && !*list)
        *list = cJSON_CreateArray();
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        drop_row(*list, row, key, second_key);
        cJSON_AddItemToArray(*list, cJSON_Duplicate(row, true));
    }
}

void settings_forget(struct settings *settings, const cJSON *config)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, tree_get(config, "api")) drop_row(settings->api, row, "path", "method");
    cJSON_ArrayForEach(row, tree_get(config, "api_keys"))
        drop_row(settings->api_keys, row, "api_key", NULL);
}

void settings_apply(struct settings *settings, const cJSON *config)
{
    apply_list(&settings->api, tree_get(config, "api"), "path", "method");
    apply_list(&settings->api_keys, tree_get(config, "api_keys"), "api_key", NULL);
}

cJSON *settings_json(const struct settings *settings)
{
    cJSON *json = cJSON_CreateObject();
    tree_put(json, "api",
             settings->api ? cJSON_Duplicate(settings->api, true) : cJSON_CreateArray());
    tree_put(json, "api_keys",
             settings->api_keys ? cJSON_Duplicate(settings->api_keys, true) : cJSON_CreateArray());
    return json;
}

const cJSON *settings_find_key(const struct settings *settings, const char *key)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, settings->api_keys)
    {
        const char *text = tree_text(row, "api_key");
        if (text && text_same_secret(text, key))
            return row;
    }
    return NULL;
}

static bool method_fits(const char *pattern, const char *method)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(pattern, "GET") == 0);
}

const cJSON *settings_find_answer(const cJSON *rows, const char *method, const char *path)
{
    const cJSON *found = NULL;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const char *row_method = tree_text(row, "method");
        const char *row_path = tree_text(row, "path");
        if (row_method && row_path && method_fits(row_method, method) &&
            text_matches(row_path, path))
            found = row;
    }
    return found;
}

bool settings_allows(const cJSON *list, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item) &&
                                       strcmp(item->valuestring, text) == 0) return true;
    return !list;
}
