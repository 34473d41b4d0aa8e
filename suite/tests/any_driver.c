/* The needs of a scenario say which driver it gets: the first that offers all of them. Each starts
 * the client for every scenario anew and ends it by its id, so that nothing is carried over. */
#include "tests/any_driver.h"

#include <stdlib.h>

#include "drivers/adapter.h"
#include "drivers/app.h"
#include "drivers/exec.h"
#include "shared/mem.h"

enum { HELLO_MS = 20000, N_WAYS = 3 };

/* From cheap to dear. */
struct ways {
    struct driver list[N_WAYS];
    size_t n;
    char *app; /* the command, which its driver borrows */
};

static void ways_free(void *context)
{
    struct ways *ways = context;
    for (size_t i = 0; i < ways->n; i++)
        driver_free(&ways->list[i]);
    free(ways->app);
    free(ways);
}

static bool play_somehow(void *context, const struct act *act, struct performance *ret_performance,
                         struct err *err)
{
    const struct ways *ways = context;
    for (size_t i = 0; i < ways->n; i++) {
        const struct driver *way = &ways->list[i];
        unsigned offers = way->offers | NEED_MASK(NEED_BIT_CLOCK);
        if (!(act->needs & ~offers))
            return way->play(way->context, act, ret_performance, err);
    }
    return err_set(err, "no driver of the reference client offers all that %s needs",
                   act->scenario);
}

static void add_app(struct ways *ways, const char *program, const char *arguments)
{
    ways->app = mem_format("exec '%s' --app %s", program, arguments);
    struct app_setup setup = {
        .command = ways->app,
        .url = "http://127.0.0.1:{port}/signup",
        .trigger = "http://127.0.0.1:{port}/orders?instance={instance}",
        .webhook_url = "http://127.0.0.1:{port}/webhook",
        .instance_url = "http://127.0.0.1:{port}/dashboard",
    };
    ways->list[ways->n++] = app_driver(&setup);
}

bool any_driver(const char *program, const char *arguments, struct driver *ret_driver,
                struct err *err)
{
    struct ways *ways = mem_new(1, sizeof *ways);
    OWNED(mem_text_free) char *command = mem_format("exec '%s' %s", program, arguments);
    OWNED(mem_text_free) char *adapter = mem_format("exec '%s' --adapter %s", program, arguments);
    ways->list[ways->n++] = exec_driver(command);
    if (!adapter_driver(adapter, NULL, HELLO_MS, -1, &ways->list[ways->n], err)) {
        ways_free(ways);
        return false;
    }
    ways->n++;
    add_app(ways, program, arguments);
    *ret_driver = (struct driver){.name = "any",
                                  .starts = true,
                                  .offers = NEED_MASK(NEED_BIT_CLOCK),
                                  .context = ways,
                                  .play = play_somehow,
                                  .free = ways_free};
    for (size_t i = 0; i < ways->n; i++)
        ret_driver->offers |= ways->list[i].offers;
    return true;
}
