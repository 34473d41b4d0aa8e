/* What the always-on checks have found in a world, and the little they have to remember for it.
 * May depend on: shared. Owner: lint. */
#ifndef FAKEWIX_LINT_LINT_H
#define FAKEWIX_LINT_LINT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum lint_rule {
#define LINT(symbol, name, level, sentence, source) LINT_##symbol,
#include "lint/lint.def"
#undef LINT
    LINT_COUNT
};

enum lint_level { LINT_MUST, LINT_SHOULD, LINT_INFO };

struct lint_row {
    const char *name;
    enum lint_level level;
    const char *sentence;
    const char *source;
};

const struct lint_row *lint_row(enum lint_rule rule);

struct lint;

struct lint *lint_new(void);
void lint_free(struct lint *lint);
void lint_clear(struct lint *lint);

/* Note that exchange `seq` breaks a rule. `example` (may be NULL) is copied for the first one. */
void lint_note(struct lint *lint, enum lint_rule rule, int64_t seq, const char *example);

/* ---- memory of the rules that need some; all bounded, the oldest is forgotten ---- */

/* True where this code's serial was seen before. */
bool lint_saw_code(struct lint *lint, int64_t serial);

/* An access token was minted for app and instance; true where it is the third in a row of which
 * each had at most one call while the one before was good for another minute. */
bool lint_saw_mint(struct lint *lint, const char *app_id, const char *instance_id, int64_t now_ms,
                   int64_t expires_ms);
void lint_saw_call(struct lint *lint, const char *app_id, const char *instance_id);

/* The same moment by both clocks. A client may wait by either: by the machine's as any program
 * does, or by the world's, when a test advances that or the client follows it. */
struct lint_moment {
    int64_t real_ms, world_ms;
};

/* An answer of `now` asked to wait so long before this route is called again. */
void lint_saw_retry_after(struct lint *lint, const char *route, const char *app_id,
                          struct lint_moment now, int64_t wait_ms);
/* Whether a call of the route comes too early by both. */
bool lint_is_early(struct lint *lint, const char *route, const char *app_id,
                   struct lint_moment now);

/* {"findings":[{"rule","level","sentence","source","count","first_seq","last_seq","example"}]} */
cJSON *lint_json(const struct lint *lint);

#endif
