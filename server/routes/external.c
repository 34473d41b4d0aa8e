/* The external install flow, for apps that authenticate by OAuth.
 *
 *     /app-installer?appId[&postInstallationUrl][&shareUrlId]
 *     ├─ Agree ──→ postInstallationUrl?…its own…&appId&tenantId&instanceId&signedInstance
 *     └─ Decline → a closing page (or postInstallationUrl as it is, by profile)
 *
 * Nobody registers the callback, so it is the signature that the app must believe. */
#include <stdlib.h>
#include <string.h>

#include "grants/grant.h"
#include "routes/consent.h"
#include "routes/fake.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "shared/url.h"
#include "tokens/app_instance.h"
#include "tokens/seal.h"

struct wish {
    struct app app;
    char site_id[MODEL_ID_MAX + 1]; /* "" when the person is still to choose */
    const char *return_url;         /* borrowed; NULL without one */
};

static void wish_free(struct wish *wish)
{
    app_free(&wish->app);
}

static enum refusal read_wish(struct exchange *x, struct wish *wish)
{
    const char *app_id = consent_value(x, "appId");
    const char *url = consent_value(x, "postInstallationUrl");
    if (!app_id || !store_find_app(x->world->store, x->world->id, app_id, &wish->app))
        return exchange_refuse(x, REFUSAL_INSTALL_APP_UNKNOWN, "no app has the appId %s",
                               app_id ? app_id : "that is missing");
    if (url && *url && !url_is_https_or_local(url))
        return exchange_refuse(x, REFUSAL_INSTALL_RETURN_URL, "postInstallationUrl is %s", url);
    wish->return_url = url && *url ? url : NULL;
    return consent_read_site(x, wish->site_id);
}

static void show_installed(struct exchange *x)
{
    page_begin(x->response, 200, "Installed");
    buf_text(&x->response->body, "<p>The app is installed. You may close this window.</p>");
    page_end(x->response);
}

static enum refusal agree(struct exchange *x, struct wish *wish)
{
    enum refusal refusal = consent_first_site(x, wish->site_id);
    if (refusal)
        return refusal;
    struct instance instance = install_app(x->world, wish->app.app_id, wish->site_id);
    exchange_set_instance(x, instance.instance_id);
    if (!wish->return_url) {
        show_installed(x);
        return REFUSAL_NONE;
    }
    OWNED(tree_free) cJSON *payload = app_instance_payload(&instance, x->now_ms);
    OWNED(mem_text_free) char *json = tree_print(payload);
    OWNED(buf_free) struct buf sealed = {0};
    seal_instance(&sealed, wish->app.secret, json);
    const struct url_param params[] = {{"appId", instance.app_id},
                                       {"tenantId", instance.site_id},
                                       {"instanceId", instance.instance_id},
                                       {"signedInstance", buf_str(&sealed)},
                                       {NULL, NULL}};
    OWNED(mem_text_free) char *url = url_with_params(wish->return_url, params);
    page_redirect(x->response, url);
    return REFUSAL_NONE;
}

enum refusal external_install(struct exchange *x)
{
    OWNED(wish_free) struct wish wish = {0};
    enum refusal refusal = read_wish(x, &wish);
    if (refusal)
        return refusal;
    if (x->fake->consent_auto)
        return agree(x, &wish);
    consent_show(x, &wish.app, wish.site_id, false);
    return REFUSAL_NONE;
}

/* Without an instanceId in the callback, clients take an installation for cancelled. */
enum refusal external_decide(struct exchange *x)
{
    OWNED(wish_free) struct wish wish = {0};
    enum refusal refusal = read_wish(x, &wish);
    if (refusal)
        return refusal;
    if (consent_decided(x, "agree"))
        return agree(x, &wish);
    if (wish.return_url && profile_is(&x->world->profile, PROFILE_CONSENT_DECLINED, "redirect"))
        page_redirect(x->response, wish.return_url);
    else
        consent_show_declined(x);
    return REFUSAL_NONE;
}
