/* The description of both planes in OpenAPI's form.
 * May depend on: shared, routes/router. Owner: routes; the bodies are in fixtures/openapi. */
#ifndef FAKEWIX_ROUTES_OPENAPI_H
#define FAKEWIX_ROUTES_OPENAPI_H

#include <cjson/cJSON.h>

/* An OpenAPI 3.1 document of every route; caller frees with tree_free. */
cJSON *openapi_document(void);

#endif
