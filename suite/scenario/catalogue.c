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

static const struct scenario *find_taken(const struct catalogue *catalogue,
                                         const struct scenario *scenario)
{
    for (size_t i = 0; i < catalogue->n; i++)
        if (strcmp(catalogue->list[i].id, scenario->id) == 0 ||
            strcmp(catalogue->list[i].code, scenario->code) == 0)
            return &catalogue->list[i];
    return NULL;
}

static void add(struct catalogue *catalogue, struct scenario *scenario, bool sound)
{
    const struct scenario *other = scenario->code ? find_taken(catalogue, scenario) : NULL;
    if (other) {
        struct reader reader = scenario_reader(scenario, &catalogue->mistakes);
        bool same_id = strcmp(other->id, scenario->id) == 0;
        sound = reader_fail(
            &reader, same_id ? "" : "code", "%s\"%s\" is taken by %s; give it another one",
            same_id ? "the id " : "", same_id ? scenario->id : scenario->code, other->file);
    }
    struct scenario **list = sound ? &catalogue->list : &catalogue->flawed;
    size_t *n = sound ? &catalogue->n : &catalogue->n_flawed;
    *list = mem_grow(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = *scenario;
}

/* "area/name" of "area/name.json"; caller frees with free(). */
static char *id_of(const char *below)
{
    return mem_text_n(below, strlen(below) - strlen(".json"));
}

static bool add_file(void *context, const char *path, const char *below, struct err *err)
{
    struct catalogue *catalogue = context;
    if (!text_matches("*.json", below))
        return true;
    OWNED(buf_free) struct buf text = {0};
    if (!files_read(path, &text, err))
        return false;
    OWNED(mem_text_free) char *id = id_of(below);
    struct scenario scenario = {0};
    bool sound =
        scenario_parse(id, path, buf_str(&text), text.len, &scenario, &catalogue->mistakes);
    scenario.is_own = true;
    add(catalogue, &scenario, sound);
    return true;
}

static void add_embedded(struct catalogue *catalogue)
{
    for (size_t i = 0; i < n_embedded_scenarios; i++) {
        const struct embedded_file *file = &embedded_scenarios[i];
        OWNED(mem_text_free) char *id = id_of(file->path);
        OWNED(mem_text_free) char *path = mem_format("fixtures/scenarios/%s", file->path);
        struct scenario scenario = {0};
        bool sound = scenario_parse(id, path, (const char *)file->bytes, file->len, &scenario,
                                    &catalogue->mistakes);
        add(catalogue, &scenario, sound);
    }
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

static void offer_names(const struct catalogue *catalogue, struct near *near)
{
    for (size_t i = 0; i < catalogue->n; i++) {
        near_offer(near, catalogue->list[i].code);
        near_offer(near, catalogue->list[i].id);
    }
}

static bool is_there(const struct catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->n_flawed; i++)
        if (catalogue->flawed[i].code && scenario_answers_to(&catalogue->flawed[i], name))
            return true;
    return catalogue_find(catalogue, name) != NULL;
}

static void check_link(struct catalogue *catalogue, const struct scenario *scenario,
                       const char *place, const char *name)
{
    if (!name || is_there(catalogue, name))
        return;
    struct reader reader = scenario_reader(scenario, &catalogue->mistakes);
    struct near near = {.given = name};
    offer_names(catalogue, &near);
    reader_fail_word(&reader, place, "names", &near, "there is no such scenario");
}

static void check_links(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->n; i++) {
        const struct scenario *scenario = &catalogue->list[i];
        const cJSON *name = NULL;
        cJSON_ArrayForEach(name, scenario->depends_on)
        {
            check_link(catalogue, scenario, "depends_on", name->valuestring);
        }
        check_link(catalogue, scenario, "fails_with", scenario->fairer);
        struct reader reader = scenario_reader(scenario, &catalogue->mistakes);
        if (is_circular(catalogue, scenario, 0))
            reader_fail(&reader, "depends_on", "leads in a circle");
    }
}

bool catalogue_refuse_name(const struct catalogue *catalogue, const char *where, const char *name,
                           struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = name};
    offer_names(catalogue, &near);
    near_add_question(&question, &near, "");
    return err_set(err, "%s\"%s\" fits no scenario%s `fakewix-conform list` shows them all", where,
                   name, question.len ? buf_str(&question) : ";");
}

bool catalogue_has_own(const struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->n; i++)
        if (catalogue->list[i].is_own)
            return true;
    return catalogue->n_flawed > 0;
}

bool catalogue_load(const char *folder, struct catalogue *ret_catalogue, struct err *err)
{
    struct catalogue catalogue = {0};
    add_embedded(&catalogue);
    if (folder && !files_walk(folder, add_file, &catalogue, err)) {
        catalogue_free(&catalogue);
        return false;
    }
    if (catalogue.n)
        qsort(catalogue.list, catalogue.n, sizeof *catalogue.list, by_id);
    check_links(&catalogue);
    *ret_catalogue = catalogue;
    return true;
}

void catalogue_free(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->n; i++)
        scenario_free(&catalogue->list[i]);
    for (size_t i = 0; i < catalogue->n_flawed; i++)
        scenario_free(&catalogue->flawed[i]);
    free(catalogue->list);
    free(catalogue->flawed);
    mistakes_free(&catalogue->mistakes);
    *catalogue = (struct catalogue){0};
}
