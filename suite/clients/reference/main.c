/* The contract: what the environment says, what the exit status means. */
#define _GNU_SOURCE /* environ */
#include <curl/curl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reference/adapter.h"
#include "reference/app.h"
#include "reference/call.h"
#include "reference/client.h"
#include "reference/install.h"
#include "reference/token.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_UNSUPPORTED = 77, EXIT_USAGE = 2 };

static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    int64_t number = 1;
    if (text)
        text_parse_int(text, 0, 1000000, &number);
    return number;
}

static const char *look_up(const void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

/* Each way to be driven is an option. */
enum mode { MODE_EXEC, MODE_ADAPTER, MODE_APP };

static bool read_arguments(int argc, char **argv, enum bug *ret_bug, enum mode *ret_mode)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--adapter") == 0)
            *ret_mode = MODE_ADAPTER;
        else if (strcmp(argv[i], "--app") == 0)
            *ret_mode = MODE_APP;
        else if (strncmp(argv[i], "--bug=", 6) != 0 || !bug_find(argv[i] + 6, ret_bug))
            return false;
    }
    return true;
}

/* Only with a bug: a helper that lives as long as we do, and whose arguments everybody can see. */
static int start_helper(const struct client *client)
{
    int ends[2];
    pid_t pid = 0;
    char *argv[] = {"sh", "-c", "read line", "--secret", (char *)(uintptr_t)client->app_secret,
                    NULL};
    if (pipe(ends) != 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    bool spawned = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    if (spawned)
        return ends[1]; /* its stdin: it ends with us */
    close(ends[1]);
    return -1;
}

/* One run by the exec contract; gives the exit status. */
static int run_once(enum bug bug)
{
    struct client client = {.bug = bug, .lock = PTHREAD_MUTEX_INITIALIZER};
    const char *operation = getenv("CONFORM_OP");
    bool install = operation && strcmp(operation, "install") == 0;
    if (operation && !install && strcmp(operation, "api") != 0)
        return EXIT_UNSUPPORTED;
    if (!client_read(&client, look_up, NULL, install)) {
        fputs("the environment lacks WIX_API_BASE, WIX_AUTH_BASE, WIX_APP_ID, WIX_APP_SECRET or "
              "WIX_INSTANCE_ID: run this through fakewix-conform\n",
              stderr);
        return EXIT_USAGE;
    }
    struct call_wish wish = {.calls = number_of("CONFORM_CALLS"),
                             .parallel = number_of("CONFORM_PARALLEL")};
    bool ok = !install ||
              install_on_terminal(&client, getenv("CONFORM_TOKEN"), getenv("WIX_REDIRECT_URL"));
    bool claimed = !ok && client.bug == BUG_failed_install_reported;
    if (client.bug == BUG_eager_token) {
        CURL *curl = curl_easy_init();
        OWNED(mem_text_free) char *early = token_get(&client, curl, NULL);
        curl_easy_cleanup(curl);
    }
    int helper = client.bug == BUG_secret_in_arguments ? start_helper(&client) : -1;
    ok = ok && call_many(&client, &wish);
    if (helper >= 0)
        close(helper);
    client_free(&client);
    return ok || claimed ? EXIT_OK : EXIT_ERROR;
}

int main(int argc, char **argv)
{
    enum bug bug = BUG_NONE;
    enum mode mode = MODE_EXEC;
    int status = EXIT_OK;
    mem_adopt_cjson();
    if (!read_arguments(argc, argv, &bug, &mode)) {
        fputs(
            "usage: fakewix-reference-client [--adapter | --app] [--bug=NAME], with NAME one of:\n",
            stderr);
        bug_print(stderr);
        return EXIT_USAGE;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (mode == MODE_ADAPTER)
        adapter_run(bug);
    else if (mode == MODE_APP)
        status = app_run(bug) ? EXIT_OK : EXIT_ERROR;
    else
        status = run_once(bug);
    curl_global_cleanup();
    return status;
}
