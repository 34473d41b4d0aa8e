/* A response's body and headers, as a fault's "do" gives them.
 * May depend on: shared, http/message. Owner: faults. */
#ifndef FAKEWIX_FAULTS_BODY_H
#define FAKEWIX_FAULTS_BODY_H

#include <cjson/cJSON.h>

#include "http/message.h"

/* A body given as text goes out as it is, anything else as JSON; NULL changes nothing. */
void body_set(struct response *response, const cJSON *body);

/* Put headers in, an object of texts, in place of those of the same name. */
void body_add_headers(struct response *response, const cJSON *headers);

#endif
