/* "Add to site", as the App Market would do it: a page of the control plane that lists apps and
 * sites, and sends the browser to the App URL with a token. */
#include <stdlib.h>
#include <string.h>

#include "grants/grant.h"
#include "routes/consent.h"
#include "routes/control.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static void put_option(struct buf *body, const struct site *site)
{
    OWNED(tree_free) cJSON *tree = site_tree(site);
    const char *name = tree_text(tree, "display_name");
    buf_text(body, "<option value=\"");
    text_add_html(body, site->site_id);
    buf_text(body, "\">");
    text_add_html(body, name ? name : site->site_id);
    buf_text(body, "</option>");
}

static void put_text_in(struct buf *body, const char *before, const char *text, const char *after)
{
    buf_text(body, before);
    text_add_html(body, text);
    buf_text(body, after);
}

/* How the other plane names this world. */
static char *wix_prefix(const struct world *world)
{
    return strcmp(world->id, "default") == 0 ? mem_text("") : mem_format("/w/%s", world->id);
}

static void put_app(struct exchange *x, struct buf *body, const struct app *app,
                    const struct site *sites, size_t n_sites)
{
    OWNED(tree_free) cJSON *tree = app_tree(app);
    OWNED(mem_text_free) char *prefix = wix_prefix(x->world);
    const char *url = tree_text(tree, "app_url");
    put_text_in(body, "<section><h2>", tree_text(tree, "name") ? tree_text(tree, "name") : "App",
                "</h2>");
    put_text_in(body, "<p><code>", app->app_id, "</code></p>");
    if (url && n_sites) {
        /* Relative, so that the page works in every world: …/installs/start. */
        put_text_in(body,
                    "<form action=\"installs/start\">"
                    "<input type=\"hidden\" name=\"appId\" value=\"",
                    app->app_id, "\"><label>Site <select name=\"siteId\">");
        for (size_t i = 0; i < n_sites; i++)
            put_option(body, &sites[i]);
        put_text_in(body,
                    "</select></label><div class=\"buttons\"><button class=\"first\">Add to "
                    "site</button></div><p class=\"note\">opens ",
                    url, "</p></form>");
    } else {
        buf_text(body, url ? "<p class=\"note\">There is no site to add it to.</p>"
                           : "<p class=\"note\">It has no app_url, so it is not added from "
                             "here.</p>");
    }
    OWNED(buf_free) struct buf id = {0};
    text_add_escaped(&id, app->app_id);
    put_text_in(body, "<p class=\"note\"><a href=\"", prefix, "/app-installer?appId=");
    put_text_in(body, "", buf_str(&id), "\">Install it from outside</a></p></section>");
}

enum refusal control_installs_page(struct exchange *x)
{
    size_t n_apps, n_sites;
    struct app *apps = store_list_apps(x->world->store, x->world->id, &n_apps);
    struct site *sites = store_list_sites(x->world->store, x->world->id, &n_sites);
    struct buf *body = &x->response->body;
    page_begin(x->response, 200, "Add an app to a site");
    for (size_t i = 0; i < n_apps; i++) {
        put_app(x, body, &apps[i], sites, n_sites);
        app_free(&apps[i]);
    }
    for (size_t i = 0; i < n_sites; i++)
        site_free(&sites[i]);
    free(apps);
    free(sites);
    if (!n_apps)
        buf_text(body, "<p>This world has no app.</p>");
    page_end(x->response);
    return REFUSAL_NONE;
}

/* The page's form. Where consent is asked before the App URL is called, this is where. */
enum refusal control_installs_start(struct exchange *x)
{
    OWNED(app_free) struct app app = {0};
    char site_id[MODEL_ID_MAX + 1] = "";
    const char *app_id = consent_value(x, "appId");
    if (control_is_cross_site(x)) /* it mints a token, which no other site's link may do */
        return REFUSAL_CONTROL_FOREIGN_ORIGIN;
    if (!app_id || !store_find_app(x->world->store, x->world->id, app_id, &app))
        return exchange_refuse(x, REFUSAL_INSTALL_APP_UNKNOWN, "no app has this appId");
    OWNED(tree_free) cJSON *tree = app_tree(&app);
    if (!tree_text(tree, "app_url"))
        return exchange_refuse(x, REFUSAL_INSTALL_REDIRECT_UNKNOWN, "the app has no app_url");
    enum refusal refusal = consent_read_site(x, site_id);
    if (!refusal)
        refusal = consent_first_site(x, site_id);
    if (refusal)
        return refusal;
    if (consent_decided(x, "decline")) {
        consent_show_declined(x);
        return REFUSAL_NONE;
    }
    if (!consent_decided(x, "agree") &&
        profile_is(&x->world->profile, PROFILE_CONSENT_ASKED, "before-app-url")) {
        consent_show(x, &app, site_id, false);
        return REFUSAL_NONE;
    }
    OWNED(mem_text_free) char *url = install_app_url(x->world, x->now_ms, &app, site_id);
    page_redirect(x->response, url);
    return REFUSAL_NONE;
}
