/* One list for both forms: the variables of a program and the members of an adapter's "env". */
#include "drivers/environment.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

struct variable {
    const char *name;
    const char *value; /* NULL: not set */
};

enum { N_VARIABLES = 13 };

static void list_variables(const struct act *act, struct variable list[static N_VARIABLES])
{
    const struct world *world = &act->stage->world;
    bool fresh = act->variant->flow == FLOW_INSTALL;
    const struct variable all[N_VARIABLES] = {
        {"CONFORM_SCENARIO", act->scenario},
        {"CONFORM_STATE_DIR", act->state_folder},
        {"CONFORM_DEBUG", act->variant->debug ? "1" : NULL},
        {"WIX_API_BASE", act->unmodified ? "https://www.wixapis.com" : world->base},
        {"WIX_AUTH_BASE", act->unmodified ? "https://www.wixapis.com" : world->base},
        {"WIX_INSTALL_BASE", act->unmodified ? "https://www.wix.com" : world->base},
        {"WIX_APP_ID", world->app_id},
        {"WIX_APP_SECRET", world->app_secret},
        {"WIX_INSTANCE_ID", fresh ? NULL : world->instance_id},
        {"WIX_REFRESH_TOKEN", act->stage->refresh_token},
        {"WIX_REDIRECT_URL", ENVIRONMENT_REDIRECT_URL},
        {"WIX_CA_FILE", act->ca_file},
        {"WIX_WEBHOOK_KEY", environment_webhook_key},
    };
    memcpy(list, all, sizeof all);
}

/* A proxy of the environment has no way to a fake on this machine. */
static void keep_off_proxies(struct process_env *env)
{
    static const char *const names[] = {"NO_PROXY", "no_proxy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *there = process_env_get(env, names[i]);
        OWNED(mem_text_free)
        char *value =
            mem_format("%s%s127.0.0.1,localhost", there ? there : "", there && *there ? "," : "");
        process_env_set(env, names[i], value);
    }
}

void environment_set_number(struct process_env *env, const char *name, int64_t value)
{
    OWNED(mem_text_free) char *text = mem_format("%lld", (long long)value);
    process_env_set(env, name, text);
}

/* Where TLS libraries and runtimes look for the authorities they trust. */
static const char *const trust_variables[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE",
                                              "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"};

enum { N_TRUST_VARIABLES = sizeof trust_variables / sizeof *trust_variables };

void environment_fill(const struct act *act, struct process_env *env)
{
    struct variable list[N_VARIABLES];
    list_variables(act, list);
    process_env_inherit(env);
    keep_off_proxies(env);
    for (size_t i = 0; i < N_VARIABLES; i++) {
        if (list[i].value)
            process_env_set(env, list[i].name, list[i].value);
        else
            process_env_unset(env, list[i].name);
    }
    for (size_t i = 0; act->trusts && i < N_TRUST_VARIABLES; i++)
        process_env_set(env, trust_variables[i], act->ca_file);
    if (act->hand)
        hand_guide(act->hand, env);
}

cJSON *environment_tree(const struct act *act)
{
    struct variable list[N_VARIABLES];
    list_variables(act, list);
    cJSON *tree = cJSON_CreateObject();
    for (size_t i = 0; i < N_VARIABLES; i++)
        if (list[i].value)
            tree_put_text(tree, list[i].name, list[i].value);
    return tree;
}

char *environment_mark(const struct act *act)
{
    return mem_format("CONFORM_STATE_DIR=%s", act->state_folder);
}
