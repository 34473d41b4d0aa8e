/* Calls on a fake on this machine, over a socket of their own each.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_ASK_H
#define FAKEWIX_RUN_ASK_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/tree.h"

struct ask {
    int port;                  /* on 127.0.0.1 */
    const char *control_token; /* borrowed; may be NULL */
};

/* Send one request; `body` is JSON, or NULL. Gives the answer's body where it came with a status
 * of the two hundreds. */
bool ask_text(const struct ask *ask, const char *method, const char *path, const char *body,
              struct buf *ret_body);

/* The same, as a tree; NULL where there is none. Caller frees with cJSON_Delete. */
cJSON *ask_tree(const struct ask *ask, const char *method, const char *path, const cJSON *body);

#endif
