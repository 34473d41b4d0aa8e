/* authorized_client on /oauth2/token: a backend that logged a member in by its own means. The
 * client is whoever the visitor token belongs to, and the API key vouches for it (wix-sdk):
 *     Authorization: <visitor token>,<API key> */
#include "grants/headless.h"

static enum refusal run(struct exchange *x, cJSON *answer)
{
    struct token visitor;
    enum refusal refusal = headless_vouched(x, &visitor);
    if (refusal)
        return refusal;
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
