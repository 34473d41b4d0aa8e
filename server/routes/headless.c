/* Logging a member in on a headless site, as the JavaScript SDK does it (wix-sdk):
 *
 *   client ─ POST redirect-session ─→ fullUrl
 *   browser ─ GET fullUrl = /oauth2/authorize?… ─→ redirect_uri#code=…&state=…
 *   client ─ POST /oauth2/token, authorization_code with the verifier
 *
 * The member always agrees: there is no person here. Wix's own address of the authorize page is
 * unknown; clients take it from the answer. */
#include <stdlib.h>
#include <string.h>

#include "grants/headless.h"
#include "routes/api.h"
#include "routes/facts.h"
#include "routes/fake.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static void add_param(struct buf *url, char separator, const char *name, const char *value)
{
    if (!value)
        return;
    buf_format(url, "%c%s=", separator, name);
    text_add_escaped(url, value);
}

/* Where a browser reaches this world. */
static void add_base(const struct exchange *x, struct buf *url)
{
    const char *http = x->fake->http_url;
    const char *https = x->fake->https_url;
    const char *base = (x->request->secure && https) || !http ? https : http;
    buf_text(url, base ? base : "");
    if (strcmp(x->world->id, "default") != 0)
        buf_format(url, "/w/%s", x->world->id);
}

/* The SDK's authRequest under the names of RFC 6749. */
static const struct {
    const char *wix, *oauth;
} members[] = {
    {"clientId", "client_id"},
    {"redirectUri", "redirect_uri"},
    {"responseType", "response_type"},
    {"responseMode", "response_mode"},
    {"scope", "scope"},
    {"state", "state"},
    {"codeChallenge", "code_challenge"},
    {"codeChallengeMethod", "code_challenge_method"},
};

static void answer_session(struct exchange *x, const char *url, size_t endpoint_len)
{
    char id[TEXT_GUID_LEN + 1], session[TEXT_GUID_LEN + 1];
    world_guid(x->world, id);
    world_guid(x->world, session);
    OWNED(mem_text_free) char *endpoint = mem_text_n(url, endpoint_len);
    cJSON *answer = cJSON_CreateObject();
    cJSON *part = tree_put(answer, "redirectSession", cJSON_CreateObject());
    tree_put_text(part, "id", id);
    tree_put_text(part, "fullUrl", url);
    cJSON *details = tree_put(part, "urlDetails", cJSON_CreateObject());
    tree_put_text(details, "endpoint", endpoint);
    tree_put_text(part, "sessionToken", session);
    response_json(x->response, 200, answer);
}

static enum refusal log_out(struct exchange *x, const cJSON *logout)
{
    OWNED(buf_free) struct buf url = {0};
    add_base(x, &url);
    buf_text(&url, "/oauth2/logout");
    size_t endpoint_len = url.len;
    const cJSON *callbacks = tree_get(x->body, "callbacks");
    add_param(&url, '?', "client_id", tree_text(logout, "clientId"));
    add_param(&url, '&', "postFlowUrl", tree_text(callbacks, "postFlowUrl"));
    answer_session(x, buf_str(&url), endpoint_len);
    return REFUSAL_NONE;
}

enum refusal headless_redirect_session(struct exchange *x)
{
    enum refusal refusal = api_authenticate(x, &(struct api_need){0}, NULL);
    if (refusal)
        return refusal;
    const cJSON *logout = tree_get(x->body, "logout");
    if (cJSON_IsObject(logout) && tree_text(logout, "clientId"))
        return log_out(x, logout);
    const cJSON *wish = tree_get(tree_get(x->body, "auth"), "authRequest");
    if (!cJSON_IsObject(wish))
        return exchange_refuse(x, REFUSAL_API_REDIRECT_SESSION, "auth.authRequest");
    if (!tree_text(wish, "clientId"))
        return exchange_refuse(x, REFUSAL_API_REDIRECT_SESSION, "auth.authRequest.clientId");
    OWNED(buf_free) struct buf url = {0};
    add_base(x, &url);
    buf_text(&url, "/oauth2/authorize");
    size_t endpoint_len = url.len;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        add_param(&url, i ? '&' : '?', members[i].oauth, tree_text(wish, members[i].wix));
    answer_session(x, buf_str(&url), endpoint_len);
    return REFUSAL_NONE;
}

/* What the grant says of the header, in the API's words. */
static enum refusal vouched(struct exchange *x, struct token *ret_visitor)
{
    enum refusal refusal = headless_vouched(x, ret_visitor);
    if (!refusal)
        return REFUSAL_NONE;
    if (refusal == REFUSAL_TOKEN_VISITOR_INVALID)
        return REFUSAL_API_TOKEN_MALFORMED;
    return facts_bearer(x) ? REFUSAL_API_KEY_UNKNOWN : REFUSAL_API_TOKEN_MISSING;
}

/* Who signs on for the first time becomes a member, and is the same one ever after: the id is made
 * from the address. The session is worth the tokens of authorized_client, which believes any. */
enum refusal headless_sign_on(struct exchange *x)
{
    struct token visitor;
    enum refusal refusal = vouched(x, &visitor);
    const char *email = tree_text(tree_get(x->body, "loginId"), "email");
    if (refusal)
        return refusal;
    if (!email || !*email)
        return REFUSAL_API_LOGIN_ID;
    char session[TEXT_GUID_LEN + 1], member[TEXT_GUID_LEN + 1];
    OWNED(mem_text_free) char *seed = mem_format("member %s of %s", email, visitor.site_id);
    digest_guid(seed, member);
    world_guid(x->world, session);
    exchange_set_instance(x, visitor.instance_id);
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "sessionToken", session);
    cJSON *identity = tree_put(answer, "identity", cJSON_CreateObject());
    tree_put_text(identity, "id", member);
    cJSON *address = tree_put(identity, "email", cJSON_CreateObject());
    tree_put_text(address, "address", email);
    tree_put_flag(address, "isVerified", true);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static enum refusal find_client(struct exchange *x, struct app *ret_app)
{
    const char *client_id = exchange_query(x, "client_id");
    if (!client_id)
        return exchange_refuse(x, REFUSAL_AUTHORIZE_CLIENT_UNKNOWN, "client_id is missing");
    if (!store_find_app(x->world->store, x->world->id, client_id, ret_app))
        return exchange_refuse(x, REFUSAL_AUTHORIZE_CLIENT_UNKNOWN, "no app has the client_id %s",
                               client_id);
    return REFUSAL_NONE;
}

static bool text_is(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

/* Everything but the client. A page answers what is wrong: nothing is ever sent to a redirect URI
 * that was not registered. */
static enum refusal check_wish(struct exchange *x, const struct app *app)
{
    const char *redirect_uri = exchange_query(x, "redirect_uri");
    const char *challenge = exchange_query(x, "code_challenge");
    bool by_message = text_is(exchange_query(x, "response_mode"), "web_message");
    if (!redirect_uri && !by_message)
        return exchange_refuse(x, REFUSAL_AUTHORIZE_REDIRECT_UNKNOWN, "redirect_uri is missing");
    if (redirect_uri && !app_allows_redirect(app, redirect_uri))
        return exchange_refuse(x, REFUSAL_AUTHORIZE_REDIRECT_UNKNOWN,
                               "redirect_uri %s is not, character by character, one of the app's "
                               "redirect_urls",
                               redirect_uri);
    if (!text_is(exchange_query(x, "response_type"), "code"))
        return exchange_refuse(x, REFUSAL_AUTHORIZE_REQUEST, "response_type must be code");
    if (!text_is(exchange_query(x, "code_challenge_method"), "S256") || !challenge ||
        strlen(challenge) != DIGEST_LEN)
        return exchange_refuse(x, REFUSAL_AUTHORIZE_REQUEST,
                               "code_challenge of 43 characters, code_challenge_method S256");
    return REFUSAL_NONE;
}

static void mint_code(struct exchange *x, const char *app_id, struct buf *out)
{
    char member[MODEL_ID_MAX + 1];
    const char *scope = exchange_query(x, "scope");
    const char *redirect_uri = exchange_query(x, "redirect_uri");
    struct token code = headless_person(x->world, app_id, SUBJECT_MEMBER, "");
    headless_member(x->world, code.site_id, member);
    memcpy(code.subject, member, sizeof code.subject);
    exchange_set_instance(x, code.instance_id);
    code.kind = TOKEN_HEADLESS_CODE;
    code.expires_ms = x->now_ms + world_lifetime_s(x->world, LIFETIME_CODE, app_id) * 1000;
    code.offline = scope && strstr(scope, "offline_access");
    memcpy(code.challenge, exchange_query(x, "code_challenge"), DIGEST_LEN);
    if (redirect_uri)
        digest_text(redirect_uri, code.redirect_digest);
    token_mint(x->world, x->now_ms, &code, out);
}

/* The SDK's direct login waits for a message from an iframe. JSON inside a script element: what
 * could close the element is escaped. */
static void answer_message(struct exchange *x, const char *code, const char *state)
{
    OWNED(tree_free) cJSON *message = cJSON_CreateObject();
    tree_put_text(message, "code", code);
    tree_put_text(message, "state", state);
    OWNED(mem_text_free) char *json = tree_print(message);
    page_begin(x->response, 200, "Logged in");
    buf_text(&x->response->body, "<script>(window.opener||window.parent).postMessage(");
    for (const char *c = json; *c; c++)
        if (*c == '<')
            buf_text(&x->response->body, "\\u003c");
        else
            buf_char(&x->response->body, *c);
    buf_text(&x->response->body, ",\"*\")</script>");
    page_end(x->response);
}

enum refusal headless_authorize(struct exchange *x)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = find_client(x, &app);
    if (!refusal)
        refusal = check_wish(x, &app);
    if (refusal)
        return refusal;
    OWNED(buf_free) struct buf code = {0};
    const char *mode = exchange_query(x, "response_mode");
    const char *redirect_uri = exchange_query(x, "redirect_uri");
    const char *state = exchange_query(x, "state");
    mint_code(x, app.app_id, &code);
    if (text_is(mode, "web_message")) {
        answer_message(x, buf_str(&code), state);
        return REFUSAL_NONE;
    }
    OWNED(buf_free) struct buf url = {0};
    bool in_query = text_is(mode, "query");
    buf_text(&url, redirect_uri);
    add_param(&url,
              !in_query                   ? '#'
              : strchr(redirect_uri, '?') ? '&'
                                          : '?',
              "code", buf_str(&code));
    add_param(&url, '&', "state", state);
    page_redirect(x->response, buf_str(&url));
    return REFUSAL_NONE;
}

enum refusal headless_logout(struct exchange *x)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = find_client(x, &app);
    if (refusal)
        return refusal;
    const char *next = exchange_query(x, "postFlowUrl");
    if (next && app_allows_redirect(&app, next)) {
        page_redirect(x->response, next);
        return REFUSAL_NONE;
    }
    page_begin(x->response, 200, "You are logged out");
    page_end(x->response);
    return REFUSAL_NONE;
}
