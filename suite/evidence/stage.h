/* A world made ready for one scenario: what the client is given, and the faults that wait for it.
 * May depend on: shared, fake. Owner: evidence. */
#ifndef FAKEWIX_EVIDENCE_STAGE_H
#define FAKEWIX_EVIDENCE_STAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "fake/control.h"
#include "shared/err.h"

/* A fault that must hit, or the scenario's situation never came up. Text owned. */
struct armed {
    char *id;
    char *what;     /* "status 401 on the API" */
    char *then;     /* "301 s pass": what follows the request that it hits; NULL for a fault that
                     * shows in the answer */
    char *name;     /* "status 503": what the answers that it hit are shown with */
    int interim;    /* the status that comes before the answers it hits; 0 for none */
    int64_t needed; /* hits; 0 where it is optional */
    int64_t hits;   /* counted after the client's performance */
    int64_t *seqs;  /* the journal numbers of the requests it hit; owned */
};

struct stage {
    struct world world;
    char *refresh_token;     /* NULL in the client credentials flow */
    char *other_instance_id; /* NULL until it is needed */
    char **issued;           /* access tokens that the client had before the curtain; owned */
    size_t n_issued;
    struct armed *armed;
    size_t n_armed;
    int64_t journal_from; /* the client's first entry in the journal */
};

/* Arm a fault; `fault` as POST faults takes it. Gives the record to be filled further, or NULL. */
struct armed *stage_arm(struct stage *stage, const cJSON *fault, const char *what, int64_t needed,
                        struct err *err);

/* From here on the world's port for TLS shows that certificate. */
bool stage_show_certificate(struct stage *stage, const char *kind, struct err *err);

/* Nobody listens at the world's own ports for so many real milliseconds. */
bool stage_close_port(struct stage *stage, int64_t ms, struct err *err);

/* A second installation of the app, made where there is none yet. */
bool stage_make_other_instance(struct stage *stage, struct err *err);

/* The number that the journal's next entry will have. */
bool stage_read_seq(const struct stage *stage, int64_t *ret_seq, struct err *err);

/* Take in the tokens that were granted so far, and the refresh token that was granted last: those
 * of an app which was installed by itself. */
bool stage_learn_tokens(struct stage *stage, struct err *err);

/* Whether the client, since the curtain, was told by a 401 that its token is dead, and asked for no
 * other one. */
bool stage_is_stuck(const struct stage *stage, bool *ret_stuck, struct err *err);

/* Whether an access token was issued before the curtain. */
bool stage_knows_token(const struct stage *stage, const char *token);

/* From here on the journal is the client's. */
bool stage_raise_curtain(struct stage *stage, struct err *err);

/* Ask the fake what each armed fault has hit. */
bool stage_count_hits(struct stage *stage, struct err *err);

/* Disarm all faults, once what they hit is counted. */
bool stage_disarm(struct stage *stage, struct err *err);

/* The first fault that was to hit and did not often enough, or NULL. Borrowed. */
const struct armed *stage_unmet(const struct stage *stage);

/* The armed ones that hit the request of that journal number, one after the other: *from begins at
 * 0. NULL past the last. */
const struct armed *stage_next_hit(const struct stage *stage, int64_t seq, size_t *from);

void stage_free(struct stage *stage);

#endif
