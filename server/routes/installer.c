/* The installer's pages: consent, the redirect with a code, the end of the window.
 *
 * App URL ← token ─ app ─→ /installer/install?token&appId&redirectUrl[&state]
 *                          ├─ Agree ──→ redirectUrl?code&state&instanceId
 *                          └─ Decline → a closing page (or error=access_denied, by profile) */
#include <stdlib.h>
#include <string.h>

#include "grants/grant.h"
#include "routes/fake.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "tokens/seal.h"
#include "tokens/token.h"

/* A request to install, checked. */
struct wish {
    struct app app;
    char site_id[MODEL_ID_MAX + 1]; /* "" when the person is still to choose */
    int64_t ticket_serial;          /* 0 without a token */
    const char *redirect_url;       /* borrowed */
    const char *state;              /* borrowed; NULL without one */
};

static void wish_free(struct wish *wish)
{
    app_free(&wish->app);
}

/* GET has the parameters in the query, the page's form in the body. */
static const char *value_of(const struct exchange *x, const char *name)
{
    const char *text = exchange_param(x, name, NULL);
    return text ? text : exchange_query(x, name);
}

static enum refusal read_ticket(struct exchange *x, struct wish *wish)
{
    const char *token = value_of(x, "token");
    struct install_ticket ticket;
    if (!token || !*token)
        return REFUSAL_NONE;
    if (!seal_open_ticket(token, &ticket) ||
        !world_knows_token(x->world, ticket.world, ticket.serial) ||
        strcmp(ticket.app_id, wish->app.app_id) != 0 || x->now_ms >= ticket.expires_ms)
        return REFUSAL_INSTALL_TOKEN_INVALID;
    char *mark = mem_format("spent/%lld", (long long)ticket.serial);
    bool spent = store_is_spent(x->world->store, x->world->id, mark);
    free(mark);
    if (spent)
        return REFUSAL_INSTALL_TOKEN_INVALID;
    wish->ticket_serial = ticket.serial;
    memcpy(wish->site_id, ticket.site_id, sizeof wish->site_id);
    return REFUSAL_NONE;
}

static enum refusal read_site(struct exchange *x, struct wish *wish)
{
    const char *site_id = value_of(x, "siteId");
    if (*wish->site_id || !site_id || !*site_id)
        return REFUSAL_NONE;
    struct site site;
    if (!store_find_site(x->world->store, x->world->id, site_id, &site))
        return REFUSAL_INSTALL_SITE_UNKNOWN;
    memcpy(wish->site_id, site.site_id, sizeof wish->site_id);
    site_free(&site);
    return REFUSAL_NONE;
}

static enum refusal read_wish(struct exchange *x, struct wish *wish)
{
    const char *app_id = value_of(x, "appId");
    if (!app_id || !store_find_app(x->world->store, x->world->id, app_id, &wish->app))
        return REFUSAL_INSTALL_APP_UNKNOWN;
    wish->redirect_url = value_of(x, "redirectUrl");
    wish->state = value_of(x, "state");
    if (!wish->redirect_url || !app_allows_redirect(&wish->app, wish->redirect_url))
        return REFUSAL_INSTALL_REDIRECT_UNKNOWN;
    enum refusal refusal = read_ticket(x, wish);
    return refusal ? refusal : read_site(x, wish);
}

static void add_param(struct buf *url, const char *name, const char *value)
{
    buf_text(url, strchr(buf_str(url), '?') ? "&" : "?");
    buf_format(url, "%s=", name);
    text_add_escaped(url, value);
}

static void redirect(struct exchange *x, const char *url)
{
    response_text(x->response, 302, "text/html; charset=utf-8", "");
    response_header(x->response, "Location", url);
    response_header(x->response, "Cache-Control", "no-store");
}

/* Order code, state, instanceId (pick-11). */
static enum refusal agree(struct exchange *x, struct wish *wish)
{
    if (wish->ticket_serial) {
        char *mark = mem_format("spent/%lld", (long long)wish->ticket_serial);
        bool first = store_spend(x->world->store, x->world->id, mark);
        free(mark);
        if (!first)
            return REFUSAL_INSTALL_TOKEN_INVALID;
    }
    struct instance instance = install_app(x->world, wish->app.app_id, wish->site_id);
    exchange_set_instance(x, instance.instance_id);
    OWNED(buf_free) struct buf code = {0};
    install_mint_code(x->world, x->now_ms, &instance, &code);
    OWNED(buf_free) struct buf url = {0};
    buf_text(&url, wish->redirect_url);
    add_param(&url, "code", buf_str(&code));
    if (wish->state)
        add_param(&url, "state", wish->state);
    add_param(&url, "instanceId", instance.instance_id);
    redirect(x, buf_str(&url));
    return REFUSAL_NONE;
}

static void decline(struct exchange *x, const struct wish *wish)
{
    if (profile_is(&x->world->profile, PROFILE_CONSENT_DECLINED, "stay")) {
        page_begin(x->response, 200, "You declined");
        buf_text(&x->response->body, "<p>Nothing was installed. You may close this window.</p>");
        page_end(x->response);
        return;
    }
    OWNED(buf_free) struct buf url = {0};
    buf_text(&url, wish->redirect_url);
    add_param(&url, "error", "access_denied");
    if (wish->state)
        add_param(&url, "state", wish->state);
    redirect(x, buf_str(&url));
}

static void put_hidden(struct buf *body, const char *name, const char *value)
{
    if (!value)
        return;
    buf_format(body, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    text_add_html(body, value);
    buf_text(body, "\">");
}

static void put_sites(struct exchange *x, struct buf *body)
{
    size_t n;
    struct site *sites = store_list_sites(x->world->store, x->world->id, &n);
    buf_text(body, "<fieldset><legend>Install on</legend>");
    for (size_t i = 0; i < n; i++) {
        OWNED(tree_free) cJSON *tree = site_tree(&sites[i]);
        const char *name = tree_text(tree, "display_name");
        buf_format(body, "<label><input type=\"radio\" name=\"siteId\" value=\"%s\"%s> ",
                   sites[i].site_id, i ? "" : " checked");
        text_add_html(body, name ? name : sites[i].site_id);
        buf_text(body, "</label>");
        site_free(&sites[i]);
    }
    free(sites);
    buf_text(body, "</fieldset>");
}

static void put_site_name(struct exchange *x, const char *site_id, struct buf *body)
{
    struct site site;
    if (!store_find_site(x->world->store, x->world->id, site_id, &site))
        return;
    OWNED(tree_free) cJSON *tree = site_tree(&site);
    const char *name = tree_text(tree, "display_name");
    buf_text(body, "<p>Site: <strong>");
    text_add_html(body, name ? name : site.site_id);
    buf_text(body, "</strong></p>");
    site_free(&site);
}

static void put_permissions(struct buf *body, const cJSON *app)
{
    const cJSON *permissions = tree_get(app, "permissions");
    if (!cJSON_GetArraySize(permissions)) {
        buf_text(body, "<p>It asks for all permissions.</p>");
        return;
    }
    buf_text(body, "<p>It asks for these permissions:</p><ul>");
    const cJSON *permission;
    cJSON_ArrayForEach(permission, permissions)
    {
        buf_text(body, "<li>");
        text_add_html(body, permission->valuestring);
        buf_text(body, "</li>");
    }
    buf_text(body, "</ul>");
}

static void show_consent(struct exchange *x, const struct wish *wish)
{
    OWNED(tree_free) cJSON *app = app_tree(&wish->app);
    const char *name = tree_text(app, "name");
    struct buf *body = &x->response->body;
    page_begin(x->response, 200, "Add this app?");
    buf_text(body, "<p>App: <strong>");
    text_add_html(body, name ? name : wish->app.app_id);
    buf_text(body, "</strong></p>");
    if (*wish->site_id)
        put_site_name(x, wish->site_id, body);
    put_permissions(body, app);
    buf_format(body, "<form method=\"post\" action=\"%s/installer/install\">", x->prefix);
    if (!*wish->site_id)
        put_sites(x, body);
    put_hidden(body, "appId", wish->app.app_id);
    put_hidden(body, "redirectUrl", wish->redirect_url);
    put_hidden(body, "state", wish->state);
    put_hidden(body, "token", value_of(x, "token"));
    buf_text(body, "<button class=\"first\" name=\"decision\" value=\"agree\">Agree</button>"
                   "<button name=\"decision\" value=\"decline\">Decline</button></form>");
    page_end(x->response);
}

static void choose_first_site(struct exchange *x, struct wish *wish)
{
    size_t n;
    struct site *sites = store_list_sites(x->world->store, x->world->id, &n);
    if (n && !*wish->site_id)
        memcpy(wish->site_id, sites[0].site_id, sizeof wish->site_id);
    for (size_t i = 0; i < n; i++)
        site_free(&sites[i]);
    free(sites);
}

enum refusal installer_install(struct exchange *x)
{
    OWNED(wish_free) struct wish wish = {0};
    enum refusal refusal = read_wish(x, &wish);
    if (refusal)
        return refusal;
    if (!x->fake->consent_auto) {
        show_consent(x, &wish);
        return REFUSAL_NONE;
    }
    choose_first_site(x, &wish);
    return *wish.site_id ? agree(x, &wish) : REFUSAL_INSTALL_SITE_UNKNOWN;
}

enum refusal installer_decide(struct exchange *x)
{
    OWNED(wish_free) struct wish wish = {0};
    enum refusal refusal = read_wish(x, &wish);
    if (refusal)
        return refusal;
    const char *decision = value_of(x, "decision");
    if (!decision || strcmp(decision, "agree") != 0) {
        decline(x, &wish);
        return REFUSAL_NONE;
    }
    choose_first_site(x, &wish);
    return *wish.site_id ? agree(x, &wish) : REFUSAL_INSTALL_SITE_UNKNOWN;
}

enum refusal installer_close(struct exchange *x)
{
    const char *text = exchange_query(x, "access_token");
    const struct token *token = text ? token_of(x, text) : NULL;
    if (!token || strcmp(token->world, x->world->id) != 0 || !token_is_access(token->kind) ||
        token_standing(x->world, token, x->now_ms) != STANDING_GOOD)
        return REFUSAL_CLOSE_WINDOW_TOKEN;
    page_begin(x->response, 200, "Installed");
    buf_text(&x->response->body, "<p>The app is installed. This window closes itself.</p>"
                                 "<script>window.close()</script>");
    page_end(x->response);
    return REFUSAL_NONE;
}
