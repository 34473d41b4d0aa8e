/* Redirect URLs are registered as they are seen: that an app's own list is in order is its author's
 * and Wix's affair, and no scenario is about it. */
#include "drivers/installs.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/form.h"
#include "evidence/url.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { PAGE_TIMEOUT_MS = 30000 };

static const char nobodys_app_url[] = "https://app.example/wix/start";

/* The world's app as the fake has it; gives a tree. */
static cJSON *read_app(const struct act *act, struct err *err)
{
    OWNED(tree_free) cJSON *answer = NULL;
    if (!control_call(&act->stage->world, "GET", "/apps", NULL, &answer, err))
        return NULL;
    const cJSON *app = NULL;
    cJSON_ArrayForEach(app, tree_get(answer, "apps"))
    {
        const char *id = tree_text(app, "app_id");
        if (id && strcmp(id, act->stage->world.app_id) == 0)
            return cJSON_Duplicate(app, true);
    }
    err_set(err, "the fake does not know the app %s", act->stage->world.app_id);
    return NULL;
}

/* Takes `value`. */
static bool set_app(const struct act *act, const char *name, cJSON *value, struct err *err)
{
    OWNED(tree_free) cJSON *app = read_app(act, err);
    OWNED(tree_free) cJSON *answer = NULL;
    if (!app) {
        cJSON_Delete(value);
        return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(app, name);
    tree_put(app, name, value);
    return control_call(&act->stage->world, "POST", "/apps", app, &answer, err);
}

char *installs_new_token(const struct act *act, const char *app_url, struct err *err)
{
    const struct world *world = &act->stage->world;
    OWNED(tree_free) cJSON *wish = cJSON_CreateObject();
    tree_put_text(wish, "app_id", world->app_id);
    tree_put_text(wish, "site_id", world->site_id);
    OWNED(tree_free) cJSON *answer = NULL;
    if (!set_app(act, "app_url", cJSON_CreateString(app_url ? app_url : nobodys_app_url), err) ||
        !control_call(world, "POST", "/installs", wish, &answer, err))
        return NULL;
    const char *start = tree_text(answer, "app_url");
    char *token = start ? url_param(start, "token") : NULL;
    if (!token)
        err_set(err, "the fake's answer to POST installs has no App URL with a token");
    return token;
}

char *installs_reach(const struct act *act, const char *url)
{
    static const char *const hosts[] = {"https://www.wix.com", "https://www.wixapis.com"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (url_same_origin(url, hosts[i]))
            return mem_format("%s%s", act->stage->world.base, url + strlen(hosts[i]));
    return mem_text(url);
}

void installs_read_url(struct install *install, const char *url)
{
    install->url = mem_text(url);
    install->redirect_url = url_param(url, "redirectUrl");
    install->state = url_param(url, "state");
    install->app_id = url_param(url, "appId");
    install->token = url_param(url, "token");
}

struct install *installs_find(const struct step *step, const char *member,
                              struct performance *performance)
{
    int64_t number = (int64_t)performance->n_installs;
    tree_int(step->params, member, &number);
    return number >= 1 && number <= (int64_t)performance->n_installs
               ? &performance->installs[number - 1]
               : NULL;
}

/* Send a filled form to where its page says. Gives the Location, or NULL. */
static char *send_form(struct browser *browser, const char *page_url, const struct form *form,
                       struct performance *performance)
{
    OWNED(mem_text_free) char *target = url_resolve(page_url, form->action);
    struct browser_request request = {.kind = VISIT_INSTALLER,
                                      .method = "POST",
                                      .url = target,
                                      .type = "application/x-www-form-urlencoded",
                                      .body = buf_str(&form->body),
                                      .timeout_ms = PAGE_TIMEOUT_MS};
    const struct visit *visit = browser_visit(browser, &request, performance, NULL);
    return visit->location ? mem_text(visit->location) : NULL;
}

/* Go to the installer and decide there. Gives where Wix sends the browser, or NULL. */
static char *decide(struct browser *browser, const char *url, const char *decision,
                    struct performance *performance, char **ret_trouble)
{
    OWNED(buf_free) struct buf page = {0};
    struct browser_request request = {
        .kind = VISIT_INSTALLER, .url = url, .timeout_ms = PAGE_TIMEOUT_MS};
    const struct visit *visit = browser_visit(browser, &request, performance, &page);
    if (visit->location)
        return mem_text(visit->location);
    OWNED(form_free) struct form form = {0};
    if (visit->status != 200 || !form_fill(buf_str(&page), "decision", decision, &form)) {
        *ret_trouble =
            mem_format("the installer answered %d and asked for no consent", visit->status);
        return NULL;
    }
    char *location = send_form(browser, url, &form, performance);
    if (!location)
        *ret_trouble = mem_text("the installer did not send the browser back");
    return location;
}

bool installs_consent(const struct act *act, const struct step *step, struct browser *browser,
                      struct performance *performance, struct err *err)
{
    struct install *install = installs_find(step, "of", performance);
    if (!install || !install->url)
        return true;
    const char *decision = tree_text(step->params, "decision");
    if (install->redirect_url) {
        cJSON *urls = cJSON_CreateArray();
        cJSON_AddItemToArray(urls, cJSON_CreateString(install->redirect_url));
        if (!set_app(act, "redirect_urls", urls, err))
            return false;
    }
    OWNED(mem_text_free) char *url = installs_reach(act, install->url);
    char *trouble = NULL;
    char *callback = decide(browser, url, decision ? decision : "agree", performance, &trouble);
    install->callback = callback;
    install->trouble = trouble;
    return true;
}

/* Every character as %XX: legal, unusual, and to be decoded to what it was. */
static void add_all_escaped(struct buf *url, const char *name, const char *value)
{
    buf_format(url, "&%s=", name);
    for (; *value; value++)
        buf_format(url, "%%%02X", (unsigned)(unsigned char)*value);
}

static void add_state(const struct step *step, struct performance *performance,
                      const struct install *install, struct buf *url)
{
    const char *how = tree_text(step->params, "state");
    const struct install *giver =
        tree_get(step->params, "state_of") ? installs_find(step, "state_of", performance) : install;
    const char *state = giver ? giver->state : NULL;
    if (!state || (how && strcmp(how, "missing") == 0))
        return;
    if (how && strcmp(how, "altered") == 0) {
        OWNED(mem_text_free) char *altered = mem_format("%sx", state);
        altered[0] = altered[0] == 'A' ? 'B' : 'A';
        url_add_param(url, "state", altered);
    } else if (how && strcmp(how, "escaped") == 0) {
        add_all_escaped(url, "state", state);
    } else {
        url_add_param(url, "state", state);
    }
}

/* A code with everything in it that is not itself in a query. */
const char *const installs_odd_code = "OAUTH2.a+b/c=d%25e&f g~h";

/* The code of the step: the true one, a fresh one of the same installation, or an odd one. */
static bool add_code(const struct act *act, const struct step *step, const char *callback,
                     struct buf *url, struct err *err)
{
    const char *how = tree_text(step->params, "code");
    if (how && strcmp(how, "missing") == 0)
        return true;
    if (how && strcmp(how, "odd") == 0) {
        url_add_param(url, "code", installs_odd_code);
        return true;
    }
    if (!how || strcmp(how, "fresh") != 0) {
        OWNED(mem_text_free) char *code = url_param(callback, "code");
        if (code)
            url_add_param(url, "code", code);
        return true;
    }
    OWNED(tree_free) cJSON *wish = cJSON_CreateObject();
    tree_put_text(wish, "app_id", act->stage->world.app_id);
    tree_put_text(wish, "site_id", act->stage->world.site_id);
    OWNED(tree_free) cJSON *answer = NULL;
    if (!control_call(&act->stage->world, "POST", "/installs", wish, &answer, err))
        return false;
    url_add_param(url, "code", tree_text(answer, "code"));
    return true;
}

char *installs_callback(const struct act *act, const struct step *step,
                        struct performance *performance, struct err *err)
{
    const struct install *install = installs_find(step, "of", performance);
    const char *error = tree_text(step->params, "error");
    const char *add = tree_text(step->params, "add");
    if (!install || !(install->callback || (error && install->redirect_url)))
        return NULL;
    const char *callback = install->callback ? install->callback : install->redirect_url;
    OWNED(mem_text_free) char *bare = url_without(callback, "code state error");
    OWNED(buf_free) struct buf url = {0};
    buf_text(&url, bare);
    if (error)
        url_add_param(&url, "error", error);
    else if (!add_code(act, step, callback, &url, err))
        return NULL;
    add_state(step, performance, install, &url);
    if (add)
        buf_format(&url, "&%s", add);
    return buf_take(&url);
}
