/* Every exchange of a world, newest last, bounded; and the wait for one that has not come yet.
 * May depend on: shared, http/message. Owner: state. */
#ifndef FAKEWIX_STATE_JOURNAL_H
#define FAKEWIX_STATE_JOURNAL_H

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"
#include "shared/refusal.h"
#include "state/model.h"

enum { JOURNAL_DEFAULT_MAX = 10000, JOURNAL_FAULT_ID_MAX = 24, JOURNAL_GRANT_MAX = 64 };

/* What was said and what came of it. Texts are borrowed by journal_add and copied. */
struct journal_facts {
    int64_t at_ms;   /* the world's clock */
    int64_t real_ms; /* the machine's, at the end of took_us */
    int64_t took_us;
    const char *route; /* "POST /oauth2/token", "WEBHOOK AppInstalled" */
    const char *app_id;
    const char *instance_id;
    const char *grant;
    const char *fault_id;
    const char *request_id;
    enum refusal outcome;
};

struct journal_entry {
    int64_t seq; /* 1, 2, 3 … within the world */
    struct journal_facts facts;
    int status;
    /* All texts of the entry lie in one block. */
    char *block;
    size_t block_size;
    const char *method;
    const char *target;
    const char *request_head;
    size_t request_head_len;
    const char *request_body;
    size_t request_body_len;
    const char *response_head;
    size_t response_head_len;
    const char *response_body;
    size_t response_body_len;
};

/* What the journals of many worlds hold together; state/thrift.h keeps it within bounds. */
struct journal_sum {
    atomic_size_t bytes;
    size_t max; /* they may; more than that for the moment that it takes to drop the oldest */
    atomic_bool is_trimmed; /* somebody is at it */
};

struct journal {
    struct journal_entry *ring; /* owned; grows up to `max` entries */
    size_t capacity;
    size_t max;
    size_t first; /* index of the oldest */
    size_t count;
    size_t bytes; /* held by entries, themselves and their blocks */
    char *spare;  /* the block of the entry that went last, for the next one; owned */
    size_t spare_size;
    size_t max_bytes;        /* the oldest go when this is passed */
    struct journal_sum *sum; /* of which these bytes are part; borrowed, NULL for none */
    int64_t next_seq;
    int64_t dropped; /* entries that made room for newer ones */
};

struct journal journal_new(size_t max, size_t max_bytes, struct journal_sum *sum);
void journal_free(struct journal *journal);
void journal_clear(struct journal *journal); /* seq numbers go on */
void journal_renew(struct journal *journal); /* empty, as journal_new made it; they begin again */

/* Drop the oldest until no more than `bytes` are held. The newest stays all the same. */
void journal_shrink(struct journal *journal, size_t bytes);

/* Keep an exchange; returns its seq. */
int64_t journal_add(struct journal *journal, const struct journal_facts *facts,
                    const struct request *request, const struct response *response);

/* The i-th kept entry, oldest first; borrowed until the next change. */
const struct journal_entry *journal_at(const struct journal *journal, size_t i);

/* What a query asks for; NULL or 0 matches all. Texts may hold * and ?. */
struct journal_query {
    int64_t since;   /* seq greater or equal */
    int64_t until;   /* seq below; 0 for no end */
    int64_t from_ms; /* the world's time, inclusive */
    int64_t to_ms;   /* exclusive; 0 for no end */
    const char *route;
    const char *app_id;
    const char *instance_id;
    const char *grant;
    const char *outcome;
    const char *fault_id;
    const char *text; /* somewhere in target, request body or response body */
    int status;
    size_t limit; /* 0 for all */
};

bool journal_matches(const struct journal_entry *entry, const struct journal_query *query);

/* Which parts of the query the entry does not fit, as {"field","expected","seen"} objects appended
 * to `ret_list` (may be NULL). Returns how many. */
size_t journal_mismatches(const struct journal_entry *entry, const struct journal_query *query,
                          cJSON *ret_list);
size_t journal_count(const struct journal *journal, const struct journal_query *query);

/* {"entries":[…],"next":seq,"dropped":n}; gives a tree. */
cJSON *journal_json(const struct journal *journal, const char *world,
                    const struct journal_query *query);
cJSON *journal_entry_json(const struct journal_entry *entry, const char *world);

#endif
