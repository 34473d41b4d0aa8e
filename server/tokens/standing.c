/* Whether a token still stands: what a signature cannot say. The store keeps marks, each a serial
 * up to which something holds, so that one row speaks of any number of tokens
 * (docs/decisions/0009). */
#include <stdio.h>
#include <string.h>

#include "tokens/token.h"

enum { MARK_MAX = 3 * MODEL_ID_MAX };

/* The marks that may speak of a token: "<what>/t/<serial>", "<what>/<group>/i/<instance>" and
 * "<what>/<group>/a/<app>", each a serial up to which it holds. */
static int64_t top_mark(struct world *world, const struct token *token, const char *what)
{
    char one[MARK_MAX], of_instance[MARK_MAX], of_app[MARK_MAX];
    const char *group = token_kind_group(token->kind);
    snprintf(one, sizeof one, "%s/t/%lld", what, (long long)token->serial);
    snprintf(of_instance, sizeof of_instance, "%s/%s/i/%s", what, group, token->instance_id);
    snprintf(of_app, sizeof of_app, "%s/%s/a/%s", what, group, token->app_id);
    const char *ids[] = {one, of_instance, of_app};
    return store_top_mark(world->store, world->id, ids, 3);
}

static void put_marks(struct world *world, const struct token_filter *filter, const char *what)
{
    static const char *const groups[] = {"access", "refresh", "code"};
    world->has_marks = true;
    char id[MARK_MAX];
    if (filter->serial) {
        snprintf(id, sizeof id, "%s/t/%lld", what, (long long)filter->serial);
        store_put_mark(world->store, world->id, id, filter->serial);
        return;
    }
    int64_t upto = world_serial(world);
    for (size_t i = 0; i < 3; i++) {
        if (filter->kind && strcmp(filter->kind, groups[i]) != 0)
            continue;
        snprintf(id, sizeof id, "%s/%s/%c/%.64s", what, groups[i], filter->instance_id ? 'i' : 'a',
                 filter->instance_id ? filter->instance_id : filter->app_id);
        store_put_mark(world->store, world->id, id, upto);
    }
}

void token_expire(struct world *world, const struct token_filter *filter)
{
    put_marks(world, filter, "expired");
}

void token_revoke(struct world *world, const struct token_filter *filter)
{
    put_marks(world, filter, "revoked");
}

static void family_mark(const struct token *token, char ret_id[static MARK_MAX])
{
    snprintf(ret_id, MARK_MAX, "family/%lld", (long long)token->family);
}

void token_revoke_family(struct world *world, const struct token *token)
{
    char id[MARK_MAX];
    family_mark(token, id);
    world->has_marks = true;
    store_put_mark(world->store, world->id, id, 1);
    token_revoke(world,
                 &(struct token_filter){.kind = "access", .instance_id = token->instance_id});
}

static void strict_mark(const struct token *token, char ret_id[static MARK_MAX])
{
    snprintf(ret_id, MARK_MAX, "strict/%lld", (long long)token->family);
}

void token_make_strict(struct world *world, const struct token *token)
{
    char id[MARK_MAX];
    strict_mark(token, id);
    world->has_marks = true;
    store_put_mark(world->store, world->id, id, 1);
}

bool token_is_strict(struct world *world, const struct token *token)
{
    char id[MARK_MAX];
    strict_mark(token, id);
    const char *ids[] = {id};
    return store_top_mark(world->store, world->id, ids, 1) > 0;
}

static bool family_is_dead(struct world *world, const struct token *token)
{
    char id[MARK_MAX];
    family_mark(token, id);
    const char *ids[] = {id};
    return token_is_refresh(token->kind) && store_top_mark(world->store, world->id, ids, 1) > 0;
}

/* Whether the installation that a token belongs to is still the one there is. Whether Wix kills
 * tokens at once, and what becomes of an old refresh token, is unknown (picks 7 and 10). */
static bool is_installed(struct world *world, const struct token *token)
{
    struct instance instance;
    if (!store_find_instance(world->store, world->id, token->instance_id, &instance))
        return false;
    if (token_is_access(token->kind) &&
        profile_is(&world->profile, PROFILE_UNINSTALLED_TOKENS, "alive"))
        return true;
    if (instance.state == INSTALL_UNINSTALLED)
        return false;
    return instance.generation == token->generation ||
           (token->kind == TOKEN_CUSTOM_REFRESH &&
            profile_is(&world->profile, PROFILE_REINSTALLED_REFRESH_TOKEN, "alive"));
}

enum token_standing token_standing(struct world *world, const struct token *token, int64_t now_ms)
{
    if (token->expires_ms && now_ms >= token->expires_ms)
        return STANDING_EXPIRED;
    if (*token->instance_id && !is_installed(world, token))
        return STANDING_UNINSTALLED;
    if (!world->has_marks)
        return STANDING_GOOD;
    if (top_mark(world, token, "revoked") >= token->serial || family_is_dead(world, token))
        return STANDING_REVOKED;
    if (top_mark(world, token, "expired") >= token->serial)
        return STANDING_EXPIRED;
    return STANDING_GOOD;
}

static void spent_mark(const struct token *token, char ret_id[static MARK_MAX])
{
    snprintf(ret_id, MARK_MAX, "spent/%lld", (long long)token->serial);
}

bool token_spend(struct world *world, const struct token *token)
{
    char id[MARK_MAX];
    spent_mark(token, id);
    world->has_marks = true;
    return store_spend(world->store, world->id, id);
}

bool token_is_spent(struct world *world, const struct token *token)
{
    char id[MARK_MAX];
    spent_mark(token, id);
    return world->has_marks && store_is_spent(world->store, world->id, id);
}
