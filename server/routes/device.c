/* The device flow of Wix's command line: a code to show, a page to type it into, and a way for a
 * test to decide without a browser. */
#include <string.h>

#include "grants/device.h"
#include "grants/headless.h"
#include "routes/control.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum refusal device_code(struct exchange *x)
{
    response_header(x->response, "Cache-Control", "no-store");
    const char *client_id = exchange_query(x, "clientId");
    if (!client_id)
        client_id = exchange_query(x, "client_id");
    if (!client_id || !*client_id)
        return exchange_refuse(x, REFUSAL_TOKEN_FIELD_MISSING, "clientId");
    OWNED(app_free) struct app app = {0};
    if (!grant_find_app(x, client_id, &app))
        return REFUSAL_TOKEN_CLIENT_UNKNOWN;
    if (!app.oauth)
        return REFUSAL_TOKEN_CLIENT_UNAUTHORIZED;
    OWNED(buf_free) struct buf code = {0};
    char user_code[DEVICE_USER_CODE_LEN + 1];
    device_begin(x->world, x->now_ms, app.app_id, &code, user_code);
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "deviceCode", buf_str(&code));
    tree_put_text(answer, "userCode", user_code);
    tree_put_text(answer, "verificationUri", "https://users.wix.com/login/device-login");
    tree_put_int(answer, "expiresIn", DEVICE_LIFE_S);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal device_page(struct exchange *x)
{
    struct buf *body = &x->response->body;
    const char *code = exchange_query(x, "user_code");
    page_begin(x->response, 200, "Connect a device");
    buf_format(body,
               "<p class=\"lead\">A program on another device wants to act for you. It shows a "
               "code: type it here, and agree only if you started that program.</p>"
               "<form method=\"post\" action=\"%s/login/device-login\"><label>Code "
               "<input name=\"userCode\" autocomplete=\"off\" autocapitalize=\"characters\" "
               "spellcheck=\"false\" autofocus required value=\"",
               x->prefix);
    text_add_html(body, code ? code : "");
    buf_text(body, "\"></label><div class=\"buttons\">"
                   "<button class=\"first\" name=\"decision\" value=\"agree\">Agree</button>"
                   "<button name=\"decision\" value=\"decline\">Decline</button></div></form>");
    page_end(x->response);
    return REFUSAL_NONE;
}

enum refusal device_decided(struct exchange *x)
{
    const char *user_code = exchange_param(x, "userCode", NULL);
    const char *decision = exchange_param(x, "decision", NULL);
    bool agreed = decision && strcmp(decision, "agree") == 0;
    if (!user_code || !device_decide(x->world, user_code, agreed ? DEVICE_APPROVED : DEVICE_DENIED))
        return REFUSAL_DEVICE_CODE_UNKNOWN;
    page_begin(x->response, 200, agreed ? "The device is connected" : "You declined");
    buf_text(&x->response->body, agreed ? "<p>It goes on by itself. You may close this window.</p>"
                                        : "<p>The device stays outside. You may close this window."
                                          "</p>");
    page_end(x->response);
    return REFUSAL_NONE;
}

static enum refusal decide(struct exchange *x, enum device_decision decision)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    const char *user_code = tree_text(x->body, "user_code");
    if (!user_code)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "send {\"user_code\":\"ABCD2345\"}");
    if (!device_decide(x->world, user_code, decision))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "user_code %s", user_code);
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}

enum refusal control_device_approve(struct exchange *x)
{
    return decide(x, DEVICE_APPROVED);
}

enum refusal control_device_deny(struct exchange *x)
{
    return decide(x, DEVICE_DENIED);
}
