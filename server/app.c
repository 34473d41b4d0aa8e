/* The request's way on one screen: parse, find the route, find the world, and then, under that
 * world's lock: faults, handler, refusal, faults, journal. */
#include "app.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "faults/effects.h"
#include "routes/control.h"
#include "routes/cors.h"
#include "routes/facts.h"
#include "routes/leak.h"
#include "routes/refuse.h"
#include "routes/router.h"
#include "shared/lock.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/thrift.h"
#include "tokens/token.h"
#include "webhooks/courier.h"

/* Split "/w/NAME/rest" (or "/_fakewix/worlds/NAME/rest") into the world and the rest. A name that
 * no world could have leaves `ret_world` as text that no world has. */
static char *split_path(const char *target, char **ret_world)
{
    static const char wix[] = "/w/";
    static const char control[] = "/_fakewix/worlds/";
    size_t len = strcspn(target, "?#");
    if (strncmp(target, wix, strlen(wix)) == 0) {
        size_t name = strcspn(target + strlen(wix), "/?#");
        *ret_world = mem_text_n(target + strlen(wix), name);
        size_t skip = strlen(wix) + name;
        return skip < len ? mem_text_n(target + skip, len - skip) : mem_text("/");
    }
    if (strncmp(target, control, strlen(control)) == 0) {
        size_t name = strcspn(target + strlen(control), "/?#");
        size_t skip = strlen(control) + name;
        if (skip < len) {
            *ret_world = mem_text_n(target + strlen(control), name);
            return mem_format("/_fakewix%.*s", (int)(len - skip), target + skip);
        }
    }
    return mem_text_n(target, len);
}

/* What a path that no row names is called. Its bytes may be no text; a name is. */
static char *place_of(const char *method, const char *path)
{
    OWNED(mem_text_free) char *sound = tree_sound_text(path, strlen(path));
    return mem_format("%s %s", method, sound);
}

/* Prefix or own listener, else the world that made the token it carries, else one that has the app
 * it names, else the default world. */
static struct world *find_world(struct exchange *x, const char *named)
{
    struct worlds *worlds = x->fake->worlds;
    if (named)
        return worlds_find(worlds, named);
    struct world *world = *x->home ? worlds_find(worlds, x->home) : NULL;
    if (!world && *x->app_id)
        world = worlds_find_by_app(worlds, x->app_id);
    return world ? world : worlds_find(worlds, "default");
}

static enum refusal not_found(enum service service)
{
    static const enum refusal refusals[] = {
        [SERVICE_TOKEN] = REFUSAL_TOKEN_NOT_FOUND,     [SERVICE_ACCESS] = REFUSAL_ACCESS_NOT_FOUND,
        [SERVICE_API] = REFUSAL_API_NOT_FOUND,         [SERVICE_PAGE] = REFUSAL_PAGE_NOT_FOUND,
        [SERVICE_CONTROL] = REFUSAL_CONTROL_NOT_FOUND,
    };
    return refusals[service];
}

static enum refusal bad_method(enum service service)
{
    static const enum refusal refusals[] = {
        [SERVICE_TOKEN] = REFUSAL_TOKEN_METHOD,     [SERVICE_ACCESS] = REFUSAL_ACCESS_METHOD,
        [SERVICE_API] = REFUSAL_API_METHOD,         [SERVICE_PAGE] = REFUSAL_PAGE_METHOD,
        [SERVICE_CONTROL] = REFUSAL_CONTROL_METHOD,
    };
    return refusals[service];
}

/* 1755591144.079172597310943348307: Unix seconds, a dot, digits (wix-sdk). */
static void make_request_id(struct exchange *x)
{
    uint64_t a = rng_below(&x->world->rng, UINT64_C(1000000000));
    uint64_t b = rng_below(&x->world->rng, UINT64_C(1000000000000));
    snprintf(x->request_id, sizeof x->request_id, "%lld.%09llu%012llu",
             (long long)(x->now_ms / 1000), (unsigned long long)a, (unsigned long long)b);
    response_header(x->response, "X-Wix-Request-Id", x->request_id);
}

static void note_in_journal(struct exchange *x, enum service service, const struct effects *effects,
                            int64_t began_us)
{
    struct journal_facts facts = {
        .at_ms = x->now_ms,
        .real_ms = now_real_ms(), /* as took_us: when there is an answer */
        .took_us = now_steady_us() - began_us,
        .route = x->place ? x->place : x->route_name,
        .app_id = x->app_id,
        .instance_id = x->instance_id,
        .grant = x->grant,
        .fault_id = x->fault_id,
        .request_id = x->request_id,
        .outcome = x->refusal,
    };
    int64_t seq = journal_add(&x->world->journal, &facts, x->request, x->response);
    effects_note(x, effects, seq);
    static const enum watch_place places[] = {
        [SERVICE_TOKEN] = WATCH_TOKEN_ENDPOINT,
        [SERVICE_ACCESS] = WATCH_TOKEN_ENDPOINT,
        [SERVICE_API] = WATCH_API,
        [SERVICE_PAGE] = WATCH_PAGE,
    };
    if (!x->fake->lint_off)
        watch_exchange(x, places[service], seq, &x->fake->lint);
    pthread_cond_broadcast(&x->world->changed);
}

/* Let go of the world; where it was stirred, somebody is to look after its errands. */
static void unlock(struct exchange *x)
{
    bool stirred = x->world->stirred;
    x->world->stirred = false;
    pthread_mutex_unlock(&x->world->lock);
    if (stirred)
        courier_wake(x->fake->courier, x->world);
}

/* Sign and print what the handler answered, without the lock: other requests need not wait for
 * that. Where faults are armed the lock stays, as what they hold on to may be disarmed meanwhile.
 */
static void write_answer(struct exchange *x)
{
    bool alone = armed_is_empty(x->world->faults);
    if (alone)
        pthread_mutex_unlock(&x->world->lock);
    token_write_answer(x);
    if (alone)
        lock_take(&x->world->lock);
}

/* The handler, or the fault that answers in its place, and what faults do to the answer. `missing`
 * is why there is no route. */
static void answer_route(struct exchange *x, enum service service, const struct route *route,
                         enum refusal missing, struct effects *effects)
{
    make_request_id(x);
    exchange_settle(x);
    if (profile_is(&x->world->profile, PROFILE_DATE_HEADER, "world"))
        x->response->date_ms = x->now_ms;
    if (x->request->is_gone) {
        x->refusal = REFUSAL_CLIENT_LEFT;
        return;
    }
    if (!x->refusal && !effects_before(x, effects)) {
        x->refusal = route ? route->handler(x) : missing;
        if (!x->refusal && x->answer)
            write_answer(x);
        effects_over(x, effects);
    }
    if (refusal_row(x->refusal)->status && x->refusal)
        refuse_render(x);
    cors_note(x, service);
    if (x->refusal != REFUSAL_NOT_ANSWERED)
        effects_after(x, effects);
}

/* One of Wix's paths, in its world, under its lock. A fault may send the request off to wait
 * before anything is done for it; it then comes again, with a ticket. */
static void answer_wix(struct exchange *x, enum service service, const struct route *route,
                       enum refusal missing)
{
    const struct ticket *ticket = x->request->ticket;
    int64_t began_us = ticket ? ticket->began_us : now_steady_us();
    struct effects effects = {0};
    lock_take(&x->world->lock);
    x->real_ms = now_real_ms();
    x->now_ms = timeline_at(&x->world->time, x->real_ms);
    effects_take(x, &effects);
    if (effects_park(x, &effects, began_us)) {
        pthread_cond_broadcast(&x->world->changed);
    } else {
        int64_t life = x->world->life;
        answer_route(x, service, route, missing, &effects);
        if (x->world->life == life) /* no reset while the lock was free: its journal is this one */
            note_in_journal(x, service, &effects, began_us);
    }
    unlock(x);
}

/* Calls that take locks of their own run without the world's. */
static bool locks_by_itself(const struct route *route)
{
    return route->handler == control_reset || route->handler == control_world_new ||
           route->handler == control_world_drop || route->handler == control_worlds;
}

/* `named` is what the request calls its world. A stranger is turned away before he learns which
 * worlds and paths there are. */
static void answer_control(struct exchange *x, const struct route *route, enum refusal missing,
                           const char *allow, const char *named)
{
    x->refusal = control_guard(x);
    if (!x->refusal && !x->world)
        x->refusal = exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_WORLD, "%s", named);
    if (!x->refusal && missing)
        x->refusal = control_refuse_path(x, missing, allow);
    assert(x->refusal || route);
    if (!x->refusal && locks_by_itself(route)) {
        x->refusal = route->handler(x);
    } else if (!x->refusal) {
        lock_take(&x->world->lock);
        x->now_ms = world_now(x->world);
        x->refusal = route->handler(x);
        unlock(x);
    }
    response_header(x->response, "Cache-Control", "no-store");
    /* No other page may run it as a script, show it in a frame or have it in its memory. */
    response_header(x->response, "X-Content-Type-Options", "nosniff");
    response_header(x->response, "X-Frame-Options", "DENY");
    response_header(x->response, "Cross-Origin-Resource-Policy", "same-origin");
    if (x->refusal)
        refuse_render(x);
}

void app_handle(struct fake *fake, const struct request *request, struct response *response)
{
    if (request->is_leak) {
        leak_handle(fake, request, response);
        thrift_trim(fake->worlds);
        return;
    }
    struct exchange x = {.fake = fake, .request = request, .response = response, .prefix = ""};
    OWNED(mem_text_free) char *named = NULL;
    OWNED(mem_text_free) char *prefix = NULL;
    OWNED(buf_free) struct buf allow = {0};
    x.path = split_path(request->target, &named);
    const struct route *route = router_find(request->method, x.path, x.segments, &allow);
    enum service service = route ? route->service : paths_service_of(x.path);
    enum refusal missing = REFUSAL_NONE;
    if (!route)
        missing = allow.len ? bad_method(service) : not_found(service);
    if (!route && allow.len)
        response_header(response, "Allow", buf_str(&allow));
    x.route_name = route ? route->name : NULL;
    if (!route || strcmp(route->path, "**") == 0)
        x.place = place_of(request->method, x.path);
    x.service = router_service_name(service);
    exchange_parse(&x);
    facts_note(&x, service);
    if (named && service != SERVICE_CONTROL)
        x.prefix = prefix = mem_format("/w/%s", named);
    const char *name = named ? named : request->world;
    x.world = find_world(&x, name);
    response->no_body = strcmp(request->method, "HEAD") == 0;
    if (service == SERVICE_CONTROL) {
        answer_control(&x, route, missing, buf_str(&allow), name);
    } else if (!x.world) {
        x.refusal = exchange_refuse(&x, REFUSAL_CONTROL_UNKNOWN_WORLD, "%s", name);
        refuse_render(&x);
    } else {
        answer_wix(&x, service, route, missing);
    }
    world_release(x.world);
    exchange_done(&x);
    thrift_trim(fake->worlds);
}

void app_note_connection(struct fake *fake, const char *world_id, enum door_mood mood)
{
    struct world *world = worlds_find(fake->worlds, world_id);
    if (!world)
        return;
    static const struct request nothing = {.method = "", .target = "", .body = ""};
    OWNED(response_free) struct response response = {0};
    pthread_mutex_lock(&world->lock);
    struct fault_shot shot;
    bool armed = armed_find_connect(world->faults, mood, &shot);
    int64_t real_ms = now_real_ms();
    struct journal_facts facts = {.at_ms = timeline_at(&world->time, real_ms),
                                  .real_ms = real_ms,
                                  .route = "CONNECT",
                                  .app_id = "",
                                  .instance_id = "",
                                  .grant = "",
                                  .fault_id = armed ? shot.id : "",
                                  .request_id = "",
                                  .outcome = REFUSAL_NOT_ANSWERED};
    int64_t seq = journal_add(&world->journal, &facts, &nothing, &response);
    if (armed)
        armed_note_hits(world->faults, &shot, 1, seq);
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    world_release(world);
    thrift_trim(fake->worlds);
}
