/* The control plane: health, reset, worlds, clock, profile, lifetimes. */
#include "routes/control.h"

#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "routes/fake.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/now.h"
#include "shared/tree.h"
#include "state/config.h"
#include "webhooks/courier.h"

enum refusal control_check_body(struct exchange *x, bool optional)
{
    if (x->body_kind == BODY_EMPTY && optional)
        return REFUSAL_NONE;
    if (x->body_kind == BODY_MALFORMED)
        return exchange_refuse(x, REFUSAL_CONTROL_BODY_MALFORMED, "%s", x->body_problem);
    if (x->body_kind != BODY_JSON || !cJSON_IsObject(x->body))
        return exchange_refuse(x, REFUSAL_CONTROL_BODY_MALFORMED,
                               "send a JSON object with Content-Type: application/json");
    return REFUSAL_NONE;
}

enum refusal control_check_keys(struct exchange *x, const cJSON *object, const char *known)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        OWNED(mem_text_free) char *word = mem_format(" %s ", member->string);
        if (strstr(known, word))
            continue;
        OWNED(buf_free) struct buf sentence = {0};
        buf_text(&sentence, member->string);
        near_add_unknown(&sentence, member->string, known);
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", buf_str(&sentence));
    }
    return REFUSAL_NONE;
}

enum refusal control_argument(struct exchange *x, const struct err *err)
{
    return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", err->text);
}

int64_t control_query_int(const struct exchange *x, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    const char *text = exchange_query(x, name);
    if (text)
        text_parse_int(text, 0, INT64_C(1) << 53, &value);
    return value;
}

enum refusal control_health(struct exchange *x)
{
    cJSON *answer = cJSON_CreateObject();
    tree_put_flag(answer, "ready", true);
    tree_put_text(answer, "version", FAKEWIX_VERSION);
    tree_put_int(answer, "worlds", (int64_t)worlds_count(x->fake->worlds));
    tree_put_int(answer, "journal", (int64_t)x->world->journal.count);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal control_ca(struct exchange *x)
{
    if (!x->fake->authority)
        return exchange_refuse(x, REFUSAL_CONTROL_NOT_FOUND, "this fake has no --tls-listen");
    response_text(x->response, 200, "application/x-pem-file", x->fake->authority);
    return REFUSAL_NONE;
}

void control_calm_door(struct exchange *x)
{
    const struct fake_doors *doors = &x->fake->doors;
    struct fault_shot shot;
    if (!x->world->door || armed_find_connect(x->world->faults, DOOR_SERVES, &shot))
        return;
    doors->set_mood(x->world->door, DOOR_SERVES, 0);
    if (doors->port(x->world->door, true))
        doors->set_certificate(x->world->door, x->world->door_tls, 0, NULL);
}

/* Takes the world's lock by itself: the pipeline calls it without (see app.c). */
enum refusal control_reset(struct exchange *x)
{
    worlds_reset(x->fake->worlds, x->world);
    pthread_mutex_lock(&x->world->lock);
    control_calm_door(x);
    pthread_mutex_unlock(&x->world->lock);
    response_json(x->response, 200, cJSON_CreateObject());
    return REFUSAL_NONE;
}

enum refusal control_worlds(struct exchange *x)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = tree_put(answer, "worlds", cJSON_CreateArray());
    char **names = worlds_list(x->fake->worlds);
    for (char **name = names; *name; name++) {
        tree_put_text(tree_put(list, NULL, cJSON_CreateObject()), "world", *name);
        free(*name);
    }
    free(names);
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

static cJSON *fresh_config(struct world *world)
{
    char app_id[TEXT_GUID_LEN + 1], secret[TEXT_GUID_LEN + 1];
    char site_id[TEXT_GUID_LEN + 1], instance_id[TEXT_GUID_LEN + 1];
    world_guid(world, app_id);
    world_guid(world, secret);
    world_guid(world, site_id);
    world_guid(world, instance_id);
    cJSON *config = cJSON_CreateObject();
    cJSON *app =
        tree_put(tree_put(config, "apps", cJSON_CreateArray()), NULL, cJSON_CreateObject());
    tree_put_text(app, "app_id", app_id);
    tree_put_text(app, "app_secret", secret);
    tree_put_text(app, "name", "Acme Orders");
    tree_put_text(app, "app_url", "http://localhost:3000/signup");
    cJSON *urls = tree_put(app, "redirect_urls", cJSON_CreateArray());
    cJSON_AddItemToArray(urls, cJSON_CreateString("http://localhost:3000/login"));
    cJSON *site =
        tree_put(tree_put(config, "sites", cJSON_CreateArray()), NULL, cJSON_CreateObject());
    tree_put_text(site, "site_id", site_id);
    tree_put_text(site, "display_name", "Corner Bakery");
    cJSON *instance =
        tree_put(tree_put(config, "instances", cJSON_CreateArray()), NULL, cJSON_CreateObject());
    tree_put_text(instance, "instance_id", instance_id);
    tree_put_text(instance, "app_id", app_id);
    tree_put_text(instance, "site_id", site_id);
    return config;
}

void control_fill_world(struct world *world, const cJSON *config)
{
    OWNED(tree_free) cJSON *fresh = config ? cJSON_Duplicate(config, true) : fresh_config(world);
    free(world->config);
    world->config = tree_print(fresh);
    store_begin(world->store); /* a world is made whole or not at all */
    config_apply(world, fresh);
    world_save(world);
    store_commit(world->store);
}

/* What a world may be given when it is made: config, seed, clock (a time to start at), ttl_s. */
struct world_wish {
    const cJSON *config;
    const char *id;
    int64_t ttl_s;
    int64_t seed;
    int64_t now_ms;
    bool seeded, clocked, frozen, listens;
    const char *tls; /* what its port for TLS shows; NULL: a good certificate */
};

static enum refusal read_world_wish(struct exchange *x, struct world_wish *wish)
{
    static const char known[] = " world config seed clock ttl_s listener tls ";
    enum refusal refusal = control_check_keys(x, x->body, known);
    if (refusal)
        return refusal;
    const cJSON *listener = tree_get(x->body, "listener");
    if (listener && !cJSON_IsBool(listener))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "listener is true or false");
    wish->listens = cJSON_IsTrue(listener);
    wish->tls = tree_text(x->body, "tls");
    if (tree_get(x->body, "tls") && (!wish->tls || !wish->listens))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "tls is a text, such as \"expired\", and needs listener true");
    wish->config = tree_get(x->body, "config");
    wish->id = tree_text(x->body, "world");
    wish->seeded = tree_int(x->body, "seed", &wish->seed);
    if (tree_get(x->body, "seed") && !wish->seeded)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "seed is a whole number");
    if (tree_get(x->body, "world") && !wish->id)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "world is a text");
    if (tree_get(x->body, "ttl_s") &&
        (!tree_int(x->body, "ttl_s", &wish->ttl_s) || wish->ttl_s < 1))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "ttl_s is a number of seconds from 1");
    const cJSON *clock = tree_get(x->body, "clock");
    wish->frozen =
        clock && strcmp(tree_text(clock, "mode") ? tree_text(clock, "mode") : "", "frozen") == 0;
    const char *now = cJSON_IsString(clock) ? cJSON_GetStringValue(clock) : tree_text(clock, "now");
    wish->clocked =
        (now && text_parse_iso(now, &wish->now_ms)) || tree_int(clock, "now_ms", &wish->now_ms);
    if (now && !wish->clocked)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "clock is a time such as 2030-01-01T00:00:00Z");
    OWNED(buf_free) struct buf problems = {0};
    if (wish->config && config_check_whole(wish->config, "config", &problems))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", buf_str(&problems));
    return REFUSAL_NONE;
}

static void put_first(cJSON *answer, const char *config_text, const char *list, const char *key)
{
    OWNED(tree_free) cJSON *config = tree_parse(config_text, strlen(config_text), NULL);
    const cJSON *row = cJSON_GetArrayItem(tree_get(config, list), 0);
    if (tree_text(row, key))
        tree_put_text(answer, key, tree_text(row, key));
}

static void put_url(cJSON *answer, const char *name, const char *base, const char *prefix)
{
    OWNED(mem_text_free) char *url = base ? mem_format("%s%s", base, prefix) : NULL;
    tree_put_text(answer, name, url);
}

/* A world with a port of its own needs no prefix there. */
static void put_door_url(const struct exchange *x, const struct world *world, bool tls,
                         cJSON *answer)
{
    const char *scheme = tls ? "https" : "http";
    int port = x->fake->doors.port(world->door, tls);
    OWNED(mem_text_free) char *url = mem_format("%s://127.0.0.1:%d", scheme, port);
    tree_put_text(answer, scheme, port ? url : NULL);
}

static cJSON *world_answer(const struct exchange *x, const struct world *world)
{
    OWNED(mem_text_free) char *prefix = world->door ? mem_text("") : mem_format("/w/%s", world->id);
    OWNED(mem_text_free) char *control = mem_format("/_fakewix/worlds/%s", world->id);
    cJSON *answer = cJSON_CreateObject();
    tree_put_text(answer, "world", world->id);
    put_first(answer, world->config, "apps", "app_id");
    put_first(answer, world->config, "apps", "app_secret");
    put_first(answer, world->config, "instances", "instance_id");
    put_first(answer, world->config, "sites", "site_id");
    if (world->door) {
        put_door_url(x, world, false, answer);
        put_door_url(x, world, true, answer);
    } else {
        put_url(answer, "http", x->fake->http_url, prefix);
        put_url(answer, "https", x->fake->https_url, prefix);
    }
    tree_put_text(answer, "prefix", prefix);
    tree_put_text(answer, "control", control);
    return answer;
}

static bool open_door(struct fake *fake, struct world *world, const char *tls, struct err *err)
{
    const struct fake_doors *doors = &fake->doors;
    if (!doors->open)
        return err_set(err, "a port of its own needs a fake that listens");
    world->door = doors->open(doors->context, world->id, err);
    world->close_door = doors->close;
    if (!world->door || (tls && !doors->set_certificate(world->door, tls, 0, err)))
        return false;
    tls = tls ? tls : "good";
    memcpy(world->door_tls, tls, strlen(tls) + 1); /* one of the known kinds */
    return true;
}

enum refusal control_world_new(struct exchange *x)
{
    struct world_wish wish = {0};
    enum refusal refusal = control_check_body(x, true);
    if (!refusal)
        refusal = read_world_wish(x, &wish);
    if (refusal)
        return refusal;
    OWNED(err_free) struct err err = {0};
    struct world *world = worlds_create(x->fake->worlds, wish.id, wish.ttl_s, &err);
    if (!world)
        return control_argument(x, &err);
    pthread_mutex_lock(&world->lock);
    if (wish.seeded) {
        world->seed = (uint64_t)wish.seed;
        world->rng = rng_seeded(world->seed, world->id);
    }
    if (wish.clocked)
        timeline_set(&world->time, now_real_ms(), wish.now_ms);
    if (wish.frozen)
        timeline_mode(&world->time, now_real_ms(), TIME_FROZEN, 1);
    world->start_time = world->time;
    control_fill_world(world, wish.config);
    bool done = !wish.listens || open_door(x->fake, world, wish.tls, &err);
    if (done)
        response_json(x->response, 201, world_answer(x, world));
    pthread_mutex_unlock(&world->lock);
    if (!done)
        worlds_drop(x->fake->worlds, world->id);
    world_release(world);
    return done ? REFUSAL_NONE : control_argument(x, &err);
}

enum refusal control_world_drop(struct exchange *x)
{
    if (strcmp(x->segments[0], "default") == 0)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "the default world stays; POST /_fakewix/reset empties it");
    if (!worlds_drop(x->fake->worlds, x->segments[0]))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_WORLD, "%s", x->segments[0]);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}

static cJSON *show_clock(const struct world *world)
{
    int64_t now_ms = world_now(world);
    char iso[TEXT_ISO_LEN + 1];
    text_format_iso(now_ms, iso);
    cJSON *json = cJSON_CreateObject();
    tree_put_text(json, "now", iso);
    tree_put_int(json, "now_ms", now_ms);
    tree_put_text(json, "mode", time_mode_name(world->time.mode));
    tree_put(json, "rate",
             cJSON_CreateNumber(world->time.mode == TIME_SCALED ? world->time.rate : 1));
    return json;
}

enum refusal control_clock(struct exchange *x)
{
    response_json(x->response, 200, show_clock(x->world));
    return REFUSAL_NONE;
}

/* What a clock body may hold, checked before anything moves. */
static enum refusal read_mode(struct exchange *x, enum time_mode *ret_mode, double *ret_rate)
{
    const cJSON *rate = tree_get(x->body, "rate");
    const char *mode = tree_text(x->body, "mode");
    *ret_mode = x->world->time.mode;
    *ret_rate = x->world->time.rate;
    if (rate && (!cJSON_IsNumber(rate) || rate->valuedouble < 0.001 || rate->valuedouble > 1e6))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "rate is a number from 0.001 to 1e6");
    bool known =
        mode && (!strcmp(mode, "real") || !strcmp(mode, "frozen") || !strcmp(mode, "scaled"));
    if (tree_get(x->body, "mode") && !known)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "mode is \"real\", \"frozen\" or \"scaled\"");
    if (mode)
        *ret_mode = *mode == 'r' ? TIME_REAL : *mode == 'f' ? TIME_FROZEN : TIME_SCALED;
    else if (rate && *ret_mode == TIME_REAL && rate->valuedouble != 1)
        *ret_mode = TIME_SCALED;
    if (rate && *ret_mode != TIME_SCALED && rate->valuedouble != 1)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "a clock that is %s has no rate; send \"mode\":\"scaled\" with it",
                               time_mode_name(*ret_mode));
    *ret_rate = rate ? rate->valuedouble : *ret_mode == TIME_SCALED ? *ret_rate : 1;
    return REFUSAL_NONE;
}

/* A time, or the machine's: the way back for a clock that was moved. */
static bool read_now(const cJSON *body, int64_t machine_ms, int64_t *ret_ms)
{
    const char *now = tree_text(body, "now");
    if (now && strcmp(now, "machine") == 0) {
        *ret_ms = machine_ms;
        return true;
    }
    return now ? text_parse_iso(now, ret_ms) : tree_int(body, "now_ms", ret_ms);
}

enum refusal control_clock_set(struct exchange *x)
{
    enum time_mode mode;
    double rate;
    enum refusal refusal = control_check_body(x, false);
    if (!refusal)
        refusal = read_mode(x, &mode, &rate);
    if (refusal)
        return refusal;
    int64_t now_ms = world_now(x->world), machine_ms = now_real_ms();
    bool given = tree_get(x->body, "now") || tree_get(x->body, "now_ms");
    bool sound = read_now(x->body, machine_ms, &now_ms);
    if (given && (!sound || now_ms < 0 || now_ms > TIMELINE_MAX_MS))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "now is a time such as 2030-01-01T00:00:00Z, or \"machine\" for "
                               "this machine's; now_ms its Unix milliseconds, 1970 to 9999");
    if (!given && !tree_get(x->body, "mode") && !tree_get(x->body, "rate"))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "send \"now\", \"now_ms\", \"mode\" or \"rate\"");
    timeline_mode(&x->world->time, machine_ms, mode, rate);
    if (given)
        timeline_set(&x->world->time, machine_ms, now_ms);
    world_clock_moved(x->world);
    response_json(x->response, 200, show_clock(x->world));
    return REFUSAL_NONE;
}

enum refusal control_clock_advance(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    int64_t seconds = 0, ms = 0;
    bool has_seconds = tree_int(x->body, "seconds", &seconds);
    bool has_ms = tree_int(x->body, "ms", &ms);
    if (!has_seconds && !has_ms)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT,
                               "send {\"seconds\":301} or {\"ms\":301000}, whole numbers");
    OWNED(tree_free) cJSON *fired = cJSON_CreateArray();
    bool fits = seconds < TIMELINE_MAX_MS / 1000 && seconds > -TIMELINE_MAX_MS / 1000 &&
                ms < TIMELINE_MAX_MS && ms > -TIMELINE_MAX_MS &&
                courier_advance(x->fake->courier, x->world, seconds * 1000 + ms, fired);
    if (!fits)
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "the clock stays within 1970 to 9999");
    world_clock_moved(x->world);
    cJSON *answer = show_clock(x->world);
    tree_put(answer, "fired", cJSON_Duplicate(fired, true));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

enum refusal control_profile(struct exchange *x)
{
    response_json(x->response, 200, profile_json(&x->world->profile));
    return REFUSAL_NONE;
}

enum refusal control_profile_set(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    OWNED(err_free) struct err err = {0};
    if (!profile_read(&x->world->profile, x->body, &err))
        return control_argument(x, &err);
    world_save(x->world);
    return control_profile(x);
}

enum refusal control_lifetimes(struct exchange *x)
{
    cJSON *answer = cJSON_CreateObject();
    tree_put_int(answer, "code_s", x->world->lifetimes.code_s);
    tree_put_int(answer, "custom_access_token_s", x->world->lifetimes.custom_access_token_s);
    tree_put_int(answer, "oauth_access_token_s", x->world->lifetimes.oauth_access_token_s);
    if (x->world->lifetime_rules.n)
        tree_put(answer, "rules", lifetime_rules_json(&x->world->lifetime_rules));
    response_json(x->response, 200, answer);
    return REFUSAL_NONE;
}

/* {"code_s":…,…} for the world; with "app_id" for one app, with "next" for so many tokens. */
enum refusal control_lifetimes_set(struct exchange *x)
{
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    bool is_rule = tree_get(x->body, "app_id") || tree_get(x->body, "next");
    OWNED(tree_free) cJSON *config = cJSON_CreateObject();
    cJSON *lifetimes = tree_put(config, "lifetimes", cJSON_Duplicate(x->body, true));
    cJSON_DeleteItemFromObjectCaseSensitive(lifetimes, "app_id");
    cJSON_DeleteItemFromObjectCaseSensitive(lifetimes, "next");
    OWNED(buf_free) struct buf problems = {0};
    OWNED(err_free) struct err err = {0};
    if (config_check(config, "body", &problems))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", buf_str(&problems));
    OWNED(app_free) struct app app = {0};
    const char *app_id = tree_text(x->body, "app_id");
    if (app_id && !store_find_app(x->world->store, x->world->id, app_id, &app))
        return exchange_refuse(x, REFUSAL_CONTROL_UNKNOWN_ITEM, "app_id %s", app_id);
    if (is_rule && !lifetime_add_rule(&x->world->lifetime_rules, x->body, &err))
        return control_argument(x, &err);
    if (!is_rule)
        config_apply(x->world, config);
    world_save(x->world);
    return control_lifetimes(x);
}
