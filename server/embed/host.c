/* Put together in the order of need, taken apart in the reverse. */
#include "embed/host.h"

#include <stdlib.h>
#include <string.h>

#include "defaults.h"
#include "http/doors.h"
#include "routes/control.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "webhooks/courier.h"

static void answer(void *context, const struct request *request, struct response *response)
{
    app_handle(context, request, response);
}

/* What the state file kept rules over the built-in config; a config that is named rules over both.
 */
static void fill_default_world(struct worlds *worlds, const cJSON *named)
{
    OWNED(tree_free) cJSON *built_in = named ? NULL : host_default_config();
    struct world *world = worlds_find(worlds, "default");
    pthread_mutex_lock(&world->lock);
    if (named || !world->restored)
        control_fill_world(world, named ? named : built_in);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
}

static void notice(void *context, const char *world, enum door_mood mood)
{
    app_note_connection(context, world, mood);
}

static struct door *open_door(void *context, const char *world, struct err *err)
{
    return doors_open(context, world, err);
}

static struct door *open_leak(void *context, struct err *err)
{
    return doors_leak(context, err);
}

static bool set_certificate(struct door *door, const char *kind, int64_t for_ms, struct err *err)
{
    enum tls_kind parsed;
    if (!doors_port(door, true))
        return err_set(err, "tls needs a fake with --tls-listen");
    if (!tls_kind_parse(kind, &parsed))
        return err_set(err, "tls is good, unknown-ca, expired, not-yet-valid, wrong-host, "
                            "self-signed, old-protocol or swapped");
    doors_set_tls(door, parsed, for_ms);
    return true;
}

static struct tls_choice choose_certificate(void *context, int port)
{
    return doors_tls(context, port);
}

/* The doors are there before the listener, which looks worlds up in them. */
static void make_doors(struct host *host)
{
    host->doors = doors_new(notice, &host->fake);
    host->fake.doors = (struct fake_doors){.context = host->doors,
                                           .open = open_door,
                                           .leak = open_leak,
                                           .close = doors_close,
                                           .port = doors_port,
                                           .set_certificate = set_certificate,
                                           .set_mood = doors_set_mood};
}

void host_free(struct host *host)
{
    if (!host)
        return;
    courier_free(host->fake.courier);
    worlds_close(host->fake.worlds);
    doors_free(host->doors);
    free(host);
}

struct host *host_start(const struct host_config *config, struct err *err)
{
    struct worlds *worlds = worlds_open(&config->worlds, err);
    if (!worlds)
        return NULL;
    struct host *host = mem_new(1, sizeof *host);
    host->fake.worlds = worlds;
    host->fake.courier = courier_new(worlds);
    host->fake.control_token = config->control_token;
    host->fake.authority = config->tls ? tls_ca_text(config->tls) : NULL;
    host->fake.consent_auto = config->consent_auto;
    host->fake.lint_off = config->lint_off;
    fill_default_world(worlds, config->config);
    struct listener_config listener = config->listener;
    listener.answer = answer;
    listener.context = &host->fake;
    make_doors(host);
    if (config->tls)
        tls_choose_by(config->tls, choose_certificate, host->doors);
    listener.doors = host->doors;
    host->listener = listener_start(&listener, err);
    if (!host->listener) {
        host_free(host);
        return NULL;
    }
    doors_attach(host->doors, host->listener, listener.n_tls_addresses > 0);
    host->fake.http_url = listener_url(host->listener, false);
    host->fake.https_url = listener_url(host->listener, true);
    courier_resume(host->fake.courier);
    return host;
}

void host_stop(struct host *host, int grace_ms)
{
    worlds_end_waits(host->fake.worlds);
    doors_stop(host->doors);
    listener_stop(host->listener, grace_ms);
    host->listener = NULL;
}

bool host_read_clock(const char *text, struct timeline *ret_time, struct err *err)
{
    int64_t machine_ms = now_real_ms();
    struct timeline time = timeline_real(machine_ms);
    if (text) {
        size_t len = strlen(text);
        bool freeze = len && text[len - 1] == '!';
        OWNED(mem_text_free) char *iso = mem_text_n(text, len - freeze);
        int64_t now_ms;
        if (!text_parse_iso(iso, &now_ms) || !timeline_set(&time, machine_ms, now_ms))
            return err_set(err, "clock takes a time such as 2030-01-01T00:00:00Z, not \"%s\"",
                           text);
        if (freeze)
            timeline_mode(&time, machine_ms, TIME_FROZEN, 1);
    }
    *ret_time = time;
    return true;
}

int host_max_holds(int workers)
{
    enum { FREE_WORKERS = 16 };
    return workers > 2 * FREE_WORKERS ? workers - FREE_WORKERS : (workers + 1) / 2;
}

cJSON *host_default_config(void)
{
    return tree_parse(defaults_config, strlen(defaults_config), NULL);
}
