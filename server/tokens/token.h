/* What a code or token means: minted from facts, read back into facts, and whether it still
 * stands. Facts travel in the token itself, so the fake forgets nothing when it restarts.
 * May depend on: shared, state, signer. Owner: tokens. */
#ifndef FAKEWIX_TOKENS_TOKEN_H
#define FAKEWIX_TOKENS_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "state/exchange.h"
#include "state/world.h"
#include "tokens/digest.h"

enum token_kind {
    TOKEN_CODE,           /* OAUTH2. authorization code of /installer/install */
    TOKEN_CUSTOM_REFRESH, /* OAUTH2. refresh token of /oauth/access */
    TOKEN_CUSTOM_ACCESS,  /* OAUTH2. access token of /oauth/access */
    TOKEN_OAUTH_ACCESS,   /* OauthNG.JWS. access token of /oauth2/token */
    TOKEN_OAUTH_REFRESH,  /* JWS. refresh token of /oauth2/token */
    TOKEN_HEADLESS_CODE,  /* JWS. authorization code of /oauth2/authorize */
    TOKEN_DEVICE_CODE,    /* JWS. device code of /oauth2/device/code */
    TOKEN_KIND_COUNT
};

/* Whose token it is; token-info calls it subjectType. */
enum token_subject { SUBJECT_APP, SUBJECT_VISITOR, SUBJECT_MEMBER, SUBJECT_USER };

struct token {
    enum token_kind kind;
    char world[MODEL_WORLD_MAX + 1];
    int64_t serial;     /* unique within the world */
    int64_t family;     /* serial of the first refresh token of its line */
    int64_t generation; /* of the instance when it was minted */
    int64_t issued_ms;
    int64_t expires_ms; /* 0: never */
    char app_id[MODEL_ID_MAX + 1];
    char instance_id[MODEL_ID_MAX + 1]; /* "" without an instance */
    char site_id[MODEL_ID_MAX + 1];     /* "" without a site */
    char subject[MODEL_ID_MAX + 1];     /* visitor, member or user id; "" for an app */
    char id[TEXT_GUID_LEN + 1];         /* the inner id of a refresh token; kept when re-signed */
    enum token_subject subject_type;
    bool offline;                         /* a refresh token belongs to it (scope offline_access) */
    char challenge[DIGEST_LEN + 1];       /* of a headless code: the PKCE challenge, S256 */
    char redirect_digest[DIGEST_LEN + 1]; /* of a headless code: its redirect URI's; "" for none */
};

enum token_standing {
    STANDING_GOOD,
    STANDING_EXPIRED,
    STANDING_REVOKED,
    STANDING_UNINSTALLED,
};

const char *token_kind_name(enum token_kind kind); /* "code", "refresh", "access" … */
/* What a filter calls it: "access", "refresh", "code". */
const char *token_kind_group(enum token_kind kind);
bool token_is_access(enum token_kind kind);
bool token_is_refresh(enum token_kind kind);

/* Mint. Fill kind, app_id, instance_id, site_id, subject and its type, generation and expires_ms
 * (and family and id when a line goes on); serial, world and issue time are filled in here. The
 * text is appended to `out`. Under the world's lock. */
void token_mint(struct world *world, int64_t now_ms, struct token *token, struct buf *out);

/* The same into a member of an answer that exchange_answer takes: the token's facts stand now, its
 * text is written by token_write_answer. */
void token_put(struct exchange *x, struct token *token, cJSON *answer, const char *name);

/* Write the tokens of the exchange's answer and print it into the response. Needs no lock: nearly
 * all of a token's cost is here. */
void token_write_answer(struct exchange *x);

/* Read any token the fake made. False where it is malformed or not ours. Says nothing of expiry.
 * Needs no lock. */
bool token_read(const char *text, struct token *ret_token);

/* The same as this world sees it: a token that it knows from a snapshot names this world, and one
 * that was made before its last reset names none (""). Under the world's lock. */
bool token_read_in(const struct world *world, const char *text, struct token *ret_token);

/* The same, remembering the answer in the exchange: a signature is checked once a request. Once the
 * exchange has its world, it is as token_read_in has it.
 * Borrowed; NULL where the text is no token of ours. */
const struct token *token_of(struct exchange *x, const char *text);

/* Whether a token that was read still stands in its world. Under the world's lock. */
enum token_standing token_standing(struct world *world, const struct token *token, int64_t now_ms);

/* Which tokens to expire or revoke by hand: all that were issued so far and fit. */
struct token_filter {
    const char *kind; /* "access", "refresh", "code"; NULL for all */
    const char *app_id;
    const char *instance_id;
    int64_t serial; /* one token; 0 for all that fit the rest */
};

/* Under the world's lock. */
void token_expire(struct world *world, const struct token_filter *filter);
void token_revoke(struct world *world, const struct token_filter *filter);
/* Revoke every refresh token of a line, and the access tokens of its instance. */
void token_revoke_family(struct world *world, const struct token *token);

/* From now on a retired refresh token of this line that comes back kills the line. */
void token_make_strict(struct world *world, const struct token *token);
bool token_is_strict(struct world *world, const struct token *token);

/* Spend a code or a rotated-out refresh token: true for the one call that came first. */
bool token_spend(struct world *world, const struct token *token);
bool token_is_spent(struct world *world, const struct token *token);

#endif
