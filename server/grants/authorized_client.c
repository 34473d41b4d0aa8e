/* authorized_client on /oauth2/token: a backend that logged a member in by its own means. The
 * client is whoever the visitor token belongs to, and the API key vouches for it (wix-sdk):
 *     Authorization: <visitor token>,<API key> */
#include <string.h>
#include <strings.h>

#include "grants/headless.h"
#include "shared/mem.h"
#include "state/settings.h"

/* The two halves of the header; false where there are not two. Caller frees with free(). */
static bool split_header(const struct exchange *x, char **ret_token, char **ret_key)
{
    const char *value = request_header(x->request, "Authorization");
    const char *comma = value ? strchr(value, ',') : NULL;
    if (!comma)
        return false;
    value += strspn(value, " ");
    if (strncasecmp(value, "Bearer ", 7) == 0)
        value += 7;
    if (comma < value)
        return false;
    *ret_token = mem_text_n(value, (size_t)(comma - value));
    comma++;
    *ret_key = mem_text(comma + strspn(comma, " "));
    return true;
}

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(mem_text_free) char *visitor_text = NULL;
    OWNED(mem_text_free) char *key = NULL;
    struct token visitor;
    if (!split_header(x, &visitor_text, &key))
        return REFUSAL_TOKEN_AUTHORIZATION_MISSING;
    if (!settings_find_key(&x->world->settings, key))
        return REFUSAL_TOKEN_API_KEY_UNKNOWN;
    if (!token_read_in(x->world, visitor_text, &visitor) ||
        strcmp(visitor.world, x->world->id) != 0 || visitor.kind != TOKEN_OAUTH_ACCESS ||
        visitor.subject_type == SUBJECT_APP ||
        token_standing(x->world, &visitor, x->now_ms) != STANDING_GOOD)
        return REFUSAL_TOKEN_VISITOR_INVALID;
    exchange_set_app(x, visitor.app_id);
    exchange_set_instance(x, visitor.instance_id);
    struct token person = headless_person(x->world, visitor.app_id, SUBJECT_MEMBER,
                                          exchange_param(x, "member_id", "memberId"));
    bool refreshes =
        headless_wants_refresh(x) || exchange_param(x, "session_token", "sessionToken");
    headless_answer(x, &person, refreshes ? &person : NULL,
                    world_lifetime_s(x->world, LIFETIME_OAUTH_ACCESS, visitor.app_id), answer);
    return REFUSAL_NONE;
}

const struct grant grant_authorized_client = {
    .name = "authorized_client",
    .fields = {{"member_id", "memberId"}},
    .summary = "a member's tokens for who holds a visitor token and an API key (Authorization)",
    .run = run,
};
