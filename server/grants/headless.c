/* Visitors, members and users: who they are, and the token answer of /oauth2/token for them. */
#include "grants/headless.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "state/settings.h"

enum { REFRESH_LIFE_S = 365 * 86400 }; /* exp - iat of every published sample */

enum refusal headless_client(struct exchange *x, struct app *ret_app)
{
    const char *client_id = exchange_param(x, "client_id", "clientId");
    OWNED(app_free) struct app app = {0};
    if (!grant_find_app(x, client_id, &app))
        return text_is_guid(client_id) ? REFUSAL_TOKEN_CLIENT_UNKNOWN : REFUSAL_TOKEN_CLIENT_FORM;
    if (!app.oauth)
        return REFUSAL_TOKEN_CLIENT_UNAUTHORIZED;
    *ret_app = app;
    app = (struct app){0};
    return REFUSAL_NONE;
}

static void find_home(struct world *world, struct token *person)
{
    size_t n;
    struct instance *instances = store_list_instances(world->store, world->id, &n);
    for (size_t i = 0; i < n; i++) {
        if (instances[i].state == INSTALL_UNINSTALLED ||
            strcmp(instances[i].app_id, person->app_id) != 0)
            continue;
        memcpy(person->instance_id, instances[i].instance_id, sizeof person->instance_id);
        memcpy(person->site_id, instances[i].site_id, sizeof person->site_id);
        person->generation = instances[i].generation;
        break;
    }
    free(instances);
}

struct token headless_person(struct world *world, const char *app_id, enum token_subject type,
                             const char *subject)
{
    struct token person = {.subject_type = type};
    memcpy(person.app_id, app_id, strnlen(app_id, MODEL_ID_MAX));
    memcpy(person.subject, subject, strnlen(subject, MODEL_ID_MAX));
    find_home(world, &person);
    return person;
}

void headless_member(struct world *world, const char *site_id,
                     char ret_member[static MODEL_ID_MAX + 1])
{
    struct site site = {0};
    OWNED(tree_free) cJSON *tree = NULL;
    if (store_find_site(world->store, world->id, site_id, &site))
        tree = site_tree(&site);
    const char *configured = tree_text(tree, "member_id");
    if (configured) {
        size_t len = strnlen(configured, MODEL_ID_MAX);
        memcpy(ret_member, configured, len);
        ret_member[len] = '\0';
    } else {
        OWNED(mem_text_free) char *seed = mem_format("member of %s", site_id);
        char guid[TEXT_GUID_LEN + 1];
        digest_guid(seed, guid);
        memcpy(ret_member, guid, sizeof guid);
    }
    site_free(&site);
}

/* The two halves of the header; false where there are not two. Caller frees with free(). */
static bool split_header(const struct exchange *x, char **ret_token, char **ret_key)
{
    const char *value = request_header(x->request, "Authorization");
    const char *comma = value ? strchr(value, ',') : NULL;
    if (!comma)
        return false;
    value += strspn(value, " ");
    if (strncasecmp(value, "Bearer ", 7) == 0)
        value += 7;
    if (comma < value)
        return false;
    *ret_token = mem_text_n(value, (size_t)(comma - value));
    comma++;
    *ret_key = mem_text(comma + strspn(comma, " "));
    return true;
}

enum refusal headless_vouched(struct exchange *x, struct token *ret_visitor)
{
    OWNED(mem_text_free) char *text = NULL;
    OWNED(mem_text_free) char *key = NULL;
    struct token visitor;
    if (!split_header(x, &text, &key))
        return REFUSAL_TOKEN_AUTHORIZATION_MISSING;
    if (!settings_find_key(&x->world->settings, key))
        return REFUSAL_TOKEN_API_KEY_UNKNOWN;
    if (!token_read_in(x->world, text, &visitor) || strcmp(visitor.world, x->world->id) != 0 ||
        visitor.kind != TOKEN_OAUTH_ACCESS || visitor.subject_type == SUBJECT_APP ||
        token_standing(x->world, &visitor, x->now_ms) != STANDING_GOOD)
        return REFUSAL_TOKEN_VISITOR_INVALID;
    *ret_visitor = visitor;
    return REFUSAL_NONE;
}

void headless_answer(struct exchange *x, const struct token *person, const struct token *line,
                     int64_t lifetime_s, cJSON *answer)
{
    struct token access = *person;
    access.kind = TOKEN_OAUTH_ACCESS;
    access.expires_ms = x->now_ms + lifetime_s * 1000;
    access.family = 0;
    access.id[0] = '\0';
    access.offline = line != NULL;
    token_put(x, &access, answer, "access_token");
    tree_put_text(answer, "token_type", "Bearer");
    tree_put_int(answer, "expires_in", lifetime_s);
    if (!line)
        return;
    struct token refresh = *line;
    refresh.kind = TOKEN_OAUTH_REFRESH;
    refresh.offline = true;
    refresh.expires_ms = x->now_ms + REFRESH_LIFE_S * INT64_C(1000);
    token_put(x, &refresh, answer, "refresh_token");
}

bool headless_wants_refresh(const struct exchange *x)
{
    static const char word[] = "offline_access";
    const char *scope = exchange_param(x, "scope", NULL);
    while (scope && *scope) {
        size_t len = strcspn(scope, " ");
        if (len == sizeof word - 1 && memcmp(scope, word, len) == 0)
            return true;
        scope += len + strspn(scope + len, " ");
    }
    return false;
}
