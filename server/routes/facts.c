/* A request names its app in one of several ways; each service has its own. The first one found
 * also leads to the world, so that clients with hard-coded hosts find theirs. */
#include "routes/facts.h"

#include <string.h>
#include <strings.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/seal.h"
#include "tokens/token.h"

const char *facts_bearer(const struct exchange *x)
{
    const char *value = request_header(x->request, "Authorization");
    if (!value)
        return NULL;
    value += strspn(value, " ");
    if (strncasecmp(value, "Bearer ", 7) == 0)
        value += 7;
    value += strspn(value, " ");
    return *value ? value : NULL;
}

/* A client that a query names: authorize pages and device codes. */
static void note_client(struct exchange *x)
{
    if (!*x->app_id)
        exchange_set_app(x, exchange_query(x, "client_id"));
    if (!*x->app_id)
        exchange_set_app(x, exchange_query(x, "clientId"));
}

static void note_token(struct exchange *x, const char *text)
{
    const struct token *token = text ? token_of(x, text) : NULL;
    if (!token)
        return;
    if (!*x->app_id)
        exchange_set_app(x, token->app_id);
    if (!*x->instance_id)
        exchange_set_instance(x, token->instance_id);
    memcpy(x->home, token->world, sizeof x->home);
    x->used_serial = token->serial;
}

/* authorized_client and Sign On name nobody in the body: the visitor token before the comma does.
 */
static void note_visitor(struct exchange *x)
{
    const char *value = facts_bearer(x);
    struct token token;
    if (*x->app_id || !value || !strchr(value, ','))
        return;
    OWNED(mem_text_free) char *text = mem_text_n(value, strcspn(value, ","));
    if (!token_read(text, &token))
        return;
    exchange_set_app(x, token.app_id);
    exchange_set_instance(x, token.instance_id);
    memcpy(x->home, token.world, sizeof x->home);
}

/* A signed app instance names its app in the open; whether it is genuine is asked later. */
static void note_signed_instance(struct exchange *x, const char *text)
{
    const char *dot = strchr(text, '.');
    OWNED(buf_free) struct buf json = {0};
    if (*x->app_id || !dot || !text_decode_base64url(&json, dot + 1, strlen(dot + 1), true))
        return;
    OWNED(tree_free) cJSON *instance = tree_parse(buf_str(&json), json.len, NULL);
    exchange_set_app(x, tree_text(instance, "appDefId"));
}

static void note_params(struct exchange *x)
{
    static const char *const carriers[][2] = {{"code", NULL},
                                              {"refresh_token", "refreshToken"},
                                              {"token", NULL},
                                              {"access_token", "accessToken"},
                                              {"device_code", "deviceCode"}};
    exchange_set_app(x, exchange_param(x, "client_id", "clientId"));
    exchange_set_instance(x, exchange_param(x, "instance_id", "instanceId"));
    exchange_set_grant(x, exchange_param(x, "grant_type", "grantType"));
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        const char *text = exchange_param(x, carriers[i][0], carriers[i][1]);
        if (text) {
            note_token(x, text);
            note_signed_instance(x, text);
            return;
        }
    }
    note_client(x);
    note_visitor(x);
}

static void note_page(struct exchange *x)
{
    note_client(x);
    struct install_ticket ticket;
    const char *token = exchange_query(x, "token");
    if (!*x->app_id)
        exchange_set_app(x, exchange_query(x, "appId"));
    if (!*x->app_id)
        exchange_set_app(x, exchange_param(x, "appId", NULL));
    if (token && seal_open_ticket(token, &ticket)) {
        memcpy(x->home, ticket.world, sizeof x->home);
        if (!*x->app_id)
            exchange_set_app(x, ticket.app_id);
    }
    token = exchange_param(x, "access_token", NULL);
    if (!token)
        token = exchange_query(x, "access_token");
    note_token(x, token ? token : facts_bearer(x));
}

void facts_note(struct exchange *x, enum service service)
{
    switch (service) {
    case SERVICE_TOKEN:
    case SERVICE_ACCESS:
        note_params(x);
        return;
    case SERVICE_PAGE:
        note_page(x);
        return;
    case SERVICE_API:
        note_token(x, facts_bearer(x));
        note_visitor(x);
        return;
    case SERVICE_CONTROL:
        return;
    }
}
