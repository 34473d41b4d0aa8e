/* A mistyped call of the control plane: the answer says what there is instead. */
#include "routes/control.h"

#include <string.h>

#include "routes/router.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"

/* The paths of the control plane, however many methods each has. */
static void offer_paths(struct near *near)
{
    size_t n;
    const struct route *routes = router_routes(&n);
    for (size_t i = 0; i < n; i++)
        if (routes[i].service == SERVICE_CONTROL)
            near_offer(near, routes[i].path);
}

enum refusal control_refuse_path(struct exchange *x, enum refusal missing, const char *allow)
{
    /* A path's bytes may be no text, and the answer is JSON. */
    OWNED(mem_text_free) char *path = tree_sound_text(x->path, strlen(x->path));
    if (*allow)
        return exchange_refuse(x, missing, "%s takes %s, not %s", path, allow, x->request->method);
    OWNED(buf_free) struct buf list = {0};
    struct near near = {.given = path};
    offer_paths(&near);
    near_add_list(&list, &near);
    return exchange_refuse(x, missing,
                           "%s; the nearest are %s, and `fakewix tables routes` lists all", path,
                           buf_str(&list));
}
