/* A request names its app in one of several ways; each service has its own. The first one found
 * also leads to the world, so that clients with hard-coded hosts find theirs. */
#include "routes/facts.h"

#include <string.h>
#include <strings.h>

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

static void note_token(struct exchange *x, const char *text)
{
    const struct token *token = text ? token_of(x, text) : NULL;
    if (!token)
        return;
    if (!*x->app_id)
        exchange_set_app(x, token->app_id);
    if (!*x->instance_id)
        exchange_set_instance(x, token->instance_id);
    x->used_serial = token->serial;
}

static void note_params(struct exchange *x)
{
    static const char *const carriers[][2] = {
        {"code", NULL}, {"refresh_token", "refreshToken"}, {"token", NULL}, {"access_token", NULL}};
    exchange_set_app(x, exchange_param(x, "client_id", "clientId"));
    exchange_set_instance(x, exchange_param(x, "instance_id", "instanceId"));
    exchange_set_grant(x, exchange_param(x, "grant_type", "grantType"));
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        const char *text = exchange_param(x, carriers[i][0], carriers[i][1]);
        if (text) {
            note_token(x, text);
            return;
        }
    }
}

static void note_page(struct exchange *x)
{
    struct install_ticket ticket;
    const char *token = exchange_query(x, "token");
    exchange_set_app(x, exchange_query(x, "appId"));
    if (!*x->app_id)
        exchange_set_app(x, exchange_param(x, "appId", NULL));
    if (token && !*x->app_id && seal_open_ticket(token, &ticket))
        exchange_set_app(x, ticket.app_id);
    note_token(x, exchange_query(x, "access_token"));
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
        return;
    case SERVICE_CONTROL:
        return;
    }
}
