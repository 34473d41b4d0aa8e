/* anonymous on /oauth2/token: a new visitor of a headless site. */
#include "grants/headless.h"
#include "shared/mem.h"

static enum refusal run(struct exchange *x, cJSON *answer)
{
    OWNED(app_free) struct app app = {0};
    enum refusal refusal = headless_client(x, &app);
    if (refusal)
        return refusal;
    char visitor[TEXT_GUID_LEN + 1];
    world_guid(x->world, visitor);
    struct token person = headless_person(x->world, app.app_id, SUBJECT_VISITOR, visitor);
    exchange_set_instance(x, person.instance_id);
    headless_answer(x, &person, &person,
                    world_lifetime_s(x->world, LIFETIME_OAUTH_ACCESS, app.app_id), answer);
    return REFUSAL_NONE;
}

const struct grant grant_anonymous = {
    .name = "anonymous",
    .fields = {{"client_id", "clientId"}},
    .summary = "an access and a refresh token for a new visitor",
    .run = run,
};
