/* Plain forms: nothing here needs a script. */
#include "routes/consent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "routes/page.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

const char *consent_value(const struct exchange *x, const char *name)
{
    const char *text = exchange_param(x, name, NULL);
    return text ? text : exchange_query(x, name);
}

bool consent_decided(const struct exchange *x, const char *decision)
{
    const char *text = exchange_param(x, "decision", NULL);
    return text && strcmp(text, decision) == 0;
}

static void put_sites(struct exchange *x, struct buf *body)
{
    size_t n;
    struct site *sites = store_list_sites(x->world->store, x->world->id, &n);
    buf_text(body, "<fieldset><legend>Which site?</legend>");
    for (size_t i = 0; i < n; i++) {
        OWNED(tree_free) cJSON *tree = site_tree(&sites[i]);
        const char *name = tree_text(tree, "display_name");
        buf_text(body, "<label><input type=\"radio\" name=\"siteId\" value=\"");
        text_add_html(body, sites[i].site_id);
        buf_format(body, "\"%s> ", i ? "" : " checked");
        text_add_html(body, name ? name : sites[i].site_id);
        buf_text(body, "</label>");
        site_free(&sites[i]);
    }
    free(sites);
    buf_text(body, n ? "</fieldset>" : "<p>This world has no site.</p></fieldset>");
}

/* The name shown for a site; caller frees. */
static char *site_name(struct exchange *x, const char *site_id)
{
    OWNED(site_free) struct site site = {0};
    if (!store_find_site(x->world->store, x->world->id, site_id, &site))
        return mem_text(site_id);
    OWNED(tree_free) cJSON *tree = site_tree(&site);
    const char *name = tree_text(tree, "display_name");
    return mem_text(name ? name : site.site_id);
}

/* "WIX_STORES.READ_PRODUCTS" is read as "Read products". */
static void put_permission(struct buf *body, const char *name)
{
    const char *dot = strrchr(name, '.');
    OWNED(mem_text_free) char *words = mem_text(dot && dot[1] ? dot + 1 : name);
    for (char *at = words; *at; at++)
        *at = *at == '_' || *at == '-' ? ' ' : (char)tolower((unsigned char)*at);
    words[0] = (char)toupper((unsigned char)words[0]);
    buf_text(body, "<li>");
    text_add_html(body, words);
    buf_text(body, " <code>");
    text_add_html(body, name);
    buf_text(body, "</code></li>");
}

static void put_permissions(struct buf *body, const cJSON *app)
{
    const cJSON *permissions = tree_get(app, "permissions");
    if (!permissions) {
        buf_text(body, "<p>It asks for all permissions.</p>");
        return;
    }
    if (!cJSON_GetArraySize(permissions)) {
        buf_text(body, "<p>It asks for no permissions.</p>");
        return;
    }
    buf_text(body, "<p>It asks for these permissions:</p><ul>");
    const cJSON *permission;
    cJSON_ArrayForEach(permission, permissions) put_permission(body, permission->valuestring);
    buf_text(body, "</ul>");
}

/* Back to where the browser is, with the query as it came. */
static void put_form(struct exchange *x, struct buf *body)
{
    buf_text(body, "<form method=\"post\" action=\"");
    text_add_html(body, x->request->target);
    buf_text(body, "\">");
}

void consent_show(struct exchange *x, const struct app *app, const char *site_id, bool choose_only)
{
    OWNED(tree_free) cJSON *tree = app_tree(app);
    const char *name = tree_text(tree, "name") ? tree_text(tree, "name") : app->app_id;
    struct buf *body = &x->response->body;
    page_begin(x->response, 200, "Add this app?");
    page_put_badge(body, name);
    buf_text(body, "<p class=\"lead\"><strong>");
    text_add_html(body, name);
    buf_text(body, "</strong> wants to be added to ");
    OWNED(mem_text_free) char *site = *site_id ? site_name(x, site_id) : NULL;
    buf_text(body, site ? "<strong>" : "");
    text_add_html(body, site ? site : "one of your sites");
    buf_text(body, site ? "</strong>.</p>" : ".</p>");
    if (!choose_only)
        put_permissions(body, tree);
    put_form(x, body);
    if (!site)
        put_sites(x, body);
    buf_text(body, choose_only ? "<div class=\"buttons\"><button class=\"first\" name=\"decision\" "
                                 "value=\"continue\">Continue</button></div></form>"
                               : "<div class=\"buttons\"><button class=\"first\" name=\"decision\" "
                                 "value=\"agree\">Agree</button><button name=\"decision\" "
                                 "value=\"decline\">Decline</button></div></form>");
    page_end(x->response);
}

void consent_show_declined(struct exchange *x)
{
    page_begin(x->response, 200, "You declined");
    buf_text(&x->response->body, "<p>Nothing was installed. You may close this window.</p>");
    page_end(x->response);
}

enum refusal consent_read_site(struct exchange *x, char site_id[static MODEL_ID_MAX + 1])
{
    const char *asked = consent_value(x, "siteId");
    if (*site_id || !asked || !*asked)
        return REFUSAL_NONE;
    OWNED(site_free) struct site site = {0};
    if (!store_find_site(x->world->store, x->world->id, asked, &site))
        return exchange_refuse(x, REFUSAL_INSTALL_SITE_UNKNOWN,
                               "siteId %s is no site of this world", asked);
    memcpy(site_id, site.site_id, sizeof site.site_id);
    return REFUSAL_NONE;
}

enum refusal consent_first_site(struct exchange *x, char site_id[static MODEL_ID_MAX + 1])
{
    size_t n;
    struct site *sites = store_list_sites(x->world->store, x->world->id, &n);
    if (n && !*site_id)
        memcpy(site_id, sites[0].site_id, sizeof sites[0].site_id);
    for (size_t i = 0; i < n; i++)
        site_free(&sites[i]);
    free(sites);
    return *site_id ? REFUSAL_NONE
                    : exchange_refuse(x, REFUSAL_INSTALL_SITE_UNKNOWN, "this world has no site");
}
