/* A client that follows a redirect to another origin must leave its secrets behind. This origin
 * takes whatever comes, and tells. */
#include "routes/leak.h"

#include <string.h>
#include <strings.h>

#include "routes/control.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

static const char prefix[] = "/leak/";

static struct world *find_world(struct fake *fake, const char *target)
{
    if (strncmp(target, prefix, strlen(prefix)) != 0)
        return NULL;
    const char *name = target + strlen(prefix);
    OWNED(mem_text_free) char *id = mem_text_n(name, strcspn(name, "/?#"));
    return worlds_find(fake->worlds, id);
}

/* What an attacker would say, so that the client goes on. */
static void answer(struct response *response)
{
    cJSON *body = cJSON_CreateObject();
    tree_put_flag(body, "ok", true);
    tree_put_text(body, "access_token", "stolen");
    tree_put_text(body, "token_type", "Bearer");
    tree_put_int(body, "expires_in", 14400);
    response_json(response, 200, body);
}

void leak_handle(struct fake *fake, const struct request *request, struct response *response)
{
    struct world *world = find_world(fake, request->target);
    answer(response);
    if (!world)
        return;
    pthread_mutex_lock(&world->lock);
    int64_t real_ms = now_real_ms();
    struct journal_facts facts = {.at_ms = timeline_at(&world->time, real_ms),
                                  .real_ms = real_ms,
                                  .route = "LEAK",
                                  .app_id = "",
                                  .instance_id = "",
                                  .grant = "",
                                  .fault_id = "",
                                  .request_id = ""};
    journal_add(&world->journal, &facts, request, response);
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
}

/* ---- what arrived ---- */

static const char *header_of(const cJSON *headers, const char *name)
{
    const cJSON *pair;
    cJSON_ArrayForEach(pair, headers)
    {
        const char *key = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        if (key && strcasecmp(key, name) == 0)
            return cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
    }
    return NULL;
}

/* Which of a client's secrets are in one request, by name. */
static cJSON *find_secrets(const cJSON *request)
{
    static const char *const headers[] = {"Authorization", "Cookie", "Proxy-Authorization"};
    static const char *const names[] = {"client_secret", "clientSecret", "refresh_token",
                                        "refreshToken",  "code",         "access_token"};
    cJSON *found = cJSON_CreateArray();
    const char *body = tree_text(request, "body");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (header_of(tree_get(request, "headers"), headers[i]))
            cJSON_AddItemToArray(found, cJSON_CreateString(headers[i]));
    for (size_t i = 0; body && i < sizeof names / sizeof *names; i++) {
        OWNED(mem_text_free) char *member = mem_format("\"%s\"", names[i]);
        OWNED(mem_text_free) char *field = mem_format("%s=", names[i]);
        if (strstr(body, member) || strstr(body, field))
            cJSON_AddItemToArray(found, cJSON_CreateString(names[i]));
    }
    return found;
}

/* {"leaks":[{"seq","method","target","host","secrets","request"}],"next"} */
enum refusal control_leaks(struct exchange *x)
{
    struct journal_query query = {.route = "LEAK", .since = control_query_int(x, "since", 0)};
    OWNED(tree_free) cJSON *seen = journal_json(&x->world->journal, x->world->id, &query);
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = tree_put(answer, "leaks", cJSON_CreateArray());
    const cJSON *entry;
    cJSON_ArrayForEach(entry, tree_get(seen, "entries"))
    {
        static const char *const members[] = {"seq", "method", "target"};
        const cJSON *request = tree_get(entry, "request");
        cJSON *leak = tree_put(list, NULL, cJSON_CreateObject());
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            tree_put(leak, members[i], cJSON_Duplicate(tree_get(entry, members[i]), true));
        tree_put_text(leak, "host", header_of(tree_get(request, "headers"), "Host"));
        tree_put(leak, "secrets", find_secrets(request));
        tree_put(leak, "request", cJSON_Duplicate(request, true));
    }
    tree_put(answer, "next", cJSON_Duplicate(tree_get(seen, "next"), true));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
