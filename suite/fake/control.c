/* The control plane as functions. Every answer is checked for the members that are used: a fake of
 * another version must give a sentence, not a crash. */
#include "fake/control.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

/* A needed text member, copied; NULL and a sentence that names the call where it is missing. */
static char *copy_member(const cJSON *answer, const char *name, const char *call, struct err *err)
{
    const char *text = tree_text(answer, name);
    if (text)
        return mem_text(text);
    err_set(err, "the fake's answer to %s lacks \"%s\"; are both programs of one version?", call,
            name);
    return NULL;
}

static void free_world(struct world *world)
{
    free(world->name);
    free(world->app_id);
    free(world->app_secret);
    free(world->instance_id);
    free(world->site_id);
    free(world->base);
    free(world->plain);
    free(world->prefix);
    free(world->control);
    *world = (struct world){0};
}

static bool fill_world(struct world *world, const cJSON *answer, struct err *err)
{
    const char *call = "POST worlds";
    world->name = copy_member(answer, "world", call, err);
    world->app_id = copy_member(answer, "app_id", call, err);
    world->app_secret = copy_member(answer, "app_secret", call, err);
    world->instance_id = copy_member(answer, "instance_id", call, err);
    world->site_id = copy_member(answer, "site_id", call, err);
    world->prefix = copy_member(answer, "prefix", call, err);
    OWNED(mem_text_free) char *http = copy_member(answer, "http", call, err);
    if (!world->name || !world->app_id || !world->app_secret || !world->instance_id ||
        !world->site_id || !world->prefix || !http)
        return false;
    bool whole = *world->prefix && strstr(http, world->prefix);
    world->base = whole ? mem_text(http) : mem_format("%s%s", http, world->prefix);
    world->control = mem_format("%s/worlds/%s", world->server->control, world->name);
    return true;
}

/* A world that shows a certificate has ports of its own, one for each scheme. */
static bool go_secure(struct world *world, const cJSON *answer, struct err *err)
{
    const char *https = tree_text(answer, "https");
    if (!https)
        return err_set(err, "the fake has no TLS; start it with --tls-listen");
    world->plain = world->base;
    world->base = mem_text(https);
    return true;
}

/* An app of somebody's own comes without a site and without an installation. */
static bool install_own_app(const struct server *server, struct http *http, cJSON *answer,
                            struct err *err)
{
    static const char site[] = "1c2d3e4f-5061-4728-b394-a5b6c7d8e9f0";
    OWNED(mem_text_free)
    char *control = mem_format("%s/worlds/%s", server->control, tree_text(answer, "world"));
    OWNED(mem_text_free) char *sites = mem_format("%s/sites", control);
    OWNED(mem_text_free) char *installs = mem_format("%s/installs", control);
    OWNED(tree_free) cJSON *wish = cJSON_CreateObject();
    OWNED(tree_free) cJSON *made = NULL;
    OWNED(tree_free) cJSON *install = NULL;
    tree_put_text(wish, "site_id", site);
    if (!http_send(http, "POST", sites, server->token, wish, &made, err))
        return false;
    tree_put_text(wish, "app_id", tree_text(answer, "app_id"));
    if (!http_send(http, "POST", installs, server->token, wish, &install, err))
        return false;
    tree_put_text(answer, "site_id", site);
    tree_put_text(answer, "instance_id", tree_text(install, "instance_id"));
    return true;
}

bool control_make_world(const struct server *server, struct http *http, const cJSON *wish,
                        struct world *ret_world, struct err *err)
{
    OWNED(mem_text_free) char *url = mem_format("%s/worlds", server->control);
    OWNED(tree_free) cJSON *body = wish ? cJSON_Duplicate(wish, true) : cJSON_CreateObject();
    OWNED(tree_free) cJSON *answer = NULL;
    if (!http_send(http, "POST", url, server->token, body, &answer, err))
        return false;
    struct world world = {.server = server, .http = http};
    bool whole = tree_text(answer, "instance_id") || !tree_text(answer, "app_id") ||
                 install_own_app(server, http, answer, err);
    if (!whole || !fill_world(&world, answer, err) ||
        (tree_get(wish, "tls") && !go_secure(&world, answer, err))) {
        free_world(&world);
        return false;
    }
    *ret_world = world;
    return true;
}

void control_end_world(struct world *world)
{
    if (world->control) {
        OWNED(tree_free) cJSON *answer = NULL;
        http_send(world->http, "DELETE", world->control, world->server->token, NULL, &answer, NULL);
    }
    free_world(world);
}

bool control_call(const struct world *world, const char *method, const char *path,
                  const cJSON *body, cJSON **ret_answer, struct err *err)
{
    OWNED(mem_text_free) char *url = mem_format("%s%s", world->control, path);
    return http_send(world->http, method, url, world->server->token, body, ret_answer, err);
}

bool control_try(const struct world *world, const char *method, const char *path, const cJSON *body,
                 cJSON **ret_answer, char **ret_refusal, struct err *err)
{
    OWNED(mem_text_free) char *url = mem_format("%s%s", world->control, path);
    return http_try(world->http, method, url, world->server->token, body, ret_answer, ret_refusal,
                    err);
}

bool control_wix(const struct world *world, const char *path, const cJSON *body, cJSON **ret_answer,
                 struct err *err)
{
    const char *base = world->plain ? world->plain : world->base;
    OWNED(mem_text_free) char *url = mem_format("%s%s", base, path);
    return http_send(world->http, "POST", url, NULL, body, ret_answer, err);
}

bool control_make_refresh_token(const struct world *world, char **ret_token, struct err *err)
{
    OWNED(tree_free) cJSON *wish = cJSON_CreateObject();
    tree_put_text(wish, "app_id", world->app_id);
    tree_put_text(wish, "site_id", world->site_id);
    OWNED(tree_free) cJSON *install = NULL;
    if (!control_call(world, "POST", "/installs", wish, &install, err))
        return false;
    OWNED(mem_text_free) char *code = copy_member(install, "code", "POST installs", err);
    if (!code)
        return false;
    OWNED(tree_free) cJSON *grant = cJSON_CreateObject();
    tree_put_text(grant, "grant_type", "authorization_code");
    tree_put_text(grant, "client_id", world->app_id);
    tree_put_text(grant, "client_secret", world->app_secret);
    tree_put_text(grant, "code", code);
    OWNED(tree_free) cJSON *tokens = NULL;
    if (!control_wix(world, "/oauth/access", grant, &tokens, err))
        return false;
    char *token = copy_member(tokens, "refresh_token", "POST /oauth/access", err);
    if (!token)
        return false;
    *ret_token = token;
    return true;
}

bool control_arm(const struct world *world, const cJSON *fault, char **ret_id, struct err *err)
{
    OWNED(tree_free) cJSON *answer = NULL;
    if (!control_call(world, "POST", "/faults", fault, &answer, err))
        return false;
    char *id = copy_member(answer, "fault_id", "POST faults", err);
    if (!id)
        return false;
    *ret_id = id;
    return true;
}

bool control_read_faults(const struct world *world, cJSON **ret_faults, struct err *err)
{
    return control_call(world, "GET", "/faults", NULL, ret_faults, err);
}

cJSON *control_read_default_journal(const struct world *world)
{
    const struct server *server = world->server;
    OWNED(mem_text_free) char *url = mem_format("%s/journal", server->control);
    cJSON *answer = NULL;
    return http_send(world->http, "GET", url, server->token, NULL, &answer, NULL) ? answer : NULL;
}

bool control_read_journal(const struct world *world, int64_t since, cJSON **ret_journal,
                          int64_t *ret_next, struct err *err)
{
    OWNED(mem_text_free) char *path = mem_format("/journal?since=%lld", (long long)since);
    OWNED(tree_free) cJSON *answer = NULL;
    if (!control_call(world, "GET", path, NULL, &answer, err))
        return false;
    int64_t dropped = 0;
    if (!cJSON_IsArray(tree_get(answer, "entries")) || !tree_int(answer, "next", ret_next))
        return err_set(err, "the fake's journal is not understood; "
                            "are both programs of one version?");
    if (tree_int(answer, "dropped", &dropped) && dropped > 0)
        return err_set(err,
                       "the fake's journal dropped %lld entries: the client made more "
                       "requests than it keeps",
                       (long long)dropped);
    *ret_journal = answer;
    answer = NULL;
    return true;
}
