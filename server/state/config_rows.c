/* The rows of a config beside each other. Ids are sorted and looked up, not compared pair by pair:
 * a config may hold 100,000 instances. */
#include <stdlib.h>
#include <string.h>

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

static void check_reference(struct config_report *report, const cJSON *instance, int at,
                            const struct row_ids *rows)
{
    const struct row_id wanted = {.id = tree_text(instance, rows->key)};
    if (!wanted.id || (rows->is_missing && !report->is_whole) ||
        bsearch(&wanted, rows->ids, rows->n, sizeof *rows->ids, compare_ids))
        return;
    OWNED(mem_text_free) char *where = mem_format("instances[%d].%s", at, rows->key);
    OWNED(mem_text_free)
    char *sentence = mem_format("\"%s\" is not among the %s here; add it there or correct it",
                                wanted.id, rows->list);
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
        check_reference(report, instance, at, &apps);
        check_reference(report, instance, at++, &sites);
    }
}
