/* The control plane: a world's content as one value, read and replaced whole. */
#include "routes/control.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/config.h"
#include "state/contents.h"
#include "state/snapshot.h"

static const size_t answer_max = (size_t)1 << 30;

enum refusal control_config(struct exchange *x)
{
    x->response->body.max = answer_max;
    response_json(x->response, 200, contents_show(x->world));
    return REFUSAL_NONE;
}

enum refusal control_config_put(struct exchange *x)
{
    OWNED(buf_free) struct buf problems = {0};
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    if (config_check_whole(x->body, "config", &problems))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", buf_str(&problems));
    contents_reload(x->world, x->body);
    return control_config(x);
}

enum refusal control_snapshot(struct exchange *x)
{
    x->response->body.max = answer_max;
    response_json(x->response, 200, snapshot_save(x->world));
    return REFUSAL_NONE;
}

enum refusal control_snapshot_put(struct exchange *x)
{
    OWNED(buf_free) struct buf problems = {0};
    enum refusal refusal = control_check_body(x, false);
    if (refusal)
        return refusal;
    if (snapshot_check(x->body, &problems))
        return exchange_refuse(x, REFUSAL_CONTROL_ARGUMENT, "%s", buf_str(&problems));
    OWNED(err_free) struct err err = {0};
    const cJSON *faults = tree_get(x->body, "faults");
    if (faults && !control_prepare_faults(x, faults, &err))
        return control_argument(x, &err);
    snapshot_load(x->world, x->body);
    control_calm_door(x);
    response_text(x->response, 204, NULL, "");
    return REFUSAL_NONE;
}
