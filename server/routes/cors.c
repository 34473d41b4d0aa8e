/* Visitor tokens are made and used in browsers, so Wix answers preflights; its exact headers are
 * unknown. The origin is named, not "*", so that requests with credentials pass as well. */
#include "routes/cors.h"

void cors_note(struct exchange *x, enum service service)
{
    const char *origin = request_header(x->request, "Origin");
    if (!origin || (service != SERVICE_TOKEN && service != SERVICE_API))
        return;
    response_header(x->response, "Access-Control-Allow-Origin", origin);
    response_header(x->response, "Access-Control-Allow-Credentials", "true");
    response_header(x->response, "Access-Control-Expose-Headers", "X-Wix-Request-Id, Retry-After");
    response_header(x->response, "Vary", "Origin");
}

enum refusal cors_preflight(struct exchange *x)
{
    const char *headers = request_header(x->request, "Access-Control-Request-Headers");
    response_text(x->response, 204, NULL, "");
    response_header(x->response, "Allow", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    if (!request_header(x->request, "Access-Control-Request-Method"))
        return REFUSAL_NONE;
    response_header(x->response, "Access-Control-Allow-Methods",
                    "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    response_header(x->response, "Access-Control-Allow-Headers",
                    headers ? headers : "Authorization, Content-Type");
    response_header(x->response, "Access-Control-Max-Age", "3600");
    return REFUSAL_NONE;
}
