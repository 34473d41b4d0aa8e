/* Members as the published vector and the documentation have them, the vector's first and in its
 * order; ipAndPort and the rest follow, since older clients insist on them. */
#include "tokens/app_instance.h"

#include "shared/text.h"
#include "shared/tree.h"

static const int64_t life_ms = INT64_C(4) * 3600 * 1000;

cJSON *app_instance_payload(const struct instance *instance, int64_t now_ms)
{
    char owner[TEXT_GUID_LEN + 1];
    char signed_at[TEXT_ISO_LEN + 1], expires[TEXT_ISO_LEN + 1];
    site_owner_id(instance->site_id, owner);
    text_format_iso(now_ms, signed_at);
    text_format_iso(now_ms + life_ms, expires);
    cJSON *payload = cJSON_CreateObject();
    tree_put_text(payload, "instanceId", instance->instance_id);
    tree_put_text(payload, "appDefId", instance->app_id);
    tree_put_text(payload, "signDate", signed_at);
    tree_put_text(payload, "uid", owner);
    tree_put_text(payload, "permissions", "OWNER");
    tree_put_flag(payload, "demoMode", false);
    tree_put_text(payload, "siteOwnerId", owner);
    tree_put_text(payload, "siteMemberId", owner);
    tree_put_text(payload, "expirationDate", expires);
    tree_put_text(payload, "loginAccountId", owner);
    tree_put_text(payload, "ipAndPort", "127.0.0.1/35734");
    tree_put_text(payload, "vendorProductId", NULL);
    if (*instance->site_id)
        tree_put_text(payload, "metaSiteId", instance->site_id);
    tree_put_flag(payload, "siteIsTemplate", false);
    return payload;
}
