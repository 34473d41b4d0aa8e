/* An adapter says at the start what it can do; how it then plays is in adapter_play.c. */
#include "drivers/adapter.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/adapter_parts.h"
#include "drivers/channel.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"

static const struct {
    const char *cap;
    unsigned needs;
} caps[] = {
    {"install", NEED_MASK(NEED_BIT_INSTALL)}, {"parallel", NEED_MASK(NEED_BIT_PARALLEL)},
    {"clock", NEED_MASK(NEED_BIT_CLOCK)},     {"persist", NEED_MASK(NEED_BIT_PERSIST)},
    {"webhook", NEED_MASK(NEED_BIT_WEBHOOK)}, {"instance", NEED_MASK(NEED_BIT_INSTANCE)},
};

static unsigned read_caps(const cJSON *hello, struct adapter *adapter)
{
    unsigned offers = NEED_MASK(NEED_BIT_ADAPTER);
    const cJSON *cap = NULL;
    cJSON_ArrayForEach(cap, tree_get(hello, "caps"))
    {
        const char *name = cJSON_GetStringValue(cap);
        for (size_t i = 0; name && i < sizeof caps / sizeof *caps; i++)
            offers |= strcmp(caps[i].cap, name) == 0 ? caps[i].needs : 0;
        adapter->knows_custom = adapter->knows_custom || (name && strcmp(name, "legacy") == 0);
        adapter->moves_clock = adapter->moves_clock || (name && strcmp(name, "clock") == 0);
    }
    if (adapter->command)
        return offers | NEED_MASK(NEED_BIT_RESTART) | NEED_MASK(NEED_BIT_OUTPUT) |
               NEED_MASK(NEED_BIT_TLS) | NEED_MASK(NEED_BIT_PORT);
    return offers & ~NEED_MASK(NEED_BIT_PERSIST);
}

static bool greet(struct channel *channel, int64_t timeout_ms, cJSON **ret_hello, struct err *err)
{
    OWNED(tree_free) cJSON *request = adapter_request("hello");
    tree_put_int(request, "protocol", ADAPTER_PROTOCOL);
    enum channel_end end = channel_ask(channel, request, now_steady_ms() + timeout_ms, ret_hello);
    if (end == CHANNEL_ANSWERED)
        return true;
    OWNED(mem_text_free) char *why = channel_explain(channel, end, "hello", timeout_ms);
    return err_set(err, "the adapter %s", why);
}

static void adapter_free(void *context)
{
    struct adapter *adapter = context;
    free(adapter->command);
    free(adapter->url);
    free(adapter);
}

bool adapter_driver(const char *command, const char *url, int64_t timeout_ms, int stop_fd,
                    struct driver *ret_driver, struct err *err)
{
    OWNED(process_env_free) struct process_env env = {0};
    OWNED(tree_free) cJSON *hello = NULL;
    struct channel channel = {.url = url};
    struct http *http = http_open();
    struct process_result result = {0};
    process_env_inherit(&env);
    channel.http = http;
    bool greeted = (url || channel_start(&channel, command, &env, NULL, stop_fd, err)) &&
                   greet(&channel, timeout_ms, &hello, err);
    channel_close(&channel, 0, &result);
    process_result_free(&result);
    http_close(http);
    if (!greeted)
        return false;
    struct adapter *adapter = mem_new(1, sizeof *adapter);
    adapter->command = command ? mem_text(command) : NULL;
    adapter->url = url ? mem_text(url) : NULL;
    *ret_driver = (struct driver){.name = "adapter",
                                  .offers = read_caps(hello, adapter),
                                  .starts = command != NULL,
                                  .context = adapter,
                                  .play = adapter_play,
                                  .free = adapter_free};
    return true;
}
