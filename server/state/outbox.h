/* The webhooks of a world: what was to be told to which app, and what came of each attempt.
 * Plain data: how they are signed and sent is the business of webhooks/.
 * May depend on: shared, schedule. Owner: state. Lives in memory, as the journal does; what
 * waits for delivery is in the state file too (world_keep_event). */
#ifndef FAKEWIX_STATE_OUTBOX_H
#define FAKEWIX_STATE_OUTBOX_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/refusal.h"
#include "state/model.h"

enum { OUTBOX_MAX = 10000, OUTBOX_MAX_BYTES = 64 << 20, OUTBOX_ATTEMPTS_MAX = 13 };

struct attempt {
    int64_t at_ms; /* the world's clock when it failed or succeeded */
    int64_t real_ms;
    int64_t took_ms;
    int status;           /* 0: no whole answer came */
    enum refusal outcome; /* REFUSAL_NONE, or one of the WEBHOOK rows */
    int64_t seq;          /* its entry in the journal */
};

struct event {
    int64_t number; /* 1, 2, 3 … within the world, over resets too */
    char *type;     /* "AppInstalled"; owned, as all texts here */
    char app_id[MODEL_ID_MAX + 1];
    char instance_id[MODEL_ID_MAX + 1];
    char *url;
    char *data;     /* JSON: the innermost layer */
    char *identity; /* JSON, or NULL for none */
    char *account;  /* JSON: accountInfo, or NULL for none */
    char *sign;     /* how it is signed: "good" or one of the forgeries of webhooks/letter.h */
    char *letter;   /* the JWT, once it was made: every attempt sends the same bytes */
    bool no_retry;
    bool settled; /* taken, or given up */
    int64_t created_ms;
    int64_t due_ms; /* the next attempt; SCHEDULE_NEVER when there is none */
    struct attempt attempts[OUTBOX_ATTEMPTS_MAX];
    size_t n_attempts;
};

/* Zeroed is empty. */
struct outbox {
    struct event **events; /* owned, oldest first */
    size_t n;
    size_t capacity;
    size_t bytes; /* held by all events, their letters to come included */
    int64_t last_number;
    int64_t dropped; /* settled events that made room for newer ones */
};

/* All functions: under the world's lock. */

/* Take over an event's texts and number it. Settled events make room, the oldest first. Returns it,
 * borrowed; NULL, with the texts freed, where so much waits for delivery that it does not fit. */
struct event *outbox_add(struct outbox *outbox, const struct event *event);
struct event *outbox_find(const struct outbox *outbox, int64_t number);

/* An event's JSON as the control plane shows it; gives a tree. */
cJSON *outbox_event_json(const struct event *event);
cJSON *outbox_attempt_json(const struct attempt *attempt);

/* What the state file keeps of an event; gives a tree. And back: the event under its number, which
 * must be above all others. NULL where the tree is none. (outbox_save.c) */
cJSON *outbox_save_event(const struct event *event);
struct event *outbox_load_event(struct outbox *outbox, int64_t number, const cJSON *doc);

/* "ev-12" and back; 0 where the text is none. */
void outbox_format_id(int64_t number, char ret_id[static 24]);
int64_t outbox_parse_id(const char *id);

/* Forget every event; numbers go on. */
void outbox_clear(struct outbox *outbox);
void outbox_free(struct outbox *outbox);

#endif
