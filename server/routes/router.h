/* From method and path to a handler.
 * May depend on: shared, state/exchange. Owner: routes; the rows are in routes.def. */
#ifndef FAKEWIX_ROUTES_ROUTER_H
#define FAKEWIX_ROUTES_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "routes/paths.h"
#include "shared/buf.h"
#include "state/exchange.h"

/* Answer into x->response, or refuse. Handlers of world routes run under the world's lock. */
typedef enum refusal route_fn(struct exchange *x);

#define ROUTE(service, method, path, handler, summary) route_fn handler;
#include "routes/routes.def"
#undef ROUTE

struct route {
    enum service service;
    const char *method;
    const char *path;
    route_fn *handler;
    const char *summary;
    const char *name; /* "POST /oauth2/token": what journal and faults call it */
};

/* The route of a method and a percent-encoded path, or NULL; then ret_allow has the methods that
 * the path does take ("" for none). HEAD is taken where GET is. On success segments 0.. have what
 * the {} matched, decoded; caller frees each with free(). */
const struct route *router_find(const char *method, const char *path, char *ret_segments[4],
                                struct buf *ret_allow);

/* "token", "access", "api", "page", "control". */
const char *router_service_name(enum service service);

const struct route *router_routes(size_t *ret_n);

#endif
