/* A client's performance as a value. */
#include "evidence/performance.h"

#include <stdlib.h>
#include <strings.h>

#include "shared/mem.h"

void performance_note(struct performance *performance, enum client_end end, char *detail)
{
    if (performance->detail && end <= performance->end) {
        free(detail);
        return;
    }
    free(performance->detail);
    performance->end = end;
    performance->detail = detail;
}

struct install *performance_add_install(struct performance *performance)
{
    performance->installs =
        mem_grow(performance->installs, performance->n_installs + 1, sizeof *performance->installs);
    struct install *install = &performance->installs[performance->n_installs++];
    *install = (struct install){0};
    return install;
}

struct visit *performance_add_visit(struct performance *performance)
{
    performance->visits =
        mem_grow(performance->visits, performance->n_visits + 1, sizeof *performance->visits);
    struct visit *visit = &performance->visits[performance->n_visits++];
    *visit = (struct visit){0};
    return visit;
}

struct answer *performance_add_answer(struct performance *performance)
{
    performance->answers =
        mem_grow(performance->answers, performance->n_answers + 1, sizeof *performance->answers);
    struct answer *answer = &performance->answers[performance->n_answers++];
    *answer = (struct answer){.handled = -1};
    return answer;
}

/* What kept an install from its end, or NULL. */
static const char *find_trouble(const struct performance *performance)
{
    for (size_t i = 0; i < performance->n_installs; i++)
        if (performance->installs[i].trouble)
            return performance->installs[i].trouble;
    return NULL;
}

void performance_settle(struct performance *performance)
{
    const char *trouble = find_trouble(performance);
    if (performance->detail)
        return;
    if (trouble)
        performance_note(performance, CLIENT_ERROR,
                         mem_format("came to no end of its own: %s", trouble));
    else if (performance->n_installs)
        performance_note(performance, CLIENT_OK, mem_text("sent the browser to the installer"));
    else
        performance_note(performance, CLIENT_ERROR,
                         mem_text("came to no end of its own: nothing was asked of it"));
}

const char *visit_header(const struct visit *visit, const char *name)
{
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, visit->headers)
    {
        const char *key = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        if (key && strcasecmp(key, name) == 0)
            return cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
    }
    return NULL;
}

static void free_install(struct install *install)
{
    free(install->url);
    free(install->redirect_url);
    free(install->state);
    free(install->app_id);
    free(install->token);
    free(install->given_token);
    free(install->given_redirect_url);
    free(install->callback);
    free(install->trouble);
}

static void free_visit(struct visit *visit)
{
    free(visit->url);
    free(visit->location);
    cJSON_Delete(visit->headers);
}

void performance_free(struct performance *performance)
{
    for (size_t i = 0; i < performance->n_installs; i++)
        free_install(&performance->installs[i]);
    for (size_t i = 0; i < performance->n_visits; i++)
        free_visit(&performance->visits[i]);
    for (size_t i = 0; i < performance->n_answers; i++)
        free(performance->answers[i].text);
    free(performance->installs);
    free(performance->visits);
    free(performance->answers);
    free(performance->detail);
    buf_free(&performance->out);
    buf_free(&performance->err);
    buf_free(&performance->arguments);
    *performance = (struct performance){0};
}
