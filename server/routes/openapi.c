/* routes.def says which paths there are, fixtures/openapi/parts.json what their bodies look like.
 * An operation of the parts:
 *
 *   "POST /oauth2/token":
 * {"asks":"TokenRequest","form":true,"query":[…],"answers":{"200":"TokenAnswer"}}
 *
 * A schema's name stands for a JSON body, "html" for a page, null for no body. A route without
 * parts is described by its path, its summary and its service's errors. */
#include "routes/openapi.h"

#include <string.h>

#include "routes/fixtures.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static const char description[] =
    "A test double. Not Wix, not affiliated with Wix. Paths under /_fakewix are the control plane; "
    "all others answer as Wix does, also under /w/{world} for the world of that name, as control "
    "calls do under /_fakewix/worlds/{world}. An armed fault may answer anything.";

static void put_body(cJSON *of, const char *type, const char *schema)
{
    cJSON *content = tree_get(of, "content");
    if (!content)
        content = tree_put(of, "content", cJSON_CreateObject());
    cJSON *body = tree_put(content, type, cJSON_CreateObject());
    cJSON *reference = tree_put(body, "schema", cJSON_CreateObject());
    if (!schema)
        return;
    OWNED(mem_text_free) char *name = mem_format("#/components/schemas/%s", schema);
    tree_put_text(reference, "$ref", name);
}

static void put_answer(cJSON *answers, const char *status, const char *text, const char *schema)
{
    cJSON *answer = tree_put(answers, status, cJSON_CreateObject());
    tree_put_text(answer, "description", text);
    if (!schema)
        return;
    bool page = strcmp(schema, "html") == 0;
    put_body(answer, page ? "text/html" : "application/json", page ? NULL : schema);
}

static void put_answers(cJSON *operation, const struct route *route, const cJSON *parts,
                        const cJSON *own)
{
    cJSON *answers = tree_put(operation, "responses", cJSON_CreateObject());
    const cJSON *known = tree_get(own, "answers");
    const cJSON *answer;
    cJSON_ArrayForEach(answer, known)
        put_answer(answers, answer->string, route->summary, cJSON_GetStringValue(answer));
    if (!known)
        put_answer(answers, "2XX", route->summary, NULL);
    const char *error = tree_text(tree_get(parts, "errors"), router_service_name(route->service));
    put_answer(answers, "default", "a refusal", error ? error : "html");
}

static void put_parameter(cJSON *operation, const char *name, const char *in)
{
    cJSON *list = tree_get(operation, "parameters");
    if (!list)
        list = tree_put(operation, "parameters", cJSON_CreateArray());
    cJSON *parameter = tree_put(list, NULL, cJSON_CreateObject());
    tree_put_text(parameter, "name", name);
    tree_put_text(parameter, "in", in);
    if (strcmp(in, "path") == 0)
        tree_put_flag(parameter, "required", true);
    tree_put_text(tree_put(parameter, "schema", cJSON_CreateObject()), "type", "string");
}

static void put_request(cJSON *operation, const cJSON *own)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, tree_get(own, "query"))
        put_parameter(operation, name->valuestring, "query");
    const char *schema = tree_text(own, "asks");
    if (!schema)
        return;
    cJSON *request = tree_put(operation, "requestBody", cJSON_CreateObject());
    put_body(request, "application/json", schema);
    if (tree_flag(own, "form", false))
        put_body(request, "application/x-www-form-urlencoded", schema);
}

/* API paths want a token; control calls one where the fake was told so. */
static void put_security(cJSON *operation, enum service service)
{
    if (service != SERVICE_API && service != SERVICE_CONTROL)
        return;
    cJSON *choices = tree_put(operation, "security", cJSON_CreateArray());
    if (service == SERVICE_CONTROL)
        tree_put(choices, NULL, cJSON_CreateObject());
    cJSON *scheme = tree_put(choices, NULL, cJSON_CreateObject());
    tree_put(scheme, service == SERVICE_API ? "access_token" : "control_token",
             cJSON_CreateArray());
}

/* "/instances/{}/sign" as "/instances/{id}/sign"; what ends in "**" as "/{path}". */
static void put_path(struct buf *out, const char *pattern, const char **ret_parameter)
{
    *ret_parameter = NULL;
    if (strcmp(pattern, "**") == 0) {
        *ret_parameter = "path";
        buf_text(out, "/{path}");
        return;
    }
    for (; *pattern; pattern++)
        if (strncmp(pattern, "{}", 2) == 0) {
            *ret_parameter = "id";
            buf_text(out, "{id}");
            pattern++;
        } else {
            buf_char(out, *pattern);
        }
}

/* A method as OpenAPI names it, and whether a route for any method stands for it. */
static const struct {
    const char *method, *key;
    bool is_any;
} methods[] = {
    {"GET", "get", true},     {"POST", "post", true},     {"PUT", "put", true},
    {"PATCH", "patch", true}, {"DELETE", "delete", true}, {"OPTIONS", "options", false},
};

static void put_operation(cJSON *item, const char *key, const struct route *route,
                          const cJSON *parts, const char *parameter)
{
    if (tree_get(item, key))
        return;
    const cJSON *own = tree_get(tree_get(parts, "operations"), route->name);
    cJSON *operation = tree_put(item, key, cJSON_CreateObject());
    tree_put_text(operation, "summary", route->summary);
    cJSON *tags = tree_put(operation, "tags", cJSON_CreateArray());
    cJSON_AddItemToArray(tags, cJSON_CreateString(router_service_name(route->service)));
    if (parameter)
        put_parameter(operation, parameter, "path");
    put_request(operation, own);
    put_security(operation, route->service);
    put_answers(operation, route, parts, own);
}

static void put_route(cJSON *paths, const struct route *route, const cJSON *parts)
{
    OWNED(buf_free) struct buf path = {0};
    const char *parameter;
    put_path(&path, route->path, &parameter);
    cJSON *item = tree_get(paths, buf_str(&path));
    if (!item)
        item = tree_put(paths, buf_str(&path), cJSON_CreateObject());
    bool any = strcmp(route->method, "*") == 0;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (any ? methods[i].is_any : strcmp(route->method, methods[i].method) == 0)
            put_operation(item, methods[i].key, route, parts, parameter);
}

static void put_scheme(cJSON *schemes, const char *name, const char *type, const char *text)
{
    cJSON *scheme = tree_put(schemes, name, cJSON_CreateObject());
    tree_put_text(scheme, "type", type);
    tree_put_text(scheme, "description", text);
    if (strcmp(type, "http") == 0) {
        tree_put_text(scheme, "scheme", "bearer");
        return;
    }
    tree_put_text(scheme, "in", "header");
    tree_put_text(scheme, "name", "Authorization");
}

static void put_components(cJSON *document, cJSON *parts)
{
    cJSON *components = tree_put(document, "components", cJSON_CreateObject());
    tree_put(components, "schemas", cJSON_DetachItemFromObjectCaseSensitive(parts, "schemas"));
    cJSON *schemes = tree_put(components, "securitySchemes", cJSON_CreateObject());
    put_scheme(schemes, "access_token", "apiKey", "an access token, bare or behind Bearer");
    put_scheme(schemes, "control_token", "http", "what --control-token says");
}

cJSON *openapi_document(void)
{
    OWNED(tree_free) cJSON *parts = tree_parse(fixtures_openapi, strlen(fixtures_openapi), NULL);
    cJSON *document = cJSON_CreateObject();
    tree_put_text(document, "openapi", "3.1.0");
    cJSON *info = tree_put(document, "info", cJSON_CreateObject());
    tree_put_text(info, "title", "fakewix");
    tree_put_text(info, "version", FAKEWIX_VERSION);
    tree_put_text(info, "description", description);
    cJSON *servers = tree_put(document, "servers", cJSON_CreateArray());
    tree_put_text(tree_put(servers, NULL, cJSON_CreateObject()), "url", "/");
    cJSON *paths = tree_put(document, "paths", cJSON_CreateObject());
    size_t n;
    const struct route *routes = router_routes(&n);
    for (size_t i = 0; i < n; i++)
        put_route(paths, &routes[i], parts);
    put_components(document, parts);
    return document;
}

enum refusal control_openapi(struct exchange *x)
{
    response_json(x->response, 200, openapi_document());
    return REFUSAL_NONE;
}
