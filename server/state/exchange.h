/* One request on its way: what is known of it so far, and the answer that is growing.
 * May depend on: shared, http/message, world. Owner: state. */
#ifndef FAKEWIX_STATE_EXCHANGE_H
#define FAKEWIX_STATE_EXCHANGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"
#include "shared/refusal.h"
#include "state/world.h"

struct fake;       /* fake.h */
struct token;      /* tokens/token.h */
struct fault_shot; /* faults/armed.h */

enum body_kind { BODY_EMPTY, BODY_JSON, BODY_FORM, BODY_OTHER_TYPE, BODY_MALFORMED };

enum { EXCHANGE_MINTED_MAX = 4 };

struct exchange {
    struct fake *fake;             /* borrowed */
    const struct request *request; /* borrowed */
    struct response *response;     /* borrowed */
    const char *route_name;        /* "POST /oauth2/token"; static, NULL before routing */
    char *place; /* what faults and the journal call a path that no row names, "GET /x"; else NULL;
                    owned */
    const char *service; /* "token", "access", "api", "page", "control"; static */
    struct world *world; /* borrowed, and locked while a handler runs */
    int64_t now_ms;      /* the world's clock, read once */
    int64_t real_ms;
    char *path;         /* without the world's prefix and the query; percent-encoded; owned */
    const char *prefix; /* "/w/NAME" where the request came that way, else "" */
    char *segments[4];  /* what {…} and ** of the route matched, decoded; owned */
    enum body_kind body_kind;
    cJSON *body;  /* JSON body, or a form as an object of texts; NULL where there is none; owned */
    cJSON *query; /* the target's query as an object of texts; owned */
    char *body_problem; /* why the body is malformed; owned */
    cJSON *lenient;     /* the body without its trailing commas, where those are all that is wrong;
                           taken instead where the profile accepts them; owned */

    char home[MODEL_WORLD_MAX + 1]; /* the world that a token or ticket of ours was made in */
    cJSON *answer;                  /* what a handler answers, where its printing can wait; owned */
    int answer_status;
    struct drafts *drafts; /* owned */

    struct token *carried;    /* the token or code the request carries, when it is ours; owned */
    const char *carried_text; /* its text; borrowed from the body or the headers */
    bool carried_is_placed;   /* its world is as the exchange's world sees it */

    /* Facts, for the journal and for faults. */
    char app_id[MODEL_ID_MAX + 1];
    char instance_id[MODEL_ID_MAX + 1];
    char grant[JOURNAL_GRANT_MAX + 1];
    char fault_id[JOURNAL_FAULT_ID_MAX + 1];
    char request_id[48];
    enum refusal refusal;
    char *refusal_detail;          /* what exactly, appended to the row's sentence; owned */
    int64_t used_serial;           /* serial of the token or code the request carried; 0 for none */
    bool rotate;                   /* a refresh is to answer with a new refresh token */
    int64_t first_serial;          /* of what it mints */
    const struct fault_shot *shot; /* the fault that is being carried out; borrowed */
    bool kill_on_reuse; /* a rotated-out refresh token that comes back kills its family */
};

/* Take the lenient reading of the body where there is one and the world's profile wants it. */
void exchange_settle(struct exchange *x);

/* A parameter of the body in either spelling; NULL where it is missing, null or no text.
 * `camel` may be NULL. Borrowed. */
const char *exchange_param(const struct exchange *x, const char *snake, const char *camel);
/* Whether the parameter is there and not null, of whatever type. */
bool exchange_has_param(const struct exchange *x, const char *snake, const char *camel);
const char *exchange_query(const struct exchange *x, const char *name);

void exchange_set_app(struct exchange *x, const char *app_id);
void exchange_set_instance(struct exchange *x, const char *instance_id);
void exchange_set_grant(struct exchange *x, const char *grant);

/* Note what exactly is wrong and return `refusal`, so that a handler can say
 * `return exchange_refuse(x, REFUSAL_…, "…")`. */
enum refusal exchange_refuse(struct exchange *x, enum refusal refusal, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answer with JSON that is printed once the world's lock is free; `answer` is taken. */
void exchange_answer(struct exchange *x, int status, cJSON *answer);

/* Read query and body. Needs request only; world and route may be unknown. */
void exchange_parse(struct exchange *x);

void exchange_done(struct exchange *x);

#endif
