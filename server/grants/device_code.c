/* The device grant (RFC 8628) as Wix's command line uses it: a code to poll with, a user code of
 * eight letters and digits, and 400 until the person has decided (device-flow). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "grants/device.h"
#include "grants/headless.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { MARK_LEN = 64 };

/* No letters and digits that look alike. */
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/* The marks: "user-code/ABCD2345" is the device code's serial, "device/<serial>" the decision. */
static void decision_mark(int64_t serial, char ret_id[static MARK_LEN])
{
    snprintf(ret_id, MARK_LEN, "device/%lld", (long long)serial);
}

static int64_t mark_of(struct world *world, const char *id)
{
    return store_top_mark(world->store, world->id, &id, 1);
}

void device_begin(struct world *world, int64_t now_ms, const char *app_id, struct buf *out,
                  char ret_user_code[static DEVICE_USER_CODE_LEN + 1])
{
    char user[TEXT_GUID_LEN + 1];
    char id[MARK_LEN];
    digest_guid("the account of this fake", user);
    do {
        for (size_t i = 0; i < DEVICE_USER_CODE_LEN; i++)
            ret_user_code[i] = alphabet[rng_below(&world->rng, sizeof alphabet - 1)];
        ret_user_code[DEVICE_USER_CODE_LEN] = '\0';
        snprintf(id, sizeof id, "user-code/%s", ret_user_code);
    } while (mark_of(world, id));
    struct token code = {.kind = TOKEN_DEVICE_CODE,
                         .subject_type = SUBJECT_USER,
                         .expires_ms = now_ms + DEVICE_LIFE_S * 1000};
    memcpy(code.app_id, app_id, strnlen(app_id, MODEL_ID_MAX));
    memcpy(code.subject, user, sizeof user);
    token_mint(world, now_ms, &code, out);
    store_put_mark(world->store, world->id, id, code.serial);
}

bool device_decide(struct world *world, const char *user_code, enum device_decision decision)
{
    char typed[DEVICE_USER_CODE_LEN + 1] = {0};
    size_t len = 0;
    for (; *user_code; user_code++) {
        if (*user_code == '-' || *user_code == ' ')
            continue;
        if (len == DEVICE_USER_CODE_LEN)
            return false;
        typed[len++] = (char)toupper((unsigned char)*user_code);
    }
    char id[MARK_LEN];
    snprintf(id, sizeof id, "user-code/%s", typed);
    int64_t serial = mark_of(world, id);
    if (!serial)
        return false;
    decision_mark(serial, id);
    if (!mark_of(world, id))
        store_put_mark(world->store, world->id, id, decision);
    return true;
}

static enum refusal read_code(struct exchange *x, const struct app *app, struct token *ret_code)
{
    const struct token *read = token_of(x, exchange_param(x, "device_code", "deviceCode"));
    if (!read || read->kind != TOKEN_DEVICE_CODE || strcmp(read->world, x->world->id) != 0 ||
        strcmp(read->app_id, app->app_id) != 0)
        return REFUSAL_TOKEN_DEVICE_UNKNOWN;
    x->used_serial = read->serial;
    if (token_standing(x->world, read, x->now_ms) != STANDING_GOOD)
        return REFUSAL_TOKEN_DEVICE_EXPIRED;
    *ret_code = *read;
    return REFUSAL_NONE;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    struct token code;
    enum refusal refusal = headless_client(x, &app);
    if (!refusal)
        refusal = read_code(x, &app, &code);
    if (refusal)
        return refusal;
    char id[MARK_LEN];
    decision_mark(code.serial, id);
    int64_t decision = mark_of(x->world, id);
    if (decision == DEVICE_OPEN)
        return REFUSAL_TOKEN_DEVICE_PENDING;
    if (decision == DEVICE_DENIED)
        return REFUSAL_TOKEN_DEVICE_DENIED;
    if (!token_spend(x->world, &code))
        return REFUSAL_TOKEN_DEVICE_UNKNOWN;
    struct token user = code;
    user.family = 0;
    user.id[0] = '\0';
    headless_answer(x, &user, &user, world_lifetime_s(x->world, LIFETIME_OAUTH_ACCESS, app.app_id),
                    answer);
    return REFUSAL_NONE;
}

const struct grant grant_device_code = {
    .name = "urn:ietf:params:oauth:grant-type:device_code",
    .fields = {{"client_id", "clientId"}, {"device_code", "deviceCode"}},
    .summary = "a user's tokens, once the device code was approved; 400 until then",
    .run = run,
};
