/* The rows of a config beside each other. Ids are sorted and looked up, not compared pair by pair:
 * a config may hold 100,000 instances. */
#include <stdlib.h>
#include <string.h>

#include "routes/paths.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config_parts.h"

struct row_id {
    const char *id; /* borrowed from the config */
    int at;
    int first; /* where the id stands first */
};

/* The ids of one list, sorted. */
struct row_ids {
    const char *list;
    const char *key;
    struct row_id *ids;
    size_t n;
    bool is_missing; /* the config has no such list */
};

void config_problem(struct config_report *report, const char *path, const char *sentence)
{
    buf_format(report->lines, "%s: %s: %s\n", report->file, path, sentence);
    report->n++;
}

static int compare_rows(const void *left, const void *right)
{
    const struct row_id *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : a->at - b->at;
}

static int compare_ids(const void *left, const void *right)
{
    const struct row_id *a = left, *b = right;
    return strcmp(a->id, b->id);
}

static int compare_places(const void *left, const void *right)
{
    const struct row_id *a = left, *b = right;
    return a->at - b->at;
}

static void row_ids_free(struct row_ids *rows)
{
    free(rows->ids);
}

static struct row_ids read_ids(const cJSON *config, const char *list, const char *key)
{
    const cJSON *array = tree_get(config, list);
    struct row_ids rows = {.list = list, .key = key, .is_missing = !array};
    rows.ids = mem_new((size_t)cJSON_GetArraySize(array) + 1, sizeof *rows.ids);
    int at = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, array)
    {
        const char *id = tree_text(row, key);
        if (id)
            rows.ids[rows.n++] = (struct row_id){.id = id, .at = at};
        at++;
    }
    qsort(rows.ids, rows.n, sizeof *rows.ids, compare_rows);
    for (size_t i = 0; i < rows.n; i++) {
        bool is_again = i && strcmp(rows.ids[i - 1].id, rows.ids[i].id) == 0;
        rows.ids[i].first = is_again ? rows.ids[i - 1].first : rows.ids[i].at;
    }
    return rows;
}

/* Told in the order of the file. */
static void check_repeated(struct config_report *report, const struct row_ids *rows)
{
    struct row_id *again = mem_new(rows->n + 1, sizeof *again);
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (rows->ids[i].first != rows->ids[i].at)
            again[n++] = rows->ids[i];
    qsort(again, n, sizeof *again, compare_places);
    for (size_t i = 0; i < n; i++) {
        OWNED(mem_text_free)
        char *where = mem_format("%s[%d].%s", rows->list, again[i].at, rows->key);
        OWNED(mem_text_free)
        char *sentence = mem_format("\"%s\" is the id of %s[%d] already; give this one its own",
                                    again[i].id, rows->list, again[i].first);
        config_problem(report, where, sentence);
    }
    free(again);
}

/* The id in `text` is among the rows' own, or these are in another file. */
static void check_reference(struct config_report *report, const char *where, const char *text,
                            const struct row_ids *rows)
{
    const struct row_id wanted = {.id = text};
    if (!text || (rows->is_missing && !report->is_whole) ||
        bsearch(&wanted, rows->ids, rows->n, sizeof *rows->ids, compare_ids))
        return;
    OWNED(mem_text_free)
    char *sentence =
        mem_format("\"%s\" is not among the %s here; add it there or correct it", text, rows->list);
    config_problem(report, where, sentence);
}

static void check_instance(struct config_report *report, const cJSON *instance, int at,
                           const struct row_ids *rows)
{
    OWNED(mem_text_free) char *where = mem_format("instances[%d].%s", at, rows->key);
    check_reference(report, where, tree_text(instance, rows->key), rows);
}

static void check_key_sites(struct config_report *report, const cJSON *key, int at,
                            const struct row_ids *sites)
{
    int i = 0;
    const cJSON *site;
    cJSON_ArrayForEach(site, tree_get(key, "site_ids"))
    {
        OWNED(mem_text_free) char *where = mem_format("api_keys[%d].site_ids[%d]", at, i++);
        check_reference(report, where, cJSON_GetStringValue(site), sites);
    }
}

/* Rows that are odd in themselves were told of before. */
static void check_answer(struct config_report *report, const cJSON *row, int at)
{
    const char *method = tree_text(row, "method"), *path = tree_text(row, "path");
    OWNED(mem_text_free) char *bad_method = method ? config_method_problem(method) : NULL;
    if (!method || bad_method || !path || *path != '/')
        return;
    const char *owner = paths_in_the_way(method, path);
    if (!owner)
        return;
    OWNED(mem_text_free) char *where = mem_format("api[%d].path", at);
    OWNED(mem_text_free)
    char *sentence = mem_format("%s \"%s\" can never be answered by this row, as the fake answers "
                                "there itself (%s); take another path, or arm a fault",
                                method, path, owner);
    config_problem(report, where, sentence);
}

void config_check_rows(struct config_report *report, const cJSON *config)
{
    OWNED(row_ids_free) struct row_ids apps = read_ids(config, "apps", "app_id");
    OWNED(row_ids_free) struct row_ids sites = read_ids(config, "sites", "site_id");
    OWNED(row_ids_free)
    struct row_ids instances = read_ids(config, "instances", "instance_id");
    check_repeated(report, &apps);
    check_repeated(report, &sites);
    check_repeated(report, &instances);
    int at = 0;
    const cJSON *instance;
    cJSON_ArrayForEach(instance, tree_get(config, "instances"))
    {
        check_instance(report, instance, at, &apps);
        check_instance(report, instance, at++, &sites);
    }
    const cJSON *row;
    at = 0;
    cJSON_ArrayForEach(row, tree_get(config, "api_keys"))
        check_key_sites(report, row, at++, &sites);
    at = 0;
    cJSON_ArrayForEach(row, tree_get(config, "api")) check_answer(report, row, at++);
}
