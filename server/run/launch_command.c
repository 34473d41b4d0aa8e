/* What the command is told, all of it by its environment: whom to trust, which app it is, and how
 * it comes to the fake. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/hosts.h"
#include "run/launch_parts.h"
#include "run/trust.h"
#include "shared/mem.h"

static void put(struct run *run, const char *name, const char *value)
{
    if (value)
        variables_put(&run->variables, name, value);
}

/* Go through an installation, as a refresh token comes from nowhere else. Leaves no trace. */
static void mint_refresh_token(struct run *run, const cJSON *app, const cJSON *instance)
{
    OWNED(tree_free) cJSON *wish = cJSON_CreateObject();
    tree_put_text(wish, "app_id", tree_text(app, "app_id"));
    tree_put_text(wish, "site_id", tree_text(instance, "site_id"));
    OWNED(tree_free) cJSON *install = ask_tree(&run->ask, "POST", "/_fakewix/installs", wish);
    if (!tree_text(install, "code"))
        return;
    OWNED(tree_free) cJSON *trade = cJSON_CreateObject();
    tree_put_text(trade, "grant_type", "authorization_code");
    tree_put_text(trade, "client_id", tree_text(app, "app_id"));
    tree_put_text(trade, "client_secret", tree_text(app, "app_secret"));
    tree_put_text(trade, "code", tree_text(install, "code"));
    OWNED(tree_free) cJSON *tokens = ask_tree(&run->ask, "POST", "/oauth/access", trade);
    put(run, "FAKEWIX_REFRESH_TOKEN", tree_text(tokens, "refresh_token"));
    OWNED(buf_free) struct buf unread = {0};
    ask_text(&run->ask, "DELETE", "/_fakewix/journal", NULL, &unread);
    ask_text(&run->ask, "DELETE", "/_fakewix/lint", NULL, &unread);
}

static void describe_fake(struct run *run)
{
    OWNED(tree_free) cJSON *apps = ask_tree(&run->ask, "GET", "/_fakewix/apps", NULL);
    OWNED(tree_free) cJSON *all = ask_tree(&run->ask, "GET", "/_fakewix/instances", NULL);
    const cJSON *app = cJSON_GetArrayItem(tree_get(apps, "apps"), 0);
    const cJSON *instance = cJSON_GetArrayItem(tree_get(all, "instances"), 0);
    put(run, "FAKEWIX_HTTP", tree_text(run->ready, "http"));
    put(run, "FAKEWIX_HTTPS", tree_text(run->ready, "https"));
    put(run, "FAKEWIX_CONTROL", tree_text(run->ready, "control"));
    put(run, "FAKEWIX_APP_ID", tree_text(app, "app_id"));
    put(run, "FAKEWIX_APP_SECRET", tree_text(app, "app_secret"));
    if (!app || !instance)
        return;
    put(run, "FAKEWIX_INSTANCE_ID", tree_text(instance, "instance_id"));
    mint_refresh_token(run, app, instance);
}

static bool hand_out_trust(struct run *run, struct err *err)
{
    OWNED(buf_free) struct buf authority = {0};
    OWNED(buf_free) struct buf notes = {0};
    OWNED(mem_text_free) char *file = mem_format("%s/ca.pem", run->folder);
    OWNED(mem_text_free) char *bundle = mem_format("%s/fakewix-bundle.pem", run->folder);
    const char *made = tree_text(run->ready, "ca");
    if (!made || !files_read(made, &authority))
        return err_set(err, "the fake's authority cannot be read");
    if (!files_write(file, &authority, err) ||
        !trust_prepare(run->folder, file, &run->variables, &notes, err))
        return false;
    put(run, "FAKEWIX_CA", file);
    for (const char *at = buf_str(&notes); *at; at += strcspn(at, "\n") + 1)
        launch_tell(run, "%.*s", (int)strcspn(at, "\n"), at);
    if (run->route == ROUTE_NAMESPACE)
        namespace_show_bundle(bundle);
    return true;
}

/* Where the machine has a proxy, Wix's hosts must not be asked for there. */
static void spare_proxies(struct run *run)
{
    static const char *const proxies[] = {"http_proxy",  "https_proxy", "all_proxy",
                                          "HTTPS_PROXY", "HTTP_PROXY",  "ALL_PROXY"};
    static const char *const spared[] = {"no_proxy", "NO_PROXY"};
    bool has_proxy = false;
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
        has_proxy = has_proxy || getenv(proxies[i]);
    for (size_t i = 0; has_proxy && i < sizeof spared / sizeof *spared; i++) {
        OWNED(buf_free) struct buf list = {0};
        const char *users = getenv(spared[i]);
        buf_format(&list, "%s%s", users ? users : "", users && *users ? "," : "");
        hosts_add_all(&list, ',');
        buf_text(&list, ",localhost,127.0.0.1,::1");
        put(run, spared[i], buf_str(&list));
    }
}

static void add_library(struct run *run)
{
    OWNED(mem_text_free) char *ports = mem_format("%d:%d", run->ask.port, run->https_port);
    OWNED(mem_text_free) char *clock = mem_format("%s/clocks/default", run->folder);
    const char *users = getenv("LD_PRELOAD");
    OWNED(mem_text_free)
    char *both = mem_format("%s%s%s", run->library, users && *users ? ":" : "", users ? users : "");
    put(run, "LD_PRELOAD", both);
    put(run, "FAKEWIX_PRELOAD_PORTS", run->route == ROUTE_PRELOAD ? ports : "0:0");
    put(run, "FAKEWIX_PRELOAD_CLOCK", run->launch->follow_clock ? clock : "");
}

static bool start_proxy(struct run *run, struct err *err)
{
    const char *upstream = getenv("https_proxy");
    run->proxy = (struct proxy){
        .https_port = run->https_port,
        .http_port = run->ask.port,
        .refuse_others = run->launch->refuse_others,
        .upstream = upstream ? upstream : getenv("HTTPS_PROXY"),
    };
    if (run->proxy.upstream && !*run->proxy.upstream)
        run->proxy.upstream = NULL;
    if (!proxy_open(&run->proxy, err))
        return false;
    run->proxy_pid = child_fork_helper(&run->signals, proxy_serve, &run->proxy, err);
    close(run->proxy.fd);
    OWNED(mem_text_free) char *url = mem_format("http://127.0.0.1:%d", run->proxy.port);
    const char *java = variables_get(&run->variables, "JAVA_TOOL_OPTIONS");
    OWNED(mem_text_free)
    char *java_too = mem_format("%s -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=%d",
                                java ? java : "", run->proxy.port);
    put(run, "HTTPS_PROXY", url);
    put(run, "https_proxy", url);
    put(run, "NODE_USE_ENV_PROXY", "1"); /* Node from 22.21 and 24 on */
    put(run, "JAVA_TOOL_OPTIONS", java_too);
    return run->proxy_pid > 0;
}

static void explain_none(const struct run *run)
{
    OWNED(buf_free) struct buf names = {0};
    hosts_add_all(&names, ' ');
    launch_tell(run, "nothing leads Wix's hosts to the fake. Choose one of:");
    launch_tell(run, "  point the client at %s", tree_text(run->ready, "https"));
    launch_tell(
        run, "  a line in the hosts file, and the fake on port 443 (--tls-listen 127.0.0.1:443):");
    launch_tell(run, "    127.0.0.1 %s", buf_str(&names));
    launch_tell(run, "  in containers: these names as network aliases of the fake's, port 443");
}

bool launch_prepare_command(struct run *run, struct err *err)
{
    bool wants_library = run->route == ROUTE_PRELOAD || run->launch->follow_clock;
    if (!hand_out_trust(run, err))
        return false;
    describe_fake(run);
    if (run->route == ROUTE_PRELOAD || run->route == ROUTE_NAMESPACE)
        spare_proxies(run);
    if (run->route == ROUTE_PROXY && !start_proxy(run, err))
        return false;
    if (run->route == ROUTE_NONE)
        explain_none(run);
    OWNED(err_free) struct err no_library = {0};
    if (wants_library && launch_can_preload(run, &no_library))
        add_library(run);
    else if (wants_library)
        launch_tell(run, "--follow-clock has no effect: %s", no_library.text);
    return true;
}
