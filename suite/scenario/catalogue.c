/* The catalogue is checked as a whole when it is loaded: codes are unique, dependencies lead
 * somewhere and not in a circle. */
#include "scenario/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "host/files.h"
#include "scenario/embedded.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

static bool add(struct catalogue *catalogue, const char *file, const char *below, const char *text,
                size_t len, struct err *err)
{
    OWNED(mem_text_free) char *id = mem_text_n(below, strlen(below) - strlen(".json"));
    struct scenario scenario = {0};
    if (!scenario_parse(id, file, text, len, &scenario, err))
        return false;
    for (size_t i = 0; i < catalogue->n; i++) {
        const struct scenario *other = &catalogue->list[i];
        bool same_id = strcmp(other->id, scenario.id) == 0;
        if (!same_id && strcmp(other->code, scenario.code) != 0)
            continue;
        err_set(err, "%s: %s \"%s\" is taken by %s; give it another one", file,
                same_id ? "the id" : "code", same_id ? scenario.id : scenario.code, other->file);
        scenario_free(&scenario);
        return false;
    }
    catalogue->list = mem_grow(catalogue->list, catalogue->n + 1, sizeof *catalogue->list);
    catalogue->list[catalogue->n++] = scenario;
    return true;
}

static bool add_file(void *context, const char *path, const char *below, struct err *err)
{
    if (!text_matches("*.json", below))
        return true;
    OWNED(buf_free) struct buf text = {0};
    return files_read(path, &text, err) && add(context, path, below, buf_str(&text), text.len, err);
}

static bool add_embedded(struct catalogue *catalogue, struct err *err)
{
    for (size_t i = 0; i < n_embedded_scenarios; i++) {
        const struct embedded_file *file = &embedded_scenarios[i];
        OWNED(mem_text_free) char *path = mem_format("fixtures/scenarios/%s", file->path);
        OWNED(mem_text_free) char *text = mem_text_n((const char *)file->bytes, file->len);
        if (!add(catalogue, path, file->path, text, file->len, err))
            return false;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct scenario *)a)->id, ((const struct scenario *)b)->id);
}

bool catalogue_depends(const struct scenario *scenario, const struct scenario *parent)
{
    const cJSON *name = NULL;
    cJSON_ArrayForEach(name, scenario->depends_on)
    {
        if (scenario_answers_to(parent, name->valuestring))
            return true;
    }
    return false;
}

const struct scenario *catalogue_find(const struct catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->n; i++)
        if (scenario_answers_to(&catalogue->list[i], name))
            return &catalogue->list[i];
    return NULL;
}

/* A chain of dependencies longer than the catalogue goes in a circle. */
static bool is_circular(const struct catalogue *catalogue, const struct scenario *scenario,
                        size_t length)
{
    if (length > catalogue->n)
        return true;
    const cJSON *name = NULL;
    cJSON_ArrayForEach(name, scenario->depends_on)
    {
        const struct scenario *parent = catalogue_find(catalogue, name->valuestring);
        if (parent && is_circular(catalogue, parent, length + 1))
            return true;
    }
    return false;
}

static bool check_links(const struct catalogue *catalogue, struct err *err)
{
    for (size_t i = 0; i < catalogue->n; i++) {
        const struct scenario *scenario = &catalogue->list[i];
        const cJSON *name = NULL;
        cJSON_ArrayForEach(name, scenario->depends_on)
        {
            if (!catalogue_find(catalogue, name->valuestring))
                return err_set(err, "%s: depends_on names \"%s\", which is no scenario",
                               scenario->file, name->valuestring);
        }
        if (is_circular(catalogue, scenario, 0))
            return err_set(err, "%s: depends_on leads in a circle", scenario->file);
    }
    return true;
}

bool catalogue_load(const char *folder, struct catalogue *ret_catalogue, struct err *err)
{
    struct catalogue catalogue = {0};
    bool loaded =
        add_embedded(&catalogue, err) && (!folder || files_walk(folder, add_file, &catalogue, err));
    if (loaded && catalogue.n)
        qsort(catalogue.list, catalogue.n, sizeof *catalogue.list, by_id);
    if (!loaded || !check_links(&catalogue, err)) {
        catalogue_free(&catalogue);
        return false;
    }
    *ret_catalogue = catalogue;
    return true;
}

void catalogue_free(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->n; i++)
        scenario_free(&catalogue->list[i]);
    free(catalogue->list);
    *catalogue = (struct catalogue){0};
}
