/* Custom authentication's redirects, as a browser goes through them.
 *
 *     App URL ← token ─ app ─→ /installer/install?token&appId&redirectUrl[&state]
 *                              ├─ Agree ──→ redirectUrl?code&state&instanceId
 *                              └─ Decline → a closing page (or error=access_denied, by profile)
 *     /installer/install?appId alone ─ choose a site → App URL?token
 *     app ─→ /installer/close-window?access_token, or one of its older names */
#include <stdlib.h>
#include <string.h>

#include "grants/grant.h"
#include "routes/consent.h"
#include "routes/facts.h"
#include "routes/fake.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "shared/url.h"
#include "tokens/seal.h"
#include "tokens/token.h"

/* A request to install, checked. */
struct wish {
    struct app app;
    char site_id[MODEL_ID_MAX + 1]; /* "" when the person is still to choose */
    int64_t ticket_serial;          /* 0 without a token */
    const char *redirect_url;       /* borrowed; NULL: only a site is to be chosen */
    const char *state;              /* borrowed; NULL without one */
};

static void wish_free(struct wish *wish)
{
    app_free(&wish->app);
}

static enum refusal read_ticket(struct exchange *x, struct wish *wish)
{
    const char *token = consent_value(x, "token");
    struct install_ticket ticket;
    if (!token || !*token)
        return REFUSAL_NONE;
    if (!seal_open_ticket(token, &ticket) ||
        !world_knows_token(x->world, ticket.world, ticket.serial))
        return exchange_refuse(x, REFUSAL_INSTALL_TOKEN_INVALID, "the token was never issued");
    if (strcmp(ticket.app_id, wish->app.app_id) != 0)
        return exchange_refuse(x, REFUSAL_INSTALL_TOKEN_INVALID,
                               "the token was issued for another app");
    if (x->now_ms >= ticket.expires_ms)
        return exchange_refuse(x, REFUSAL_INSTALL_TOKEN_INVALID, "the token has expired");
    OWNED(mem_text_free) char *mark = mem_format("spent/%lld", (long long)ticket.serial);
    if (store_is_spent(x->world->store, x->world->id, mark))
        return exchange_refuse(x, REFUSAL_INSTALL_TOKEN_INVALID, "the token was used before");
    wish->ticket_serial = ticket.serial;
    memcpy(wish->site_id, ticket.site_id, sizeof wish->site_id);
    return REFUSAL_NONE;
}

/* The first parameter that the request has and Wix does not know: what other providers call
 * appId and redirectUrl. */
static const char *foreign_name(const struct exchange *x)
{
    static const char *const names[] = {"client_id",   "app_id",       "redirect_uri",
                                        "redirectUri", "redirect_url", "response_type",
                                        "scope"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (consent_value(x, names[i]))
            return names[i];
    return NULL;
}

static enum refusal read_app(struct exchange *x, struct app *ret_app)
{
    const char *app_id = consent_value(x, "appId");
    const char *foreign = foreign_name(x);
    if (!app_id)
        return exchange_refuse(x, REFUSAL_INSTALL_APP_UNKNOWN, "appId is missing%s%s",
                               foreign ? "; Wix knows no " : "", foreign ? foreign : "");
    if (!store_find_app(x->world->store, x->world->id, app_id, ret_app))
        return exchange_refuse(x, REFUSAL_INSTALL_APP_UNKNOWN, "no app has the appId %s", app_id);
    return REFUSAL_NONE;
}

/* A redirect URL is one of the app's, character by character. One that is missing is fine where
 * nothing but the app is named: then the installation starts here. */
static enum refusal read_redirect(struct exchange *x, struct wish *wish)
{
    const char *url = consent_value(x, "redirectUrl");
    const char *token = consent_value(x, "token");
    const char *foreign = foreign_name(x);
    OWNED(tree_free) cJSON *app = app_tree(&wish->app);
    if (!url && !token && !foreign) {
        if (tree_text(app, "app_url"))
            return REFUSAL_NONE;
        return exchange_refuse(x, REFUSAL_INSTALL_REDIRECT_UNKNOWN,
                               "redirectUrl is missing, and the app has no app_url to start at");
    }
    if (!url)
        return exchange_refuse(x, REFUSAL_INSTALL_REDIRECT_UNKNOWN, "redirectUrl is missing%s%s",
                               foreign ? "; Wix knows no " : "", foreign ? foreign : "");
    wish->redirect_url = url;
    if (app_allows_redirect(&wish->app, url))
        return REFUSAL_NONE;
    OWNED(mem_text_free) char *known = tree_print(tree_get(app, "redirect_urls"));
    return exchange_refuse(x, REFUSAL_INSTALL_REDIRECT_UNKNOWN,
                           "redirectUrl %s is not, character by character, one of %s", url,
                           known ? known : "[]");
}

static enum refusal read_wish(struct exchange *x, struct wish *wish)
{
    enum refusal refusal = read_app(x, &wish->app);
    if (!refusal)
        refusal = read_redirect(x, wish);
    if (!refusal)
        refusal = read_ticket(x, wish);
    wish->state = consent_value(x, "state");
    return refusal ? refusal : consent_read_site(x, wish->site_id);
}

/* Order code, state, instanceId (pick-11). */
static enum refusal agree(struct exchange *x, struct wish *wish)
{
    if (wish->ticket_serial) {
        OWNED(mem_text_free) char *mark = mem_format("spent/%lld", (long long)wish->ticket_serial);
        if (!store_spend(x->world->store, x->world->id, mark))
            return exchange_refuse(x, REFUSAL_INSTALL_TOKEN_INVALID, "the token was used before");
    }
    struct instance instance = install_app(x->world, wish->app.app_id, wish->site_id);
    exchange_set_instance(x, instance.instance_id);
    OWNED(buf_free) struct buf code = {0};
    install_mint_code(x->world, x->now_ms, &instance, &code);
    OWNED(mem_text_free)
    char *url =
        install_callback_url(wish->redirect_url, buf_str(&code), wish->state, instance.instance_id);
    page_redirect(x->response, url);
    return REFUSAL_NONE;
}

/* The site is known: to the App URL, with a token. */
static enum refusal start(struct exchange *x, struct wish *wish)
{
    enum refusal refusal = consent_first_site(x, wish->site_id);
    if (refusal)
        return refusal;
    OWNED(mem_text_free)
    char *url = install_app_url(x->world, x->now_ms, &wish->app, wish->site_id);
    page_redirect(x->response, url);
    return REFUSAL_NONE;
}

static void decline(struct exchange *x, const struct wish *wish)
{
    if (profile_is(&x->world->profile, PROFILE_CONSENT_DECLINED, "stay")) {
        consent_show_declined(x);
        return;
    }
    const struct url_param params[] = {
        {"error", "access_denied"}, {"state", wish->state}, {NULL, NULL}};
    OWNED(mem_text_free) char *url = url_with_params(wish->redirect_url, params);
    page_redirect(x->response, url);
}

/* Consent may have been given before the App URL was called; the token is the proof. */
static bool is_agreed(const struct exchange *x, const struct wish *wish)
{
    return x->fake->consent_auto ||
           (wish->ticket_serial &&
            profile_is(&x->world->profile, PROFILE_CONSENT_ASKED, "before-app-url"));
}

enum refusal installer_install(struct exchange *x)
{
    OWNED(wish_free) struct wish wish = {0};
    enum refusal refusal = read_wish(x, &wish);
    if (refusal)
        return refusal;
    if (!wish.redirect_url && x->fake->consent_auto)
        return start(x, &wish);
    if (!wish.redirect_url || !is_agreed(x, &wish)) {
        consent_show(x, &wish.app, wish.site_id, !wish.redirect_url);
        return REFUSAL_NONE;
    }
    refusal = consent_first_site(x, wish.site_id);
    return refusal ? refusal : agree(x, &wish);
}

enum refusal installer_decide(struct exchange *x)
{
    OWNED(wish_free) struct wish wish = {0};
    enum refusal refusal = read_wish(x, &wish);
    if (refusal)
        return refusal;
    if (!wish.redirect_url)
        return start(x, &wish);
    if (!consent_decided(x, "agree")) {
        decline(x, &wish);
        return REFUSAL_NONE;
    }
    refusal = consent_first_site(x, wish.site_id);
    return refusal ? refusal : agree(x, &wish);
}

/* ---- the end of the window ---- */

/* Whether a text is an access token of this world that still stands. */
static bool proves_installation(struct exchange *x, const char *text)
{
    const struct token *token = text ? token_of(x, text) : NULL;
    return token && strcmp(token->world, x->world->id) == 0 && token_is_access(token->kind) &&
           token_standing(x->world, token, x->now_ms) == STANDING_GOOD;
}

enum refusal installer_close(struct exchange *x)
{
    const char *text = exchange_query(x, "access_token");
    if (!proves_installation(x, text ? text : facts_bearer(x)))
        return exchange_refuse(x, REFUSAL_CLOSE_WINDOW_TOKEN, "access_token is missing or dead");
    page_begin(x->response, 200, "Installed");
    buf_text(&x->response->body, "<p>The app is installed. You may close this window.</p>"
                                 "<script>window.close()</script>");
    page_end(x->response);
    return REFUSAL_NONE;
}

/* The older finish call, from a server: the token in the body, the query or the header. */
enum refusal installer_token_received(struct exchange *x)
{
    const char *text = consent_value(x, "access_token");
    if (!proves_installation(x, text ? text : facts_bearer(x)))
        return exchange_refuse(x, REFUSAL_CLOSE_WINDOW_TOKEN, "access_token is missing or dead");
    cJSON *answer = cJSON_CreateObject();
    tree_put_flag(answer, "finished", true);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}
