/* One way is enough, and two are a mistake: what is not used would be silently without effect. */
#include "choice.h"

#include <string.h>

#include "drivers/adapter.h"
#include "drivers/app.h"
#include "drivers/exec.h"
#include "shared/mem.h"
#include "shared/tree.h"

static const enum option naming[] = {
    OPTION_COMMAND, OPTION_ADAPTER,    OPTION_ADAPTER_URL, OPTION_APP_URL,      OPTION_TRIGGER,
    OPTION_APP_ID,  OPTION_APP_SECRET, OPTION_WEBHOOK_URL, OPTION_INSTANCE_URL,
};

enum { N_NAMING = sizeof naming / sizeof *naming };

static bool is_app(const struct options *options)
{
    return options_text(options, OPTION_APP_URL) || options_text(options, OPTION_TRIGGER) ||
           options_text(options, OPTION_WEBHOOK_URL) || options_text(options, OPTION_INSTANCE_URL);
}

/* A running app has its own id and secret, which its worlds then have as well. */
static cJSON *make_world(const char *app_id, const char *app_secret)
{
    cJSON *world = cJSON_CreateObject();
    cJSON *config = tree_put(world, "config", cJSON_CreateObject());
    cJSON *app =
        tree_put(tree_put(config, "apps", cJSON_CreateArray()), NULL, cJSON_CreateObject());
    tree_put_text(app, "app_id", app_id);
    tree_put_text(app, "app_secret", app_secret);
    return world;
}

static bool choose_app(const struct options *options, struct choice *choice, struct err *err)
{
    const char *app_id = options_text(options, OPTION_APP_ID);
    const char *app_secret = options_text(options, OPTION_APP_SECRET);
    const char *command = options_text(options, OPTION_COMMAND);
    struct app_setup setup = {
        .command = command,
        .url = options_text(options, OPTION_APP_URL),
        .trigger = options_text(options, OPTION_TRIGGER),
        .webhook_url = options_text(options, OPTION_WEBHOOK_URL),
        .instance_url = options_text(options, OPTION_INSTANCE_URL),
    };
    if (!command && (!app_id || !app_secret))
        return err_set(err, "an app that is running needs --app-id and --app-secret, which it has "
                            "already; or name its --command, and it is started for each scenario");
    if (!command && !options_text(options, OPTION_SERVER) && !options_text(options, OPTION_LISTEN))
        return err_set(err, "an app that is running looks for Wix at some address: name it with "
                            "--listen HOST:PORT, or with --server URL where a fake runs there");
    choice->driver = app_driver(&setup);
    choice->client = setup.url           ? setup.url
                     : setup.trigger     ? setup.trigger
                     : setup.webhook_url ? setup.webhook_url
                                         : setup.instance_url;
    choice->alone = !command;
    choice->world = command ? NULL : make_world(app_id, app_secret);
    return true;
}

bool choice_make(const struct options *options, int64_t timeout_ms, int stop_fd,
                 struct choice *ret_choice, struct err *err)
{
    const char *command = options_text(options, OPTION_COMMAND);
    const char *adapter = options_text(options, OPTION_ADAPTER);
    const char *url = options_text(options, OPTION_ADAPTER_URL);
    bool app = is_app(options);
    if (command && !command[strspn(command, " \t\n")])
        return err_set(err, "--command is empty: name the program that makes the calls, as in "
                            "--command 'python3 client.py'");
    int ways = (adapter != NULL) + (url != NULL) + (app || command);
    if (ways != 1)
        return err_set(err, "name the client in one way: fakewix-conform run --command 'PROGRAM', "
                            "or --adapter, --adapter-url, --app-url");
    struct choice choice = {.client = command ? command : adapter ? adapter : url};
    if (app) {
        if (!choose_app(options, &choice, err))
            return false;
    } else if (command) {
        choice.driver = exec_driver(command);
    } else if (!adapter_driver(adapter, url, timeout_ms, stop_fd, &choice.driver, err)) {
        return false;
    }
    *ret_choice = choice;
    return true;
}

void choice_free(struct choice *choice)
{
    if (choice->driver.free)
        driver_free(&choice->driver);
    cJSON_Delete(choice->world);
    *choice = (struct choice){0};
}

void choice_add_again(const struct options *options, struct buf *line)
{
    for (int i = 0; i < N_NAMING; i++)
        options_add_again(options, naming[i], line);
}
