/* Set up through the pipeline itself, so that what the fuzzer meets is what a client would meet. */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "defaults.h"
#include "routes/control.h"
#include "shared/mem.h"
#include "shared/tree.h"

static void keep(struct live *live, const char *name, const char *value)
{
    live->names[live->n] = mem_text(name);
    live->values[live->n++] = mem_text(value ? value : "");
}

static void keep_first(struct live *live, const cJSON *config, const char *list, const char *key,
                       const char *name)
{
    keep(live, name, tree_text(cJSON_GetArrayItem(tree_get(config, list), 0), key));
}

/* POST JSON and keep two members of the answer. */
static void post(struct live *live, const char *path, const char *body, const char *member,
                 const char *name, const char *member_2, const char *name_2)
{
    OWNED(mem_text_free) char *text = live_expand(live, body);
    struct header json = {"Content-Type", "application/json"};
    struct request request = {.method = "POST",
                              .target = path,
                              .headers = &json,
                              .n_headers = 1,
                              .body = text,
                              .body_len = strlen(text),
                              .entrance = ENTRANCE_UNIX};
    struct response response = {0};
    app_handle(&live->fake, &request, &response);
    OWNED(tree_free) cJSON *answer = tree_parse(buf_str(&response.body), response.body.len, NULL);
    keep(live, name, tree_text(answer, member));
    if (member_2)
        keep(live, name_2, tree_text(answer, member_2));
    response_free(&response);
}

#define CLIENT "\"client_id\":\"$APP\",\"client_secret\":\"$SECRET\""

struct live *live_new(void)
{
    struct live *live = mem_new(1, sizeof *live);
    struct worlds_options options = {
        .seed = 1,
        .seeded = true,
        .time = {.mode = TIME_FROZEN, .base_ms = INT64_C(1893456000000), .rate = 1},
        .max_worlds = 16,
        .journal_max = 200,
        .journal_max_bytes = 1 << 20,
    };
    mem_adopt_cjson();
    live->fake.worlds = worlds_open(&options, NULL);
    OWNED(tree_free) cJSON *config = tree_parse(defaults_config, strlen(defaults_config), NULL);
    /* RS256 would take most of a fuzzer's time, and is the library's. */
    tree_put_text(tree_put(config, "profile", cJSON_CreateObject()), "access_token_alg", "HS256");
    struct world *world = worlds_find(live->fake.worlds, "default");
    pthread_mutex_lock(&world->lock);
    control_fill_world(world, config);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
    keep_first(live, config, "apps", "app_id", "APP");
    keep_first(live, config, "apps", "app_secret", "SECRET");
    keep_first(live, config, "instances", "instance_id", "INSTANCE");
    keep_first(live, config, "sites", "site_id", "SITE");
    post(live, "/_fakewix/installs", "{\"app_id\":\"$APP\",\"site_id\":\"$SITE\"}", "code", "CODE",
         NULL, NULL);
    post(live, "/oauth/access",
         "{\"grant_type\":\"authorization_code\"," CLIENT ",\"code\":\"$CODE\"}", "refresh_token",
         "REFRESH", "access_token", "ACCESS");
    post(live, "/oauth2/token",
         "{\"grant_type\":\"client_credentials\"," CLIENT ",\"instance_id\":\"$INSTANCE\"}",
         "access_token", "TOKEN", NULL, NULL);
    return live;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    for (size_t i = 0; i < live->n; i++) {
        free(live->names[i]);
        free(live->values[i]);
    }
    worlds_close(live->fake.worlds);
    free(live);
}

char *live_expand(const struct live *live, const char *text)
{
    OWNED(buf_free) struct buf out = {0};
    while (*text) {
        size_t taken = 0;
        for (size_t i = 0; *text == '$' && !taken && i < live->n; i++) {
            size_t len = strlen(live->names[i]);
            if (strncmp(text + 1, live->names[i], len) != 0)
                continue;
            buf_text(&out, live->values[i]);
            taken = len + 1;
        }
        if (!taken)
            buf_char(&out, *text);
        text += taken ? taken : 1;
    }
    return buf_take(&out);
}

/* Cut `text` at its next line end; returns what follows, or NULL at the end. */
static char *cut_line(char *text)
{
    char *end = strchr(text, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    return end + 1;
}

struct live *live_of_run(int reset_every)
{
    static struct live *live;
    static int runs;
    if (!live || ++runs % reset_every == 0) {
        live_free(live);
        live = live_new();
    }
    return live;
}

bool live_ask(struct live *live, char *text, struct response *ret_response)
{
    enum { HEADERS_MAX = 32 };
    struct header headers[HEADERS_MAX];
    struct request request = {.headers = headers, .body = "", .entrance = ENTRANCE_UNIX};
    char *rest = cut_line(text);
    char *space = strchr(text, ' ');
    if (!space)
        return false;
    *space = '\0';
    request.method = text;
    request.target = space + 1;
    while (rest && *rest && *rest != '\n') {
        char *line = rest;
        rest = cut_line(line);
        char *colon = strchr(line, ':');
        if (!colon || request.n_headers == HEADERS_MAX)
            continue;
        *colon = '\0';
        headers[request.n_headers++] = (struct header){line, colon + 1 + (colon[1] == ' ')};
    }
    if (rest && *rest == '\n')
        request.body = rest + 1;
    request.body_len = strlen(request.body);
    *ret_response = (struct response){0};
    app_handle(&live->fake, &request, ret_response);
    return true;
}
