/* API paths that are answered from data: the config's "api" first, then fixtures/api, the paths
 * that the documentation's samples and the SDK call. They ask for a token like all others. */
#include <stdlib.h>
#include <string.h>

#include "routes/api.h"
#include "routes/fixtures.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"

struct template
{
    const char *mark;
    const char *value;
};

static char *fill_text(const char *text, const struct template *templates, size_t n)
{
    struct buf out = {0};
    while (*text) {
        size_t i = 0;
        while (i < n && strncmp(text, templates[i].mark, strlen(templates[i].mark)) != 0)
            i++;
        if (i < n) {
            buf_text(&out, templates[i].value);
            text += strlen(templates[i].mark);
        } else {
            buf_char(&out, *text++);
        }
    }
    return buf_take(&out);
}

/* Fill in every text of a tree. Config nesting is bounded by the parser. */
static void fill_tree(cJSON *tree, const struct template *templates, size_t n)
{
    if (cJSON_IsString(tree) && strstr(tree->valuestring, "{{")) {
        OWNED(mem_text_free) char *filled = fill_text(tree->valuestring, templates, n);
        cJSON_SetValuestring(tree, filled ? filled : "");
    }
    for (cJSON *child = tree ? tree->child : NULL; child; child = child->next)
        fill_tree(child, templates, n);
}

static void add_headers(struct response *response, const cJSON *headers)
{
    const cJSON *header;
    cJSON_ArrayForEach(header, headers) if (cJSON_IsString(header))
    {
        response_drop_header(response, header->string);
        response_header(response, header->string, header->valuestring);
    }
}

static void answer_row(struct exchange *x, const cJSON *row, const struct caller *caller)
{
    const struct template templates[] = {{"{{instanceId}}", caller->instance_id},
                                         {"{{siteId}}", caller->site_id},
                                         {"{{appId}}", caller->app_id}};
    const cJSON *body = tree_get(row, "body");
    int64_t status = 200;
    tree_int(row, "status", &status);
    cJSON *filled = body ? cJSON_Duplicate(body, true) : cJSON_CreateObject();
    fill_tree(filled, templates, sizeof templates / sizeof *templates);
    if (cJSON_IsString(filled)) {
        response_text(x->response, (int)status, "text/plain; charset=utf-8", filled->valuestring);
        cJSON_Delete(filled);
    } else {
        response_json(x->response, (int)status, filled);
    }
    add_headers(x->response, tree_get(row, "headers"));
}

/* Whether a path is the API's by its look, /blog/v3/posts, so that a caller without a token hears
 * of the token first. */
static bool has_version(const char *path)
{
    for (const char *at = strstr(path, "/v"); at; at = strstr(at + 1, "/v"))
        if (at[2] >= '0' && at[2] <= '9')
            return true;
    return false;
}

static enum refusal answer_unlisted(struct exchange *x)
{
    bool empty = profile_is(&x->world->profile, PROFILE_UNLISTED_API_PATHS, "empty");
    if (request_header(x->request, "Authorization") || has_version(x->path) || empty) {
        enum refusal refusal = api_authenticate(x, &(struct api_need){0}, NULL);
        if (refusal)
            return refusal;
    }
    if (!empty)
        return REFUSAL_API_NOT_FOUND;
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}

static bool takes_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

enum refusal api_stub(struct exchange *x)
{
    OWNED(tree_free)
    cJSON *fixtures = tree_parse(fixtures_api, strlen(fixtures_api), NULL);
    const cJSON *row = settings_find_answer(x->world->settings.api, x->request->method, x->path);
    bool built_in = !row;
    if (!row)
        row = settings_find_answer(fixtures, x->request->method, x->path);
    if (!row)
        return answer_unlisted(x);
    struct caller caller;
    struct api_need need = {.permission = tree_text(row, "permission"), .site = built_in};
    enum refusal refusal = api_authenticate(x, &need, &caller);
    if (refusal)
        return refusal;
    bool no_object = built_in ? !cJSON_IsObject(x->body) : x->body_kind == BODY_MALFORMED;
    if (takes_body(x->request->method) && no_object)
        return REFUSAL_API_BODY_MALFORMED;
    answer_row(x, row, &caller);
    return REFUSAL_NONE;
}
