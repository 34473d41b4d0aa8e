/* All that a verdict is made from: the stage, the wire, the client's own answer.
 * May depend on: shared, fake. Owner: evidence. */
#ifndef FAKEWIX_EVIDENCE_EVIDENCE_H
#define FAKEWIX_EVIDENCE_EVIDENCE_H

#include "evidence/performance.h"
#include "evidence/stage.h"
#include "fake/wire.h"
#include "shared/buf.h"

/* A secret and the name it has in reports: "access#2". Text owned. */
struct alias {
    char *secret;
    char *name;
};

struct evidence {
    const struct stage *stage; /* borrowed */
    struct wire wire;
    struct wire strays; /* where the wire is empty: what came meanwhile that belongs to no world */
    struct performance performance;
    struct alias *aliases;
    size_t n_aliases;
};

/* Give every secret that occurs a name. Call once the wire is there. */
void evidence_name_secrets(struct evidence *evidence);

/* Take in what reached the fake since that real time (Unix) and belongs to no world: requests with
 * other credentials than those of any scenario, or without its path. */
void evidence_find_strays(struct evidence *evidence, int64_t since_ms);

/* Append `POST /oauth2/token of "app" -> 400 unknown-app, …`: the first few of them. */
void evidence_add_strays(const struct evidence *evidence, struct buf *out);

/* Append `text` with every known secret replaced by its name in angle brackets. */
void evidence_add_redacted(const struct evidence *evidence, const char *text, struct buf *out);

/* The name of a token, "nothing" for NULL or empty, "an unknown token" otherwise. Borrowed. */
const char *evidence_token_name(const struct evidence *evidence, const char *token);

/* Whether two requests of the client were at the fake at the same time, for some milliseconds. */
bool evidence_shows_overlap(const struct evidence *evidence);

/* Append the exchanges as lines, each with both times counted from the first, the one with number
 * `marked` (or -1) marked. Long wires are shown around the mark. */
void evidence_add_excerpt(const struct evidence *evidence, int64_t marked, struct buf *out);

/* All of them, however many. */
void evidence_add_wire(const struct evidence *evidence, struct buf *out);

void evidence_free(struct evidence *evidence);

#endif
