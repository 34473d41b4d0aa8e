/* A token reply, read.
 * May depend on: shared. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_ANSWER_H
#define FAKEWIX_CLIENTS_REFERENCE_ANSWER_H

#include "reference/client.h"
#include "reference/request.h"

struct answer {
    char *access_token;  /* owned */
    char *refresh_token; /* owned; NULL where there is none */
    int64_t lifetime_s;  /* 0 where the reply does not say */
};

/* False where the reply is no grant of a token that this client can use. */
bool answer_read(const struct client *client, const struct reply *reply, struct answer *ret_answer);
void answer_free(struct answer *answer);

#endif
